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


def test_precision_and_recall_on_a_line():
    # k = 1. Real balls: 0 ± 1, 1 ± 1, 3 ± 2, 7 ± 4 hold the fakes 0.5 and 6 but not -2 and 12.
    real, fake = np.array([[0], [1], [3], [7]]), np.array([[-2], [0.5], [6], [12]])
    assert scores.precision_recall(real, fake, k=1)[0] == 0.5
    # Fake balls: -2 ± 2.5, 0.5 ± 2.5, 6 ± 5.5, 12 ± 6 hold all real points, but not one at 20,
    # whose own ball 20 ± 13 holds the fake 12.
    assert scores.precision_recall(real, fake, k=1)[1] == 1
    assert scores.precision_recall(np.array([[0], [1], [3], [7], [20]]), fake, k=1) == (0.75, 0.8)


@pytest.mark.parametrize("rows", [7, 1000])
def test_precision_and_recall_against_loops(monkeypatch, rows):
    monkeypatch.setattr(scores, "_ROWS", rows)
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(40, 3)), rng.normal(0.5, 0.7, size=(60, 3))

    def inside(points, others):
        radii = [sorted(math.dist(p, q) for q in points)[3] for p in points]
        return np.mean([any(math.dist(x, p) <= r for p, r in zip(points, radii)) for x in others])

    expected = inside(real, fake), inside(fake, real)
    assert 0 < expected[1] < expected[0] < 1
    assert scores.precision_recall(real, fake) == expected


def test_a_set_has_all_of_itself_and_nothing_far_away():
    x = np.random.default_rng(0).normal(size=(50, 4))
    assert scores.precision_recall(x, x) == (1, 1)
    assert scores.precision_recall(x, x + 100) == (0, 0)


def test_precision_without_recall_when_one_mode_is_left():
    rng = np.random.default_rng(0)
    modes = rng.normal(0, 0.1, (200, 2)) + 10 * np.repeat(np.eye(2), 100, axis=0)
    precision, recall = scores.precision_recall(modes, modes[:100])
    assert (precision, recall) == (1, 0.5)


def test_nearest(monkeypatch):
    monkeypatch.setattr(scores, "_ROWS", 2)
    real = np.array([[0.0, 0], [3, 4], [1000, 1000]])
    fake = np.array([[0, 1.0], [1000, 1000], [3, 2]])
    distances, index = scores.nearest(real, fake)
    assert distances.tolist() == [1, 0, 2]
    assert index.tolist() == [0, 2, 1]


def test_class_shares():
    assert scores.class_shares(np.array([0, 2, 2, 3]), 5) == [0.25, 0, 0.5, 0.25, 0]


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
