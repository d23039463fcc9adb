"""The priors that generators draw from, in training and afterwards."""

import numpy as np
import paddle
import pytest

from paddle_gan.networks import NETWORKS
from paddle_gan.sampling.latents import DRAWING, TRAINING

SHAPE = [5000, 10, 1, 1]
# Mean, variance and fourth moment, and the range.
PRIORS = {"normal": (0, 1, 3, np.inf), "uniform": (0, 1 / 3, 1 / 5, 1)}


def draws(prior: str) -> list[np.ndarray]:
    paddle.seed(1)
    return [TRAINING[prior](SHAPE).numpy(), DRAWING[prior](np.random.default_rng(1), SHAPE)]


@pytest.mark.parametrize("prior", PRIORS)
def test_ranges_and_moments(prior):
    mean, variance, fourth, bound = PRIORS[prior]
    for z in draws(prior):
        assert z.shape == tuple(SHAPE) and z.dtype == np.float32
        z = z.astype("float64")
        n = z.size
        assert np.abs(z).max() <= bound
        assert abs(z.mean() - mean) < 5 * (variance / n) ** 0.5
        assert abs((z**2).mean() - variance) < 5 * ((fourth - variance**2) / n) ** 0.5
        assert abs((z**4).mean() - fourth) < 5 * (z**4).std() / n**0.5
        if bound < np.inf:  # it is reached on both sides
            assert z.min() < -0.999 * bound and z.max() > 0.999 * bound


@pytest.mark.parametrize("prior", PRIORS)
def test_a_seed_decides(prior):
    assert all(np.array_equal(*pair) for pair in zip(draws(prior), draws(prior)))


def test_every_generator_names_a_prior():
    assert PRIORS.keys() == TRAINING.keys() == DRAWING.keys()
    for generator in [pair.Generator for pair in NETWORKS.values()]:
        assert generator.prior in PRIORS
