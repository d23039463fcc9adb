"""What generator and discriminator minimize: free functions of the discriminator's logits.

Each objective has ``discriminator(real, fake)`` and ``generator(real, fake)``, logits of any one
shape to a scalar. The discriminator's is the sum over the real and the fake half, as in the papers,
or a mean over pairs. The generator's ``real`` is None unless the objective ``compares``.
``report(real, fake)`` says how well D does, in the terms of its objective.
"""

from __future__ import annotations

import functools
from typing import Callable, NamedTuple

import paddle.nn.functional as F
from paddle import Tensor


def minimax_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))] with D = sigmoid(logit); Goodfellow et al. 2014, eq. 1.

    -log sigmoid(a) = softplus(-a), which stays exact where D is sure and log(sigmoid) is not.
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def minimax_generator(real: Tensor | None, fake: Tensor) -> Tensor:
    """E[log(1 - D(G(z)))]; Goodfellow et al. 2014, eq. 1. Hardly a slope where D is sure."""
    return -F.softplus(fake).mean()


def non_saturating_generator(real: Tensor | None, fake: Tensor) -> Tensor:
    """-E[log D(G(z))]; Goodfellow et al. 2014, section 3."""
    return F.softplus(-fake).mean()


def smoothed_discriminator(real: Tensor, fake: Tensor, target: float = 0.9) -> Tensor:
    """The minimax loss with ``target`` for 1 on real images; Salimans et al. 2016, section 3.4."""
    return minimax_discriminator(real, fake) + (1 - target) * real.mean()


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """½ E[(D(x) - 1)²] + ½ E[D(G(z))²]; Mao et al. 2017 (LSGAN), eq. 9."""
    return ((real - 1).square().mean() + fake.square().mean()) / 2


def least_squares_generator(real: Tensor | None, fake: Tensor) -> Tensor:
    """½ E[(D(G(z)) - 1)²]; Mao et al. 2017 (LSGAN), eq. 9."""
    return (fake - 1).square().mean() / 2


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]; Miyato et al. 2018 (SN-GAN), eq. 16."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E[D(G(z))] - E[D(x)]; Arjovsky et al. 2017 (WGAN), eq. 2.

    Its negative is a lower bound of the distance of both distributions if D is 1-Lipschitz.
    """
    return fake.mean() - real.mean()


def critic_generator(real: Tensor | None, fake: Tensor) -> Tensor:
    """-E[D(G(z))]; Arjovsky et al. 2017 (WGAN), eq. 3, and Miyato et al. 2018, eq. 17."""
    return -fake.mean()


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E[softplus(D(G(z)) - D(x))] over pairs by position in the batch.

    Jolicoeur-Martineau 2019, eq. 4; Huang et al. 2024 (R3GAN), eq. 2.
    """
    return F.softplus(fake - real).mean()


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """E[softplus(D(x) - D(G(z)))] over the same pairs; Jolicoeur-Martineau 2019, eq. 5."""
    return F.softplus(real - fake).mean()


def verdicts(real: Tensor, fake: Tensor, output=F.sigmoid, bound: float = 0.0) -> dict[str, Tensor]:
    """D's mean outputs, and the fractions of images that it puts on the right side of ``bound``."""
    return {
        "d_real": output(real).mean(),
        "d_fake": output(fake).mean(),
        "accuracy_real": (real > bound).astype("float32").mean(),
        "accuracy_fake": (fake <= bound).astype("float32").mean(),
    }


def pair_verdicts(real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    """Of pairs: how probable D finds it that the real image is the more real one of both."""
    return verdicts(real - fake, fake - real)


def distance(real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    """The critic's estimate of the Wasserstein distance, in units of its Lipschitz constant."""
    return {"wasserstein": real.mean() - fake.mean()}


def of_each(real: Tensor, fake: Tensor) -> Tensor:
    """Above 0 where D, whose logits of 0 are the middle, takes an image for real."""
    return real


def of_pairs(real: Tensor, fake: Tensor) -> Tensor:
    """The same where only differences of logits mean something, to the loss as well."""
    return real - fake


class Objective(NamedTuple):
    """The losses of one game, and what is reported of it.

    ``unbounded``: without a bound on D's slope its loss has no minimum. ``lead`` of logits is
    above 0 for the real images that D is right about.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor | None, Tensor], Tensor]
    report: Callable[[Tensor, Tensor], dict[str, Tensor]] = verdicts
    unbounded: bool = False
    compares: bool = False  # whether the generator's loss needs D's logits of real images
    lead: Callable[[Tensor, Tensor], Tensor] = of_each


def _raw(logits: Tensor) -> Tensor:
    return logits


OBJECTIVES = {
    "non-saturating": Objective(minimax_discriminator, non_saturating_generator),
    "minimax": Objective(minimax_discriminator, minimax_generator),
    "one-sided-smoothing": Objective(smoothed_discriminator, non_saturating_generator),
    "least-squares": Objective(
        least_squares_discriminator,
        least_squares_generator,
        functools.partial(verdicts, output=_raw, bound=0.5),
        lead=lambda real, fake: real - 0.5,
    ),
    "hinge": Objective(
        hinge_discriminator, critic_generator, functools.partial(verdicts, output=_raw)
    ),
    "wasserstein": Objective(
        wasserstein_discriminator, critic_generator, distance, unbounded=True, lead=of_pairs
    ),
    "relativistic": Objective(
        relativistic_discriminator,
        relativistic_generator,
        pair_verdicts,
        compares=True,
        lead=of_pairs,
    ),
}
