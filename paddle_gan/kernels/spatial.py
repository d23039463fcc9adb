"""Layers without parameters that change the size of images."""

from __future__ import annotations

import functools
import math

from paddle import nn

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.layouts import channels_last, reorder, room, row_major
from paddle_gan.kernels.operation import LinearMap, Mode


class _Compiled(LinearMap):
    """A linear map of which oneDNN has a primitive, forward and backward."""

    def _build(self, kind: str, method: list, shape: tuple[int, ...], mode: Mode, windows=()):
        """``self.shape`` is that of the output, ``windows`` what follows the arrays."""
        x, y = (channels_last(s, mode.dtype) for s in (shape, self.shape))
        purpose = dnn.FORWARD_TRAINING if mode.training else dnn.FORWARD_INFERENCE
        self._apply = dnn.Primitive(
            f"{kind}_forward", [purpose, *method, x, y, *windows], [dnn.SRC, dnn.DST]
        )
        if mode.training:
            self._back = dnn.Primitive(
                f"{kind}_backward",
                [*method, x, y, *windows],
                [dnn.DIFF_DST, dnn.DIFF_SRC],
                self._apply,
            )

    def _transpose(self, dy, dx, workspace):
        self._back(dy, dx)


class AveragePool(_Compiled):
    """``AvgPool2D``."""

    settings = "ksize", "stride", "padding", "ceil_mode", "exclusive", "divisor", "data_format"

    @staticmethod
    def knows(layer: nn.AvgPool2D, shape: tuple[int, ...]) -> bool:
        stride = layer.ksize if layer.stride is None else layer.stride
        windows = [layer.ksize, stride, layer.padding]
        known = (
            len(shape) == 4
            and all(map(_is_pair, windows))
            and not layer.ceil_mode
            and layer.divisor is None
            and layer.data_format == "NCHW"
        )
        if not known:
            return False
        kernel, _, padding = map(_pair, windows)
        covered = zip(shape[2:], kernel, padding)
        return all(2 * p <= k <= i + 2 * p for i, k, p in covered)

    def __init__(self, layer: nn.AvgPool2D, shape: tuple[int, ...], mode: Mode):
        stride = layer.ksize if layer.stride is None else layer.stride
        kernel, stride, padding = map(_pair, (layer.ksize, stride, layer.padding))
        outside = [
            (i + 2 * p - k) // s + 1 for i, k, s, p in zip(shape[2:], kernel, stride, padding)
        ]
        self.shape = (*shape[:2], *outside)
        method = dnn.AVERAGE_WITHOUT_PADDING if layer.exclusive else dnn.AVERAGE_WITH_PADDING
        windows = [dnn.Dims(*each) for each in (stride, kernel, (0, 0), padding, padding)]
        self._build("pooling", [method], shape, mode, windows)


class Upsample(_Compiled):
    """``Upsample`` by a whole factor, nearest or bilinear."""

    settings = (
        "size",
        "scale_factor",
        "mode",
        "align_corners",
        "align_mode",
        "data_format",
        "recompute_scale_factor",
    )
    _METHODS = {"nearest": dnn.NEAREST, "bilinear": dnn.LINEAR}

    @staticmethod
    def knows(layer: nn.Upsample, shape: tuple[int, ...]) -> bool:
        factor = layer.scale_factor
        factors = factor if isinstance(factor, (list, tuple)) else [factor]
        return (
            len(shape) == 4
            and layer.size is None
            and len(factors) in (1, 2)
            and all(isinstance(f, (int, float)) and f >= 1 and f == int(f) for f in factors)
            and layer.mode in Upsample._METHODS
            and not layer.align_corners
            and layer.align_mode == 0
            and layer.data_format in (None, "NCHW")
        )

    def __init__(self, layer: nn.Upsample, shape: tuple[int, ...], mode: Mode):
        n, c, h, w = shape
        rows, columns = map(int, _pair(layer.scale_factor))
        self.shape = (n, c, rows * h, columns * w)
        method = [self._METHODS[layer.mode], None]  # the factors follow from the shapes
        self._build("resampling", method, shape, mode)


class Flatten(LinearMap):
    """``Flatten`` of N x C x H x W to N x CHW."""

    settings = "start_axis", "stop_axis"

    @staticmethod
    def knows(layer: nn.Flatten, shape: tuple[int, ...]) -> bool:
        return layer.start_axis == 1 and layer.stop_axis in (-1, len(shape) - 1)

    def __init__(self, layer: nn.Flatten, shape: tuple[int, ...], mode: Mode):
        self.shape = (shape[0], math.prod(shape[1:]))
        x, y = channels_last(shape, mode.dtype), row_major(shape, mode.dtype)
        self._apply, self._back = reorder(x, y), reorder(y, x)

    def _transpose(self, dy, dx, workspace):
        self._back(dy, dx)


