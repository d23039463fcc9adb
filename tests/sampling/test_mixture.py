"""Mixtures of Gaussians against mixtures that are known."""

import numpy as np
import pytest

from paddle_gan.sampling.mixture import Mixture, fit

KNOWN = Mixture(
    np.array([0.5, 0.3, 0.2]),
    np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 8.0]]),
    np.array([[[1.0, 0.0], [0.8, 0.6]], [[0.5, 0.0], [0.0, 2.0]], [[1.5, 0.0], [-0.5, 0.5]]]),
)


def drawn(mixture: Mixture, n: int, seed=0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return mixture.draw(rng.random(n), rng.standard_normal((n, 2)))


def covariances(mixture: Mixture) -> np.ndarray:
    return mixture.factors @ mixture.factors.transpose(0, 2, 1)


def test_draws_have_the_shares_means_and_covariances():
    n = 40_000
    rng = np.random.default_rng(1)
    choices, z = rng.random(n), rng.standard_normal((n, 2))
    points = KNOWN.draw(choices, z)
    for k, (low, high) in enumerate([(0, 0.5), (0.5, 0.8), (0.8, 1)]):
        own = points[(low <= choices) & (choices < high)]
        assert np.abs(own.mean(0) - KNOWN.means[k]).max() < 5 * 2 / len(own) ** 0.5
        assert np.abs(np.cov(own.T) - covariances(KNOWN)[k]).max() < 5 * 6 / len(own) ** 0.5


def test_the_last_one_is_drawn_whatever_the_weights_add_up_to():
    weights = np.full(10, 0.1, "float32")  # their sum is not 1
    mixture = Mixture(weights, np.arange(10.0)[:, None], np.zeros((10, 1, 1)))
    found = mixture.draw(np.array([0.0, 0.05, 1 - 2**-53]), np.zeros((3, 1)))
    assert found[:, 0].tolist() == [0, 0, 9]


def test_densities_are_those_of_the_definition():
    points = drawn(KNOWN, 5)
    for k, (weight, mean, covariance) in enumerate(
        zip(KNOWN.weights, KNOWN.means, covariances(KNOWN))
    ):
        for point, found in zip(points, KNOWN.log_densities(points)[:, k]):
            apart = point - mean
            exponent = -apart @ np.linalg.solve(covariance, apart) / 2
            scale = 2 * np.pi * np.linalg.det(covariance) ** 0.5
            assert found == pytest.approx(np.log(weight / scale) + exponent)


def test_a_known_mixture_is_found_again():
    found = fit(drawn(KNOWN, 8000), 3)
    order = [np.abs(found.means - mean).sum(1).argmin() for mean in KNOWN.means]
    assert sorted(order) == [0, 1, 2]
    assert found.weights[order] == pytest.approx(KNOWN.weights, abs=0.02)
    assert np.abs(found.means[order] - KNOWN.means).max() < 0.12
    assert np.abs(covariances(found)[order] - covariances(KNOWN)).max() < 0.25
    assert found.weights.sum() == pytest.approx(1)


def test_one_component_is_mean_and_covariance():
    points = drawn(KNOWN, 500)
    found = fit(points, 1)
    assert found.means[0] == pytest.approx(points.mean(0))
    expected = np.cov(points.T, bias=True) + 1e-3 * points.var(0).mean() * np.eye(2)
    assert covariances(found)[0] == pytest.approx(expected)


def test_a_fit_follows_from_its_arguments():
    points = drawn(KNOWN, 300)
    first, again, other = fit(points, 4), fit(points, 4), fit(points, 4, seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert not np.array_equal(first.means, other.means)


@pytest.mark.parametrize(("n", "apart"), [(3, 1.0), (1, 1.0), (20, 0.0)])
def test_fewer_points_than_components_or_all_alike(n, apart):
    points = 5 + apart * drawn(KNOWN, n)
    found = fit(points, 6)
    assert all(np.isfinite(part).all() for part in found)
    codes = drawn(found, 50)
    nearest = np.abs(codes[:, None] - points).max(2).min(1)
    assert nearest.max() < 0.5 * (apart + 0.01) * 2
