"""The relativistic pair loss against NumPy, and what is reported of pairs."""

import math

import numpy as np
import paddle
import pytest

from paddle_gan.objectives.losses import OBJECTIVES

RELATIVISTIC = OBJECTIVES["relativistic"]


def logits(values) -> paddle.Tensor:
    return paddle.to_tensor(np.asarray(values, "float32").reshape(-1, 1, 1, 1))


def values(seed: int, n: int = 50) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2, n)


def test_pairs_are_classified_by_their_difference():
    real, fake = values(1), values(2)
    more_real = 1 / (1 + np.exp(fake - real))  # the probability that D gives the true order
    found = RELATIVISTIC.discriminator(logits(real), logits(fake))
    assert float(found) == pytest.approx(-np.log(more_real).mean(), rel=1e-6)
    found = RELATIVISTIC.generator(logits(real), logits(fake))
    assert float(found) == pytest.approx(-np.log(1 - more_real).mean(), rel=1e-6)


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_pairs_are_by_position_and_differences_all_that_counts(player):
    loss = getattr(RELATIVISTIC, player)
    real, fake = values(1), values(2)
    expected = float(loss(logits(real), logits(fake)))
    assert float(loss(logits(real + 7), logits(fake + 7))) == pytest.approx(expected, rel=1e-5)
    assert float(loss(logits(real[::-1]), logits(fake[::-1]))) == pytest.approx(expected, rel=1e-5)
    assert abs(float(loss(logits(real), logits(fake[::-1]))) - expected) > 0.01


def test_alike_images_leave_both_at_chance():
    alike = logits(values(1))
    for player in (RELATIVISTIC.discriminator, RELATIVISTIC.generator):
        assert float(player(alike, alike)) == pytest.approx(math.log(2))


def test_what_is_reported_of_pairs():
    # By log 3 more real, as real, and by log 4 less: 3/4, 1/2 and 1/5.
    fake = np.array([5.0, -3.0, 0.5])
    real = fake + [math.log(3), 0, -math.log(4)]
    report = RELATIVISTIC.report(logits(real), logits(fake))
    assert {name: float(value) for name, value in report.items()} == pytest.approx(
        {
            "d_real": (0.75 + 0.5 + 0.2) / 3,
            "d_fake": (0.25 + 0.5 + 0.8) / 3,
            "accuracy_real": 1 / 3,
            "accuracy_fake": 2 / 3,  # one that seems as real as the other passes for generated
        }
    )
