"""A round of the game against steps written out with Paddle, and the optimizers that take them."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from paddle_gan.games.gan import GAN, trainable
from paddle_gan.games.optimizers import OPTIMIZERS
from tests.games.games import game, real, twins, weights


def assert_same_weights(one: GAN, other: GAN, before: GAN, tolerance=1e-5) -> None:
    for name in ("generator", "discriminator"):
        triples = zip(*(weights(getattr(g, name)) for g in (one, other, before)))
        for found, expected, start in triples:
            assert np.abs(found - expected).max() < tolerance
            if found.ndim == 4:  # the critic's bias cancels
                assert np.abs(expected - start).max() > 10 * tolerance


def written_out(theirs: GAN, images: paddle.Tensor, d_loss, g_loss) -> tuple[float, float]:
    """A step on G's one batch; ``theirs`` lends its networks and plain Adams move them."""
    adams = [
        paddle.optimizer.Adam(0.001, 0.5, 0.999, parameters=trainable(network))
        for network in (theirs.generator, theirs.discriminator)
    ]
    fake = theirs.generator(paddle.randn([len(images), 5, 1, 1]))
    logits = theirs.discriminator.logits
    first = d_loss(logits(images), logits(fake.detach()))
    first.backward()
    adams[1].step()
    theirs.discriminator.clear_gradients()
    second = g_loss(logits(images), logits(fake))
    second.backward()
    adams[0].step()
    return float(first), float(second)


STEPS = {
    "hinge": (
        lambda real, fake: F.relu(1 - real).mean() + F.relu(1 + fake).mean(),
        lambda real, fake: -fake.mean(),
    ),
    "least-squares": (
        lambda real, fake: 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean(),
        lambda real, fake: 0.5 * ((fake - 1) ** 2).mean(),
    ),
    "non-saturating": (
        lambda real, fake: -F.log_sigmoid(real).mean() - F.log_sigmoid(-fake).mean(),
        lambda real, fake: -F.log_sigmoid(fake).mean(),
    ),
    "relativistic": (
        lambda real, fake: -F.log_sigmoid(real - fake).mean(),
        lambda real, fake: -F.log_sigmoid(fake - real).mean(),
    ),
}


@pytest.mark.parametrize("objective", STEPS)
def test_a_step_written_out(objective):
    ours, theirs = twins(objective=objective)
    start = twins()[0]
    images = real()
    paddle.seed(7)
    found = ours.train_step({"image": images}, 0)
    paddle.seed(7)
    d_loss, g_loss = written_out(theirs, images, *STEPS[objective])
    assert float(found["d_loss"]) == pytest.approx(d_loss, rel=1e-5)
    assert float(found["g_loss"]) == pytest.approx(g_loss, rel=1e-4)
    if objective == "relativistic":  # D's last bias cancels; Adam enlarges what rounds
        for each in (ours, theirs):
            each.discriminator.dgan[-2].bias.set_value(paddle.zeros([1]))
    assert_same_weights(ours, theirs, start, tolerance=2e-5)


def test_a_step_of_wgan_written_out():
    """Five steps of the critic on a fifth of the batch each, and one of the generator."""
    ours, theirs = twins("wgan", batch_size=10, lr=0.001, penalty_weight=0.2, augment="none")
    start = twins("wgan", batch_size=10, augment="none")[0]
    images = real(10)
    paddle.seed(7)
    found = ours.train_step({"image": images}, 0)

    paddle.seed(7)
    squares = {}

    def move(network):
        for parameter in trainable(network):
            gradient = parameter.grad.numpy()
            square = 0.99 * squares.get(parameter.name, 0) + 0.01 * gradient**2
            squares[parameter.name] = square
            step = 0.001 * gradient / np.sqrt(square + 1e-8)
            parameter.set_value((parameter.numpy() - step).astype("float32"))
        for each in (theirs.generator, theirs.discriminator):
            each.clear_gradients()

    critic = theirs.discriminator
    for number in range(5):
        fifth = images[2 * number : 2 * number + 2]
        fake = theirs.generator(paddle.randn([2, 5, 1, 1])).detach()
        d_loss = critic.logits(fake).mean() - critic.logits(fifth).mean()
        d_loss.backward()
        move(critic)
        for parameter in trainable(critic):
            parameter.set_value(parameter.numpy().clip(-0.2, 0.2))
    g_loss = -critic.logits(theirs.generator(paddle.randn([2, 5, 1, 1]))).mean()
    g_loss.backward()
    move(theirs.generator)

    assert float(found["d_loss"]) == pytest.approx(float(d_loss), rel=1e-3, abs=1e-6)
    assert float(found["g_loss"]) == pytest.approx(float(g_loss), rel=1e-3, abs=1e-6)
    assert float(found["wasserstein"]) == pytest.approx(-float(d_loss), rel=1e-3, abs=1e-6)
    assert max(np.abs(values).max() for values in weights(critic)) == np.float32(0.2)
    assert_same_weights(ours, theirs, start)


def test_each_player_has_its_betas():
    ours = game(betas=(0.0, 0.9))
    for optimizer in ours.optimizers.values():
        assert (optimizer._beta1, optimizer._beta2) == (0.0, 0.9)


def test_each_player_has_its_rate():
    ours = game(lr=0.002, lr_ratio=0.25)
    assert ours.g_optimizer.get_lr() == 0.002
    assert ours.d_optimizer.get_lr() == pytest.approx(0.0005)


def test_rmsprop_written_out():
    weight = paddle.create_parameter([3], "float32")
    weight.set_value(paddle.to_tensor([1.0, -2.0, 0.5]))
    optimizer = OPTIMIZERS["rmsprop"]([weight], 0.01, (0.5, 0.999))
    value, square = np.array([1.0, -2.0, 0.5]), np.zeros(3)
    for factor in (1.0, -3.0, 0.2):
        (factor * weight.square()).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
        gradient = 2 * factor * value
        square = 0.99 * square + 0.01 * gradient**2
        value = value - 0.01 * gradient / np.sqrt(square + 1e-8)
        np.testing.assert_allclose(weight.numpy(), value, rtol=1e-5)
