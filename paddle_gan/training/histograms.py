"""How the weights of a game are distributed, and what its networks said of images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from paddle_gan.games import Game

_BINS, _WHOLE = 30, 10_000


class Histogram(NamedTuple):
    """Shares of the values, in 1 / 10,000, in bins of equal width from ``low`` to ``high``."""

    low: float
    high: float
    shares: list[int]


def histograms(game: Game) -> dict[str, Histogram]:
    """Of each layer's weights, and of the logits of the last batch, where all are finite."""
    arrays = {
        f"weights/{network}.{name}": parameter
        for network, layer in game.networks.items()
        for name, parameter in layer.named_parameters()
        if parameter.ndim > 1 and not parameter.stop_gradient
    }
    arrays.update({f"logits/{name}": logits for name, logits in game.logits.items()})
    # NumPy would take bfloat16 for whole numbers.
    values = {name: each.astype("float32").numpy() for name, each in arrays.items()}
    return {name: _histogram(each) for name, each in values.items() if np.isfinite(each).all()}


def _histogram(values: np.ndarray) -> Histogram:
    counts, edges = np.histogram(values, _BINS)
    shares = np.rint(counts * (_WHOLE / counts.sum())).astype(int)
    return Histogram(float(edges[0]), float(edges[-1]), shares.tolist())
