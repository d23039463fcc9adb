"""Losses of reconstructions, against their definitions in float64."""

import numpy as np
import paddle
import pytest

from paddle_gan.objectives.reconstruction import RECONSTRUCTIONS, kl


def arrays():
    rng = np.random.default_rng(0)
    return rng.normal(0, 1, (3, 2, 4, 4)), rng.uniform(-1, 1, (3, 2, 4, 4))


def cross_entropy(logits, images):
    p, white = (1 + np.tanh(logits)) / 2, (1 + images) / 2
    return -white * np.log(p) - (1 - white) * np.log(1 - p)


EXPECTED = {
    "l1": lambda logits, images: np.abs(np.tanh(logits) - images),
    "l2": lambda logits, images: (np.tanh(logits) - images) ** 2,
    "bce": cross_entropy,
}


@pytest.mark.parametrize("name", RECONSTRUCTIONS)
def test_sums_over_an_image_averaged_over_the_batch(name):
    logits, images = arrays()
    found = RECONSTRUCTIONS[name](*(paddle.to_tensor(a.astype("float32")) for a in arrays()))
    assert found.ndim == 0
    assert float(found) == pytest.approx(EXPECTED[name](logits, images).sum() / 3, rel=1e-5)


def test_cross_entropy_stays_finite_where_a_pixel_is_sure():
    black, white = paddle.full([1, 1, 1, 1], -50.0), paddle.ones([1, 1, 1, 1])
    assert float(RECONSTRUCTIONS["bce"](black, white)) == pytest.approx(100)


def test_kl_is_that_of_normal_distributions():
    """By quadrature of q log(q / p) for each of 2 x 3 dimensions."""
    rng = np.random.default_rng(1)
    mean, log_variance = rng.normal(0, 1, (2, 2, 3, 1, 1))
    x = np.linspace(-15, 15, 30001)
    total = 0.0
    for m, v in zip(mean.ravel(), log_variance.ravel()):
        log_q = -((x - m) ** 2) / (2 * np.exp(v)) - v / 2
        q = np.exp(log_q) / np.sqrt(2 * np.pi)
        total += (q * (log_q + x**2 / 2)).sum() * (x[1] - x[0])
    found = kl(*(paddle.to_tensor(a.astype("float32")) for a in (mean, log_variance)))
    assert float(found) == pytest.approx(total / 2, rel=1e-4)
