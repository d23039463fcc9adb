"""Twice and half the size, by the filter [1, 2, 1] in both directions, each feature by itself.

The layers are convolutions with fixed weights: those have a second derivative, which a penalty on
D's gradients takes, where Paddle's interpolation has none.
"""

from __future__ import annotations

import numpy as np
import paddle
from paddle import nn


def depthwise(
    features: int, kernel: int, stride: int, padding: int, weight: paddle.ParamAttr
) -> nn.Conv2D:
    """A convolution of each feature by itself, without bias, that has a second derivative."""
    layer = nn.Conv2D(
        features,
        features,
        kernel,
        stride,
        padding,
        groups=features,
        weight_attr=weight,
        bias_attr=False,
    )
    # Paddle's kernel for this case has none on a CPU; that for any number of groups does the same.
    layer._op_type = "conv2d"
    return layer


def halved(features: int) -> nn.Conv2D:
    """B x C x 2H x 2W to B x C x H x W: means around every second pixel; beyond the edge is 0."""
    return depthwise(features, 3, 2, 1, _fixed([1, 2, 1], total=1))


def doubled(features: int) -> nn.Conv2DTranspose:
    """B x C x H x W to B x C x 2H x 2W: the pixels, and means between them; beyond the edge is 0.

    With the fourth number twice the size comes out without output padding.
    """
    fixed = dict(weight_attr=_fixed([1, 2, 1, 0], total=4), bias_attr=False)
    return nn.Conv2DTranspose(features, features, 4, 2, 1, groups=features, **fixed)


def _fixed(taps: list[int], total: float) -> paddle.ParamAttr:
    return paddle.ParamAttr(initializer=_Filter(taps, total), trainable=False)


class _Filter(nn.initializer.Initializer):
    """For each feature the outer product of ``taps`` with itself, scaled to this sum."""

    def __init__(self, taps: list[int], total: float):
        super().__init__()
        kernel = np.outer(taps, taps) * (total / sum(taps) ** 2)
        self.kernel = kernel.astype("float32")

    def forward(self, param, block=None):
        # Not before, so that building networks without weights takes no memory.
        weights = np.ascontiguousarray(np.broadcast_to(self.kernel, param.shape))
        return nn.initializer.Assign(weights).forward(param, block)
