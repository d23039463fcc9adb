"""What is done to the images that D sees, real ones and generated ones alike.

Zhao et al. 2020 (DiffAugment): D may then be shown a small set many times without learning it by
heart, and G, who gets the gradient through it, does not learn to draw the distortion.
"""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import Tensor

from paddle_gan.system import draws

SHIFT = 8  # at most an eighth of the image, in each direction
NOISE = 0.1  # standard deviation, of pixels in [-1, 1]


def translate(images: Tensor) -> Tensor:
    """Each image B x C x H x W moved by up to an eighth of its size; what comes in is black."""
    n, channels, height, width = images.shape
    reach = max(1, height // SHIFT)
    offsets = draws.randint(0, 2 * reach + 1, [n, 2])
    wide = F.pad(images, [reach] * 4, value=-1.0)
    across = width + 2 * reach
    rows = offsets[:, :1] + paddle.arange(height)  # B x H
    columns = offsets[:, 1:] + paddle.arange(width)  # B x W
    chosen = (rows.unsqueeze(2) * across + columns.unsqueeze(1)).reshape([n, 1, -1])
    moved = paddle.take_along_axis(wide.flatten(2), chosen.tile([1, channels, 1]), axis=2)
    return moved.reshape([n, channels, height, width])


def noise(images: Tensor) -> Tensor:
    """Gaussian noise on every pixel; Arjovsky & Bottou 2017, section 3."""
    return images + NOISE * draws.randn(images.shape)


AUGMENTATIONS = {"none": lambda images: images, "translate": translate, "instance-noise": noise}
