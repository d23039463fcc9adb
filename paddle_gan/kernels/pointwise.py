"""BatchNorm and activations; their calls are described in ``program``."""

from __future__ import annotations

import ctypes
import threading

from paddle import nn

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.layouts import channels_last, floats

_statistics = threading.Lock()  # threads may run the same layer, and an update is two steps


class BatchNorm:
    """``BatchNorm2D`` with an optional ReLU behind it; updates the running statistics."""

    in_place = False
    piecewise_linear = False
    parameters = 2
    tensors = "weight", "bias", "_mean", "_variance"
    settings = "_epsilon", "_use_global_stats", "_data_format"

    @staticmethod
    def knows(layer: nn.BatchNorm2D, shape: tuple[int, ...]) -> bool:
        tensors = layer.weight, layer.bias, layer._mean, layer._variance
        affine = all(t is not None and list(t.shape) == [shape[1]] for t in tensors)
        # The statistics are updated in place.
        contiguous = layer._mean.is_contiguous() and layer._variance.is_contiguous()
        return (
            affine
            and contiguous
            and layer._num_features == shape[1]
            and layer._data_format == "NCHW"
            and not layer._use_global_stats
        )

    def __init__(self, layer: nn.BatchNorm2D, shape: tuple[int, ...], training: bool):
        self.shape, self.channels = shape, shape[1]
        self.workspace = 2 * self.channels
        self._layer, self._training = layer, training
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
        self._masked = bool(mask)
        self._forward = dnn.Primitive(
            "batch_normalization_forward",
            [mode, x, x, epsilon, flags],
            [dnn.SRC, dnn.MEAN, dnn.VARIANCE, dnn.SCALE, dnn.SHIFT, dnn.DST, *mask],
        )
        self.kept = 0
        if training:
            # The batch's mean and variance, the scale, and a bit for each value that ReLU let pass.
            self.kept = 3 * self.channels + sum(self._forward.size(m) for m in mask)
            self._backward = dnn.Primitive(
                "batch_normalization_backward",
                [dnn.BACKWARD, x, x, x, epsilon, flags],
                [dnn.SRC, dnn.MEAN, dnn.VARIANCE, dnn.DIFF_DST, dnn.SCALE]
                + [dnn.DIFF_SRC, dnn.DIFF_SCALE, dnn.DIFF_SHIFT, *mask],
                self._forward,
            )

    def _kept(self, address: int) -> tuple[int, int, int, list[int]]:
        """Where mean, variance and scale lie, and the mask if there is one."""
        mean, variance, scale, mask = (address + 4 * self.channels * i for i in range(4))
        return mean, variance, scale, [mask] * self._masked

    def forward(self, x, y, kept, parameters):
        mean, variance, scale, mask = self._kept(kept)
        if not self._training:
            mean, variance = self._layer._mean.data_ptr(), self._layer._variance.data_ptr()
        self._forward(x, mean, variance, *parameters, y, *mask)
        if self._training:
            ctypes.memmove(scale, parameters[0], 4 * self.channels)
            self._update_statistics(mean, variance)

    def _update_statistics(self, *batch: int) -> None:
        keep, layer = self._layer._momentum, self._layer
        with _statistics:
            for tensor, address in zip((layer._mean, layer._variance), batch):
                running = floats(tensor.data_ptr(), self.channels)
                running *= keep
                running += (1 - keep) * floats(address, self.channels)

    def backward(self, x, y, kept, dy, dx, gradients, workspace):
        mean, variance, scale, mask = self._kept(kept)
        gradients = gradients or (workspace, workspace + 4 * self.channels)  # which nobody reads
        self._backward(x, mean, variance, dy, scale, dx, *gradients, *mask)


class Activation:
    """ReLU, LeakyReLU or Tanh, in place; the derivative is worked out from the output."""

    in_place = True
    kept = parameters = workspace = 0
    tensors = ()
    settings = ("_negative_slope",)

    @staticmethod
    def knows(layer: nn.Layer, shape: tuple[int, ...]) -> bool:
        return getattr(layer, "_negative_slope", 0.0) >= 0  # else the output's sign says nothing

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], training: bool):
        self.shape = shape
        (function, slope), x = function_of(layer), channels_last(shape)
        self.piecewise_linear = function == dnn.RELU
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

    def tangent(self, y, kept, tx, ty):
        self._backward(y, tx, ty)

    def backward(self, x, y, kept, dy, dx, gradients, workspace):
        self._backward(y, dy, dx)


def function_of(activation: nn.Layer) -> tuple[int, float]:
    """oneDNN's name for an activation, and its slope below zero."""
    if isinstance(activation, nn.Tanh):
        return dnn.TANH, 0.0
    return dnn.RELU, float(getattr(activation, "_negative_slope", 0.0))
