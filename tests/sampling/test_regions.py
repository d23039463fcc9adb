"""Classes that latents stand for: as frequent as they are wanted, and a function of the latent."""

import math

import numpy as np
import paddle
import pytest

from paddle_gan.sampling import regions
from paddle_gan.sampling.regions import Regions


def of_shares(shares, margin=0.0) -> Regions:
    found = Regions(len(shares), margin)
    found.set_shares(np.array(shares))
    return found


def draws(n: int, latent: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n, latent, 1, 1), "float32")


def test_two_classes_worked_by_hand():
    """z0 + b0 > z1 + b1 where z1 - z0, of variance 2, is below b0 - b1."""
    for share in (0.5, 0.9, 0.999):
        a, b = regions.offsets(np.array([share, 1 - share]))
        assert (1 + math.erf((a - b) / 2)) / 2 == pytest.approx(share, rel=1e-4)


@pytest.mark.parametrize(
    "wanted", [np.full(10, 0.1), [0.7, 0.2, 0.1], [0.91, *[0.01] * 9], [0.9989, 0.001, 0.0001]]
)
def test_draws_have_the_shares(wanted):
    wanted = np.array(wanted)
    offsets = regions.offsets(wanted)
    assert np.abs(regions.shares(offsets) - wanted).max() < 1e-4
    z = paddle.to_tensor(draws(200_000, len(wanted) + 3))
    found = of_shares(wanted).classes(z).numpy()
    allowed = 5 * np.sqrt(wanted / len(z)) + 1e-4
    assert (np.abs(np.bincount(found, minlength=len(wanted)) / len(z) - wanted) < allowed).all()


def test_equal_shares_are_the_largest_coordinate():
    z = np.zeros((3, 6, 1, 1), "float32")
    z[[0, 1, 2], [2, 0, 1]] = 1
    z[:, 5] = 9  # is none of the four
    assert of_shares(np.full(4, 0.25)).classes(paddle.to_tensor(z)).tolist() == [2, 0, 1]


def test_the_largest_is_put_ahead_by_the_margin():
    z, found = draws(1000, 5), of_shares([0.2, 0.3, 0.5], margin=0.75)
    moved = found(paddle.to_tensor(z)).numpy()
    heights = z[:, :3, 0, 0] + found.offsets.numpy()
    expected, rows = z.copy(), np.arange(1000)
    expected[rows, heights.argmax(1)] += 0.75
    assert np.abs(moved - expected).max() < 1e-6
    assert (found.classes(paddle.to_tensor(moved)).numpy() == heights.argmax(1)).all()


def test_only_what_falls_short_of_the_margin_is_raised():
    found = of_shares([0.25] * 4, margin=0.5)
    z = np.zeros((3, 6, 1, 1), "float32")
    z[0, 2], z[1, 2], z[2, 0], z[:, 5] = 0.7, 0.3, 1, 9  # ahead enough, not enough, behind
    kept = found.kept(paddle.to_tensor(z), paddle.full([3], 2, "int64")).numpy()
    expected = z.copy()
    expected[1, 2], expected[2, 2] = 0.5, 1.5
    assert np.abs(kept - expected).max() < 1e-6


def test_the_latents_of_one_class():
    """They are those of all, but that the largest stands where the class is."""
    z, found = draws(1000, 5), of_shares([0.2, 0.3, 0.5], margin=0.75)
    moved = found.moved(found(paddle.to_tensor(z)), paddle.ones([1000], "int64"))
    assert (found.classes(moved) == 1).all()
    offsets = found.offsets.numpy()
    before, after = (np.sort(each[:, :3, 0, 0] + offsets, 1) for each in (z, moved.numpy()))
    assert np.abs(after - before - [0, 0, 0.75]).max() < 1e-6
    assert (moved.numpy()[:, 3:] == z[:, 3:]).all()
