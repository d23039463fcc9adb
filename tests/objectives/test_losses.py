"""Losses and reports against constants worked out by hand and against finite differences."""

import math

import numpy as np
import paddle
import pytest

from paddle_gan.networks import mlp
from paddle_gan.objectives.losses import OBJECTIVES, minimax_discriminator, non_saturating_generator
from paddle_gan.objectives.penalties import clip, gradient_penalty
from tests.calculus import difference_quotient


def logits(*values, dtype="float32"):
    tensor = paddle.to_tensor(np.array(values, dtype).reshape(-1, 1, 1, 1))
    tensor.stop_gradient = False
    return tensor


def test_a_discriminator_that_cannot_tell():
    assert float(minimax_discriminator(logits(0, 0), logits(0, 0))) == pytest.approx(
        2 * math.log(2)
    )
    assert float(non_saturating_generator(None, logits(0, 0))) == pytest.approx(math.log(2))


def test_hand_worked():
    # log(1 + e^-2) = 0.126928, log(1 + e^1) = 1.313262, log(1 + e^0.5) = 0.974077
    d_loss = minimax_discriminator(logits(2, -1), logits(0.5))
    assert float(d_loss) == pytest.approx((0.126928 + 1.313262) / 2 + 0.974077, abs=1e-6)
    # log(1 + e^-0.5) = 0.474077, log(1 + e^3) = 3.048587
    assert float(non_saturating_generator(None, logits(0.5, -3))) == pytest.approx(
        (0.474077 + 3.048587) / 2, abs=1e-6
    )


def test_equals_cross_entropy_on_the_probability():
    rng = np.random.default_rng(0)
    real, fake = logits(*rng.normal(0, 2, 50)), logits(*rng.normal(0, 2, 50))
    d_real, d_fake = (1 / (1 + np.exp(-x.numpy().astype("float64"))) for x in (real, fake))
    d_loss = -np.log(d_real).mean() - np.log(1 - d_fake).mean()
    assert float(minimax_discriminator(real, fake)) == pytest.approx(d_loss, rel=1e-6)
    g_loss = non_saturating_generator(None, fake)
    assert float(g_loss) == pytest.approx(-np.log(d_fake).mean(), rel=1e-6)


# D's loss and G's on REAL and FAKE. softplus(2) = 2.126928, softplus(-2) = 0.126928,
# softplus(1) = 1.313262, softplus(-1) = 0.313262, softplus(0.5) = 0.974077,
# softplus(-0.5) = 0.474077.
REAL, FAKE = (2, -1), (0.5, -2)
MINIMAX = (0.126928 + 1.313262) / 2 + (0.974077 + 0.126928) / 2
NON_SATURATING = (0.474077 + 2.126928) / 2
WORKED = {
    "non-saturating": (MINIMAX, NON_SATURATING),
    "minimax": (MINIMAX, -(0.974077 + 0.126928) / 2),
    # 0.9 softplus(-x) + 0.1 softplus(x) on real images
    "one-sided-smoothing": (
        (0.9 * 0.126928 + 0.1 * 2.126928 + 0.9 * 1.313262 + 0.1 * 0.313262) / 2
        + (0.974077 + 0.126928) / 2,
        NON_SATURATING,
    ),
    # ((2 - 1)^2 + (-1 - 1)^2) / 2 = 2.5 and (0.5^2 + 2^2) / 2 = 2.125
    "least-squares": ((2.5 + 2.125) / 2, (0.25 + 9) / 2 / 2),
    # max(0, 1 - x): 0, 2; max(0, 1 + x): 1.5, 0
    "hinge": (1 + 0.75, 0.75),
    "wasserstein": (-0.75 - 0.5, 0.75),
    # The pairs differ by 1.5 and 1: softplus(-1.5) = 0.201413, softplus(1.5) = 1.701413
    "relativistic": ((0.201413 + 0.313262) / 2, (1.701413 + 1.313262) / 2),
}


