"""How weights move. ``OPTIMIZERS`` names the ways, ``OPTIMIZER`` are their options.

``decay`` times a weight is added to its gradient.
"""

from __future__ import annotations

from paddle import Tensor
from paddle.optimizer import Adam, Optimizer, RMSProp

from paddle_gan.games.schedules import annealed
from paddle_gan.options import POSITIVE, Option, Range, Row, whole


def adam(
    parameters: list[Tensor], lr: float, betas: tuple[float, float], decay: float = 0.0
) -> Adam:
    """Kingma & Ba 2015, algorithm 1.

    Not with ``use_multi_tensor``: it pairs gradients with the wrong weights in a step in which
    other parameters have one than in the first step.
    """
    return Adam(lr, *betas, parameters=parameters, weight_decay=decay or None)


def rmsprop(
    parameters: list[Tensor], lr: float, betas: tuple[float, float], decay: float = 0.0
) -> RMSProp:
    """Tieleman & Hinton 2012, without momentum; the average of squares keeps 0.99 a step."""
    return RMSProp(lr, 0.99, 1e-8, parameters=parameters, weight_decay=decay or None)


rmsprop.RULES = [
    (
        lambda c: c["beta2_end"] is not None,
        "beta2_end {beta2_end} is of Adam, and optimizer {optimizer!r} has no beta2; leave it out",
    )
]


def anneal(optimizer: Optimizer, lr: float, config: dict, images: int, whole: int) -> None:
    """Set the learning rate and beta2 for the step after ``images`` of the ``whole`` run's.

    ``lr`` is the first rate.
    """
    rate = lr
    if half := config["lr_half"]:
        rate = lr / (1 + images / half)
    if end := config.get("lr_end"):
        rate = annealed(lr, lr * end / config["lr"], images, config["burn_in"])
    if falling := config["lr_decay"] * whole:
        rate *= min(1.0, (whole - images) / falling)
    optimizer.set_lr(rate)
    if (end := config.get("beta2_end")) is not None:
        # Paddle's Adam reads it in each step, and corrects the bias by the product of them.
        optimizer._beta2 = annealed(config["betas"][1], end, images, config["burn_in"])


FREEZE = {
    "freeze_d": Option(0, whole(0), "first layers of D that stay as --init-from has them (FreezeD)")
}
FREEZE_RULES = [
    (
        lambda c: c["freeze_d"] and not c["init_from"],
        "freeze_d {freeze_d} would keep random layers; name a trained D with --init-from",
    )
]
OPTIMIZERS = {"adam": adam, "rmsprop": rmsprop}
OPTIMIZER = {
    "optimizer": Option("adam", Row(OPTIMIZERS), "how weights move"),
    "lr": Option(0.002, POSITIVE, "learning rate"),
    "lr_end": Option(None, POSITIVE, "learning rate after the burn-in, others in proportion"),
    "betas": Option(
        (0.5, 0.999),
        Range(
            lambda v: len(v) == 2 and all(0 <= beta < 1 for beta in v),
            "two numbers in [0, 1)",
            ("B1", "B2"),
            float,
            2,
        ),
        "Adam's decay rates",
    ),
    "beta2_end": Option(
        None, Range(lambda v: 0 <= v < 1, "a number in [0, 1)", "X", float), "B2 after the burn-in"
    ),
}
