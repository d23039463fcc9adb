"""Mixtures of Gaussians: fitted to points, and drawn from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_MOST_ROUNDS = 50
_ENOUGH = 1e-3  # nats a point, by which a round has to better the likelihood
_LEAST_VARIANCE = 1e-3  # of the points' own, added to each variance: few points span no ellipsoid
_NONE = 1e-12  # points, or share of them


class Mixture(NamedTuple):
    """K Gaussians in D dimensions."""

    weights: np.ndarray  # K, their sum is 1
    means: np.ndarray  # K x D
    factors: np.ndarray  # K x D x D, lower triangular: covariance = factor @ factor.T

    def chosen(self, choices: np.ndarray) -> np.ndarray:
        """Which Gaussians ``choices`` stand for, N numbers in [0, 1)."""
        shares = np.cumsum(self.weights)
        found = np.searchsorted(shares, choices * shares[-1], side="right")
        return np.minimum(found, len(shares) - 1)

    def draw(self, choices: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Points N x D from ``choices`` of Gaussians and ``z``, N x D of N(0, 1)."""
        chosen = self.chosen(choices)
        return self.means[chosen] + np.einsum("nij,nj->ni", self.factors[chosen], z)

    def log_densities(self, points: np.ndarray) -> np.ndarray:
        """Logarithms of weight x density of each point, N x D, under each Gaussian: N x K."""
        columns = []
        for weight, mean, factor in zip(*self):
            z = (points - mean) @ np.linalg.inv(factor).T
            scale = np.log(2 * np.pi) * len(mean) / 2 + np.log(np.diag(factor)).sum()
            columns.append(np.log(max(weight, _NONE)) - scale - (z**2).sum(1) / 2)
        return np.stack(columns, axis=1)


def fit(points: np.ndarray, components: int, seed: int = 0) -> Mixture:
    """The mixture of ``components`` Gaussians that expectation maximization leads to.

    points: N x D, float. Starts from k-means; Dempster et al. 1977. A function of its arguments.
    """
    points = np.asarray(points, np.float64)
    least = _LEAST_VARIANCE * points.var(0).mean() + _NONE
    nearest = _clusters(points, components, np.random.default_rng(seed))
    shares, before = np.eye(components)[nearest], -np.inf  # N x K
    for _ in range(_MOST_ROUNDS):
        mixture = _maximized(points, shares, least)
        found = mixture.log_densities(points)
        highest = found.max(1, keepdims=True)
        likelihood = highest + np.log(np.exp(found - highest).sum(1, keepdims=True))
        shares = np.exp(found - likelihood)
        if likelihood.mean() < before + _ENOUGH:
            break
        before = likelihood.mean()
    return mixture


def _maximized(points: np.ndarray, shares: np.ndarray, least: float) -> Mixture:
    """The likeliest mixture, given each point's ``shares`` of the Gaussians, N x K."""
    counts = shares.sum(0)
    means = shares.T @ points / (counts + _NONE)[:, None]
    factors = []
    for count, mean, share in zip(counts, means, shares.T):
        apart = points - mean
        covariance = (share[:, None] * apart).T @ apart / (count + _NONE)
        factors.append(np.linalg.cholesky(covariance + least * np.eye(len(mean))))
    return Mixture(counts / len(points), means, np.stack(factors))


def _clusters(points: np.ndarray, k: int, rng: np.random.Generator, rounds: int = 10) -> np.ndarray:
    """Numbers of the clusters that k-means puts points into; Arthur & Vassilvitskii 2007."""
    centers = points[rng.integers(len(points))][None]
    for _ in range(k - 1):
        far = _distances(points, centers).min(1) + _NONE  # of all alike, any
        centers = np.concatenate(
            [centers, points[rng.choice(len(points), p=far / far.sum())][None]]
        )
    for _ in range(rounds):
        nearest = _distances(points, centers).argmin(1)
        ones = np.eye(k)[nearest]
        counts = ones.sum(0)[:, None]
        centers = np.where(counts > 0, ones.T @ points / np.maximum(counts, 1), centers)
    return nearest


def _distances(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Squared distances, N x K."""
    squares = (points**2).sum(1)[:, None] + (centers**2).sum(1)
    return np.maximum(squares - 2 * points @ centers.T, 0)
