"""How weights move. ``OPTIMIZERS`` names the ways for the recipes."""

from __future__ import annotations

from paddle import Tensor
from paddle.optimizer import Adam, RMSProp


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
