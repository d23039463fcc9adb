"""Convolutions and linear layers, forward and backward."""

from __future__ import annotations

import functools
import threading

import numpy as np
from paddle import nn

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.correlation import Correlation
from paddle_gan.kernels.layouts import channels_last, packing, reorder, row_major, transposed
from paddle_gan.kernels.memory import Memory
from paddle_gan.kernels.operation import Mode, Operation
from paddle_gan.kernels.pointwise import function_of

_packing = threading.Lock()  # several threads may draw from one network


class Weighted(Operation):
    """A product of the input with weights, and a bias if there is one."""

    tensors = "weight", "bias"

    def _build(self, kind, layer, dims, weights, shapes, mode, method=(), windows=(), apart=False):
        """Compile the primitives of a ``kind``, "convolution" for example.

        ``dims`` are those of the weights in oneDNN's order, ``weights`` their layout in Paddle's
        memory. ``shapes`` are those of input and output. With ``apart`` a bias is added afterwards.
        """
        training, dtype = mode.training, mode.dtype
        self._dtype, self._fixed = dtype, mode.fixed
        x, y = (channels_last(shape, dtype) for shape in shapes)
        free = dnn.Layout(dims, dtype=dtype)  # for oneDNN to choose
        outputs = shapes[1][1]
        biased = layer.bias is not None
        bias = row_major((outputs,)) if biased else None
        purpose = dnn.FORWARD_TRAINING if training else dnn.FORWARD_INFERENCE
        self.parameters = 1 + biased
        self._weights, self._weight_count = weights, int(np.prod(layer.weight.shape))
        self._no_bias = np.zeros(outputs, "float32")
        self._within = biased and not apart  # whether the primitive itself adds the bias
        self._create = functools.partial(
            dnn.Primitive,
            f"{kind}_forward",
            [purpose, *method, x, free, bias if self._within else None, y, *windows],
            [dnn.SRC, dnn.WEIGHTS] + [dnn.BIAS] * self._within + [dnn.DST],
        )
        if biased and apart:
            spec = [dnn.ADD, y, row_major((1, outputs, 1, 1)), y]
            self._add = dnn.Primitive("binary", spec, [dnn.SRC, dnn.SRC_1, dnn.DST])
        # The derivative needs a buffer of its own, and a function comes after the bias.
        self._fusible = not training and self._within == biased
        self._compile()
        if training:
            self._to_data = dnn.Primitive(
                f"{kind}_backward_data",
                [*method, x, free, y, *windows],
                [dnn.DIFF_DST, dnn.WEIGHTS, dnn.DIFF_SRC],
                self._forward,
            )
            self._pack_back = reorder(self._packed, self._to_data.layout(dnn.WEIGHTS))
            self._to_weights = dnn.Primitive(
                f"{kind}_backward_weights",
                [*method, x, dnn.Layout(dims), bias, y, *windows],
                [dnn.SRC, dnn.DIFF_DST, dnn.DIFF_WEIGHTS] + [dnn.DIFF_BIAS] * biased,
                self._forward,
            )
            self._unpack = reorder(self._to_weights.layout(dnn.DIFF_WEIGHTS), weights)
            sizes = self._to_data.size(dnn.WEIGHTS), self._to_weights.size(dnn.DIFF_WEIGHTS)
            self.workspace = max(sizes)

    def fuse(self, activation: nn.Layer) -> bool:
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
        self._packed, self.kept = layout, 0 if self._fixed else floats
        self._own = Memory(floats) if self._fixed else None
        self._pack = packing(self._weights, layout, self._dtype)
        self._is_packed = False

    def _packed_at(self, weight: int, kept: int) -> int:
        """Where the packed weights of this pass lie."""
        if self._own is None:
            self._pack(weight, kept)
            return kept
        with _packing:
            if not self._is_packed:
                self._pack(weight, self._own.address)
                self._is_packed = True
        return self._own.address

    def forward(self, x, y, kept, parameters):
        weight, *bias = parameters
        self._forward(x, self._packed_at(weight, kept), *bias[: self._within], y)
        for each in bias[self._within :]:
            self._add(y, each, y)

    def tangent(self, x, y, kept, shift):
        no_bias = [self._no_bias.ctypes.data] * self._within
        self._forward(x + shift, kept, *no_bias, y + shift)

    def backward(self, x, y, kept, dy, dx, gradients, workspace, shift):
        if gradients is not None:
            weight, *bias = gradients
            self._to_weights(x + shift, dy, workspace, *bias)
            self._unpack(workspace, weight)
        if dx is not None:
            self._pack_back(kept, workspace)
            self._to_data(dy, workspace, dx)


