"""Convolutions to a single channel; their calls are described in ``program``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from paddle import nn

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.convolution import Convolution
from paddle_gan.kernels.layouts import floats, plain, transposed

_PRODUCTS = 1 << 19  # floats; few enough to stay in the cache


class NarrowConvolution(Convolution):
    """``Conv2D`` to one channel of the same size, as a generator's last.

    oneDNN's own works on sixteen output channels at a time, whether they are there or not. Here the
    places of the kernel take their part: a matrix product multiplies every pixel by the weights of
    every place, and the products are summed where the kernel would have met them. A few images at a
    time: the products are many times as large as what they are summed to.
    """

    @staticmethod
    def knows(layer: nn.Layer, shape: tuple[int, ...]) -> bool:
        return (
            Convolution.knows(layer, shape)
            and layer._out_channels == 1
            and np.prod(layer._stride) == 1
            and np.all(2 * np.asarray(layer._padding) + 1 == layer._kernel_size)
        )

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], training: bool):
        super().__init__(layer, shape, training)
        (n, c, height, width), kernel = shape, layer._kernel_size
        places = kernel[0] * kernel[1]
        fitting = max(1, _PRODUCTS // (places * height * width))
        few = max(k for k in range(1, min(n, fitting) + 1) if n % k == 0)
        pixels = few * height * width
        self._fusible = False
        self._products = np.empty((*kernel, few, height, width), "float32")
        self._padded = np.zeros((few, height + kernel[0] - 1, width + kernel[1] - 1), "float32")
        self._part = np.empty(c * places, "float32")
        # Of each few images, where they begin in x and in y.
        self._starts = [(4 * c * pixels * i, 4 * pixels * i) for i in range(n // few)]
        rows, columns = (size // 2 for size in kernel)
        self._image = self._padded[:, rows : rows + height, columns : columns + width]

        weights, products = plain((c, places)), plain((places, pixels))
        images_t, arguments = transposed(c, pixels), [dnn.SRC, dnn.WEIGHTS, dnn.DST]
        self._multiply = dnn.Primitive(
            "matmul", [transposed(places, c), images_t, None, products], arguments
        )
        if training:
            self._to_weights = dnn.Primitive(
                "matmul", [images_t, transposed(pixels, places), None, weights], arguments
            )

    def forward(self, x, y, kept, parameters):
        weight, *bias = parameters
        self._sum(x, y, weight)
        if bias:
            y = floats(y, int(np.prod(self.shape)))
            y += floats(bias[0], 1)

    def tangent(self, y, tx, ty, parameters):
        self._sum(tx, ty, parameters[0])

    def _sum(self, x: int, y: int, weight: int) -> None:
        for in_x, in_y in self._starts:
            self._multiply(weight, x + in_x, self._products.ctypes.data)
            self._padded[:] = 0
            for product, window in self._windows():
                window += product
            floats(y + in_y, self._image.size)[:] = self._image.ravel()

    def backward(self, x, y, kept, dy, dx, parameters, gradients):
        if gradients is not None:
            weight, *bias = gradients
            weights = floats(weight, self._part.size)
            weights[:] = 0
            self._padded[:] = 0
            for in_x, in_y in self._starts:
                there = floats(dy + in_y, self._image.size)
                self._image[:] = there.reshape(self._image.shape)
                for product, window in self._windows():
                    product[:] = window
                self._to_weights(x + in_x, self._products.ctypes.data, self._part.ctypes.data)
                weights += self._part
            if bias:
                floats(bias[0], 1)[:] = floats(dy, int(np.prod(self.shape))).sum()
        super().backward(x, y, kept, dy, dx, parameters, None)

    def _windows(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """For each place of the kernel its products, and the part of the image they belong to."""
        height, width = self._products.shape[-2:]
        for row, products in enumerate(self._products[::-1]):
            for column, product in enumerate(products[::-1]):
                yield product, self._padded[:, row : row + height, column : column + width]
