"""An ``nn.Sequential`` run forward and backward as one oneDNN program.

To Paddle the program is a single differentiable operation, so the networks stay ordinary Paddle
layers and autograd, optimizers and checkpoints know nothing of it. Between the first layer and the
last no array passes through Paddle.

A compiled program is immutable: whatever a call writes, BatchNorm's running statistics aside, lies
in memory of that call, and so do the weights it has read. Threads may share a program, and weights
may change between forward and backward: the gradients are those of the weights in the forward pass.
"""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import Tensor
from paddle.autograd import PyLayer

from paddle_gan.kernels.chain import Chain
from paddle_gan.kernels.layouts import channels_last, reorder, room, row_major
from paddle_gan.kernels.memory import Memory


class Program:
    """A chain of operations compiled for one input shape and one mode."""

    def __init__(self, chain: Chain, shape: tuple[int, ...]):
        self._chain, self.operations = chain, chain.operations
        self.shape, self.out_shape, self.curved = shape, chain.shape, chain.curved
        # Outside the program arrays are Paddle's, inside channels last and of the program's type.
        shapes = shape, self.out_shape
        x, y = (channels_last(s, chain.dtype) for s in shapes)
        self._in, self._in_back = reorder(row_major(shape), x), reorder(x, row_major(shape))
        out = row_major(self.out_shape)
        self._out, self._out_back = reorder(y, out), reorder(out, y)
        self._x, self._y = (room(s, chain.dtype) for s in shapes)

    def memory(self) -> Memory:
        """Room for the activations of one pass, and for what its operations keep."""
        return Memory(self._x + self._y + self._chain.kept)

    def _places(self, memory: Memory) -> tuple[int, int, int]:
        """Where the input, the output and what the chain keeps lie."""
        x = memory.address
        return x, x + 4 * self._x, x + 4 * (self._x + self._y)

    def forward(self, memory: Memory, x: int, y: int, parameters: list[int]) -> None:
        places = self._places(memory)
        self._in(x, places[0])
        self._chain.forward(*places, parameters)
        self._out(places[1], y)

    def tangent(self, memory: Memory, tx: int) -> Memory:
        """The derivative of every activation in ``memory`` when the input moves along ``tx``."""
        tangents = self.memory()
        self._in(tx, tangents.address)
        self._chain.tangent(*self._places(memory), tangents.address - memory.address)
        return tangents

    def backward(
        self,
        memory: Memory,
        dy: int,
        dx: int | None,
        gradients: list[int] | None,
        tangents: Memory | None = None,
    ) -> None:
        """The backward pass; inputs of weights are taken from ``tangents`` if they are given."""
        scratch = Memory(self._x + self._y + self._chain.workspace)
        here, there, workspace = self._places(scratch)[1], scratch.address, self._places(scratch)[2]
        self._out_back(dy, here)
        shift = 0 if tangents is None else tangents.address - memory.address
        inside = None if dx is None else there
        self._chain.backward(*self._places(memory), here, inside, gradients, workspace, shift)
        if dx is not None:
            self._in_back(there, dx)


def addresses(tensors: Sequence[Tensor]) -> list[int]:
    """Where parameters, or their gradients, lie."""
    return [tensor.data_ptr() for tensor in tensors]


class ProgramFunction(PyLayer):
    """The program as an operation of Paddle's autograd.

    ``ProgramFunction.apply(program, memory, x, *parameters)``, all of them contiguous.
    """

    @staticmethod
    def forward(ctx, program, memory, x, *parameters):
        y = paddle.empty(program.out_shape, "float32")
        ctx.program, ctx.memory, ctx.parameters = program, memory, parameters
        ctx.wanted = [not t.stop_gradient for t in (x, *parameters)]
        program.forward(memory, x.data_ptr(), y.data_ptr(), addresses(parameters))
        return y

    @staticmethod
    def backward(ctx, dy):
        if paddle.is_grad_enabled():  # by create_graph: what follows would count as a constant
            raise RuntimeError("a second derivative needs kernels.plain() around the forward pass")
        dy = dy.contiguous()
        program = ctx.program
        dx = paddle.empty(program.shape, "float32") if ctx.wanted[0] else None
        frozen = not any(ctx.wanted[1:])
        gradients = [None if frozen else paddle.empty_like(p) for p in ctx.parameters]
        program.backward(
            ctx.memory,
            dy.data_ptr(),
            None if dx is None else dx.data_ptr(),
            None if frozen else addresses(gradients),
        )
        wanted = [g if w else None for g, w in zip(gradients, ctx.wanted[1:])]
        return (dx, *wanted)
