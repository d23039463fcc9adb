"""What generator and discriminator minimize: free functions of the discriminator's logits.

Each objective is a pair: ``discriminator(real, fake)`` and ``generator(fake)``, logits of any one
shape to a scalar. The discriminator's is the sum over the real and the fake half, as in the paper.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

import paddle.nn.functional as F
from paddle import Tensor


class Objective(NamedTuple):
    """The losses of one game."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


def minimax_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))] with D = sigmoid(logit); Goodfellow et al. 2014, eq. 1.

    -log sigmoid(a) = softplus(-a), which stays exact where D is sure and log(sigmoid) is not.
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def non_saturating_generator(fake: Tensor) -> Tensor:
    """-E[log D(G(z))]; Goodfellow et al. 2014, section 3."""
    return F.softplus(-fake).mean()


OBJECTIVES = {
    "non-saturating": Objective(minimax_discriminator, non_saturating_generator),
}