def generator_loss(objective, real, fake):
    """As the game asks for it."""
    return objective.generator(real if objective.compares else None, fake)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_objective_worked_by_hand(name):
    d_loss, g_loss = WORKED[name]
    objective = OBJECTIVES[name]
    found = objective.discriminator(logits(*REAL), logits(*FAKE))
    assert float(found) == pytest.approx(d_loss, abs=1e-6)
    found = generator_loss(objective, logits(*REAL), logits(*FAKE))
    assert float(found) == pytest.approx(g_loss, abs=1e-6)


@pytest.mark.parametrize("name", [name for name, row in OBJECTIVES.items() if not row.compares])
def test_each_half_is_averaged_by_itself(name):
    real, fake, d_loss = logits(*REAL), logits(*FAKE), OBJECTIVES[name].discriminator
    twice = d_loss(paddle.concat([real, real]), fake)
    assert float(twice) == pytest.approx(float(d_loss(real, fake)))


def test_the_best_answers_are_where_the_papers_have_them():
    """D's slope is zero at the optimum for images of which three in ten are generated."""
    p = 0.3
    best = {
        "non-saturating": math.log((1 - p) / p),
        "least-squares": 1 - p,
        # 0.9 (1 - p) are real, as the other tenth of the real ones counts for generated
        "one-sided-smoothing": math.log(0.63 / 0.37),
    }
    for name, logit in best.items():
        x = logits(logit, dtype="float64")
        nothing = logits(logit, dtype="float64").detach()
        d_loss = OBJECTIVES[name].discriminator
        ((1 - p) * d_loss(x, nothing) + p * d_loss(nothing, x)).backward()
        assert x.grad.item() == pytest.approx(0, abs=1e-9), name


def losses_of(objective):
    """Both losses as functions of an array of logits, real ones first."""
    return {
        "discriminator": lambda x: objective.discriminator(x[:3], x[3:]),
        "generator": lambda x: generator_loss(objective, x[:3], x[3:]),
    }


@pytest.mark.parametrize("player", ["discriminator", "generator"])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradient_is_the_difference_quotient(name, player):
    loss = losses_of(OBJECTIVES[name])[player]
    values = np.array([-2.0, -0.3, 1.7, -1.1, 0.4, 2.5])  # on both sides of the hinges at 1, -1
    x = logits(*values, dtype="float64")
    loss(x).backward()
    for unit, gradient in zip(np.eye(6), x.grad.numpy().ravel()):
        slope = difference_quotient(
            lambda x: float(loss(logits(*x, dtype="float64"))), values, unit, step=1e-5
        )
        assert gradient == pytest.approx(slope, abs=1e-8)


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
    loss = non_saturating_generator(None, fake)
    loss.backward()
    assert float(loss) == pytest.approx(100)
    assert fake.grad.item() == pytest.approx(-1)
    # And the discriminator has nothing left to gain, but no rounding to 0 of its gradient either.
    fake = logits(-18)
    minimax_discriminator(logits(0), fake).backward()
    assert fake.grad.item() == pytest.approx(math.exp(-18), rel=1e-3)


def test_the_hinge_stops_where_an_image_is_far_enough_on_its_side():
    real, fake = logits(0.99, 1.01), logits(-1.01, -0.99)
    OBJECTIVES["hinge"].discriminator(real, fake).backward()
    assert real.grad.numpy().ravel().tolist() == [-0.5, 0]
    assert fake.grad.numpy().ravel().tolist() == [0, 0.5]


@pytest.mark.parametrize("name", ["non-saturating", "minimax", "one-sided-smoothing"])
def test_probabilities_and_accuracies_are_reported(name):
    # sigmoid(log 3) = 3/4, sigmoid(-log 4) = 1/5; an image at 1/2 passes for generated.
    real, fake = logits(math.log(3), 0, -math.log(4)), logits(0, math.log(3), -math.log(4), -1e-3)
    report = OBJECTIVES[name].report(real, fake)
    assert {k: float(v) for k, v in report.items()} == pytest.approx(
        {
            "d_real": (0.75 + 0.5 + 0.2) / 3,
            "d_fake": (0.5 + 0.75 + 0.2 + 1 / (1 + math.exp(1e-3))) / 4,
            "accuracy_real": 1 / 3,
            "accuracy_fake": 3 / 4,
        }
    )


