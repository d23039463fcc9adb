"""Losses against constants worked out by hand and against finite differences."""

import math

import numpy as np
import paddle
import pytest

from paddle_gan.losses import OBJECTIVES, minimax_discriminator, non_saturating_generator


def logits(*values, dtype="float32"):
    tensor = paddle.to_tensor(np.array(values, dtype).reshape(-1, 1, 1, 1))
    tensor.stop_gradient = False
    return tensor


def test_a_discriminator_that_cannot_tell():
    assert float(minimax_discriminator(logits(0, 0), logits(0, 0))) == pytest.approx(
        2 * math.log(2)
    )
    assert float(non_saturating_generator(logits(0, 0))) == pytest.approx(math.log(2))


def test_hand_worked():
    # log(1 + e^-2) = 0.126928, log(1 + e^1) = 1.313262, log(1 + e^0.5) = 0.974077
    d_loss = minimax_discriminator(logits(2, -1), logits(0.5))
    assert float(d_loss) == pytest.approx((0.126928 + 1.313262) / 2 + 0.974077, abs=1e-6)
    # log(1 + e^-0.5) = 0.474077, log(1 + e^3) = 3.048587
    assert float(non_saturating_generator(logits(0.5, -3))) == pytest.approx(
        (0.474077 + 3.048587) / 2, abs=1e-6
    )


def test_equals_cross_entropy_on_the_probability():
    rng = np.random.default_rng(0)
    real, fake = logits(*rng.normal(0, 2, 50)), logits(*rng.normal(0, 2, 50))
    d_real, d_fake = (1 / (1 + np.exp(-x.numpy().astype("float64"))) for x in (real, fake))
    d_loss = -np.log(d_real).mean() - np.log(1 - d_fake).mean()
    assert float(minimax_discriminator(real, fake)) == pytest.approx(d_loss, rel=1e-6)
    assert float(non_saturating_generator(fake)) == pytest.approx(-np.log(d_fake).mean(), rel=1e-6)


def losses_of(objective):
    """Both losses as functions of an array of logits, real ones first."""
    return {
        "discriminator": lambda x: objective.discriminator(x[:3], x[3:]),
        "generator": lambda x: objective.generator(x[3:]),
    }


@pytest.mark.parametrize("player", ["discriminator", "generator"])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradient_is_the_difference_quotient(name, player):
    loss = losses_of(OBJECTIVES[name])[player]
    values = np.array([-2.0, -0.3, 1.7, -1.1, 0.4, 2.5])
    x = logits(*values, dtype="float64")
    loss(x).backward()
    step = 1e-5
    for i, gradient in enumerate(x.grad.numpy().ravel()):
        ends = [
            float(loss(logits(*(values + sign * step * np.eye(6)[i]), dtype="float64")))
            for sign in (1, -1)
        ]
        assert gradient == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-8)


@pytest.mark.parametrize("player", ["discriminator", "generator"])
@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("extreme", [-100, 100])
def test_extreme_logits_stay_finite(name, player, extreme):
    x = logits(*[extreme] * 3, *[-extreme] * 3)
    loss = losses_of(OBJECTIVES[name])[player](x)
    loss.backward()
    assert loss.ndim == 0 and math.isfinite(float(loss))
    assert np.isfinite(x.grad.numpy()).all()


def test_the_generator_still_learns_where_the_discriminator_is_sure():
    fake = logits(-100)
    loss = non_saturating_generator(fake)
    loss.backward()
    assert float(loss) == pytest.approx(100)
    assert fake.grad.item() == pytest.approx(-1)
    # And the discriminator has nothing left to gain, but no rounding to 0 of its gradient either.
    fake = logits(-18)
    minimax_discriminator(logits(0), fake).backward()
    assert fake.grad.item() == pytest.approx(math.exp(-18), rel=1e-3)
