"""The sliced Wasserstein distance of patches, against computations that share no code with it."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_gan.metrics import wasserstein


def uniform(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=shape, dtype=np.uint8)


@pytest.mark.parametrize("size", [32, 45, 64])
def test_the_pyramid_against_scipy(size):
    """Burt & Adelson: blur and halve; the detail is what blurring the halved, spread out, lacks."""
    convolve = pytest.importorskip("scipy.ndimage").convolve
    weights = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    image, expected = uniform(0, size, size).astype(float), []
    given = image
    while -(-image.shape[0] // 2) >= 16:
        coarse = convolve(image, weights, mode="mirror")[::2, ::2]
        spread = np.zeros_like(image)
        spread[::2, ::2] = coarse
        expected.append(image - convolve(spread, 4 * weights, mode="mirror"))
        image = coarse
    expected.append(image)
    found = wasserstein.pyramid(given[None, None].astype(np.float32))
    assert [level.shape[2] for level in found] == [len(level) for level in expected]
    for level, wanted in zip(found, expected):
        assert np.abs(level[0, 0] - wanted).max() < 1e-3
    assert len(found) == {32: 2, 45: 2, 64: 3}[size]


def test_sliced_distances_against_scipy(monkeypatch):
    stats = pytest.importorskip("scipy.stats")
    monkeypatch.setattr(wasserstein, "DIRECTIONS", 16)
    points = np.random.default_rng(1).normal(size=(2, 300, 5)).astype(np.float32)
    points[1] = 2 * points[1] + 1
    directions = np.random.default_rng(7).normal(size=(5, 16))
    directions /= np.linalg.norm(directions, axis=0)
    expected = [
        stats.wasserstein_distance(*(each @ direction for each in points))
        for direction in directions.T
    ]
    found = wasserstein.sliced(*points, np.random.default_rng(7))
    assert found == pytest.approx(np.mean(expected), rel=1e-5)


def test_images_of_a_patch_are_compared_whole():
    """7 x 7 pixels have one place for a patch; its distance is one of the images as points."""
    stats = pytest.importorskip("scipy.stats")
    images = uniform(2, 2, 200, 1, 7, 7)
    images[1] //= 4
    images[1, :, :, :3] += 150
    rng, rows = np.random.default_rng(0), []
    for each in images:
        rng.integers(1, size=(2, 200, 128))  # the places
        each = each.reshape(200, 49).astype(float)
        rows.append((each - each.mean()) / each.std())
    directions = rng.normal(size=(49, 512))
    directions /= np.linalg.norm(directions, axis=0)
    expected = [stats.wasserstein_distance(*(each @ d for each in rows)) for d in directions.T]
    found = wasserstein.patch_distances(*images)
    assert found == {7: pytest.approx(1000 * np.mean(expected), rel=1e-4)}


def test_what_is_lost_in_detail_shows_at_the_finest_level():
    """Every other pixel of smooth noise becomes like its neighbor; half the size hardly changes."""
    rng, far = np.random.default_rng(3), np.arange(32)
    near = np.exp(-((far[:, None] - far) ** 2) / 8)
    smooth = near @ rng.normal(size=(120, 3, 32, 32)) @ near
    images = np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)
    blocks = images[:, :, ::2, ::2].repeat(2, axis=2).repeat(2, axis=3)
    again = wasserstein.patch_distances(images[:60], images[60:])
    other = wasserstein.patch_distances(images[:60], blocks[60:])
    assert again.keys() == other.keys() == {32, 16}
    assert other[32] > 2 * again[32] and other[16] < 1.5 * again[16]
    assert wasserstein.patch_distances(images[:60], images[60:]) == again


def test_one_gray_square_is_no_division_by_zero():
    distances = wasserstein.patch_distances(
        uniform(4, 20, 1, 16, 16), np.full((20, 1, 16, 16), 9, "u1")
    )
    assert distances == {16: pytest.approx(800, rel=0.05)}  # E|N(0, 1)| = 0.798


@pytest.mark.parametrize(("n", "patches"), [(10, 128), (512, 128), (1024, 64), (100_000, 1)])
def test_no_more_patches_than_fit(n, patches):
    assert wasserstein.patches_per_image(n) == patches
