"""The pair with one hidden layer."""

import numpy as np
import paddle
import pytest

from paddle_gan.config import configure
from paddle_gan.games.gan import GAN
from paddle_gan.networks.mlp import Discriminator, Generator
from paddle_gan.sampling.drawing import latents
from tests.networks import pairs


def test_the_articles_numbers_of_parameters():
    assert pairs.count(Generator()) == (100 * 256 + 256) + (256 * 784 + 784)  # 227,344
    assert pairs.count(Discriminator()) == (784 * 256 + 256) + (256 + 1)  # 201,217


@pytest.mark.parametrize(("channels", "image_size"), [(1, 28), (3, 28), (1, 8), (3, 64)])
def test_shapes_and_ranges(channels, image_size):
    pairs.check_shapes_and_ranges("mlp", channels, image_size)


def test_a_checkpoint_draws_the_same_images(tmp_path):
    pairs.check_checkpoint("mlp", tmp_path, latent=7, width=4, channels=3, image_size=12)


def test_values_written_out():
    generator = Generator(latent=3, width=2, image_size=8)
    discriminator = Discriminator(width=2, image_size=8)
    z = np.random.default_rng(1).normal(size=(4, 3)).astype("float32")

    def weights(network):
        return [p.numpy() for p in network.parameters()]

    a, b, c, d = weights(generator)
    hidden = np.maximum(z @ a + b, 0)
    white = 1 / (1 + np.exp(-(hidden @ c + d)))
    images = generator(paddle.to_tensor(z.reshape(4, 3, 1, 1)))
    np.testing.assert_allclose(images.numpy().reshape(4, -1), 2 * white - 1, atol=1e-5)
    a, b, c, d = weights(discriminator)
    expected = np.maximum(white @ a + b, 0) @ c + d
    np.testing.assert_allclose(discriminator.logits(images).numpy(), expected, atol=1e-5)


def test_latents_are_uniform_in_training_and_in_drawing(tmp_path):
    game = GAN(configure("mlp", width=4, latent=10))
    loaded = pairs.check_checkpoint("mlp", tmp_path, latent=10, width=4, channels=1, image_size=28)
    for z in (game.latents(2000).numpy(), latents(loaded, 2000, seed=1)):
        assert z.shape == (2000, 10, 1, 1) and z.dtype == np.float32
        assert -1 <= z.min() < -0.99 and 0.99 < z.max() <= 1
        assert z.var() == pytest.approx(1 / 3, rel=0.03)
