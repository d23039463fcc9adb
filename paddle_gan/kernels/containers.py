"""Networks inside a network: the sum of two, and one beside its input.

Each runs chains of its own, whose activations are among what it keeps.
"""

from __future__ import annotations

from paddle import nn

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.chain import Chain, translate
from paddle_gan.kernels.layouts import channels_last, elementwise, reorder, room, scaled
from paddle_gan.kernels.onednn import Refused
from paddle_gan.kernels.operation import Mode, Operation


class Sum(Operation):
    """body(x) + shortcut(x), or body(x) + x where the ``shortcut`` is None, times ``scale``."""

    settings = ("scale",)

    @staticmethod
    def parts(layer: nn.Layer) -> list[nn.Layer]:
        return [part for part in (layer.body, layer.shortcut) if part is not None]

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], mode: Mode):
        self._branches = [translate([part], shape, mode) for part in self.parts(layer)]
        self.shape = self._branches[0].shape
        others = [branch.shape for branch in self._branches[1:]] or [shape]
        if others != [self.shape]:
            raise Refused(f"body and shortcut of {type(layer).__name__} differ in shape")
        self.curved = next((b.curved for b in self._branches if b.curved), None)
        self.parameters = sum(branch.parameters for branch in self._branches)
        # Of each branch its output, which its last operation may need, and what it keeps.
        self._out = room(self.shape, mode.dtype)
        self._of_branch = [self._out + branch.kept for branch in self._branches]
        self.kept = sum(self._of_branch)
        self._dx = room(shape, mode.dtype)
        self.workspace = self._dx + max(branch.workspace for branch in self._branches)
        self._add = elementwise(dnn.ADD, self.shape, mode.dtype, layer.scale)
        self._add_dx = elementwise(dnn.ADD, shape, mode.dtype)
        self._scale = None if layer.scale == 1 else scaled(self.shape, mode.dtype, layer.scale)
        self._scaled = 0 if layer.scale == 1 else self._out  # for what dy becomes
        self.workspace += self._scaled

    def _kept(self, kept: int):
        """Each branch, and where its output lies and what it keeps."""
        for branch, floats in zip(self._branches, self._of_branch):
            yield branch, kept, kept + 4 * self._out
            kept += 4 * floats

    def forward(self, x, y, kept, parameters):
        terms = []
        for branch, out, own in self._kept(kept):
            branch.forward(x, out, own, parameters[: branch.parameters])
            parameters = parameters[branch.parameters :]
            terms.append(out)
        self._add(*[*terms, x][:2], y)

    def tangent(self, x, y, kept, shift):
        terms = []
        for branch, out, own in self._kept(kept):
            branch.tangent(x, out, own, shift)
            terms.append(out)
        first, second = [*terms, x][:2]
        self._add(first + shift, second + shift, y + shift)

    def backward(self, x, y, kept, dy, dx, gradients, workspace, shift):
        if self._scale is not None:
            self._scale(dy, workspace)
            dy, workspace = workspace, workspace + 4 * self._scaled
        scratch, terms = workspace + 4 * self._dx, []
        for (branch, out, own), target in zip(self._kept(kept), (dx, workspace)):
            target = None if dx is None else target
            mine = None
            if gradients is not None:
                mine, gradients = gradients[: branch.parameters], gradients[branch.parameters :]
            branch.backward(x, out, own, dy, target, mine, scratch, shift)
            terms.append(target)
        if dx is not None:
            self._add_dx(*[*terms, dy][:2], dx)


class Join(Operation):
    """x and inner(x) as the channels of one."""

    @staticmethod
    def parts(layer: nn.Layer) -> list[nn.Layer]:
        return [layer.inner]

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], mode: Mode):
        self._inner: Chain = translate([layer.inner], shape, mode)
        inside = self._inner.shape
        n, c, *size = shape
        if len(shape) != 4 or inside[2:] != shape[2:]:
            raise Refused(f"the inside of {type(layer).__name__} changes the size")
        self.shape = whole = (n, c + inside[1], *size)
        self.curved, self.parameters = self._inner.curved, self._inner.parameters
        self._out = room(inside, mode.dtype)
        self.kept = self.workspace = self._out
        self.kept += self._inner.kept
        self.workspace += self._inner.workspace
        self._channels = dnn.BYTES[mode.dtype] * c  # bytes from those of x to those of inner(x)
        x, out = (channels_last(s, mode.dtype) for s in (shape, inside))
        x_joined, out_joined = (channels_last(s, mode.dtype, whole) for s in (shape, inside))
        self._join_x, self._join_inner = reorder(x, x_joined), reorder(out, out_joined)
        self._part_inner = reorder(out_joined, out)
        self._add_x = reorder(x_joined, x, add=True)

    def _join(self, x, out, y):
        self._join_x(x, y)
        self._join_inner(out, y + self._channels)

    def forward(self, x, y, kept, parameters):
        self._inner.forward(x, kept, kept + 4 * self._out, parameters)
        self._join(x, kept, y)

    def tangent(self, x, y, kept, shift):
        self._inner.tangent(x, kept, kept + 4 * self._out, shift)
        self._join(x + shift, kept + shift, y + shift)

    def backward(self, x, y, kept, dy, dx, gradients, workspace, shift):
        own, scratch = kept + 4 * self._out, workspace + 4 * self._out
        self._part_inner(dy + self._channels, workspace)
        self._inner.backward(x, kept, own, workspace, dx, gradients, scratch, shift)
        if dx is not None:
            self._add_x(dy, dx)
