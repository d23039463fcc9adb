"""A step down the gradient of a loss, and the parameters that take no part in it."""

from __future__ import annotations

import itertools

import paddle
from paddle import Tensor, nn
from paddle.utils import unique_name

from paddle_gan.errors import UserError
from paddle_gan.system import distributed


def trainable(network: nn.Layer) -> list[Tensor]:
    """The parameters an optimizer moves; BatchNorm's running statistics are not among them."""
    return [p for p in network.parameters() if not p.stop_gradient]


def freeze(network: nn.Layer, n: int) -> None:
    """Let the first ``n`` layers with weights stay as they are, and the norms behind them.

    Mo et al. 2020, "Freeze the Discriminator": what D has learned of images in general is kept. The
    statistics of a BatchNorm go on, and the embedding of classes, which may be others now, is
    trained and no layer of these. Raises UserError where no layer is left to train.
    """
    layers = [
        layer.parameters(include_sublayers=False)
        for layer in network.sublayers()
        if not isinstance(layer, nn.Embedding)
    ]
    starts = [i for i, layer in enumerate(layers) if any(p.ndim > 1 for p in layer)]
    if n >= len(starts):
        raise UserError(f"freeze_d {n} leaves nothing of D to train; it has {len(starts)} layers")
    for parameter in itertools.chain(*layers[: starts[n]]) if n else ():
        parameter.stop_gradient = True


def descend(loss: Tensor, *optimizers: paddle.optimizer.Optimizer) -> None:
    """Move the parameters of the optimizers one step down the gradient of ``loss``."""
    loss.backward()
    parameters = [p for optimizer in optimizers for p in optimizer._parameter_list]
    distributed.average([p.grad for p in parameters if p.grad is not None])
    for optimizer in optimizers:
        with unique_name.guard():  # the first step names the optimizer's moments
            optimizer.step()
        optimizer.clear_grad(set_to_zero=False)  # released, not zeroed: nothing accumulates


class frozen:
    """Inside this context no gradient of the networks' parameters is computed."""

    def __init__(self, *networks: nn.Layer):
        self._parameters = [p for network in networks for p in trainable(network)]

    def __enter__(self) -> None:
        for parameter in self._parameters:
            parameter.stop_gradient = True

    def __exit__(self, *exception) -> None:
        for parameter in self._parameters:
            parameter.stop_gradient = False
