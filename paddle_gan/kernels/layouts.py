"""How arrays lie in memory: as Paddle keeps them, and channels last, as convolutions like them."""

from __future__ import annotations

import ctypes

import numpy as np

from paddle_gan.kernels import onednn as dnn


def channels_last(shape: tuple[int, ...]) -> dnn.Layout:
    """N x C x H x W, kept as N x H x W x C."""
    n, c, h, w = shape
    return dnn.Layout(shape, (h * w * c, 1, w * c, c))


def row_major(shape: tuple[int, ...]) -> dnn.Layout:
    """Any shape, the last dimension running fastest."""
    strides = np.cumprod((1, *shape[:0:-1]))[::-1]
    return dnn.Layout(shape, tuple(int(s) for s in strides))


def transposed(rows: int, columns: int) -> dnn.Layout:
    """A matrix rows x columns whose transpose is what memory holds."""
    # Of a single row or column both lie alike, and oneDNN reads the strides of a transpose wrong.
    strides = (columns, 1) if 1 in (rows, columns) else (1, rows)
    return dnn.Layout((rows, columns), strides)


def reorder(source, target) -> dnn.Primitive:
    """What copies an array from one layout into another, called with both addresses."""
    return dnn.Primitive("reorder", [source, target], [dnn.SRC, dnn.DST])


def floats(address: int, n: int) -> np.ndarray:
    """The ``n`` float32 at an address."""
    return np.ctypeslib.as_array((ctypes.c_float * n).from_address(address))
