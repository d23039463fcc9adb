"""How weights move. ``OPTIMIZERS`` names the ways for the recipes."""

from __future__ import annotations

from paddle import Tensor
from paddle.optimizer import Adam, RMSProp


def adam(parameters: list[Tensor], lr: float, betas: tuple[float, float]) -> Adam:
    """Kingma & Ba 2015, algorithm 1."""
    return Adam(
        parameters=parameters,
        learning_rate=lr,
        beta1=betas[0],
        beta2=betas[1],
        use_multi_tensor=True,  # one call for all parameters instead of one for each
    )


def rmsprop(parameters: list[Tensor], lr: float, betas: tuple[float, float]) -> RMSProp:
    """Tieleman & Hinton 2012, without momentum; the average of squares keeps 0.99 a step."""
    return RMSProp(lr, rho=0.99, epsilon=1e-8, parameters=parameters)


OPTIMIZERS = {"adam": adam, "rmsprop": rmsprop}
