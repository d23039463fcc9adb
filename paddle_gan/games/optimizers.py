"""How weights move. ``OPTIMIZERS`` names the ways, ``OPTIMIZER`` are their options."""

from __future__ import annotations

from paddle import Tensor
from paddle.optimizer import Adam, RMSProp

from paddle_gan.options import POSITIVE, Option, Range, Row


def adam(parameters: list[Tensor], lr: float, betas: tuple[float, float]) -> Adam:
    """Kingma & Ba 2015, algorithm 1.

    Not with ``use_multi_tensor``: it pairs gradients with the wrong weights in a step in which
    other parameters have one than in the first step.
    """
    return Adam(lr, *betas, parameters=parameters)


def rmsprop(parameters: list[Tensor], lr: float, betas: tuple[float, float]) -> RMSProp:
    """Tieleman & Hinton 2012, without momentum; the average of squares keeps 0.99 a step."""
    return RMSProp(lr, rho=0.99, epsilon=1e-8, parameters=parameters)


OPTIMIZERS = {"adam": adam, "rmsprop": rmsprop}
OPTIMIZER = {
    "optimizer": Option("adam", Row(OPTIMIZERS), "how weights move"),
    "lr": Option(0.002, POSITIVE, "learning rate"),
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
}
