"""The layers of a convolutional GAN as oneDNN operations on channels-last arrays.

Every operation has the same two calls, on addresses: ``forward(x, y, kept, parameters)`` and
``backward(x, y, kept, dy, dx, parameters, gradients)``. ``kept`` is where an operation stores what
its backward pass needs; ``dx`` is None where nobody needs it, ``gradients`` where the parameters
are frozen. Shapes are (N, C, H, W) throughout; only the memory is N x H x W x C.
"""

from __future__ import annotations

import ctypes
import functools

import numpy as np
from paddle import nn

from paddle_gan.kernels import onednn as dnn


def channels_last(shape: tuple[int, ...]) -> dnn.Layout:
    n, c, h, w = shape
    return dnn.Layout(shape, (h * w * c, 1, w * c, c))


def plain(shape: tuple[int, ...]) -> dnn.Layout:
    strides = np.cumprod((1, *shape[:0:-1]))[::-1]
    return dnn.Layout(shape, tuple(int(s) for s in strides))


class Reorder:
    """Copy an array from one layout into another."""

    def __init__(self, source, target):
        self.run = dnn.Primitive("reorder", [source, target], [dnn.SRC, dnn.DST])

    def __call__(self, source: int, target: int) -> None:
        self.run(source, target)


class Convolution:
    """``Conv2D`` or ``Conv2DTranspose``, with or without a bias."""

    in_place = False
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
            weights = dnn.Layout((b, a, *kernel), (area, b * area, kernel[1], 1))
            self.packed_shape = (b, a, *kernel)
        else:
            weights = plain((a, b, *kernel))
            self.packed_shape = (a, b, *kernel)
        bias = plain((layer._out_channels,)) if biased else None
        kind = "deconvolution" if transposed else "convolution"
        method = dnn.DIRECT_DECONVOLUTION if transposed else dnn.DIRECT_CONVOLUTION
        mode = dnn.FORWARD_TRAINING if training else dnn.FORWARD_INFERENCE
        free = dnn.Layout(self.packed_shape)
        x, y = channels_last(shape), channels_last(self.shape)
        windows = [dnn.Dims(*stride), dnn.Dims(0, 0), dnn.Dims(*padding), dnn.Dims(*padding)]

        self._weights = weights
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
        self._compile(_function(activation))
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
        self._in, self._out = Reorder(weights, layout), Reorder(layout, weights)

    def read(self, weight: int) -> int:
        self._in(weight, self.address)
        return self.address

    def write(self, weight: int) -> None:
        self._out(self.address, weight)


class BatchNorm:
    """``BatchNorm2D`` with an optional ReLU behind it; updates the running statistics."""

    in_place = False

    @staticmethod
    def knows(layer: nn.BatchNorm2D, shape: tuple[int, ...]) -> bool:
        affine = layer.weight is not None and layer.bias is not None
        fits = layer._num_features == shape[1] and layer._data_format == "NCHW"
        return affine and fits and not layer._use_global_stats

    def __init__(self, layer: nn.BatchNorm2D, shape: tuple[int, ...], training: bool):
        self.shape, self.channels = shape, shape[1]
        self._layer, self._training = layer, training
        self._unwanted = np.empty(2 * self.channels, "float32")
        self._compile(relu=False)

    def fuse(self, activation: nn.Layer) -> bool:
        """Let the activation follow within the same pass over memory, if that can be."""
        if type(activation) is not nn.ReLU:
            return False
        self._compile(relu=True)
        return True

    def _compile(self, relu: bool) -> None:
        x, flags = channels_last(self.shape), dnn.USE_SCALE_AND_SHIFT | dnn.FUSE_RELU * relu
        mode, training = dnn.FORWARD_TRAINING, self._training
        if not training:
            mode, flags = dnn.FORWARD_INFERENCE, flags | dnn.USE_GLOBAL_STATS
        epsilon, mask = float(self._layer._epsilon), [dnn.WORKSPACE] * (relu and training)
        self._forward = dnn.Primitive(
            "batch_normalization_forward",
            [mode, x, x, epsilon, flags],
            [dnn.SRC, dnn.MEAN, dnn.VARIANCE, dnn.SCALE, dnn.SHIFT, dnn.DST, *mask],
        )
        self.kept = 0
        if training:
            # The batch's mean and variance, and a bit for each value that ReLU let pass.
            self.kept = 2 * self.channels + sum(self._forward.size(m) + 1 for m in mask)
            self._backward = dnn.Primitive(
                "batch_normalization_backward",
                [dnn.BACKWARD, x, x, x, epsilon, flags],
                [dnn.SRC, dnn.MEAN, dnn.VARIANCE, dnn.DIFF_DST, dnn.SCALE]
                + [dnn.DIFF_SRC, dnn.DIFF_SCALE, dnn.DIFF_SHIFT, *mask],
                self._forward,
            )

    def parameters(self):
        return [self._layer.weight, self._layer.bias]

    def forward(self, x, y, kept, parameters):
        mean, variance = kept, kept + 4 * self.channels
        if not self._training:
            mean, variance = self._layer._mean.data_ptr(), self._layer._variance.data_ptr()
        self._forward(x, mean, variance, *parameters, y, kept + 8 * self.channels)
        if self._training:
            keep = self._layer._momentum
            for running, batch in ((self._layer._mean, mean), (self._layer._variance, variance)):
                running = _floats(running.data_ptr(), self.channels)
                running *= keep
                running += (1 - keep) * _floats(batch, self.channels)

    def backward(self, x, y, kept, dy, dx, parameters, gradients):
        c = self.channels
        here = self._unwanted.ctypes.data
        scale, shift = gradients or (here, here + 4 * c)
        self._backward(x, kept, kept + 4 * c, dy, parameters[0], dx, scale, shift, kept + 8 * c)


class Activation:
    """ReLU, LeakyReLU or Tanh, in place; the derivative is worked out from the output."""

    in_place = True
    kept = 0

    @staticmethod
    def knows(layer: nn.Layer, shape: tuple[int, ...]) -> bool:
        return getattr(layer, "_negative_slope", 0.0) >= 0  # else the output's sign says nothing

    def parameters(self):
        return []

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], training: bool):
        self.shape = shape
        (function, slope), x = _function(layer), channels_last(shape)
        from_output = dnn.FROM_DST[function]
        mode = dnn.FORWARD_TRAINING if training else dnn.FORWARD_INFERENCE
        method = from_output if training else function
        self._forward = dnn.Primitive(
            "eltwise_forward", [mode, method, x, x, slope, 0.0], [dnn.SRC, dnn.DST]
        )
        if training:
            self._backward = dnn.Primitive(
                "eltwise_backward",
                [from_output, x, x, x, slope, 0.0],
                [dnn.DST, dnn.DIFF_DST, dnn.DIFF_SRC],
                self._forward,
            )

    def forward(self, x, y, kept, parameters):
        self._forward(x, y)

    def backward(self, x, y, kept, dy, dx, parameters, gradients):
        self._backward(y, dy, dx)


def _function(activation: nn.Layer) -> tuple[int, float]:
    """oneDNN's name for an activation, and its slope below zero."""
    if isinstance(activation, nn.Tanh):
        return dnn.TANH, 0.0
    return dnn.RELU, float(getattr(activation, "_negative_slope", 0.0))


def _pair(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _floats(address: int, n: int) -> np.ndarray:
    return np.ctypeslib.as_array((ctypes.c_float * n).from_address(address))
