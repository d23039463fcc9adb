"""Precision, recall and nearest neighbors, against points worked out by hand and against loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from paddle_gan.metrics import scores


def test_precision_and_recall_on_a_line():
    # k = 1. Real balls: 0 ± 1, 1 ± 1, 3 ± 2, 7 ± 4 hold the fakes 0.5 and 6 but not -2 and 12.
    real, fake = np.array([[0], [1], [3], [7]]), np.array([[-2], [0.5], [6], [12]])
    assert scores.precision_recall(real, fake, k=1)[0] == 0.5
    # Fake balls: -2 ± 2.5, 0.5 ± 2.5, 6 ± 5.5, 12 ± 6 hold all real points, but not one at 20,
    # whose own ball 20 ± 13 holds the fake 12.
    assert scores.precision_recall(real, fake, k=1)[1] == 1
    assert scores.precision_recall(np.array([[0], [1], [3], [7], [20]]), fake, k=1) == (0.75, 0.8)


def test_a_ball_holds_what_lies_on_its_surface():
    # k = 1. The real ball 7 ± 4 just reaches the fake 11; no fake ball, each ± 1, reaches a real.
    real, fake = np.array([[0], [1], [3], [7]]), np.array([[11], [12], [30], [31]])
    assert scores.precision_recall(real, fake, k=1) == (0.25, 0)
    assert scores.precision_recall(fake, real, k=1) == (0, 0.25)


def test_whole_numbers_do_not_overflow():
    rng = np.random.default_rng(0)
    real, fake = (rng.integers(0, 256, (30, 2)).astype(np.uint8) for _ in range(2))
    for compare in (scores.precision_recall, scores.nearest):
        expected = compare(real.astype(float), fake.astype(float))
        assert np.array_equal(compare(real, fake), expected)


def test_distances_are_computed_in_blocks_that_bound_the_memory(monkeypatch):
    monkeypatch.setattr(scores, "_ROWS", 7)
    points = np.random.default_rng(0).normal(size=(20, 3))
    blocks = list(scores._squared_distances(points, points[:5]))
    assert [block.shape for _, block in blocks] == [(7, 5), (7, 5), (6, 5)]
    assert [list(range(20)[rows]) for rows, _ in blocks] == [
        list(range(7)), list(range(7, 14)), list(range(14, 20))
    ]  # fmt: skip


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


def test_distances_to_the_nearest_are_in_double_precision():
    rng = np.random.default_rng(0)
    real, fake = (rng.normal(100, 1, (20, 3)).astype(np.float32) for _ in range(2))
    distances, index = scores.nearest(real, fake)
    expected = [min(math.dist(x, y) for y in real.tolist()) for x in fake.tolist()]
    assert distances == pytest.approx(expected, rel=1e-12)
    assert [math.dist(*pair) for pair in zip(fake.tolist(), real[index].tolist())] == (
        pytest.approx(expected, rel=1e-12)
    )
