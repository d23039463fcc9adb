"""An ``nn.Sequential`` run forward and backward as one oneDNN program.

To Paddle the program is a single differentiable operation, so the networks stay ordinary Paddle
layers and autograd, optimizers and checkpoints know nothing of it. Between the first layer and the
last no array passes through Paddle.

Every operation has the same two calls, on addresses: ``forward(x, y, kept, parameters)`` and
``backward(x, y, kept, dy, dx, gradients, workspace)``. ``kept`` is where an operation stores what
its backward pass needs; ``dx`` is None where nobody needs it, ``gradients`` where the parameters
are frozen; ``workspace`` keeps nothing between calls. Those that are piecewise linear also have
``tangent(y, kept, tx, ty)``, which applies their derivative at ``y`` to ``tx``. Shapes are
(N, C, H, W) throughout; only the memory is N x H x W x C.

A compiled program is immutable: whatever a call writes, BatchNorm's running statistics aside, lies
in memory of that call, and so do the weights it has read. Threads may share a program, and weights
may change between forward and backward: the gradients are those of the weights in the forward pass.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paddle
from paddle import Tensor, nn
from paddle.autograd import PyLayer

from paddle_gan.kernels.convolution import Convolution
from paddle_gan.kernels.layouts import channels_last, reorder, row_major
from paddle_gan.kernels.memory import Memory
from paddle_gan.kernels.narrow import NarrowConvolution
from paddle_gan.kernels.onednn import Refused
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


def describe(layers: Sequence[nn.Layer]) -> tuple[list, list[Tensor]] | None:
    """What a program of the layers depends on, and their parameters; None where one is unknown.

    Weights are read by address, so it includes the shape, type and place of each tensor.
    """
    description, parameters = [], []
    for layer in layers:
        if type(layer) not in _OPERATIONS:
            return None
        operation, tensors = _OPERATIONS[type(layer)][0], _tensors(layer)
        parameters += [t for t in tensors[:2] if t is not None]
        description.append([vars(layer).get(name) for name in operation.settings])
        description += [
            t if t is None else (t.dtype, t.place.is_cpu_place(), t.shape, t.is_contiguous())
            for t in tensors
        ]
    return description, parameters


def _tensors(layer: nn.Layer) -> list[Tensor | None]:
    return [getattr(layer, name) for name in _OPERATIONS[type(layer)][0].tensors]


def readable(tensor: Tensor) -> bool:
    """Whether oneDNN can read a tensor by its address."""
    return tensor.dtype == paddle.float32 and tensor.place.is_cpu_place()


def translate(layers: Sequence[nn.Layer], shape: tuple[int, ...], training: bool) -> list | None:
    """The operations of the layers for inputs of ``shape``, or None where one is unknown.

    Raises Refused where oneDNN does not compile one.
    """
    operations: list = []
    for layer in layers:
        fitting = (op for op in _OPERATIONS.get(type(layer), []) if op.knows(layer, shape))
        operation = next(fitting, None)
        if operation is None or not all(t is None or readable(t) for t in _tensors(layer)):
            return None
        last = operations[-1] if operations else None
        if operation.in_place and last is not None and last.in_place:
            return None  # the first of two activations in place would lose its output
        try:
            if not (operation.in_place and last is not None and last.fuse(layer)):
                operations.append(operation(layer, shape, training))
        except Refused as error:
            raise Refused(f"{error} for {type(layer).__name__}") from error
        shape = operations[-1].shape
    return operations


class Program:
    """A chain of operations compiled for one input shape and one mode."""

    def __init__(self, operations: list, shape: tuple[int, ...]):
        self.operations, self.shape, self.out_shape = operations, shape, operations[-1].shape
        self.piecewise_linear = all(op.piecewise_linear for op in operations)
        self._in = reorder(row_major(shape), channels_last(shape))
        self._in_back = reorder(channels_last(shape), row_major(shape))
        self._out = reorder(channels_last(self.out_shape), row_major(self.out_shape))
        self._out_back = reorder(row_major(self.out_shape), channels_last(self.out_shape))
        # Offsets, in floats, of every activation and of what each operation keeps.
        self._activations, self._kept, self._floats = [0], [], _room(shape)
        for op in operations:
            self._kept.append(self._floats)
            self._floats += _round(op.kept)
            self._activations.append(self._activations[-1] if op.in_place else self._floats)
            self._floats += 0 if op.in_place else _room(op.shape)
        self._largest = max(_room(s) for s in (shape, *(op.shape for op in operations)))
        self._workspace = max(op.workspace for op in operations)

    def addresses(self, tensors: Sequence[Tensor]) -> list[list[int]]:
        """Where parameters, or their gradients, lie: a list for each operation."""
        left = iter(tensors)
        return [[next(left).data_ptr() for _ in range(op.parameters)] for op in self.operations]

    def memory(self) -> Memory:
        """Room for the activations of one pass, and for what its operations keep."""
        return Memory(self._floats)

    def forward(self, memory: Memory, x: int, y: int, parameters: list) -> None:
        at = memory.address
        self._in(x, at)
        for i, op in enumerate(self.operations):
            here, there = self._activations[i : i + 2]
            op.forward(at + 4 * here, at + 4 * there, at + 4 * self._kept[i], parameters[i])
        self._out(at + 4 * self._activations[-1], y)

    def tangent(self, memory: Memory, tx: int) -> Memory:
        """The derivative of every activation in ``memory`` when the input moves along ``tx``."""
        tangents, base = self.memory(), memory.address
        at = tangents.address
        self._in(tx, at)
        for i, op in enumerate(self.operations):
            here, there = self._activations[i : i + 2]
            kept = base + 4 * self._kept[i]
            op.tangent(base + 4 * there, kept, at + 4 * here, at + 4 * there)
        return tangents

    def backward(
        self,
        memory: Memory,
        dy: int,
        dx: int | None,
        gradients: list,
        inputs: Memory | None = None,
    ) -> None:
        """The backward pass; each operation's ``x`` is taken from ``inputs`` if that is given."""
        at, source = memory.address, (inputs or memory).address
        scratch = Memory(2 * self._largest + self._workspace)
        here, there, workspace = (scratch.address + 4 * i * self._largest for i in range(3))
        self._out_back(dy, here)
        for i in reversed(range(len(self.operations))):
            op = self.operations[i]
            x, y, kept = self._activations[i], self._activations[i + 1], self._kept[i]
            moves = isinstance(op, Convolution)
            target = there if moves else here
            if moves and i == 0 and dx is None:
                target = None  # the one operation that can leave it out
            op.backward(
                source + 4 * x, at + 4 * y, at + 4 * kept, here, target, gradients[i], workspace
            )
            if moves:
                here, there = there, here
        if dx is not None:
            self._in_back(here, dx)


class ProgramFunction(PyLayer):
    """The program as an operation of Paddle's autograd.

    ``ProgramFunction.apply(program, memory, x, *parameters)``, all of them contiguous.
    """

    @staticmethod
    def forward(ctx, program, memory, x, *parameters):
        y = paddle.empty(program.out_shape, "float32")
        ctx.program, ctx.memory, ctx.parameters = program, memory, parameters
        ctx.wanted = [not t.stop_gradient for t in (x, *parameters)]
        program.forward(memory, x.data_ptr(), y.data_ptr(), program.addresses(parameters))
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
            targets,
        )
        wanted = [g if w else None for g, w in zip(gradients, ctx.wanted[1:])]
        return (dx, *wanted)


def _round(floats: int) -> int:
    return (floats + 15) // 16 * 16  # whole cache lines


def _room(shape: tuple[int, ...]) -> int:
    return _round(int(np.prod(shape)))
