"""Seven looks of a digit: what each changes, measured by other means."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from paddle_gan.data.morpho import LOOKS, Morphology, looks, skeleton


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def bar() -> np.ndarray:
    """An upright stroke, 4 pixels wide and 16 high."""
    image = np.zeros((28, 28), np.uint8)
    image[6:22, 12:16] = 255
    return image


def of(digit: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(LOOKS, looks(digit)))


def test_the_measures_of_a_bar(bar):
    found = Morphology(bar)
    # On the middle line of 16 enlarged pixels the background is 8 or 9 away.
    assert 3.5 < found.thickness < 4.5
    assert abs(found.slant) < 1e-6
    assert 45 <= found.skeleton.sum() <= 70  # 64 pixels long without the half width of both ends
    assert abs(np.argwhere(found.skeleton)[:, 1].mean() - 55.5) < 1


def test_the_slant_of_a_sheared_bar(bar):
    sheared = cv2.warpAffine(bar, np.array([[1, -0.5, 7], [0, 1, 0]], float), (28, 28))
    assert abs(Morphology(sheared).slant - 0.5) < 0.05  # the top moves to the right


def test_plain_is_only_resampled(bar):
    plain = of(bar)["plain"]
    assert plain.dtype == np.uint8 and plain.shape == (28, 28)
    assert np.abs(plain.astype(int) - bar).mean() < 3


def test_thin_and_thick_change_the_width_as_defined(bar):
    found = of(bar)
    widths = {name: found[name][14].sum() / 255 for name in ("plain", "thin", "thick")}
    assert abs(widths["plain"] - 4) < 0.3
    # Radii int(0.7 * 8) = 5 and int(1.0 * 8) = 8 of enlarged pixels, a quarter as wide, both sides.
    assert abs(widths["thin"] - (4 - 2 * 5 / 4)) < 0.6
    assert abs(widths["thick"] - (4 + 2 * 8 / 4)) < 0.6


def test_slants_lie_where_they_are_drawn(bar):
    tilted = cv2.warpAffine(bar, np.array([[1, 0.3, -4], [0, 1, 0]], float), (28, 28))
    for digit in (bar, tilted):  # whatever the digit's own
        found = of(digit)
        assert -0.87 < Morphology(found["left"]).slant < -0.43
        assert 0.43 < Morphology(found["right"]).slant < 0.87


def test_swelling_adds_and_fracture_cuts(bar):
    found = {name: image.astype(int) for name, image in of(bar).items()}
    assert found["swollen"].sum() > 1.1 * found["plain"].sum()
    assert found["fractured"].sum() < 0.95 * found["plain"].sum()
    parts, _ = cv2.connectedComponents((found["fractured"] > 127).astype(np.uint8))
    assert parts > 2  # the background is one of them
    assert (found["fractured"] <= found["plain"]).all()


def test_a_thin_line_is_its_own_skeleton():
    line = np.zeros((9, 9), np.uint8)
    line[4, 1:8] = 1
    assert np.array_equal(skeleton(line), line)
    ring = cv2.circle(np.zeros((40, 40), np.uint8), (20, 20), 12, 1, 5)
    assert cv2.connectedComponents(1 - skeleton(ring), connectivity=4)[0] == 3  # still closed


@pytest.mark.parametrize("gray", [0, 90])
def test_nothing_drawn_stays_as_it_is(gray):
    blank = np.full((28, 28), gray, np.uint8)
    assert (looks(blank) == gray).all()
