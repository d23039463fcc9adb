from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from paddle_gan.errors import UserError
from paddle_gan.metrics import scores


def covariance(rng, d):
    root = rng.normal(size=(d, d))
    return root @ root.T / d


def test_frechet_distance_worked_by_hand():
    # A 2 x 2 matrix M with positive eigenvalues has tr(M^½) = (tr M + 2 (det M)^½)^½.
    # sigma1 sigma2 = [[5, 4], [1, 8]]: trace 13, determinant 36, so tr(M^½) = (13 + 12)^½ = 5.
    # |mu1 - mu2|² = 3² + 4² = 25; traces 7 and 5; 25 + 7 + 5 - 2 * 5 = 27.
    sigma1, sigma2 = [[5, 1], [1, 2]], [[1, 0], [0, 4]]
    assert scores.frechet_distance([0, 0], sigma1, [3, 4], sigma2) == pytest.approx(27, abs=1e-12)


def test_frechet_distance_of_commuting_covariances():
    # Diagonal covariances commute: |mu1 - mu2|² + the sum of (standard deviations' differences)².
    deviations1, deviations2 = np.array([1.0, 2, 3]), np.array([4.0, 2, 1])
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    sigma1, sigma2 = (rotation @ np.diag(s**2) @ rotation.T for s in (deviations1, deviations2))
    found = scores.frechet_distance([1, 0, 0], sigma1, [0, 0, 2], sigma2)
    assert found == pytest.approx(1 + 4 + 9 + 0 + 4, abs=1e-10)


def test_frechet_distance_of_singular_covariances():
    # For uuᵀ and vvᵀ the only eigenvalue of the product is (u·v)²: |u|² + |v|² - 2 |u·v|.
    u, v = np.array([3.0, 0, 4, 0]), np.array([1.0, 2, 0, -2])
    found = scores.frechet_distance(u, np.outer(u, u), u, np.outer(v, v))
    assert found == pytest.approx(25 + 9 - 2 * 3, abs=1e-10)


def test_frechet_distance_is_in_double_precision():
    sigma1, sigma2 = np.float32([[5, 1], [1, 2]]), np.float32([[1, 0], [0, 4]])
    mu1, mu2 = np.float32([0.1, 0.7]), np.float32([-0.3, 0])
    expected = 2 + sum((x - y) ** 2 for x, y in zip(mu1.tolist(), mu2.tolist()))  # 2: as above
    found = scores.frechet_distance(mu1, sigma1, mu2, sigma2)
    assert found == pytest.approx(expected, rel=1e-12)
    apart, nothing = np.uint8([200, 3]), np.zeros((2, 2))
    assert scores.frechet_distance(apart, nothing, apart[::-1], nothing) == 2 * 197**2


@pytest.mark.parametrize("seed", range(3))
def test_frechet_distance_against_scipy(seed):
    linalg = pytest.importorskip("scipy.linalg")
    rng = np.random.default_rng(seed)
    mu1, mu2 = rng.normal(size=(2, 40))
    sigma1, sigma2 = covariance(rng, 40), covariance(rng, 40)
    trace = np.trace(sigma1 + sigma2 - 2 * linalg.sqrtm(sigma1 @ sigma2).real)
    expected = np.sum((mu1 - mu2) ** 2) + trace
    assert scores.frechet_distance(mu1, sigma1, mu2, sigma2) == pytest.approx(expected, rel=1e-7)


def test_fid_of_moved_and_stretched_features():
    # y = 3x + c about the mean of x: |c|² + tr((3 - 1)² sigma).
    x = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    y = 3 * (x - x.mean(0)) + x.mean(0) + 2
    expected = 8 * 2**2 + 4 * x.var(0, ddof=1, dtype=np.float64).sum()
    assert scores.fid(x, y) == pytest.approx(expected, rel=1e-5)
    assert scores.fid(x, x) == pytest.approx(0, abs=1e-10)


def test_fid_does_not_round_where_features_lie_far_from_0():
    x = np.random.default_rng(0).normal(1000, 1, size=(20_000, 2)).astype(np.float32)
    assert scores.fid(x, x[::-1]) == pytest.approx(0, abs=1e-8)


