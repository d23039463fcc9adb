"""Transposed convolutions to a single channel, and the gradients of convolutions from one.

oneDNN computes sixteen output channels at a time, whether they are there or not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from paddle import nn

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.convolution import Convolution, pair
from paddle_gan.kernels.layouts import channels_last, few, floats, reorder, row_major, transposed
from paddle_gan.kernels.memory import Memory
from paddle_gan.kernels.operation import Mode


class Spread:
    """A transposed convolution to one channel, called with x, the weights, maybe a bias, and y.

    A matrix product multiplies every pixel of x by the weights of every place of the kernel, and
    the products are added where they fall. ``layer`` is the convolution, transposed or not, that
    maps ``x`` to ``y`` or has that gradient; ``weights`` is the layout in which they are read.
    """

    def __init__(self, layer: nn.Layer, x: tuple[int, ...], y: tuple[int, ...], dtype: int):
        (n, c, h, w), self._kernel = x, layer._kernel_size
        self._stride, padding = pair(layer._stride), pair(layer._padding)
        places, number = math.prod(self._kernel), dnn.BYTES[dtype]
        images = few(n, places * h * w)
        self._images, pixels = (images, h, w), images * h * w
        outputs = (1, c) if isinstance(layer, nn.Conv2DTranspose) else (c, 1)
        self.weights = dnn.Layout((*outputs, *self._kernel), (1, 1, self._kernel[1] * c, c), dtype)
        self.size = -(-places * c * number // 4)  # of the weights, in float32
        self._shape = (places, *self._images)  # of the products
        factors = [row_major((places, c), dtype), transposed(c, pixels, dtype)]
        self._multiply = dnn.Primitive(
            "matmul", [*factors, None, row_major((places, pixels))], [dnn.SRC, dnn.WEIGHTS, dnn.DST]
        )
        # The sums lie within an array of all pixels that any place reaches.
        reached = zip((h, w), self._stride, self._kernel, padding, y[2:])
        self._whole = (images, *(max((i - 1) * s + k, p + o) for i, s, k, p, o in reached))
        self._corner = 4 * (padding[0] * self._whole[2] + padding[1])
        sums, result = (images, 1, *self._whole[1:]), (images, *y[1:])
        self._take = reorder(channels_last(result, within=sums), channels_last(result, dtype))
        self._starts = [
            (number * c * pixels * i, number * math.prod(result) * i) for i in range(n // images)
        ]

    def __call__(self, x: int, weights: int, *bias_and_y: int) -> None:
        *bias, y = bias_and_y
        memory, sums = Memory(math.prod(self._shape)), np.empty(self._whole, "float32")
        products = floats(memory.address, math.prod(self._shape)).reshape(self._shape)
        for in_x, in_y in self._starts:
            self._multiply(weights, x + in_x, memory.address)
            sums[:] = floats(bias[0], 1) if bias else 0
            for product, window in zip(products, self._windows(sums)):
                window += product
            self._take(sums.ctypes.data + self._corner, y + in_y)

    def _windows(self, sums: np.ndarray) -> Iterator[np.ndarray]:
        """For each place of the kernel where the pixels of x fall."""
        (_, h, w), (down, right) = self._images, self._stride
        for row, column in itertools.product(*map(range, self._kernel)):
            yield sums[:, row : row + h * down : down, column : column + w * right : right]


class NarrowDeconvolution(Convolution):
    """``Conv2DTranspose`` to one channel, as a DCGAN's last."""

    @staticmethod
    def knows(layer: nn.Layer, shape: tuple[int, ...]) -> bool:
        return Convolution.knows(layer, shape) and layer._out_channels == 1

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], mode: Mode):
        super().__init__(layer, shape, mode)
        self._fusible = False
        self._forward = Spread(layer, shape, self.shape, mode.dtype)
        self._pack_into(self._forward.weights, self._forward.size)
        if mode.training:
            self._pack_back = reorder(self._packed, self._to_data.layout(dnn.WEIGHTS))


class ConvolutionOfOne(Convolution):
    """``Conv2D`` of images with one channel, as a critic's first."""

    @staticmethod
    def knows(layer: nn.Layer, shape: tuple[int, ...]) -> bool:
        return Convolution.knows(layer, shape) and layer._in_channels == 1

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], mode: Mode):
        super().__init__(layer, shape, mode)
        if mode.training:
            self._to_data = Spread(layer, self.shape, shape, mode.dtype)
            self._pack_back = reorder(self._packed, self._to_data.weights)
            self.workspace = max(self.workspace, self._to_data.size)
