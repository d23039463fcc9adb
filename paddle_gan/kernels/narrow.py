"""Convolutions to a single channel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from paddle import nn

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.convolution import Convolution, pair
from paddle_gan.kernels.layouts import few, floats, row_major, transposed
from paddle_gan.kernels.memory import Memory
from paddle_gan.kernels.operation import Mode


class NarrowConvolution(Convolution):
    """``Conv2D`` to one channel of about the same size, as a generator's last.

    oneDNN's own works on sixteen output channels at a time, whether they are there or not. Here the
    places of the kernel take their part: a matrix product multiplies every pixel by the weights of
    every place, and the products are summed where the kernel would have met them. A few images at a
    time: the products are many times as large as what they are summed to.
    """

    dtypes = (dnn.FLOAT32,)  # NumPy has no bfloat16

    @staticmethod
    def knows(layer: nn.Layer, shape: tuple[int, ...]) -> bool:
        if not Convolution.knows(layer, shape) or layer._out_channels * layer._groups != 1:
            return False
        kernel, padding = layer._kernel_size, pair(layer._padding)
        outside = [i + 2 * p - k + 1 for i, p, k in zip(shape[2:], padding, kernel)]
        # Every pixel is multiplied, so most of them have to be met by every place.
        whole = min(outside) > 0 and np.prod(shape[2:]) <= 2 * np.prod(outside)
        within = all(p < k for p, k in zip(padding, kernel))
        return bool(np.prod(layer._stride) == 1 and whole and within)

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], mode: Mode):
        super().__init__(layer, shape, mode)
        (n, c, height, width), self._kernel = shape, layer._kernel_size
        places = self._kernel[0] * self._kernel[1]
        images = few(n, places * height * width)
        pixels = images * height * width
        self._fusible = False
        self._images = (images, height, width)
        # Of each few images, where they begin in x and in y.
        outside = images * self.shape[2] * self.shape[3]
        self._starts = [(4 * c * pixels * i, 4 * outside * i) for i in range(n // images)]
        # Where the first pixel of y lies among the sums, as the kernel's last place meets it.
        self._corner = [k - 1 - p for k, p in zip(self._kernel, pair(layer._padding))]

        weights, products = row_major((c, places)), row_major((places, pixels))
        images_t, arguments = transposed(c, pixels), [dnn.SRC, dnn.WEIGHTS, dnn.DST]
        self._multiply = dnn.Primitive(
            "matmul", [transposed(places, c), images_t, None, products], arguments
        )
        if mode.training:
            self._to_weights = dnn.Primitive(
                "matmul", [images_t, transposed(pixels, places), None, weights], arguments
            )

    def _compile(self, then=None):
        super()._compile(then)
        self._pack_into(self._weights, self._weight_count)

    def forward(self, x, y, kept, parameters):
        weight, *bias = parameters
        self._sum(x, y, self._packed_at(weight, kept))
        if bias:
            y = floats(y, int(np.prod(self.shape)))
            y += floats(bias[0], 1)

    def tangent(self, x, y, kept, shift):
        self._sum(x + shift, y + shift, kept)

    def _sum(self, x: int, y: int, weight: int) -> None:
        places = _Places(self._kernel, self._images, self._corner, self.shape[2:])
        for in_x, in_y in self._starts:
            self._multiply(weight, x + in_x, places.address)
            places.padded[:] = 0
            for product, window in places:
                window += product
            floats(y + in_y, places.image.size)[:] = places.image.ravel()

    def backward(self, x, y, kept, dy, dx, gradients, workspace, shift):
        if gradients is not None:
            weight, *bias = gradients
            places = _Places(self._kernel, self._images, self._corner, self.shape[2:])
            weights, part = floats(weight, self.kept), floats(workspace, self.kept)
            weights[:] = 0
            places.padded[:] = 0
            for in_x, in_y in self._starts:
                there = floats(dy + in_y, places.image.size)
                places.image[:] = there.reshape(places.image.shape)
                for product, window in places:
                    product[:] = window
                self._to_weights(x + shift + in_x, places.address, workspace)
                weights += part
            if bias:
                floats(bias[0], 1)[:] = floats(dy, int(np.prod(self.shape))).sum()
        super().backward(x, y, kept, dy, dx, None, workspace, shift)


class _Places:
    """For each place of the kernel its products, and the part of the image they belong to.

    ``image`` is y of a few images, N x H x W, from ``corner`` on within ``padded``, all that any
    place meets; ``address`` is where the products lie.
    """

    def __init__(self, kernel, images, corner, size):
        (rows, columns), (n, self._height, self._width) = kernel, images
        self._memory = Memory(rows * columns * int(np.prod(images)))
        self.address = self._memory.address
        flat = floats(self.address, rows * columns * int(np.prod(images)))
        self._products = flat.reshape(*kernel, *images)
        self.padded = np.empty((n, self._height + rows - 1, self._width + columns - 1), "float32")
        self.image = self._window(*corner, *size)

    def _window(self, row: int, column: int, height: int, width: int) -> np.ndarray:
        return self.padded[:, row : row + height, column : column + width]

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for row, products in enumerate(self._products[::-1]):
            for column, product in enumerate(products[::-1]):
                yield product, self._window(row, column, self._height, self._width)
