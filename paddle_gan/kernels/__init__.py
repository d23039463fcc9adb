"""Fast training on a CPU: networks run through the oneDNN library inside Paddle's wheel."""

from __future__ import annotations

import contextlib
import contextvars
import weakref
from collections.abc import Callable

import paddle
from paddle import Tensor, nn

from paddle_gan.kernels.folding import folded
from paddle_gan.kernels.onednn import library
from paddle_gan.kernels.program import Program, Run, translate
from paddle_gan.kernels.second import InputGradient

__all__ = ["folded", "input_gradient", "plain", "plain_gradient", "run"]

_enabled = contextvars.ContextVar("enabled", default=True)
_programs: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_SHAPES_KEPT = 8  # programs are small next to their activations, but shapes could be endless


@contextlib.contextmanager
def plain():
    """Inside this context networks run on Paddle's own kernels.

    Needed around the forward pass for whatever Paddle's ``PyLayer`` cannot do: a second derivative
    (``create_graph=True``), other than that of :func:`input_gradient`; ``paddle.grad`` with respect
    to some of input and parameters but not all; and going backward through one pass twice
    (``retain_graph=True``), which ends the process.
    """
    token = _enabled.set(False)
    try:
        yield
    finally:
        _enabled.reset(token)


def run(net: nn.Sequential, x: Tensor, stop: int | None = None) -> Tensor:
    """``net[:stop]`` applied to ``x``: as one oneDNN program where that is possible.

    It is on a CPU, in float32, for the layers that :func:`translate` knows; elsewhere Paddle runs
    the layers one by one. Both give the same numbers to float32 rounding.
    """
    program = _program(net, x, stop)
    if program is None:
        return net(x) if stop is None else net[:stop](x)
    return Run.apply(program, x.contiguous(), *program.parameters())


def input_gradient(net: nn.Sequential, x: Tensor, stop: int | None = None) -> Tensor:
    """The gradient of ``net[:stop](x).sum()`` with respect to ``x``, for gradient penalties.

    It has the shape of ``x`` and is itself differentiable with respect to the parameters. Where
    the network is piecewise linear (convolutions, ReLU and LeakyReLU in training mode) and
    :func:`run` would take a program, this does too, and ``x`` gets no gradient: it is zero almost
    everywhere. Elsewhere Paddle's double differentiation does it, with respect to ``x`` as well;
    it has none for Conv2DTranspose, LayerNorm and GroupNorm.
    """
    program = _program(net, x, stop)
    if program is not None and net.training and program.piecewise_linear:
        return InputGradient.apply(program, x.detach().contiguous(), *program.parameters())
    return plain_gradient(lambda x: run(net, x, stop), x)


def plain_gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient of ``function(x).sum()`` with respect to ``x``, by Paddle's own kernels.

    It is itself differentiable, as far as Paddle differentiates the layers of ``function`` twice.
    """
    with plain(), paddle.enable_grad():
        if x.stop_gradient:
            x = x.detach()
            x.stop_gradient = False
        return paddle.grad(function(x).sum(), x, create_graph=True)[0]


def _program(net: nn.Sequential, x: Tensor, stop: int | None) -> Program | None:
    layers, training = tuple(net), net.training
    usable = (
        _enabled.get()
        and paddle.in_dynamic_mode()
        and paddle.get_device() == "cpu"
        and x.ndim == 4
        and x.shape[0] > 0
        and not any(h._forward_pre_hooks or h._forward_post_hooks for h in (net, *layers))
        and all(layer.training == training for layer in layers)
        # With fixed statistics BatchNorm has another derivative, which nobody has asked for yet.
        and (training or not paddle.is_grad_enabled())
        and library() is not None
    )
    if not usable:
        return None
    programs, shape = _programs.setdefault(net, {}), tuple(x.shape)
    key = (shape, training, layers[:stop])
    if key not in programs:
        if len(programs) == _SHAPES_KEPT:
            programs.pop(next(iter(programs)))
        operations = translate(layers[:stop], shape, training)
        programs[key] = Program(operations, shape) if operations else None
    program = programs[key]
    tensors = (x, *program.parameters()) if program else ()
    fits = all(t.dtype == paddle.float32 and t.place.is_cpu_place() for t in tensors)
    return program if fits else None