def test_fid_nears_the_distance_of_the_gaussians():
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (20_000, 4)), rng.normal(0.5, 2, (20_000, 4))
    assert scores.fid(x, y) == pytest.approx(4 * 0.5**2 + 4 * (2 - 1) ** 2, rel=0.02)


def test_kid_against_loops_over_pairs():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 3)), rng.normal(1, 1, size=(6, 3))

    def kernel(a, b):
        return (sum(i * j for i, j in zip(a, b)) / 3 + 1) ** 3

    expected = -2 * np.mean([kernel(a, b) for a in x for b in y])
    for z in (x, y):
        expected += np.mean([kernel(a, b) for a, b in itertools.permutations(z, 2)])
    mean, deviation = scores.kid(x, y, subsets=5)
    assert mean == pytest.approx(expected, rel=1e-12)
    assert deviation == pytest.approx(0, abs=1e-12)  # every subset is the whole


@pytest.mark.parametrize(
    ("real", "fake", "size"), [(1200, 1500, 1000), (30, 1500, 30), (1200, 40, 40)]
)
def test_kid_is_of_100_subsets_of_1000_or_of_the_smaller_set(real, fake, size, monkeypatch):
    shapes = []
    monkeypatch.setattr(scores, "_squared_mmd", lambda x, y: shapes.append((x.shape, y.shape)) or 7)
    assert scores.kid(np.zeros((real, 3)), np.zeros((fake, 3))) == (7, 0)
    assert shapes == [((size, 3), (size, 3))] * 100


def test_kid_is_unbiased():
    # With k(x, x) among the pairs the mean would be E[k(x, x) - k(x, y)] / 10, that is over 0.3.
    rng = np.random.default_rng(0)
    values = [scores.kid(*rng.normal(size=(2, 20, 4)), subsets=1)[0] for _ in range(500)]
    error = np.std(values) / math.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * error < 0.1


def test_kid_of_two_halves_and_of_two_distributions():
    halves = np.random.default_rng(0).normal(size=(2, 2000, 16))
    mean, deviation = scores.kid(*halves, subset_size=500)
    assert abs(mean) < deviation
    moved, moved_deviation = scores.kid(halves[0], halves[1] + 0.5, subset_size=500)
    assert moved > 5 * moved_deviation
    assert scores.kid(*halves, subset_size=500) == (mean, deviation)
    assert scores.kid(*halves, subset_size=500, seed=1) != (mean, deviation)


def test_inception_score_of_known_sets():
    sure = np.eye(10)[np.arange(1000) % 10]
    assert scores.inception_score(sure, splits=1) == (pytest.approx(10), 0)
    assert scores.inception_score(np.full((50, 10), 0.1)) == (pytest.approx(1), pytest.approx(0))
    assert scores.inception_score(np.eye(10)[np.full(50, 3)]) == (pytest.approx(1), 0)
    # p(y) = (3/4, 1/4); KL 1: ln 4/3; KL 2: ½ ln 2/3 + ½ ln 2 = ½ ln 4/3; mean ¾ ln 4/3.
    mean, _ = scores.inception_score(np.array([[1, 0], [0.5, 0.5]]), splits=1)
    assert mean == pytest.approx((4 / 3) ** 0.75)


