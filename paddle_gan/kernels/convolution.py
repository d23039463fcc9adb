"""Convolutions, forward and backward; their calls are described in ``program``."""

from __future__ import annotations

import functools

import numpy as np
from paddle import nn

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.layouts import channels_last, reorder, row_major
from paddle_gan.kernels.pointwise import function_of


class Convolution:
    """``Conv2D`` or ``Conv2DTranspose``, with or without a bias."""

    in_place = False
    piecewise_linear = True
    tensors = "weight", "bias"
    settings = (
        "_stride",
        "_padding",
        "_padding_mode",
        "output_padding",
        "_dilation",
        "_groups",
        "_data_format",
    )

    @staticmethod
    def knows(layer: nn.Layer, shape: tuple[int, ...]) -> bool:
        padding, output_padding = layer._padding, getattr(layer, "output_padding", 0)
        channels = [layer._out_channels, layer._in_channels]
        if isinstance(layer, nn.Conv2DTranspose):
            channels.reverse()
        return (
            layer._in_channels == shape[1]
            and list(layer.weight.shape) == [*channels, *layer._kernel_size]
            and (layer.bias is None or list(layer.bias.shape) == [layer._out_channels])
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
        if min(outside) < 1:
            raise ValueError(f"images of {shape[2:]} pixels are too small for {layer}")
        self.shape = (shape[0], layer._out_channels, *outside)
        biased = layer.bias is not None
        self.parameters, self.workspace = 1 + biased, 0

        a, b = layer.weight.shape[:2]
        area = kernel[0] * kernel[1]
        if transposed:  # Paddle keeps in x out x k x k, oneDNN counts out x in x k x k
            free = dnn.Layout((b, a, *kernel))
            weights = dnn.Layout((b, a, *kernel), (area, b * area, kernel[1], 1))
        else:
            free, weights = dnn.Layout((a, b, *kernel)), row_major((a, b, *kernel))
        bias = row_major((layer._out_channels,)) if biased else None
        kind = "deconvolution" if transposed else "convolution"
        method = dnn.DIRECT_DECONVOLUTION if transposed else dnn.DIRECT_CONVOLUTION
        mode = dnn.FORWARD_TRAINING if training else dnn.FORWARD_INFERENCE
        x, y = channels_last(shape), channels_last(self.shape)
        windows = [dnn.Dims(*stride), dnn.Dims(0, 0), dnn.Dims(*padding), dnn.Dims(*padding)]

        self._weights, self._weight_count = weights, a * b * area
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
            self._pack_back = reorder(self._packed, self._to_data.layout(dnn.WEIGHTS))
            self._to_weights = dnn.Primitive(
                f"{kind}_backward_weights",
                [method, x, free, bias, y, *windows],
                [dnn.SRC, dnn.DIFF_DST, dnn.DIFF_WEIGHTS] + [dnn.DIFF_BIAS] * biased,
                self._forward,
            )
            self._unpack = reorder(self._to_weights.layout(dnn.DIFF_WEIGHTS), weights)
            sizes = self._to_data.size(dnn.WEIGHTS), self._to_weights.size(dnn.DIFF_WEIGHTS)
            self.workspace = max(sizes)

    def fuse(self, activation: nn.Layer) -> bool:
        """Let the activation follow within the same pass over memory, if that can be."""
        if not self._fusible:
            return False
        self._compile(function_of(activation))
        self._fusible = False  # another would replace it
        return True

    def _compile(self, then: tuple[int, float] | None = None) -> None:
        self._forward = self._create(then=then)
        self._pack_into(self._forward.layout(dnn.WEIGHTS), self._forward.size(dnn.WEIGHTS))

    def _pack_into(self, layout, floats: int) -> None:
        """Set the layout in which each pass keeps its weights, which may change before backward."""
        self._packed, self.kept = layout, floats
        self._pack = reorder(self._weights, layout)

    def forward(self, x, y, kept, parameters):
        weight, *bias = parameters
        self._pack(weight, kept)
        self._forward(x, kept, *bias, y)

    def tangent(self, y, kept, tx, ty):
        no_bias = [self._no_bias.ctypes.data] * (self.parameters - 1)
        self._forward(tx, kept, *no_bias, ty)

    def backward(self, x, y, kept, dy, dx, gradients, workspace):
        if gradients is not None:
            weight, *bias = gradients
            self._to_weights(x, dy, workspace, *bias)
            self._unpack(workspace, weight)
        if dx is not None:
            self._pack_back(kept, workspace)
            self._to_data(dy, workspace, dx)


def _pair(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)
