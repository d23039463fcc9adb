"""Where generators draw from: each prior for Paddle's generator and for NumPy's."""

from __future__ import annotations

import numpy as np

from paddle_gan.system import draws


def _normal(rng: np.random.Generator, shape: list[int]) -> np.ndarray:
    return rng.standard_normal(shape, dtype="float32")


def _uniform(rng: np.random.Generator, shape: list[int]) -> np.ndarray:
    return 2 * rng.random(shape, dtype="float32") - 1


# A prior, as a generator names it: N(0, I), or uniform on [-1, 1).
TRAINING = {
    "normal": draws.randn,
    "uniform": lambda shape: draws.uniform(shape, -1.0, 1.0),
}
DRAWING = {"normal": _normal, "uniform": _uniform}
