"""Penalties of critics whose slope is known, and their gradients on real networks."""

import numpy as np
import paddle
import pytest

from paddle_gan import kernels
from paddle_gan.networks import NETWORKS
from paddle_gan.networks.dcgan import Discriminator
from paddle_gan.objectives.penalties import PENALTIES, clip, gradient_penalty, r1, r1_r2, r2
from tests.calculus import difference_quotient, of_parameter
from tests.notebook import fill

TERMS = {"gradient-penalty": gradient_penalty, "r1": r1, "r2": r2, "r1-r2": r1_r2}


def images(n: int, seed: int, size: int = 16) -> paddle.Tensor:
    pixels = np.random.default_rng(seed).uniform(-1, 1, (n, 1, size, size))
    return paddle.to_tensor(pixels.astype("float32"))


def linear(*slopes: float):
    """The input gradient of D(x) = <w, x>, where w has these numbers and zeros, for all images."""
    w = np.zeros((1, 1, 4, 4), "float32")
    w.flat[: len(slopes)] = slopes
    weight = paddle.to_tensor(w, stop_gradient=False)
    return weight, lambda *batches: weight.expand(paddle.concat(batches).shape)


def test_the_papers_weights():
    weights = {name: penalty.weight for name, penalty in PENALTIES.items()}
    assert weights == {
        "none": 0,
        "clip": 0.01,
        "gradient-penalty": 10,
        "r1": 10,
        "r2": 10,
        "r1-r2": 10,
    }
    assert {n: p.term for n, p in PENALTIES.items() if p.term} == TERMS
    assert {n for n, p in PENALTIES.items() if p.project} == {"clip"}


def test_a_linear_critic_worked_by_hand():
    # |(3, 4)| = 5: (5 - 1)^2 = 16, its gradient 2 (5 - 1) w / 5; half of 5^2 = 12.5, and w.
    weight, gradient = linear(3, 4)
    pair = images(6, 0, 4), images(6, 1, 4)
    for name, value, slopes in (
        ("gradient-penalty", 16, (4.8, 6.4)),
        ("r1", 12.5, (3, 4)),
        ("r2", 12.5, (3, 4)),
        ("r1-r2", 25, (6, 8)),
    ):
        penalty = TERMS[name](gradient, *pair)
        assert penalty.ndim == 0 and float(penalty) == pytest.approx(value, rel=1e-6)
        penalty.backward()
        assert weight.grad.numpy().ravel()[:2] == pytest.approx(slopes, rel=1e-5)
        assert not weight.grad.numpy().ravel()[2:].any()
        weight.clear_grad()


def test_penalties_are_means_over_images():
    slopes = paddle.to_tensor([1.0, 3.0, 0.5]).reshape([3, 1, 1, 1])

    def gradient(*batches):
        # Of 16 pixels: the norm is the slope.
        return paddle.concat([slopes * paddle.ones(images.shape) / 4 for images in batches])

    pair = images(3, 0, 4), images(3, 1, 4)
    assert float(gradient_penalty(gradient, *pair)) == pytest.approx((0 + 4 + 0.25) / 3, rel=1e-5)
    for term, times in ((r1, 1), (r2, 1), (r1_r2, 2)):
        expected = times * (1 + 9 + 0.25) / 2 / 3
        assert float(term(gradient, *pair)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", TERMS)
def test_a_critic_without_a_slope_gets_a_gradient_that_is_finite(name):
    weight, gradient = linear(0)
    TERMS[name](gradient, images(4, 0, 4), images(4, 1, 4)).backward()
    assert np.isfinite(weight.grad.numpy()).all()


def test_gradient_penalty_at_no_slope_is_one():
    _, gradient = linear(0)
    penalty = gradient_penalty(gradient, images(4, 0, 4), images(4, 1, 4))
    assert float(penalty) == pytest.approx(1, abs=1e-5)


def seen_by(term, real, fake) -> list[paddle.Tensor]:
    """The images at which the penalty asks for the gradient."""
    seen = []

    def gradient(*batches):
        seen.extend(batches)
        return paddle.ones_like(paddle.concat(batches))

    term(gradient, real, fake)
    return seen


def test_interpolated_images_lie_between_their_pair():
    real, fake = images(200, 0, 4), images(200, 1, 4)
    fake.stop_gradient = False
    paddle.seed(2)
    (between,) = seen_by(gradient_penalty, real, fake)
    assert between.stop_gradient
    epsilons = (between - fake) / (real - fake)  # one for each pixel, alike within an image
    epsilons = epsilons.detach().numpy().reshape(200, -1)
    means = np.median(epsilons, axis=1)
    assert np.abs(epsilons - means[:, None]).max() < 1e-2
    assert 0 <= means.min() < 0.05 and 0.95 < means.max() <= 1
    assert abs(means.mean() - 0.5) < 5 * (1 / 12 / 200) ** 0.5
    assert abs(means.var() - 1 / 12) < 0.03


def test_r1_is_at_the_real_images_and_r2_at_the_generated():
    real, fake = images(3, 0, 4), images(3, 1, 4)
    for term, expected in ((r1, [real]), (r2, [fake]), (r1_r2, [real, fake])):
        assert [id(asked) for asked in seen_by(term, real, fake)] == [id(x) for x in expected]


def test_two_processes_interpolate_together_as_one_does(monkeypatch):
    real, fake = images(6, 0, 4), images(6, 1, 4)
    paddle.seed(4)
    alone = seen_by(gradient_penalty, real, fake)[0].numpy()
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "2")
    halves = []
    for rank in range(2):
        monkeypatch.setenv("PADDLE_TRAINER_ID", str(rank))
        paddle.seed(4)
        mine = slice(3 * rank, 3 * rank + 3)
        halves.append(seen_by(gradient_penalty, real[mine], fake[mine])[0].numpy())
    assert np.array_equal(np.concatenate(halves), alone)


