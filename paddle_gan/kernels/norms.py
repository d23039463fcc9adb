"""BatchNorm and InstanceNorm."""

from __future__ import annotations

import ctypes
import threading

from paddle import nn

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.layouts import channels_last, floats
from paddle_gan.kernels.operation import Mode, Operation

_statistics = threading.Lock()  # threads may run the same layer, and an update is two steps


class _Norm(Operation):
    """Each channel of each part of the batch minus its mean, by its deviation; ReLU behind it.

    Every part is an array of the shape ``part``. With ``fixed``, mean and variance are given. With
    ``own``, each part has a scale and a shift of its own, parts x C, instead of the same for all.
    """

    moves = False

    def __init__(self, layer, shape, mode, part: tuple[int, ...], affine, fixed=False, own=False):
        self.shape, self.curved = shape, type(layer).__name__
        self.channels, self._epsilon = shape[1], float(layer._epsilon)
        self._part, self._affine, self._fixed = channels_last(part, mode.dtype), affine, fixed
        size, whole = (s[0] * s[2] * s[3] * s[1] for s in (part, shape))
        number = dnn.BYTES[mode.dtype]
        self._starts = range(0, number * whole, number * size)  # of the parts, in bytes
        self.parameters = 2 * affine
        self._scales = len(self._starts) if own else 1
        self.workspace = 2 * self.channels * len(self._starts)
        self._compile(relu=False)

    def fuse(self, activation: nn.Layer) -> bool:
        if type(activation) is not nn.ReLU:
            return False
        self._compile(relu=True)
        return True

    def _compile(self, relu: bool) -> None:
        x, affine, mask = self._part, self._affine, relu and not self._fixed
        flags = dnn.USE_SCALE_AND_SHIFT * affine | dnn.FUSE_RELU * relu
        flags |= dnn.USE_GLOBAL_STATS * self._fixed
        purpose = dnn.FORWARD_INFERENCE if self._fixed else dnn.FORWARD_TRAINING
        statistics, masks = [dnn.MEAN, dnn.VARIANCE], [dnn.WORKSPACE] * mask
        self._forward = dnn.Primitive(
            "batch_normalization_forward",
            [purpose, x, x, self._epsilon, flags],
            [dnn.SRC, *statistics, *[dnn.SCALE, dnn.SHIFT] * affine, dnn.DST, *masks],
        )
        self.kept = 0
        if self._fixed:
            return
        # The scale, and of each part the mean, the variance and a bit for each value that ReLU let
        # pass.
        self._masks = [8 * self.channels] * mask  # bytes from the mean
        self._of_part = 2 * self.channels + sum(self._forward.size(m) for m in masks)
        self.kept = self._scales * self.channels + len(self._starts) * self._of_part
        self._backward = dnn.Primitive(
            "batch_normalization_backward",
            [dnn.BACKWARD, x, x, x, self._epsilon, flags],
            [dnn.SRC, *statistics, dnn.DIFF_DST, *[dnn.SCALE] * affine, dnn.DIFF_SRC]
            + [dnn.DIFF_SCALE, dnn.DIFF_SHIFT] * affine
            + masks,
            self._forward,
        )

    def _kept(self, kept: int):
        """Where each part begins, its scale from the first, its mean, its variance and its mask."""
        for i, start in enumerate(self._starts):
            mean = kept + 4 * (self._scales * self.channels + i * self._of_part)
            scale = 4 * self.channels * (i % self._scales)
            yield start, scale, mean, mean + 4 * self.channels, [mean + m for m in self._masks]

    def forward(self, x, y, kept, parameters):
        for start, scale, mean, variance, mask in self._kept(kept):
            affine = [first + scale for first in parameters]
            self._forward(x + start, mean, variance, *affine, y + start, *mask)
        if self._affine:
            ctypes.memmove(kept, parameters[0], 4 * self._scales * self.channels)

    def backward(self, x, y, kept, dy, dx, gradients, workspace, shift):
        for i, (start, scale, mean, variance, mask) in enumerate(self._kept(kept)):
            begin = workspace + 8 * self.channels * i
            scales = [kept + scale] * self._affine
            own = [begin, begin + 4 * self.channels] if self._affine else []
            self._backward(x + start, mean, variance, dy + start, *scales, dx + start, *own, *mask)
        if gradients and self._affine:
            of_parts = floats(workspace, self.workspace).reshape(-1, self._scales, 2, self.channels)
            for gradient, total in zip(gradients, of_parts.sum(axis=0).swapaxes(0, 1)):
                floats(gradient, total.size)[:] = total.ravel()


