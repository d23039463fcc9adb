"""Layers in a row, translated into operations and run forward and backward."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import paddle
from paddle import Tensor, nn

from paddle_gan.kernels.convolution import Convolution, Linear
from paddle_gan.kernels.layouts import room, rounded
from paddle_gan.kernels.narrow import NarrowConvolution
from paddle_gan.kernels.norms import BatchNorm, InstanceNorm
from paddle_gan.kernels.onednn import Refused
from paddle_gan.kernels.operation import Mode, Operation
from paddle_gan.kernels.pointwise import Activation, Dropout
from paddle_gan.kernels.spatial import AveragePool, Flatten, ReflectPad, Upsample
from paddle_gan.kernels.spread import ConvolutionOfOne, NarrowDeconvolution

# The first that knows the layer is taken. Layers that Paddle lacks are added where they are
# defined, which is above this module.
OPERATIONS: dict[type[nn.Layer], list[type[Operation]]] = {
    nn.Conv2D: [NarrowConvolution, ConvolutionOfOne, Convolution],
    nn.Conv2DTranspose: [NarrowDeconvolution, Convolution],
    nn.Linear: [Linear],
    nn.BatchNorm2D: [BatchNorm],
    nn.InstanceNorm2D: [InstanceNorm],
    nn.ReLU: [Activation],
    nn.LeakyReLU: [Activation],
    nn.Tanh: [Activation],
    nn.Dropout: [Dropout],
    nn.AvgPool2D: [AveragePool],
    nn.Upsample: [Upsample],
    nn.Pad2D: [ReflectPad],
    nn.Flatten: [Flatten],
}


def opened(layers: Iterable[nn.Layer]) -> Iterator[nn.Layer]:
    """The layers in the order in which they run, those of an ``nn.Sequential`` in its place."""
    for layer in layers:
        if type(layer) is nn.Sequential:
            yield from opened(layer)
        else:
            yield layer


def describe(layers: Sequence[nn.Layer]) -> tuple[list, list[Tensor]]:
    """What a program of the layers depends on, and their parameters.

    Weights are read by address, so it includes the shape, type and place of each tensor. Raises
    Refused where a layer is unknown.
    """
    description, parameters = [], []
    for layer in opened(layers):
        if type(layer) not in OPERATIONS:
            raise Refused(f"no fast kernel for {type(layer).__name__}")
        operation, tensors = OPERATIONS[type(layer)][0], _tensors(layer)
        parameters += [t for t in tensors[:2] if t is not None]
        description.append([vars(layer).get(name) for name in operation.settings])
        description += [
            t if t is None else (t.dtype, t.place.is_cpu_place(), t.shape, t.is_contiguous())
            for t in tensors
        ]
        for part in operation.parts(layer):
            inside, more = describe([part])
            description.append(inside)
            parameters += more
    return description, parameters


def _tensors(layer: nn.Layer) -> list[Tensor | None]:
    return [getattr(layer, name) for name in OPERATIONS[type(layer)][0].tensors]


def readable(tensor: Tensor) -> bool:
    """Whether oneDNN can read a tensor by its address."""
    return tensor.dtype == paddle.float32 and tensor.place.is_cpu_place()


def translate(layers: Sequence[nn.Layer], shape: tuple[int, ...], mode: Mode) -> Chain:
    """The operations of the layers for inputs of ``shape``.

    Raises Refused where there is no operation for a layer, or oneDNN does not compile it.
    """
    operations: list[Operation] = []
    first = shape
    for layer in opened(layers):
        known = (op for op in OPERATIONS.get(type(layer), []) if mode.dtype in op.dtypes)
        operation = next((op for op in known if op.knows(layer, shape)), None)
        if operation is None or not all(t is None or readable(t) for t in _tensors(layer)):
            raise Refused(f"no fast kernel for {' '.join(repr(layer).split())}")
        if operation is Dropout and not mode.training:
            continue  # the identity
        if operation is Activation and operations and operations[-1].fuse(layer):
            continue
        try:
            operations.append(operation(layer, shape, mode))
        except Refused as error:
            if operation.parts(layer):
                raise  # it says which layer inside it is
            raise Refused(f"{error} for {type(layer).__name__}") from error
        shape = operations[-1].shape
    if not operations:
        raise Refused("no fast kernel for a network without layers")
    return Chain(operations, first, mode.dtype)


class Chain:
    """Operations one after another; it has the calls of an ``Operation`` itself.

    What lies between the first and the last operation is in ``kept``, in float32: every activation
    but the input and the output, and what the operations keep.
    """

    def __init__(self, operations: list[Operation], shape: tuple[int, ...], dtype: int):
        self.operations, self.shape, self.dtype = operations, operations[-1].shape, dtype
        self.parameters = sum(op.parameters for op in operations)
        self.curved = next((op.curved for op in operations if op.curved), None)
        # Activations that share memory have one number; the first is x, the last is y.
        self._numbers = [0]
        for before, op in zip([None, *operations], operations):
            # Not over x, which belongs to others, nor over what the one before needs.
            over = op.in_place and before is not None and not before.in_place
            self._numbers.append(self._numbers[-1] + (not over))
        self.kept, self._own, self._between = 0, [], {}
        for op, number in zip(operations, self._numbers[1:]):
            self._own.append(self.kept)
            self.kept += rounded(op.kept)
            if number not in (self._numbers[-1], *self._between):
                self._between[number] = self.kept
                self.kept += room(op.shape, dtype)
        # The last always moves, so that dy stays as it is.
        self._moves = [op.moves for op in operations[:-1]] + [True]
        self._largest = max(room(s, dtype) for s in (shape, *(op.shape for op in operations)))
        self.workspace = 2 * self._largest + max(op.workspace for op in operations)

    def _steps(self, x: int, y: int, kept: int) -> list[tuple[Operation, int, int, int]]:
        """Each operation, and where its input, its output and what it keeps lie."""
        at = {number: kept + 4 * offset for number, offset in self._between.items()}
        at |= {0: x, self._numbers[-1]: y}
        places = [at[number] for number in self._numbers]
        own = [kept + 4 * offset for offset in self._own]
        return list(zip(self.operations, places, places[1:], own))

    def _shares(self, addresses: list[int] | None) -> list[list[int] | None]:
        """Which of the parameters, or of their gradients, belong to each operation."""
        if addresses is None:
            return [None] * len(self.operations)
        left = iter(addresses)
        return [[*itertools.islice(left, op.parameters)] for op in self.operations]

    def forward(self, x: int, y: int, kept: int, parameters: list[int]) -> None:
        for (op, *places), own in zip(self._steps(x, y, kept), self._shares(parameters)):
            op.forward(*places, own)

    def tangent(self, x: int, y: int, kept: int, shift: int) -> None:
        for op, *places in self._steps(x, y, kept):
            op.tangent(*places, shift)

    def backward(
        self,
        x: int,
        y: int,
        kept: int,
        dy: int,
        dx: int | None,
        gradients: list[int] | None,
        workspace: int,
        shift: int,
    ) -> None:
        steps, shares = self._steps(x, y, kept), self._shares(gradients)
        one, other, scratch = (workspace + 4 * i * self._largest for i in range(3))
        here, first = dy, self._moves.index(True)
        for i in reversed(range(len(steps))):
            op, *places = steps[i]
            if not self._moves[i]:
                target = here
            elif i == first and dx is not None:
                target = dx  # the operations before it work in place
            elif i == 0 and op.moves:
                target = None
            else:
                target = other if here == one else one
            op.backward(*places, here, target, shares[i], scratch, shift)
            here = target
