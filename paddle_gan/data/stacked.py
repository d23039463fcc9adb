"""Stacked MNIST: images of three digits, one a channel, and so of 1,000 known modes.

Metz et al. 2017, "Unrolled Generative Adversarial Networks", and Che et al. 2017, "Mode Regularized
Generative Adversarial Networks". What a generator leaves out can be counted.
"""

from __future__ import annotations

import numpy as np

from paddle_gan.data.image_set import ImageSet
from paddle_gan.errors import UserError

MODES = 1000


def stack(digits: ImageSet) -> ImageSet:
    """As many stacks, N x 3 x H x W, as digits, N x 1 x H x W; the label is the mode.

    Each digit appears once in each channel, in the same stacks on every call.

    Raises UserError if the digits have no labels 0 to 9.
    """
    if not digits.has_digits:
        raise UserError(f"{digits.source}: stacks need digits with labels 0 to 9; use mnist")
    order = orders(len(digits))
    images = np.empty((len(digits), 3, *digits.images.shape[2:]), np.uint8)
    for image, chosen in zip(images, order):
        image[:] = digits.images[chosen, 0]
    source = f"{len(images):,} stacks of three digits, {digits.source}"
    labels = mode(digits.labels[order])
    return ImageSet(images, labels, source, f"stacked:{digits.name}", digits.split)


def orders(n: int) -> np.ndarray:
    """Which of n digits are the channels of each of n stacks: int64, n x 3."""
    rng = np.random.default_rng(0)
    return np.stack([rng.permutation(n) for _ in range(3)], axis=1)


def mode(digits: np.ndarray) -> np.ndarray:
    """The modes, int64 N in 0..999, of stacks that show digits N x 3: 100 a + 10 b + c."""
    return digits @ np.array([100, 10, 1])