class BatchNorm(_Norm):
    """``BatchNorm2D`` with an optional ReLU behind it; updates the running statistics."""

    tensors = "weight", "bias", "_mean", "_variance"
    settings = "_epsilon", "_use_global_stats", "_data_format"

    @staticmethod
    def knows(layer: nn.BatchNorm2D, shape: tuple[int, ...]) -> bool:
        tensors = layer.weight, layer.bias, layer._mean, layer._variance
        affine = all(t is not None and list(t.shape) == [shape[1]] for t in tensors)
        # The statistics are updated in place.
        contiguous = layer._mean.is_contiguous() and layer._variance.is_contiguous()
        return (
            len(shape) == 4
            and affine
            and contiguous
            and layer._num_features == shape[1]
            and layer._data_format == "NCHW"
            and not layer._use_global_stats
        )

    def __init__(self, layer: nn.BatchNorm2D, shape: tuple[int, ...], mode: Mode):
        part = (shape[0] // mode.batches, *shape[1:])
        super().__init__(layer, shape, mode, part, affine=True, fixed=not mode.training)
        self._layer = layer

    def forward(self, x, y, kept, parameters):
        if self._fixed:
            statistics = self._layer._mean.data_ptr(), self._layer._variance.data_ptr()
            self._forward(x, *statistics, *parameters, y)
            return
        super().forward(x, y, kept, parameters)
        for _, _, mean, variance, _ in self._kept(kept):
            self._update_statistics(mean, variance)

    def _update_statistics(self, *batch: int) -> None:
        keep, layer = self._layer._momentum, self._layer
        with _statistics:
            for tensor, address in zip((layer._mean, layer._variance), batch):
                running = floats(tensor.data_ptr(), self.channels)
                running *= keep
                running += (1 - keep) * floats(address, self.channels)


class InstanceNorm(_Norm):
    """``InstanceNorm2D``, with scale and shift or without, with an optional ReLU behind it."""

    tensors = "scale", "bias"
    settings = "_epsilon", "_data_format"

    @staticmethod
    def knows(layer: nn.InstanceNorm2D, shape: tuple[int, ...]) -> bool:
        tensors = [t for t in (layer.scale, layer.bias) if t is not None]
        return (
            len(shape) == 4
            and len(tensors) != 1
            and all(list(t.shape) == [shape[1]] for t in tensors)
            and layer._num_features == shape[1]
            and layer._data_format == "NCHW"
        )

    def __init__(self, layer: nn.InstanceNorm2D, shape: tuple[int, ...], mode: Mode):
        _, c, h, w = shape
        # The rows of an image as a batch of their own, which oneDNN can share out to its threads.
        super().__init__(layer, shape, mode, (h, c, 1, w), affine=layer.scale is not None)


class AdaptiveInstanceNorm(_Norm):
    """``AdaptiveInstanceNorm2D``, whose scale and shift are those of each image, N x C."""

    tensors = "scale", "bias"
    settings = ("_epsilon",)

    @staticmethod
    def knows(layer: nn.Layer, shape: tuple[int, ...]) -> bool:
        return len(shape) == 4 and all(
            t is not None and tuple(t.shape) == shape[:2] for t in (layer.scale, layer.bias)
        )

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], mode: Mode):
        _, c, h, w = shape
        super().__init__(layer, shape, mode, (h, c, 1, w), affine=True, own=True)
