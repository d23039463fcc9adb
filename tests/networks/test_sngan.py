"""The small pair whose discriminator is spectrally normalized."""

import paddle
import pytest
from paddle import nn

from paddle_gan.networks.sngan import Discriminator, Generator
from tests.networks import pairs


def sizes(layers: nn.Sequential, kind: type, x) -> list[int]:
    """The heights of what comes out of the layers of a kind."""
    found = []
    for layer in layers:
        x = layer(x)
        if isinstance(layer, kind):
            assert x.shape[2] == x.shape[3]
            found.append(x.shape[2])
    return found


def test_the_articles_sizes():
    generator, discriminator = Generator(), Discriminator(norm="batch")
    grown = sizes(generator.gen, nn.Conv2DTranspose, paddle.randn([2, 64, 1, 1]))
    assert grown == [3, 6, 13, 28]
    assert sizes(discriminator.disc, nn.Conv2D, paddle.randn([2, 1, 28, 28])) == [13, 5, 1]


def test_the_articles_numbers_of_parameters():
    """But for the biases before BatchNorm, which it cancels."""
    weights = 64 * 256 * 9 + 256 * 128 * 16 + 128 * 64 * 9 + 64 * 16
    statistics = 2 * (256 + 128 + 64)
    assert pairs.count(Generator()) == weights + statistics + 1  # 747,393
    weights = 16 * 16 + 16 * 32 * 16 + 32 * 16
    assert pairs.count(Discriminator()) == weights + 2 * (16 + 32) + 1  # 9,057


@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_ranges(channels):
    pairs.check_shapes_and_ranges("sngan", channels, 28)


def test_a_checkpoint_draws_the_same_images(tmp_path):
    pairs.check_checkpoint("sngan", tmp_path, latent=7, width=4, channels=3)
