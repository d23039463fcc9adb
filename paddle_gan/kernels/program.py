"""An ``nn.Sequential`` run forward and backward as one oneDNN program.

To Paddle the program is a single differentiable operation, so the networks stay ordinary Paddle
layers and autograd, optimizers and checkpoints know nothing of it. Between the first layer and the
last no array passes through Paddle.

Every operation has the same two calls, on addresses: ``forward(x, y, kept, parameters)`` and
``backward(x, y, kept, dy, dx, parameters, gradients)``. ``kept`` is where an operation stores what
its backward pass needs; ``dx`` is None where nobody needs it, ``gradients`` where the parameters
are frozen. Those that are piecewise linear also have ``tangent(y, tx, ty, parameters)``, which
applies their derivative at ``y`` to ``tx``. Shapes are (N, C, H, W) throughout; only the memory is
N x H x W x C.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paddle
from paddle import nn
from paddle.autograd import PyLayer

from paddle_gan.kernels.convolution import Convolution
from paddle_gan.kernels.layouts import channels_last, plain, reorder
from paddle_gan.kernels.narrow import NarrowConvolution
from paddle_gan.kernels.pointwise import Activation, BatchNorm

# The first that knows the layer is taken.
_OPERATIONS = {
    nn.Conv2D: [NarrowConvolution, Convolution],
    nn.Conv2DTranspose: [Convolution],
    nn.BatchNorm2D: [BatchNorm],
    nn.ReLU: [Activation],
    nn.LeakyReLU: [Activation],
    nn.Tanh: [Activation],
}


def translate(layers: Sequence[nn.Layer], shape: tuple[int, ...], training: bool) -> list | None:
    """The operations of the layers for inputs of ``shape``, or None where one is unknown."""
    operations: list = []
    for layer in layers:
        fitting = (op for op in _OPERATIONS.get(type(layer), []) if op.knows(layer, shape))
        operation = next(fitting, None)
        if operation is None:
            return None
        last = operations[-1] if operations else None
        if last is not None and operation.in_place:
            if last.in_place:
                return None  # the first of two activations in place would lose its output
            if last.fuse(layer):
                continue
        operations.append(operation(layer, shape, training))
        shape = operations[-1].shape
    return operations


class Program:
    """A chain of operations compiled for one input shape and one mode."""

    def __init__(self, operations: list, shape: tuple[int, ...]):
        self.operations, self.shape, self.out_shape = operations, shape, operations[-1].shape
        self.piecewise_linear = all(op.piecewise_linear for op in operations)
        self._in = reorder(plain(shape), channels_last(shape))
        self._in_back = reorder(channels_last(shape), plain(shape))
        self._out = reorder(channels_last(self.out_shape), plain(self.out_shape))
        self._out_back = reorder(plain(self.out_shape), channels_last(self.out_shape))
        # Offsets, in floats, of every activation and of what each operation keeps.
        self._activations, self._kept, self._floats = [0], [], _room(shape)
        for op in operations:
            self._kept.append(self._floats)
            self._floats += _round(op.kept)
            self._activations.append(self._activations[-1] if op.in_place else self._floats)
            self._floats += 0 if op.in_place else _room(op.shape)
        self._free: list[np.ndarray] = []
        # Backward passes of one program never overlap, so two buffers of gradients are enough.
        largest = max(_room(s) for s in (shape, *(op.shape for op in operations)))
        self._buffers = np.empty((2, largest), "float32")

    def parameters(self) -> list:
        """The parameters of all operations, in order."""
        return [p for op in self.operations for p in op.parameters()]

    def addresses(self, tensors: Sequence[paddle.Tensor]) -> list[list[int]]:
        """Where parameters, or their gradients, lie: a list for each operation."""
        left = iter(tensors)
        return [[next(left).data_ptr() for _ in op.parameters()] for op in self.operations]

    def forward(self, x: int, y: int, parameters: list) -> Memory:
        memory = Memory(self._free, self._floats)
        at = memory.address
        self._in(x, at)
        for i, op in enumerate(self.operations):
            here, there = self._activations[i : i + 2]
            op.forward(at + 4 * here, at + 4 * there, at + 4 * self._kept[i], parameters[i])
        self._out(at + 4 * self._activations[-1], y)
        return memory

    def tangent(self, memory: Memory, tx: int, parameters: list) -> Memory:
        """The derivative of every activation in ``memory`` when the input moves along ``tx``."""
        tangents = Memory(self._free, self._floats)
        at = tangents.address
        self._in(tx, at)
        for i, op in enumerate(self.operations):
            here, there = self._activations[i : i + 2]
            op.tangent(memory.address + 4 * there, at + 4 * here, at + 4 * there, parameters[i])
        return tangents

    def backward(
        self,
        memory: Memory,
        dy: int,
        dx: int | None,
        parameters: list,
        gradients: list,
        inputs: Memory | None = None,
    ) -> None:
        """The backward pass; each operation's ``x`` is taken from ``inputs`` if that is given."""
        at, source = memory.address, (inputs or memory).address
        here, there = (row.ctypes.data for row in self._buffers)
        self._out_back(dy, here)
        for i in reversed(range(len(self.operations))):
            op = self.operations[i]
            x, y, kept = self._activations[i], self._activations[i + 1], self._kept[i]
            moves = isinstance(op, Convolution)
            target = there if moves else here
            if moves and i == 0 and dx is None:
                target = None  # the one operation that can leave it out
            op.backward(
                source + 4 * x, at + 4 * y, at + 4 * kept, here, target, parameters[i], gradients[i]
            )
            if moves:
                here, there = there, here
        if dx is not None:
            self._in_back(here, dx)


class Memory:
    """The activations of one call; goes back to its program when autograd lets go of it.

    Fresh pages from the system would cost as much as the arithmetic on them.
    """

    def __init__(self, free: list[np.ndarray], floats: int):
        self._free = free
        self._array = free.pop() if free else np.empty(floats + 16, "float32")
        self.address = (self._array.ctypes.data + 63) // 64 * 64

    def __del__(self):
        self._free.append(self._array)


class Run(PyLayer):
    """The program as an operation of Paddle's autograd: ``Run.apply(program, x, *parameters)``."""

    @staticmethod
    def forward(ctx, program, x, *parameters):
        y = paddle.empty(program.out_shape, "float32")
        ctx.program, ctx.parameters = program, parameters
        ctx.wanted = [not t.stop_gradient for t in (x, *parameters)]
        ctx.memory = program.forward(x.data_ptr(), y.data_ptr(), program.addresses(parameters))
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
        targets = [None] * len(program.operations) if frozen else program.addresses(gradients)
        program.backward(
            ctx.memory,
            dy.data_ptr(),
            None if dx is None else dx.data_ptr(),
            program.addresses(ctx.parameters),
            targets,
        )
        wanted = [g if w else None for g, w in zip(gradients, ctx.wanted[1:])]
        return (dx, *wanted)


def _round(floats: int) -> int:
    return (floats + 15) // 16 * 16  # whole cache lines


def _room(shape: tuple[int, ...]) -> int:
    return _round(int(np.prod(shape)))