@pytest.mark.parametrize("labels", [np.arange(5000) // 500, np.arange(5000) % 10])
def test_inception_score_does_not_hang_on_the_order(labels):
    mean, deviation = scores.inception_score(np.eye(10)[labels])
    assert 9.8 < mean <= 10
    assert deviation < 0.1


def test_inception_score_is_of_ten_parts_in_the_order_of_seed_0():
    """And computed in double precision: scores of other versions can be compared."""
    p = np.random.default_rng(1).dirichlet(np.ones(4), 57).astype(np.float32)
    parts = np.array_split(p[np.random.default_rng(0).permutation(57)].tolist(), 10)

    def divergence(row, marginal):
        return sum(x * math.log(x / y) for x, y in zip(row, marginal))

    means = [[sum(column) / len(part) for column in zip(*part)] for part in parts]
    found = [
        math.exp(sum(divergence(row, mean) for row in part) / len(part))
        for part, mean in zip(parts, means)
    ]
    expected = np.mean(found), np.std(found)
    assert scores.inception_score(p) == pytest.approx(expected, rel=1e-12)


def test_class_fractions():
    assert scores.class_fractions(np.array([0, 2, 2, 3]), 5) == [0.25, 0, 0.5, 0.25, 0]


COMPARE = {
    "fid": (scores.fid, 2),
    "kid": (scores.kid, 2),
    "precision and recall": (scores.precision_recall, 4),
    "nearest": (scores.nearest, 1),
}


@pytest.mark.parametrize("name", COMPARE)
@pytest.mark.parametrize("shapes", [((5, 3), (5, 4)), ((5,), (5, 3)), ((5, 3), (5,))])
def test_what_cannot_be_compared_is_refused(name, shapes):
    with pytest.raises(UserError) as caught:
        COMPARE[name][0](*map(np.zeros, shapes))
    assert str(caught.value) == (
        f"features of shapes {shapes[0]} and {shapes[1]} cannot be compared; give N x d and M x d"
    )


@pytest.mark.parametrize("name", COMPARE)
def test_too_few_are_refused(name):
    compare, fewest = COMPARE[name]
    enough = np.random.default_rng(0).normal(size=(fewest, 3))
    compare(enough, enough)
    for real, fake in ((enough, enough[1:]), (enough[1:], enough)):
        with pytest.raises(UserError) as caught:
            compare(real, fake)
        assert str(caught.value) == (
            f"{len(real)} real and {len(fake)} fake are too few; give {fewest} or more of each"
        )


def test_too_few_for_the_splits():
    with pytest.raises(UserError) as caught:
        scores.inception_score(np.full((9, 10), 0.1))
    assert str(caught.value) == "9 samples cannot be split 10 ways; give more"
    assert scores.inception_score(np.full((10, 10), 0.1))[0] == pytest.approx(1)


def test_density_and_coverage_against_loops():
    rng = np.random.default_rng(3)
    real, fake = rng.normal(size=(30, 4)), rng.normal(0.7, 0.6, size=(20, 4))
    radii = [sorted(math.dist(x, y) for y in real)[2] for x in real]
    inside = [[math.dist(y, x) <= radius for x, radius in zip(real, radii)] for y in fake]
    density = sum(map(sum, inside)) / (2 * 20)
    coverage = sum(map(any, zip(*inside))) / 30
    assert 0 < coverage < 1
    found = scores.density_coverage(real, fake, k=2)
    assert found == (pytest.approx(density), pytest.approx(coverage))


def test_density_of_the_real_is_about_1():
    rng = np.random.default_rng(0)
    density, coverage = scores.density_coverage(*rng.normal(size=(2, 2000, 8)))
    assert density == pytest.approx(1, abs=0.1) and coverage > 0.9


def test_fid_and_kid_against_scipy_to_a_millionth():
    """Of features as a ReLU leaves them: sparse, none below 0, some columns nearly alike."""
    linalg = pytest.importorskip("scipy.linalg")
    rng = np.random.default_rng(5)
    mix = rng.normal(size=(40, 24))
    real = np.maximum(rng.normal(size=(500, 40)) @ mix, 0)
    fake = np.maximum(rng.normal(0.2, 1.1, size=(500, 40)) @ mix, 0)
    mu = [x.mean(0) for x in (real, fake)]
    sigma = [np.cov(x.T) for x in (real, fake)]
    root = linalg.sqrtm(sigma[0] @ sigma[1]).real
    expected = ((mu[0] - mu[1]) ** 2).sum() + np.trace(sigma[0] + sigma[1] - 2 * root)
    assert scores.fid(real, fake) == pytest.approx(expected, rel=1e-6)

    def kernel(a, b):
        return (a @ b.T / 24 + 1) ** 3

    off = ~np.eye(500, dtype=bool)
    mmd = kernel(real, real)[off].mean() + kernel(fake, fake)[off].mean()
    mmd -= 2 * kernel(real, fake).mean()
    assert scores.kid(real, fake, 1, 500)[0] == pytest.approx(mmd, rel=1e-6)
