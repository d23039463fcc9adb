"""Convolutions, forward and backward; their calls are described in ``program``."""

from __future__ import annotations

import functools

import numpy as np
from paddle import nn

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.layouts import channels_last, plain, reorder
from paddle_gan.kernels.pointwise import function_of


class Convolution:
    """``Conv2D`` or ``Conv2DTranspose``, with or without a bias."""

    in_place = False
    piecewise_linear = True
    kept = 0

    @staticmethod
    def knows(layer: nn.Layer, shape: tuple[int, ...]) -> bool:
        padding, output_padding = layer._padding, getattr(layer, "output_padding", 0)
        return (
            layer._in_channels == shape[1]
            and layer._groups == 1
            and _pair(layer._dilation) == (1, 1)
            and not isinstance(padding, str)
            and (isinstance(padding, int) or all(isinstance(p, int) for p in padding[:2]))
            and (isinstance(padding, int) or len(padding) == 2)
            and getattr(layer, "_padding_mode", "zeros") == "zeros"
            and output_padding in (0, [0, 0], (0, 0))
            and layer._data_format == "NCHW"
        )

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], training: bool):
        transposed = isinstance(layer, nn.Conv2DTranspose)
        kernel, stride, padding = layer._kernel_size, _pair(layer._stride), _pair(layer._padding)
        outside = [
            (i - 1) * s - 2 * p + k if transposed else (i + 2 * p - k) // s + 1
            for i, s, p, k in zip(shape[2:], stride, padding, kernel)
        ]
        self.shape = (shape[0], layer._out_channels, *outside)
        self._layer = layer
        biased = layer.bias is not None

        a, b = layer.weight.shape[:2]
        area = kernel[0] * kernel[1]
        if transposed:  # Paddle keeps in x out x k x k, oneDNN counts out x in x k x k
            free = dnn.Layout((b, a, *kernel))
            weights = dnn.Layout((b, a, *kernel), (area, b * area, kernel[1], 1))
        else:
            free, weights = dnn.Layout((a, b, *kernel)), plain((a, b, *kernel))
        bias = plain((layer._out_channels,)) if biased else None
        kind = "deconvolution" if transposed else "convolution"
        method = dnn.DIRECT_DECONVOLUTION if transposed else dnn.DIRECT_CONVOLUTION
        mode = dnn.FORWARD_TRAINING if training else dnn.FORWARD_INFERENCE
        x, y = channels_last(shape), channels_last(self.shape)
        windows = [dnn.Dims(*stride), dnn.Dims(0, 0), dnn.Dims(*padding), dnn.Dims(*padding)]

        self._weights = weights
        self._no_bias = np.zeros(layer._out_channels, "float32")
        self._create = functools.partial(
            dnn.Primitive,
            f"{kind}_forward",
            [mode, method, x, free, bias, y, *windows],
            [dnn.SRC, dnn.WEIGHTS] + [dnn.BIAS] * biased + [dnn.DST],
        )
        self._fusible = not training  # the derivative needs a buffer of its own
        self._compile()
        if training:
            self._to_data = dnn.Primitive(
                f"{kind}_backward_data",
                [method, x, free, y, *windows],
                [dnn.DIFF_DST, dnn.WEIGHTS, dnn.DIFF_SRC],
                self._forward,
            )
            self._pack_back = _Packed(weights, self._to_data, dnn.WEIGHTS)
            self._to_weights = dnn.Primitive(
                f"{kind}_backward_weights",
                [method, x, free, bias, y, *windows],
                [dnn.SRC, dnn.DIFF_DST, dnn.DIFF_WEIGHTS] + [dnn.DIFF_BIAS] * biased,
                self._forward,
            )
            self._unpack = _Packed(weights, self._to_weights, dnn.DIFF_WEIGHTS)

    def fuse(self, activation: nn.Layer) -> bool:
        """Let the activation follow within the same pass over memory, if that can be."""
        if not self._fusible:
            return False
        self._compile(function_of(activation))
        self._fusible = False  # another would replace it
        return True

    def _compile(self, then: tuple[int, float] | None = None) -> None:
        self._forward = self._create(then=then)
        self._pack = _Packed(self._weights, self._forward, dnn.WEIGHTS)

    def parameters(self):
        return [p for p in (self._layer.weight, self._layer.bias) if p is not None]

    def forward(self, x, y, kept, parameters):
        weight, *bias = parameters
        self._forward(x, self._pack.read(weight), *bias, y)

    def tangent(self, y, tx, ty, parameters):
        weight, *bias = parameters
        self._forward(tx, self._pack.read(weight), *[self._no_bias.ctypes.data for _ in bias], ty)

    def backward(self, x, y, kept, dy, dx, parameters, gradients):
        if gradients is not None:
            weight, *bias = gradients
            self._to_weights(x, dy, self._unpack.address, *bias)
            self._unpack.write(weight)
        if dx is not None:
            self._to_data(dy, self._pack_back.read(parameters[0]), dx)


class _Packed:
    """A buffer for weights in the layout a primitive likes best."""

    def __init__(self, weights: dnn.Layout, primitive: dnn.Primitive, argument: int):
        layout = primitive.layout(argument)
        self._buffer = np.empty(primitive.size(argument), "float32")
        self.address = self._buffer.ctypes.data
        self._in, self._out = reorder(weights, layout), reorder(layout, weights)

    def read(self, weight: int) -> int:
        self._in(weight, self.address)
        return self.address

    def write(self, weight: int) -> None:
        self._out(self.address, weight)


def _pair(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)
