"""PatchGAN (Isola et al. 2017, section 6.1.2): a discriminator of overlapping parts of an image."""

from __future__ import annotations

from collections.abc import Callable

from paddle import nn


def patch(
    channels: int,
    width: int = 64,
    layers: int = 3,
    norm: Callable[[int], nn.Layer] = nn.BatchNorm2D,
) -> nn.Sequential:
    """Images B x channels x H x W to a logit for each part, B x 1 x H' x W'.

    1, 2 or 3 layers halve the image and see parts of 16, 34 or 70 pixels; of 32 x 32 that leaves
    14 x 14, 6 x 6 or 2 x 2 logits. The first and the last convolution have no norm.
    """
    found = [nn.Conv2D(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
    for layer in range(1, layers + 1):
        before, features = (width * min(2**level, 8) for level in (layer - 1, layer))
        stride = 1 if layer == layers else 2
        found += [
            nn.Conv2D(before, features, 4, stride, 1, bias_attr=False),
            norm(features),
            nn.LeakyReLU(0.2),
        ]
    return nn.Sequential(*found, nn.Conv2D(features, 1, 4, 1, 1))
