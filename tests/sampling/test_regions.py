"""Classes that latents stand for: as frequent as they are wanted, and a function of the latent."""

import math

import numpy as np
import paddle
import pytest

from paddle_gan.sampling import regions


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
    z = np.random.default_rng(0).standard_normal((200_000, len(wanted) + 3, 1, 1), "float32")
    offsets = paddle.to_tensor(offsets.astype("float32"))
    found = regions.classes(paddle.to_tensor(z), offsets).numpy()
    allowed = 5 * np.sqrt(wanted / len(z)) + 1e-4
    assert (np.abs(np.bincount(found, minlength=len(wanted)) / len(z) - wanted) < allowed).all()


def test_equal_shares_are_the_largest_coordinate():
    z = np.zeros((3, 6, 1, 1), "float32")
    z[[0, 1, 2], [2, 0, 1]] = 1
    z[:, 5] = 9  # is none of the four
    offsets = paddle.to_tensor(regions.offsets(np.full(4, 0.25)).astype("float32"))
    assert regions.classes(paddle.to_tensor(z), offsets).tolist() == [2, 0, 1]