class Convolution(Weighted):
    """``Conv2D`` or ``Conv2DTranspose``, in groups or not, with or without a bias."""

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
        channels[1] //= layer._groups
        return (
            len(shape) == 4
            and layer._in_channels == shape[1]
            and list(layer.weight.shape) == [*channels, *layer._kernel_size]
            and (layer.bias is None or list(layer.bias.shape) == [layer._out_channels])
            and pair(layer._dilation) == (1, 1)
            and not isinstance(padding, str)
            and (isinstance(padding, int) or all(isinstance(p, int) for p in padding[:2]))
            and (isinstance(padding, int) or len(padding) == 2)
            and getattr(layer, "_padding_mode", "zeros") == "zeros"
            and all(o <= p for o, p in zip(pair(output_padding), pair(padding)))
            and layer._data_format == "NCHW"
        )

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], mode: Mode):
        is_transposed = isinstance(layer, nn.Conv2DTranspose)
        kernel, stride, padding = layer._kernel_size, pair(layer._stride), pair(layer._padding)
        more = pair(getattr(layer, "output_padding", 0))  # rows and columns at the far ends
        outside = [
            (i - 1) * s - 2 * p + k + m if is_transposed else (i + 2 * p - k) // s + 1
            for i, s, p, k, m in zip(shape[2:], stride, padding, kernel, more)
        ]
        if min(outside) < 1:
            raise ValueError(f"images of {shape[2:]} pixels are too small for {layer}")
        self.shape = (shape[0], layer._out_channels, *outside)

        # With AMX oneDNN (3.6.2) forgets the bias of a transposed convolution with these.
        uneven = max(stride) > 1 and shape[1] % 2 or any(o % s for o, s in zip(outside, stride))

        a, b = layer.weight.shape[:2]
        area, groups = kernel[0] * kernel[1], layer._groups
        # oneDNN counts groups x out x in x k x k. Paddle keeps the groups with its first dimension,
        # which is out, and in of a transposed convolution.
        dims, strides = (a // groups, b, *kernel), (b * area, area, kernel[1], 1)
        if is_transposed:
            dims, strides = (b, a // groups, *kernel), (area, b * area, kernel[1], 1)
        if groups > 1:
            dims, strides = (groups, *dims), (a // groups * b * area, *strides)
        end = dnn.Dims(*(p - m for p, m in zip(padding, more)))
        self._build(
            "deconvolution" if is_transposed else "convolution",
            layer,
            dims,
            dnn.Layout(dims, strides),
            (shape, self.shape),
            mode,
            [dnn.DIRECT_DECONVOLUTION if is_transposed else dnn.DIRECT_CONVOLUTION],
            [dnn.Dims(*stride), dnn.Dims(0, 0), dnn.Dims(*padding), end],
            apart=is_transposed and mode.dtype == dnn.BFLOAT16 and uneven,
        )
        shapes = (self.shape, shape) if is_transposed else (shape, self.shape)
        how = (*shapes, kernel, stride, padding)
        if mode.training and groups == 1 and Correlation.pays(*how, mode.dtype):
            self._to_weights = Correlation(*how, is_transposed, layer.bias is not None)
            self._unpack = reorder(self._to_weights.layout, self._weights)
            self.workspace = max(self.workspace, self._to_weights.size)


class Linear(Weighted):
    """``Linear`` on N x F."""

    @staticmethod
    def knows(layer: nn.Linear, shape: tuple[int, ...]) -> bool:
        inputs, outputs = layer.weight.shape
        biased = layer.bias is not None
        return shape[1:] == (inputs,) and (not biased or list(layer.bias.shape) == [outputs])

    def __init__(self, layer: nn.Linear, shape: tuple[int, ...], mode: Mode):
        inputs, outputs = layer.weight.shape
        self.shape = (shape[0], outputs)
        dims = (outputs, inputs)
        weights, shapes = transposed(*dims), (shape, self.shape)
        self._build("inner_product", layer, dims, weights, shapes, mode)


def pair(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)
