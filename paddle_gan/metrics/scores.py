"""The scores themselves, from features and probabilities: NumPy only, any feature network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paddle_gan.errors import UserError

_ROWS = 1000  # of a matrix of distances at a time, which bounds memory


def fid(real: np.ndarray, fake: np.ndarray) -> float:
    """Fréchet distance of the Gaussians fitted to two sets of features, N x d and M x d.

    Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
    Equilibrium". Its bias falls as 1/n: compare only values of the same N and M.
    """
    _check(real, fake, at_least=2)
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    return frechet_distance(
        real.mean(0), np.cov(real, rowvar=False), fake.mean(0), np.cov(fake, rowvar=False)
    )


def frechet_distance(
    mu1: np.ndarray, sigma1: np.ndarray, mu2: np.ndarray, sigma2: np.ndarray
) -> float:
    """|mu1 - mu2|² + tr(sigma1 + sigma2 - 2 (sigma1 sigma2)^½): the squared 2-Wasserstein
    distance of N(mu1, sigma1) and N(mu2, sigma2), means d, covariances d x d.

    The trace of the root is taken as the sum of the singular values of sigma1^½ sigma2^½. That
    asks for roots of symmetric matrices only, so it stays real and stable where a covariance is
    singular.
    """
    sigma1, sigma2 = np.atleast_2d(sigma1), np.atleast_2d(sigma2)
    overlap = np.linalg.svd(_root(sigma1) @ _root(sigma2), compute_uv=False).sum()
    shift = np.sum(np.square(np.subtract(mu1, mu2, dtype=np.float64)))
    return max(float(shift + np.trace(sigma1) + np.trace(sigma2) - 2 * overlap), 0.0)


def _root(sigma: np.ndarray) -> np.ndarray:
    """The symmetric square root of a symmetric positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(np.asarray(sigma, np.float64))
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def kid(
    real: np.ndarray, fake: np.ndarray, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Kernel distance of two sets of features, N x d and M x d: mean and deviation over subsets.

    Bińkowski et al. 2018, "Demystifying MMD GANs": the unbiased estimate of the squared MMD (their
    eq. 4) with the kernel (x·y / d + 1)³. It may be negative, and its mean does not depend on the
    size of the sets. Subsets are no larger than the smaller set.
    """
    _check(real, fake, at_least=2)
    size = min(subset_size, len(real), len(fake))
    rng = np.random.default_rng(seed)
    estimates = [
        _squared_mmd(*(x[rng.choice(len(x), size, replace=False)] for x in (real, fake)))
        for _ in range(subsets)
    ]
    return float(np.mean(estimates)), float(np.std(estimates))


def _squared_mmd(x: np.ndarray, y: np.ndarray) -> float:
    n, d = x.shape
    x, y = (a.astype(np.float64) / np.sqrt(d) for a in (x, y))

    def kernel(a, b):
        base = a @ b.T + 1
        return base * base * base

    def mean_of_pairs(gram):  # of an element with another, hence unbiased
        return (gram.sum() - np.trace(gram)) / (n * (n - 1))

    within = mean_of_pairs(kernel(x, x)) + mean_of_pairs(kernel(y, y))
    return within - 2 * kernel(x, y).mean()


def inception_score(probabilities: np.ndarray, splits: int = 10) -> tuple[float, float]:
    """exp E[KL(p(y|x) || p(y))] of N x classes probabilities: mean and deviation over splits.

    Salimans et al. 2016, "Improved Techniques for Training GANs"; 1 is the worst, the number of
    classes the best. The rows are shuffled first, so that their order does not matter.
    """
    if len(probabilities) < splits:
        raise UserError(f"{len(probabilities)} samples cannot be split {splits} ways; give more")
    shuffled = np.random.default_rng(0).permutation(np.asarray(probabilities, np.float64))
    scores = []
    for p in np.array_split(shuffled, splits):
        ratio = _log(p) - _log(p.mean(0))
        scores.append(np.exp(np.mean(np.sum(p * ratio, axis=1))))
    return float(np.mean(scores)), float(np.std(scores))


def _log(p: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(p, np.finfo(np.float64).tiny))  # 0 log 0 is 0


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = 3) -> tuple[float, float]:
    """Share of fakes within the manifold of the real, and the reverse; N x d and M x d features.

    Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative
    Models", eq. 1 and 2: a point's ball reaches to its k-th nearest neighbor in its own set, and
    the manifold is the union of the balls.
    """
    _check(real, fake, at_least=k + 1)
    real_radii, fake_radii = _squared_radii(real, k), _squared_radii(fake, k)
    precise, recalled = np.zeros(len(fake), bool), np.zeros(len(real), bool)
    for rows, distances in _squared_distances(fake, real):
        precise[rows] = (distances <= real_radii).any(1)
        recalled |= (distances <= fake_radii[rows, None]).any(0)
    return float(precise.mean()), float(recalled.mean())


def density_coverage(real: np.ndarray, fake: np.ndarray, k: int = 5) -> tuple[float, float]:
    """Density and coverage of N x d real and M x d fake features.

    Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models", eq. 4 and 5:
    how many of the real balls a fake lies in, on average, divided by k, which one odd real image
    hardly moves and which may exceed 1; and the share of real balls in which any fake lies.
    """
    _check(real, fake, at_least=k + 1)
    radii = _squared_radii(real, k)
    inside, covered = 0, np.zeros(len(real), bool)
    for _, distances in _squared_distances(fake, real):
        within = distances <= radii
        inside += np.count_nonzero(within)
        covered |= within.any(0)
    return float(inside / (k * len(fake))), float(covered.mean())


def _squared_radii(points: np.ndarray, k: int) -> np.ndarray:
    """Squared distance of each point to its k-th nearest neighbor among the others."""
    radii = np.empty(len(points), np.float32)
    for rows, distances in _squared_distances(points, points):
        radii[rows] = np.partition(distances, k, axis=1)[:, k]  # the 0-th is the point itself
    return radii


def nearest(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of N x d real to each of M x d fakes: Euclidean distances and indices, M each."""
    _check(real, fake, at_least=1)
    index = np.empty(len(fake), np.int64)
    for rows, distances in _squared_distances(fake, real):
        index[rows] = distances.argmin(1)
    # Again without the cancellation of |x|² + |y|² - 2xy, so that a copy lies at exactly 0.
    exact = [np.linalg.norm(x - real[i]) for x, i in zip(np.asarray(fake, np.float64), index)]
    return np.array(exact), index


def _squared_distances(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Blocks of rows of the len(a) x len(b) matrix |x - y|²; float32, through matrix products."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    a_squares, b_squares = np.square(a).sum(1), np.square(b).sum(1)
    for start in range(0, len(a), _ROWS):
        rows = slice(start, start + _ROWS)
        block = a[rows] @ b.T
        block *= -2
        block += a_squares[rows, None]
        block += b_squares
        yield rows, np.maximum(block, 0, out=block)


def class_fractions(labels: np.ndarray, classes: int = 10) -> list[float]:
    """Fraction of each class 0..classes-1 among N labels."""
    return (np.bincount(labels, minlength=classes) / len(labels)).tolist()


def _check(real: np.ndarray, fake: np.ndarray, at_least: int) -> None:
    if np.ndim(real) != 2 or np.ndim(fake) != 2 or np.shape(real)[1] != np.shape(fake)[1]:
        raise UserError(
            f"features of shapes {np.shape(real)} and {np.shape(fake)} cannot be compared; "
            "give N x d and M x d"
        )
    if min(len(real), len(fake)) < at_least:
        raise UserError(
            f"{len(real)} real and {len(fake)} fake are too few; give {at_least} or more of each"
        )
