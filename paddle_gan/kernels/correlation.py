"""The gradient of a convolution's weights, computed as a convolution forward.

Each weight's gradient is the sum of products of input and output gradient over the batch and all
places of the output: a convolution of the one by the other in which images are channels and
channels images. In bfloat16 oneDNN (3.6.2) does that forward twice as fast as it computes the
gradient, both transpositions included.
"""

from __future__ import annotations

import math

import numpy as np

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.layouts import channels_last, reorder, room, row_major

_FEWEST = 32  # images, and channels of either side, below which it does not pay
_ONE = 0x3F80  # in bfloat16


class Correlation:
    """Called with the input, the gradient of the output, a workspace and maybe that of a bias.

    The weights' gradient is then at the beginning of the workspace, in float32 in ``layout``.
    ``wide`` is the shape of the array that the kernel passes over and ``narrow`` that of the other:
    of a convolution those of input and output, of a transposed one of output and input.
    """

    @staticmethod
    def pays(wide, narrow, kernel, stride, padding, dtype: int) -> bool:
        enough = min(wide[0], wide[1], narrow[1]) >= _FEWEST
        whole = min(_after(wide, narrow, kernel, stride, padding)) >= 0
        return dtype == dnn.BFLOAT16 and enough and whole

    def __init__(self, wide, narrow, kernel, stride, padding, is_transposed: bool, biased: bool):
        dtype, self._is_transposed = dnn.BFLOAT16, is_transposed
        (n, c, *size), (_, o, *places) = wide, narrow
        after = _after(wide, narrow, kernel, stride, padding)
        turned, found = (c, n, *size), (c, o, *kernel)
        self._convolve = dnn.Primitive(
            "convolution_forward",
            [
                dnn.FORWARD_INFERENCE,
                dnn.DIRECT_CONVOLUTION,
                channels_last(turned, dtype),
                dnn.Layout((o, n, *places), dtype=dtype),
                None,
                channels_last(found),
                dnn.Dims(1, 1),
                dnn.Dims(*(s - 1 for s in stride)),  # dilation
                dnn.Dims(*padding),
                dnn.Dims(*after),
            ],
            [dnn.SRC, dnn.WEIGHTS, dnn.DST],
        )
        self._turn = reorder(_images_second(wide, dtype), channels_last(turned, dtype))
        self._pack = reorder(_images_second(narrow, dtype), self._convolve.layout(dnn.WEIGHTS))
        # Of what is found: outputs x inputs x k x k.
        of_c, of_o = (c, math.prod(kernel) * o), (o, 1)
        sides = (of_c, of_o) if is_transposed else (of_o, of_c)
        dims, strides = zip(*sides, (kernel[0], kernel[1] * o), (kernel[1], o))
        self.layout = dnn.Layout(dims, strides)
        self._parts = [0, *np.cumsum([room(found, dnn.FLOAT32), room(turned, dtype)]).tolist()]
        self.size = self._parts[-1] + self._convolve.size(dnn.WEIGHTS)  # in float32
        self._sum = None
        if biased:
            outputs, places = (c, size) if is_transposed else (o, places)
            pixels = n * math.prod(places)
            self._ones = np.full(pixels, _ONE, "uint16")
            rows = [row_major((1, pixels), dtype), row_major((pixels, outputs), dtype)]
            self._sum = dnn.Primitive(
                "matmul",
                [*rows, None, row_major((1, outputs))],
                [dnn.SRC, dnn.WEIGHTS, dnn.DST],
            )

    def __call__(self, x: int, dy: int, workspace: int, *bias: int) -> None:
        wide, narrow = (dy, x) if self._is_transposed else (x, dy)
        found, turned, packed = (workspace + 4 * part for part in self._parts)
        self._turn(wide, turned)
        self._pack(narrow, packed)
        self._convolve(turned, packed, found)
        if bias:
            self._sum(self._ones.ctypes.data, dy, *bias)


def _after(wide, narrow, kernel, stride, padding) -> list[int]:
    """The padding at the far ends with which what is found is as large as the kernel."""
    sides = zip(wide[2:], narrow[2:], kernel, stride, padding)
    return [k + (places - 1) * step - size - p for size, places, k, step, p in sides]


def _images_second(shape: tuple[int, ...], dtype: int) -> dnn.Layout:
    """N x C x H x W with the channels last, seen as C x N x H x W."""
    n, c, h, w = shape
    return dnn.Layout((c, n, h, w), (1, h * w * c, w * c, c), dtype)
