"""Squares cut out of larger images: where, mirrored or not, and of both sides of a pair alike."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_gan.data import Crop, PairSet, UnpairedSet, loader, to_float


def images(n: int, size: int = 6, channels: int = 1) -> np.ndarray:
    """Pixels that tell their image, row and column."""
    rows, columns = np.indices((size, size))
    each = 40 * np.arange(n)[:, None, None] + size * rows + columns
    return np.repeat(each[:, None].astype(np.uint8), channels, axis=1)


def test_squares_by_hand():
    found = Crop(2).cut(images(2, 3), np.array([[0, 1, 0], [1, 0, 1]]))
    assert found[0, 0].tolist() == [[1, 2], [4, 5]]
    assert found[1, 0].tolist() == [[40 + 4, 40 + 3], [40 + 7, 40 + 6]]


@pytest.mark.parametrize("flip", [False, True])
def test_all_places_come_and_half_are_mirrored_if_any(flip):
    places = Crop(4, flip).places(np.random.default_rng(0), 4000, whole=6)
    counts = np.unique(places[:, :2], axis=0, return_counts=True)[1]
    assert len(counts) == 9 and counts.min() > 300
    assert places[:, 2].mean() == pytest.approx(0.5 * flip, abs=0.05)


def test_both_sides_of_a_pair_are_cut_alike():
    pairs = PairSet(images(6), images(6) + 1, "six pairs", crop=Crop(4, flip=True))
    rows = pairs.order(seed=3, epoch=1)
    batch = pairs.batch(rows)
    assert rows.shape == (6, 2, 4) and batch["a"].shape == (6, 1, 4, 4)
    np.testing.assert_allclose(batch["b"] - batch["a"], 1 / 127.5, rtol=1e-4)
    first = rows[0, 0]
    whole = images(6)[first[0]][:, first[1] : first[1] + 4, first[2] : first[2] + 4]
    np.testing.assert_array_equal(batch["a"][0], to_float(whole[..., ::-1] if first[3] else whole))


def test_unpaired_sides_are_cut_apart():
    sides = UnpairedSet(images(6, 9), images(4, 9), "two sides", crop=Crop(4, flip=True))
    places = np.concatenate([sides.order(0, epoch) for epoch in range(9)])[..., 1:]
    assert (places[:, 0] == places[:, 1]).all(1).mean() < 0.2


def test_places_depend_on_seed_and_epoch_alone():
    sides = UnpairedSet(images(6), images(6), "two sides", crop=Crop(4, flip=True))
    first = sides.order(0, 0)
    assert np.array_equal(sides.order(0, 0), first)
    assert not np.array_equal(sides.order(0, 1), first)
    assert not np.array_equal(sides.order(1, 0), first)


def test_any_number_of_processes_sees_the_same():
    pairs = PairSet(images(8), images(8), "eight pairs", crop=Crop(4, flip=True))

    def seen(rank: int = 0, world: int = 1) -> list[np.ndarray]:
        return [
            batch["a"].numpy()
            for batch in loader(pairs, 4, seed=0, epoch=2, rank=rank, world=world)
        ]

    parts = [np.concatenate(each) for each in zip(seen(0, 2), seen(1, 2))]
    np.testing.assert_array_equal(np.stack(parts), np.stack(seen()))
