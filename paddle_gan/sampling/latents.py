"""Where generators draw from: each prior for Paddle's generator and for NumPy's."""

from __future__ import annotations

import numpy as np
import paddle

from paddle_gan.options import POSITIVE, Option
from paddle_gan.system import draws


def _normal(rng: np.random.Generator, shape: list[int]) -> np.ndarray:
    return rng.standard_normal(shape, dtype="float32")


def _uniform(rng: np.random.Generator, shape: list[int]) -> np.ndarray:
    return 2 * rng.random(shape, dtype="float32") - 1


TRUNCATION = Option(None, POSITIVE, "draw latents within ±X alone: fewer oddities, less variety")


def truncated(prior: str, z: np.ndarray, limit: float) -> np.ndarray:
    """Latents ``z`` of a prior moved to where those of the prior within ±``limit`` would be.

    Each number goes to the same quantile of the truncated distribution, so draws of the prior
    become draws of the truncated one, and change continuously with ``limit``: the truncation trick
    of Brock et al. 2019, section 3.1, without drawing anew.
    """
    if prior == "uniform":
        return z * np.float32(min(limit, 1.0))
    root = paddle.to_tensor(z.astype("float64") / 2**0.5)
    share = paddle.erf(root) * paddle.erf(paddle.to_tensor(limit / 2**0.5, "float64"))
    return (paddle.erfinv(share).numpy() * 2**0.5).astype("float32")


# A prior, as a generator names it: N(0, I), or uniform on [-1, 1).
TRAINING = {
    "normal": draws.randn,
    "uniform": lambda shape: draws.uniform(shape, -1.0, 1.0),
}
DRAWING = {"normal": _normal, "uniform": _uniform}
