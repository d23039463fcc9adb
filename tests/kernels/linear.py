"""Piecewise linear networks, and how Paddle differentiates them twice."""

from __future__ import annotations

import copy

import numpy as np
import paddle
from paddle import nn
from paddle.nn import functional as F

from paddle_gan.networks.blocks import Residual, Skip
from tests.kernels.networks import stack


class Spread(nn.Layer):
    """A transposed convolution by its definition: zeros between the pixels, then a convolution.

    Paddle cannot differentiate its own twice.
    """

    def __init__(self, layer: nn.Conv2DTranspose):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        stride, (kernel, _) = self.layer._stride[0], self.layer._kernel_size
        rows, columns = (
            paddle.to_tensor(np.eye((n - 1) * stride + 1, dtype="float32")[::stride])
            for n in x.shape[2:]
        )
        weight = self.layer.weight.transpose([1, 0, 2, 3]).flip([2, 3])
        padding = kernel - 1 - self.layer._padding
        return F.conv2d(rows.t() @ x @ columns, weight, self.layer.bias, padding=padding)


class Resized(nn.Layer):
    """Up-sampling by its definition, a product with a matrix on either side."""

    def __init__(self, layer: nn.Upsample):
        super().__init__()
        factors = layer.scale_factor
        self.factors = factors if isinstance(factors, list) else [factors] * 2
        self.smooth = layer.mode == "bilinear"

    def forward(self, x):
        rows, columns = map(self._matrix, x.shape[2:], self.factors)
        return rows @ x @ columns.t()

    def _matrix(self, size: int, factor: int) -> paddle.Tensor:
        # Where the center of each new pixel lies among those of the old.
        places = np.clip((np.arange(size * factor) + 0.5) / factor - 0.5, 0, size - 1)
        distances = np.abs(places[:, None] - np.arange(size))
        weights = np.maximum(0, 1 - distances) if self.smooth else distances < 0.5
        return paddle.to_tensor(weights.astype("float32"))


class Flat(nn.Layer):
    """``Flatten`` by a reshape, of which Paddle has a second derivative."""

    def __init__(self, layer: nn.Flatten):
        super().__init__()

    def forward(self, x):
        return x.reshape([len(x), -1])


TWINS = {nn.Conv2DTranspose: Spread, nn.Upsample: Resized, nn.Flatten: Flat}


def critic(halvings: int, channels=1, batch=4, bias=None):
    """DCGAN's without BatchNorm, from 4 * 2 ** halvings pixels."""
    layers, inside = [], channels
    for width in (8, 16, 32)[:halvings]:
        layers += [nn.Conv2D(inside, width, 4, 2, 1, bias_attr=bias), nn.LeakyReLU(0.2)]
        inside = width
    size = 4 * 2**halvings
    layers += [nn.Conv2D(inside, 1, 4, bias_attr=bias)]
    return stack(*layers, shape=(batch, channels, size, size))