@pytest.mark.parametrize(("name", "bound"), [("hinge", 0), ("least-squares", 0.5)])
def test_raw_outputs_and_accuracies_at_their_bound(name, bound):
    real, fake = logits(bound + 1, bound, bound - 4), logits(bound, bound + 0.25)
    report = OBJECTIVES[name].report(real, fake)
    assert {k: float(v) for k, v in report.items()} == pytest.approx(
        {
            "d_real": bound - 1,
            "d_fake": bound + 0.125,
            "accuracy_real": 1 / 3,
            "accuracy_fake": 1 / 2,
        }
    )


def test_a_critic_reports_its_estimate_alone():
    real, fake = logits(3, 5), logits(-1, 0, 1)
    report = OBJECTIVES["wasserstein"].report(real, fake)
    assert {k: float(v) for k, v in report.items()} == {"wasserstein": 4}
    d_loss = OBJECTIVES["wasserstein"].discriminator(real, fake)
    assert float(d_loss) == -4


def clouds(distance: float, n: int) -> tuple[paddle.Tensor, paddle.Tensor]:
    """Images in an uneven cloud, and as many shifted by ``distance``: how far they are apart."""
    rng = np.random.default_rng(1)
    direction = rng.normal(size=(1, 1, 8, 8))
    cloud = rng.uniform(-0.2, 0.2, (n, 1, 8, 8))
    shifted = cloud + distance * direction / np.linalg.norm(direction)
    return tuple(paddle.to_tensor(x.astype("float32")) for x in (cloud, shifted))


def test_a_critic_with_a_gradient_penalty_estimates_the_distance():
    """A slope s gains 3 s and costs 10 (s - 1)^2: best is s = 1.15, an estimate of 3.45."""
    paddle.seed(3)
    critic, (real, fake) = mlp.Discriminator(width=4, image_size=8), clouds(3.0, 64)
    optimizer = paddle.optimizer.Adam(0.01, 0.5, 0.9, parameters=critic.parameters())
    objective = OBJECTIVES["wasserstein"]
    for _ in range(100):
        loss = objective.discriminator(critic.logits(real), critic.logits(fake))
        (loss + 10 * gradient_penalty(critic.input_gradient, real, fake)).backward()
        optimizer.step()
        optimizer.clear_grad()
    report = objective.report(critic.logits(real), critic.logits(fake))
    assert float(report["wasserstein"]) == pytest.approx(3.45, abs=0.2)


def test_a_linear_critic_with_clipped_weights_estimates_a_multiple_of_it():
    """Each weight is driven to a bound of 0.01: 0.01 times the sum of all pixels' shifts."""
    real, fake = clouds(3.0, 64)
    critic = paddle.nn.Linear(64, 1)
    optimizer = paddle.optimizer.RMSProp(0.005, parameters=critic.parameters())
    objective = OBJECTIVES["wasserstein"]
    for _ in range(10):
        outputs = [critic(images.flatten(1)) for images in (real, fake)]
        objective.discriminator(*outputs).backward()
        optimizer.step()
        optimizer.clear_grad()
        clip(critic.parameters(), 0.01)
    report = objective.report(*(critic(images.flatten(1)) for images in (real, fake)))
    shift = float((real - fake)[0].abs().sum())
    assert float(report["wasserstein"]) == pytest.approx(0.01 * shift, rel=1e-4)


def test_a_linear_critic_of_unit_slope_estimates_the_distance():
    real, fake = clouds(3.0, 10)
    direction = (real - fake)[0].flatten() / 3
    for slope, estimate in ((direction, 3.0), (-direction, -3.0), (direction / 2, 1.5)):
        outputs = (images.flatten(1) @ slope for images in (real, fake))
        report = OBJECTIVES["wasserstein"].report(*outputs)
        assert float(report["wasserstein"]) == pytest.approx(estimate, rel=1e-4)
