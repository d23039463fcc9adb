"""The convolutional pair without normalization."""

import numpy as np
import paddle
import pytest

from paddle_gan.networks.conv import Discriminator, Generator
from tests.networks import pairs
from tests.notebook import fill


def test_the_articles_numbers_of_parameters():
    dense, double = 100 * 6272 + 6272, 128 * 128 * 4 * 4 + 128
    assert pairs.count(Generator()) == dense + 2 * double + (128 * 7 * 7 + 1)  # 1,164,289
    stages = (64 * 1 * 9 + 64) + (64 * 64 * 9 + 64)
    assert pairs.count(Discriminator()) == stages + (3136 + 1)  # 40,705


@pytest.mark.parametrize(("channels", "image_size"), [(1, 28), (3, 28), (1, 8), (3, 64), (1, 20)])
def test_shapes_and_ranges(channels, image_size):
    pairs.check_shapes_and_ranges("conv", channels, image_size)


def test_a_checkpoint_draws_the_same_images(tmp_path):
    pairs.check_checkpoint("conv", tmp_path, latent=7, width=4, channels=3, image_size=12)


def features(discriminator: Discriminator, n: int) -> np.ndarray:
    """What comes out of the two stages of a network that leaves every feature at 1."""
    for stage in discriminator.stages:
        stage[0].weight.set_value(paddle.zeros_like(stage[0].weight))
        stage[0].bias.set_value(paddle.ones_like(stage[0].bias))
    discriminator.linear.weight.set_value(paddle.ones_like(discriminator.linear.weight))
    discriminator.linear.bias.set_value(paddle.zeros([1]))
    return discriminator.logits(paddle.zeros([n, 1, 16, 16])).numpy().ravel()


def test_dropout_in_training_only():
    """64 features of 1 by 1 / 0.6 with the probability 0.6: 64 on average, variance 64 * 2 / 3."""
    paddle.seed(1)
    discriminator = Discriminator(width=4, image_size=16)
    found = features(discriminator, 400)
    assert abs(found.mean() - 64) < 5 * (64 * 2 / 3 / 400) ** 0.5
    assert found.var() == pytest.approx(64 * 2 / 3, rel=0.3)
    discriminator.eval()
    assert np.array_equal(features(discriminator, 3), [64, 64, 64])


def test_dropout_differs_from_call_to_call():
    discriminator = fill(Discriminator(width=4, image_size=16), seed=3)
    images = paddle.rand([2, 1, 16, 16])
    logits = [discriminator.logits(images).numpy() for _ in range(2)]
    assert np.abs(logits[0] - logits[1]).max() > 1e-3
