"""How far a reconstruction is from the image. ``RECONSTRUCTIONS`` names the measures.

Each takes reconstructions before the tanh and images in [-1, 1], B x C x H x W, and gives the sum
over pixels and channels, averaged over the batch, as in Kingma & Welling 2014, eq. 10.
"""

from __future__ import annotations

import paddle.nn.functional as F
from paddle import Tensor


def _absolute(logits: Tensor, images: Tensor) -> Tensor:
    return F.l1_loss(logits.tanh(), images, "sum") / len(images)


def _squared(logits: Tensor, images: Tensor) -> Tensor:
    return F.mse_loss(logits.tanh(), images, "sum") / len(images)


def _cross_entropy(logits: Tensor, images: Tensor) -> Tensor:
    """Of pixels as probabilities of white, (1 + tanh x) / 2 = sigmoid(2 x)."""
    white = (images + 1) / 2
    return F.binary_cross_entropy_with_logits(2 * logits, white, reduction="sum") / len(images)


RECONSTRUCTIONS = {"l1": _absolute, "l2": _squared, "bce": _cross_entropy}


def kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, I)), averaged over the batch; ibid., appendix B."""
    summed = (mean**2 + log_variance.exp() - 1 - log_variance).sum()
    return summed / 2 / len(mean)