LINEAR = {
    "critic": lambda: critic(3),
    "critic without biases": lambda: critic(3, bias=False),
    "critic of color": lambda: critic(2, channels=3, batch=3),
    "one layer, one image": lambda: critic(0, batch=1),
    "transposed": lambda: stack(
        nn.Conv2DTranspose(3, 4, 5, 2, 2),
        nn.LeakyReLU(0.3),
        nn.Conv2DTranspose(4, 5, 4, 2, 1, bias_attr=False),
        nn.ReLU(),
        nn.Conv2D(5, 1, 3),
        shape=(2, 3, 5, 3),
    ),
    "to one channel": lambda: stack(
        nn.Conv2D(2, 8, 3, 2, 1),
        nn.ReLU(),
        nn.Conv2D(8, 1, (3, 5), 1, (1, 2)),
        nn.LeakyReLU(0.2),
        nn.Conv2D(1, 1, 3, 1, 1, bias_attr=False),
        shape=(3, 2, 9, 8),
    ),
    "ReLU, several outputs": lambda: stack(
        nn.Conv2D(2, 8, 3),
        nn.ReLU(),
        nn.Conv2D(8, 8, 3, 2),
        nn.ReLU(),
        nn.Conv2D(8, 3, (3, 1)),
        shape=(3, 2, 9, 8),
    ),
    "residual": lambda: stack(
        nn.Conv2D(1, 8, 3, 1, 1),
        Residual(
            nn.Sequential(
                nn.LeakyReLU(0.2),
                nn.Conv2D(8, 12, 3, 1, 1),
                nn.LeakyReLU(0.2),
                nn.Conv2D(12, 12, 3, 1, 1),
                nn.AvgPool2D(2),
            ),
            nn.Sequential(nn.AvgPool2D(2), nn.Conv2D(8, 12, 1)),
            0.8,
        ),
        Residual(nn.Sequential(nn.ReLU(), nn.Conv2D(12, 12, 3, 1, 1, groups=3)), None, 0.7),
        nn.LeakyReLU(0.2),
        nn.Conv2D(12, 1, 4),
        shape=(3, 1, 8, 8),
    ),
    "branches that end in activations": lambda: stack(
        Residual(
            nn.Sequential(nn.Conv2D(2, 6, 3, 1, 1), nn.LeakyReLU(0.2)),
            nn.Sequential(nn.Conv2D(2, 6, 1), nn.ReLU()),
        ),
        nn.LeakyReLU(0.3),
        Skip(nn.Sequential(nn.ReLU(), nn.LeakyReLU(0.5), nn.Conv2D(6, 4, 1), nn.LeakyReLU(0.1))),
        nn.Conv2D(10, 2, 3),
        shape=(2, 2, 6, 7),
    ),
    "U-Net": lambda: stack(
        Skip(
            nn.Sequential(
                nn.Conv2D(2, 4, 4, 2, 1),
                nn.LeakyReLU(0.2),
                Skip(nn.Sequential(nn.Conv2D(4, 5, 3, 1, 1), nn.ReLU())),
                nn.Conv2DTranspose(9, 3, 4, 2, 1),
                nn.ReLU(),
            )
        ),
        nn.Conv2D(5, 1, 3, 1, 1),
        shape=(2, 2, 8, 8),
    ),
    "reflection, up and down": lambda: stack(
        nn.Pad2D([1, 2, 2, 1], mode="reflect"),
        nn.Conv2D(2, 6, 4),
        nn.LeakyReLU(0.2),
        nn.Upsample(scale_factor=2),
        nn.Conv2D(6, 8, 3, 1, 1),
        nn.ReLU(),
        nn.AvgPool2D(3, 2, 1),
        nn.Conv2D(8, 4, 3, 1, 1),
        nn.LeakyReLU(0.2),
        nn.Upsample(scale_factor=[2, 3], mode="bilinear"),
        nn.Conv2D(4, 1, 3),
        shape=(2, 2, 5, 6),
    ),
    "linear head": lambda: stack(
        nn.Conv2D(2, 4, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(48, 6),
        nn.ReLU(),
        nn.Linear(6, 1),
        shape=(3, 2, 8, 6),
    ),
    "activation last": lambda: stack(nn.Conv2D(2, 4, 3), nn.LeakyReLU(0.1), shape=(2, 2, 6, 6)),
    "activation first": lambda: stack(
        nn.LeakyReLU(0.5), nn.Conv2D(2, 4, 3), nn.ReLU(), nn.Conv2D(4, 2, 3), shape=(2, 2, 6, 6)
    ),
}


def twin_of(net: nn.Layer) -> nn.Layer:
    """A copy that Paddle differentiates twice."""
    twin = copy.deepcopy(net)
    for layer in twin.sublayers(include_self=True):
        for name, child in layer.named_children():
            layer._sub_layers[name] = TWINS.get(type(child), lambda child: child)(child)
    return twin
