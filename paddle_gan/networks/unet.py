"""The U-Net of pix2pix (Isola et al. 2017, section 6.1.1), for images of any size."""

from __future__ import annotations

from paddle import nn

from paddle_gan.networks.blocks import Dropout, Skip

_DROPPED = 3  # of the innermost steps up


def unet(channels: int = 1, width: int = 64, depth: int = 5, dropout: bool = True) -> nn.Sequential:
    """Images B x channels x H x W in [-1, 1] to others of the same shape.

    depth: halvings, at least 2; H and W are multiples of 2^depth. Features double with each, up to
        8 width. Dropout is in the three innermost steps up, whatever their number.

    The innermost features, which may be 1 x 1, and the outermost ones have no BatchNorm.
    """
    features = [width * min(2**level, 8) for level in range(depth)]  # behind each halving
    inner: list[nn.Layer] = []
    for level in reversed(range(1, depth)):
        outside, inside = features[level - 1 : level + 1]
        # B x outside x s x s -> B x inside x s/2 x s/2 and back
        layers = [
            nn.LeakyReLU(0.2),
            nn.Conv2D(outside, inside, 4, 2, 1, bias_attr=False if inner else None),
            *([nn.BatchNorm2D(inside), *inner] if inner else []),
            nn.ReLU(),
            nn.Conv2DTranspose(inside * (1 + len(inner)), outside, 4, 2, 1, bias_attr=False),
            nn.BatchNorm2D(outside),
        ]
        if dropout and level >= depth - _DROPPED:
            layers.append(Dropout(0.5))
        inner = [Skip(nn.Sequential(*layers))]
    return nn.Sequential(
        nn.Conv2D(channels, width, 4, 2, 1),
        *inner,
        nn.ReLU(),
        nn.Conv2DTranspose(2 * width, channels, 4, 2, 1),
        nn.Tanh(),
    )
