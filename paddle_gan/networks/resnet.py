"""The generator of CycleGAN (Zhu et al. 2017, appendix 7.2), after Johnson et al. 2016."""

from __future__ import annotations

from paddle import nn

from paddle_gan.networks.blocks import Residual
from paddle_gan.networks.norms import plain_instance_norm

_HALVINGS = 2


def resnet(channels: int = 1, width: int = 64, blocks: int = 6) -> nn.Sequential:
    """Images B x channels x H x W in [-1, 1] to others of the same shape; H and W multiples of 4.

    Two halvings, ``blocks`` residual blocks, two doublings; reflected edges and InstanceNorm
    without an affine map.
    """
    layers = [*_padded(channels, width, 7), *_normed(width)]
    for level in range(_HALVINGS):
        features = width * 2**level
        down = nn.Conv2D(features, 2 * features, 3, 2, 1, bias_attr=False)
        layers += [down, *_normed(2 * features)]
    features = width * 2**_HALVINGS
    layers += [Residual(_block(features)) for _ in range(blocks)]
    for _ in range(_HALVINGS):
        up = nn.Conv2DTranspose(features, features // 2, 3, 2, 1, 1, bias_attr=False)
        features //= 2
        layers += [up, *_normed(features)]
    return nn.Sequential(*layers, *_padded(width, channels, 7, bias=None), nn.Tanh())


def _padded(before: int, after: int, kernel: int, bias: bool | None = False) -> list[nn.Layer]:
    """A convolution that keeps the size, its edges reflected."""
    pad = nn.Pad2D(kernel // 2, mode="reflect")
    return [pad, nn.Conv2D(before, after, kernel, bias_attr=bias)]


def _normed(features: int) -> list[nn.Layer]:
    return [plain_instance_norm(features), nn.ReLU()]


def _block(features: int) -> nn.Sequential:
    first, second = (_padded(features, features, 3) for _ in range(2))
    return nn.Sequential(*first, *_normed(features), *second, plain_instance_norm(features))
