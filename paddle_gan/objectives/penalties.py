"""What keeps a discriminator from becoming too steep.

A penalty is a term of D's loss, or a projection of its weights after each of its steps. The terms
are functions of ``input_gradient(images, ...) -> gradient of each image's logit by that image``, of
one batch after the other, and of the real and the fake images that D has just judged.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

import paddle
from paddle import Tensor

from paddle_gan.networks.norms import NORMS
from paddle_gan.objectives.losses import OBJECTIVES
from paddle_gan.options import POSITIVE, Option, Row, whole
from paddle_gan.system import draws


def gradient_penalty(input_gradient: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """E[(‖∇D(x̂)‖ - 1)²], x̂ uniform on the lines between both; Gulrajani et al. 2017, eq. 3."""
    epsilon = draws.uniform([len(real), 1, 1, 1])
    between = epsilon * real + (1 - epsilon) * fake
    return (_norm(input_gradient(between.detach())) - 1).square().mean()


def r1(input_gradient: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """½ E[‖∇D(x)‖²] on real images; Mescheder et al. 2018, eq. 9."""
    return input_gradient(real).square().sum(axis=[1, 2, 3]).mean() / 2


def r2(input_gradient: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """½ E[‖∇D(G(z))‖²] on generated images; Mescheder et al. 2018, eq. 10."""
    return input_gradient(fake).square().sum(axis=[1, 2, 3]).mean() / 2


def r1_r2(input_gradient: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """The sum of both; Huang et al. 2024 (R3GAN), section 2."""
    return input_gradient(real, fake).square().sum(axis=[1, 2, 3]).mean()  # half of two means


def clip(parameters: list[Tensor], bound: float) -> None:
    """Move every weight into [-bound, bound]; Arjovsky et al. 2017, algorithm 1, line 7."""
    with paddle.no_grad():
        for parameter in parameters:
            paddle.assign(parameter.clip(-bound, bound), output=parameter)


def _norm(gradients: Tensor) -> Tensor:
    # The root has no derivative at 0, where a critic without a slope would turn weights to NaN.
    return (gradients.square().sum(axis=[1, 2, 3]) + 1e-12).sqrt()  # B


class Penalty(NamedTuple):
    """``weight`` is the paper's: the factor of ``term``, or the bound of ``project``.

    ``bounds``: it gives D's slope a bound everywhere.
    """

    weight: float
    term: Callable[[Callable, Tensor, Tensor], Tensor] | None = None
    project: Callable[[list[Tensor], float], None] | None = None
    bounds: bool = False


PENALTIES = {
    "none": Penalty(0.0),
    "clip": Penalty(0.01, project=clip, bounds=True),
    "gradient-penalty": Penalty(10.0, term=gradient_penalty, bounds=True),
    "r1": Penalty(10.0, term=r1),
    "r2": Penalty(10.0, term=r2),
    "r1-r2": Penalty(10.0, term=r1_r2),
}

PENALTY = {
    "penalty": Option(
        "none", Row(PENALTIES, formerly={"gradient": "gradient-penalty"}), "on D's slope"
    ),
    "penalty_weight": Option(
        None, POSITIVE, "its factor, or where to clip; the paper's unless given"
    ),
    "penalty_weight_end": Option(None, POSITIVE, "the same after the burn-in"),
    "penalty_every": Option(
        1, whole(1), "apply the penalty in every Nth step alone, N times as heavy"
    ),
}
PENALTY_RULES = [
    (
        lambda c: PENALTIES[c["penalty"]].term and NORMS[c["norm"]].of_batch,
        "penalty {penalty!r} is of each image by itself, and with norm {norm!r} D judges a "
        "batch as a whole; take --norm none, instance or spectral",
    ),
    (
        lambda c: (
            OBJECTIVES[c["objective"]].unbounded
            and not PENALTIES[c["penalty"]].bounds
            and not NORMS[c["norm"]].bounds
        ),
        "objective {objective!r} without a bound on the critic's slope has no minimum; "
        "add --penalty clip or gradient-penalty, or --norm spectral",
    ),
    *(
        (
            lambda c, name=name: c["penalty"] == "none" and c[name] is not None,
            f"{name} {{{name}}} weighs nothing with penalty 'none'; name one, or leave it out",
        )
        for name in ("penalty_weight", "penalty_weight_end")
    ),
    (
        lambda c: c["penalty_every"] > 1 and not PENALTIES[c["penalty"]].term,
        "penalty_every {penalty_every} is of terms of a loss, and penalty {penalty!r} is none; "
        "leave it out",
    ),
    (
        lambda c: PENALTIES[c["penalty"]].project and NORMS[c["norm"]].spectral,
        "penalty {penalty!r} bounds weights that norm {norm!r} divides by their size anyway; "
        "take one of both",
    ),
]
