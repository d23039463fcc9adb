"""Piecewise linear networks, and how Paddle differentiates them twice."""

from __future__ import annotations

import copy

import numpy as np
import paddle
from paddle import nn
from paddle.nn import functional as F

from tests.kernels.cases import stack


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
    "activation last": lambda: stack(nn.Conv2D(2, 4, 3), nn.LeakyReLU(0.1), shape=(2, 2, 6, 6)),
    "activation first": lambda: stack(
        nn.LeakyReLU(0.5), nn.Conv2D(2, 4, 3), nn.ReLU(), nn.Conv2D(4, 2, 3), shape=(2, 2, 6, 6)
    ),
}


def twin_of(net) -> nn.Sequential:
    """A copy that Paddle differentiates twice."""
    layers = copy.deepcopy(net)
    return nn.Sequential(*(Spread(m) if type(m) is nn.Conv2DTranspose else m for m in layers))