def critic() -> Discriminator:
    paddle.seed(5)
    network = Discriminator(width=4, image_size=16, norm="none")
    for parameter in network.parameters():  # a slope of the size that penalties ask for
        parameter.set_value(parameter * 3)
    return network


def penalty(name: str, network) -> paddle.Tensor:
    paddle.seed(6)  # the interpolated images are drawn

    def gradient(*batches):
        return network.input_gradient(paddle.concat(batches))

    return TERMS[name](gradient, images(5, 0), images(5, 1))


def gradients(name: str, network) -> dict[str, np.ndarray]:
    network.clear_gradients()
    penalty(name, network).backward()
    return {n: p.grad.numpy() for n, p in network.named_parameters() if "weight" in n}


@pytest.mark.parametrize("name", TERMS)
def test_both_ways_of_computing_give_the_same(name):
    network = critic()
    found = float(penalty(name, network)), gradients(name, network)
    with kernels.plain():
        expected = float(penalty(name, network)), gradients(name, network)
    assert found[0] == pytest.approx(expected[0], rel=1e-5)
    for key, value in expected[1].items():
        assert np.abs(value).max() > 1e-3
        assert np.abs(found[1][key] - value).max() < 1e-5 * np.abs(value).max() + 1e-6, key


@pytest.mark.parametrize("name", TERMS)
def test_gradients_of_a_penalty_are_difference_quotients(name):
    network = critic()
    found = gradients(name, network)
    rng = np.random.default_rng(7)
    for key, parameter in network.named_parameters():
        if key not in found:
            continue
        values = parameter.numpy().copy()
        # Along the gradient the slope is its norm, and rounding matters least.
        direction = found[key] + 0.3 * np.abs(found[key]).max() * rng.normal(size=values.shape)
        direction /= np.linalg.norm(direction)
        value = of_parameter(parameter, lambda: penalty(name, network))
        # A step within which no activation changes its sign: D's slope jumps there.
        quotient = difference_quotient(value, values, direction, step=3e-4)
        parameter.set_value(values)
        assert quotient == pytest.approx((found[key] * direction).sum(), rel=0.02), key


@pytest.mark.parametrize("networks", NETWORKS)
@pytest.mark.parametrize("name", TERMS)
def test_every_discriminator_can_be_penalized(name, networks):
    paddle.seed(8)
    size = 28 if networks == "sngan" else 16
    network = NETWORKS[networks].Discriminator(width=4, image_size=size, norm="none")
    fill(network, seed=8)  # residual blocks begin with weights of 0

    def gradient(*batches):
        labels = [paddle.to_tensor([3, 4, 4] * len(batches))] * hasattr(network, "embedding")
        return network.input_gradient(paddle.concat(batches), *labels)

    TERMS[name](gradient, images(3, 0, size), images(3, 1, size)).backward()
    for key, parameter in network.named_parameters():
        if "weight" in key and "embedding" not in key and not parameter.stop_gradient:
            assert np.abs(parameter.grad.numpy()).max() > 0, key
            assert np.isfinite(parameter.grad.numpy()).all()


def test_clipping_moves_what_is_out_of_bounds_alone():
    network = critic()
    parameters = network.parameters()
    before = [parameter.numpy().copy() for parameter in parameters]
    assert max(np.abs(values).max() for values in before) > 0.05
    clip(parameters, 0.05)
    for parameter, values in zip(network.parameters(), before):
        assert not parameter.stop_gradient
        assert np.array_equal(
            parameter.numpy(), np.clip(values, np.float32(-0.05), np.float32(0.05))
        )
    network.logits(images(2, 0)).sum().backward()  # they are leaves of autograd still
    assert all(parameter.grad is not None for parameter in parameters)