class ReflectPad(LinearMap):
    """``Pad2D`` by reflection: first the columns of the image itself, then whole rows."""

    settings = "padding", "_pad", "_mode", "_data_format"  # the second is Paddle 2's name

    @staticmethod
    def knows(layer: nn.Pad2D, shape: tuple[int, ...]) -> bool:
        if len(shape) != 4 or layer._mode != "reflect" or layer._data_format != "NCHW":
            return False
        pads = _pads(layer)
        left, right, top, bottom = pads
        _, _, h, w = shape
        within = max(top, bottom) < h and max(left, right) < w and min(pads) >= 0
        return all(isinstance(p, int) for p in pads) and within

    def __init__(self, layer: nn.Pad2D, shape: tuple[int, ...], mode: Mode):
        left, right, top, bottom = _pads(layer)
        n, c, h, w = shape
        self.shape = whole = (n, c, top + h + bottom, left + w + right)
        wide = (n, c, h, whole[3])  # the image between its columns
        column, row = (n, c, h, 1), (n, c, 1, whole[3])
        self.workspace = room(wide, mode.dtype)
        layout = functools.partial(channels_last, dtype=mode.dtype)
        at = functools.partial(_place_of, dnn.BYTES[mode.dtype])

        self._inside = at(whole, top, left)
        self._place = reorder(layout(shape), layout(shape, within=whole))
        self._copy_column = _between(layout(column, within=whole))
        self._copy_row = _between(layout(row, within=whole))
        # From which row or column to which, in y.
        self._columns = [
            (at(whole, top, left + a), at(whole, top, left + b)) for a, b in _pairs(left, w, right)
        ]
        self._rows = [
            (at(whole, top + a, 0), at(whole, top + b, 0)) for a, b in _pairs(top, h, bottom)
        ]
        if mode.training:
            self._take_wide = reorder(layout(wide, within=whole), layout(wide))
            self._add_row = reorder(layout(row, within=whole), layout(row, within=wide), add=True)
            self._add_column = _between(layout(column, within=wide), add=True)
            self._take_inside = reorder(layout(shape, within=wide), layout(shape))
            self._above = at(whole, top, 0)
            self._inside_wide = at(wide, 0, left)
            self._rows_back = [
                (at(wide, a, 0), at(whole, top + b, 0)) for a, b in _pairs(top, h, bottom)
            ]
            self._columns_back = [
                (at(wide, 0, left + a), at(wide, 0, left + b)) for a, b in _pairs(left, w, right)
            ]

    def _apply(self, x, y):
        self._place(x, y + self._inside)
        for source, target in self._columns:
            self._copy_column(y + source, y + target)
        for source, target in self._rows:
            self._copy_row(y + source, y + target)

    def _transpose(self, dy, dx, workspace):
        self._take_wide(dy + self._above, workspace)
        for source, target in self._rows_back:
            self._add_row(dy + target, workspace + source)
        for source, target in self._columns_back:
            self._add_column(workspace + target, workspace + source)
        self._take_inside(workspace + self._inside_wide, dx)


def _between(part: dnn.Layout, add: bool = False) -> dnn.Primitive:
    """What copies one part of an array to another."""
    return reorder(part, part, add=add)


def _pairs(before: int, size: int, after: int) -> list[tuple[int, int]]:
    """Which place of a line is seen at which place outside it."""
    first = [(i, -i) for i in range(1, before + 1)]
    return first + [(size - 1 - i, size - 1 + i) for i in range(1, after + 1)]


def _place_of(number: int, whole: tuple[int, ...], row: int, column: int) -> int:
    """How many bytes from its beginning a pixel of an array of numbers of some bytes lies."""
    _, c, _, w = whole
    return number * c * (row * w + column)


def _pads(layer: nn.Pad2D) -> list:
    """Left, right, top, bottom."""
    return list(getattr(layer, "padding" if hasattr(layer, "padding") else "_pad"))


def _is_pair(value) -> bool:
    """Whether a setting is one whole number, or one for rows and one for columns."""
    numbers = value if isinstance(value, (list, tuple)) else [value, value]
    return len(numbers) == 2 and all(isinstance(n, int) for n in numbers)


def _pair(value) -> tuple:
    value = value if isinstance(value, (list, tuple)) else [value]
    return (value[0], value[-1])
