"""The gradient with respect to the input, itself differentiable, of piecewise linear programs.

Write J for the derivative of the network at x, w for the weights of its outputs in a sum, delta_l
for the gradient of that sum at the output of convolution l, and g = J^T w for that at x. Within the
region where the network is linear, activations multiply by constants and only the weights of the
convolutions and linear layers matter to g.
For a loss with the gradient v at g,

    <v, g> = <J v, w>,

which is the same sum of the outputs of the network without biases, linearized at x and applied to
v. So its gradient with respect to the weights is that of an ordinary backward pass: the one from w,
which meets delta_l at every convolution, whose input is now the tangent of its input along v
(Pearlmutter 1994, "Fast exact multiplication by the Hessian").
"""

from __future__ import annotations

import paddle
from paddle.autograd import PyLayer

from paddle_gan.kernels.program import addresses


class InputGradient(PyLayer):
    """``InputGradient.apply(program, memory, x, dy, *parameters)``, the gradient at ``x``.

    ``dy`` are the outputs' weights in the sum that is differentiated.
    """

    @staticmethod
    def forward(ctx, program, memory, x, dy, *parameters):
        y, dx = (paddle.empty(s, "float32") for s in (program.out_shape, program.shape))
        program.forward(memory, x.data_ptr(), y.data_ptr(), addresses(parameters))
        program.backward(memory, dy.data_ptr(), dx.data_ptr(), None)
        ctx.program, ctx.parameters, ctx.memory, ctx.dy = program, parameters, memory, dy
        # A bias only moves the borders of the linear regions.
        ctx.wanted = [not p.stop_gradient and p.ndim > 1 for p in parameters]
        return dx

    @staticmethod
    def backward(ctx, v):
        if paddle.is_grad_enabled():
            raise RuntimeError("a third derivative needs paddle.grad within kernels.plain()")
        v, program = v.contiguous(), ctx.program
        gradients = [paddle.empty_like(p) for p in ctx.parameters]
        tangents = program.tangent(ctx.memory, v.data_ptr())
        targets = addresses(gradients)
        program.backward(ctx.memory, ctx.dy.data_ptr(), None, targets, tangents)
        return (None, None, *(g if w else None for g, w in zip(gradients, ctx.wanted)))
