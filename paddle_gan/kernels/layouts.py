"""How arrays lie in memory: as Paddle keeps them, and channels last, as convolutions like them."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable

import numpy as np

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.memory import Memory

_PRODUCTS = 1 << 19  # float32


def channels_last(
    shape: tuple[int, ...], dtype: int = dnn.FLOAT32, within: tuple[int, ...] | None = None
) -> dnn.Layout:
    """N x C x H x W, kept as N x H x W x C, or a part of a larger array ``within`` that is.

    N x F are row-major.
    """
    if len(shape) == 2:
        return row_major(shape, dtype)
    _, c, h, w = within or shape
    return dnn.Layout(shape, (h * w * c, 1, w * c, c), dtype)


def row_major(shape: tuple[int, ...], dtype: int = dnn.FLOAT32) -> dnn.Layout:
    """Any shape, the last dimension running fastest."""
    strides = np.cumprod((1, *shape[:0:-1]))[::-1]
    return dnn.Layout(shape, tuple(int(s) for s in strides), dtype)


def transposed(rows: int, columns: int, dtype: int = dnn.FLOAT32) -> dnn.Layout:
    """A matrix rows x columns whose transpose is what memory holds."""
    # Of a single row or column both lie alike, and oneDNN reads the strides of a transpose wrong.
    strides = (columns, 1) if 1 in (rows, columns) else (1, rows)
    return dnn.Layout((rows, columns), strides, dtype)


def reorder(source, target, add: bool = False) -> dnn.Primitive:
    """What copies an array from one layout into another, called with both addresses.

    With ``add`` it is added to what is there.
    """
    return dnn.Primitive("reorder", [source, target], [dnn.SRC, dnn.DST], add=add)


def packing(weights: dnn.Layout, packed, dtype: int) -> Callable[[int, int], None]:
    """What brings weights from Paddle's layout into a primitive's, called with both addresses."""
    *_, height, width = weights.shape
    if dtype == dnn.FLOAT32 or len(weights.shape) != 4 or height * width == 1:
        return reorder(weights, packed)
    # To bfloat16 oneDNN (3.6.2) gets there twice as fast by turning a matrix: the kernel's places
    # first, and in each the weights in Paddle's order.
    count, places = math.prod(weights.shape), height * width
    each = count // places
    turn = reorder(row_major((each, places)), transposed(each, places, dtype))
    pairs = [stride // places for stride in weights.strides[:2]]
    pack = reorder(dnn.Layout(weights.shape, (*pairs, width * each, each), dtype), packed)

    def run(source: int, target: int) -> None:
        memory = Memory(-(-count // 2))
        turn(source, memory.address)
        pack(memory.address, target)

    return run


def elementwise(
    function: int, shape: tuple[int, ...], dtype: int, scale: float = 1.0
) -> dnn.Primitive:
    """What adds or multiplies two arrays, called with them and the result, maybe the first.

    ``function`` is ``onednn.ADD`` or ``onednn.MULTIPLY``; the result is multiplied by ``scale``.
    """
    x, then = channels_last(shape, dtype), None if scale == 1 else (dnn.SCALED, scale)
    return dnn.Primitive("binary", [function, x, x, x], [dnn.SRC, dnn.SRC_1, dnn.DST], then=then)


def scaled(shape: tuple[int, ...], dtype: int, scale: float) -> dnn.Primitive:
    """What multiplies an array by a number, called with it and the result."""
    x = channels_last(shape, dtype)
    spec = [dnn.FORWARD_INFERENCE, dnn.SCALED, x, x, float(scale), 0.0]
    return dnn.Primitive("eltwise_forward", spec, [dnn.SRC, dnn.DST])


def room(shape: tuple[int, ...], dtype: int) -> int:
    """How many float32 an array takes the place of, in whole cache lines."""
    return rounded(-(-math.prod(shape) * dnn.BYTES[dtype] // 4))


def rounded(n: int) -> int:
    """``n`` floats in whole cache lines."""
    return (n + 15) // 16 * 16


def few(n: int, products: int) -> int:
    """How many of ``n`` images are worked on at a time, with so many products of each.

    Few enough for those to stay in the cache, and a part of ``n`` without a rest.
    """
    most = max(1, _PRODUCTS // products)
    return max(k for k in range(1, min(n, most) + 1) if n % k == 0)


def floats(address: int, n: int) -> np.ndarray:
    """The ``n`` float32 at an address."""
    return np.ctypeslib.as_array((ctypes.c_float * n).from_address(address))
