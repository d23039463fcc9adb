"""Encoder and decoder of an autoencoder."""

import numpy as np
import paddle
import pytest

from paddle_gan import kernels
from paddle_gan.games import without_values
from paddle_gan.networks.autoencoder import Encoder, Generator
from tests.notebook import fill

SIZES = [(1, 32), (3, 28), (1, 8), (1, 20), (3, 64)]


def images(n, channels, size, seed=0) -> paddle.Tensor:
    values = np.random.default_rng(seed).uniform(-1, 1, (n, channels, size, size))
    return paddle.to_tensor(values.astype("float32"))


@pytest.mark.parametrize(("channels", "size"), SIZES)
def test_shapes_and_ranges(channels, size):
    sizes = dict(latent=5, width=2, channels=channels, image_size=size)
    codes = Encoder(**sizes)(images(3, channels, size))
    drawn = Generator(**sizes)(codes)
    assert codes.shape == [3, 5, 1, 1]
    assert drawn.shape == [3, channels, size, size] and float(drawn.abs().max()) <= 1


def test_numbers_of_parameters():
    """28 -> 14 -> 7, and the features 3, 6: worked out layer by layer."""
    sizes = dict(latent=5, width=3, channels=1, image_size=28)
    encoder = 3 * 16 + 2 * 3 + 6 * 3 * 16 + 2 * 6 + 5 * 6 * 49 + 5
    decoder = 5 * 6 * 49 + 2 * 6 + 6 * 3 * 16 + 2 * 3 + 3 * 16 + 1
    for network, expected in ((Encoder, encoder), (Generator, decoder)):
        trained = [p for p in network(**sizes).parameters() if not p.stop_gradient]
        assert sum(int(p.numel()) for p in trained) == expected


def test_a_variational_encoder_gives_means_and_variances():
    network = fill(Encoder(latent=5, width=2, image_size=8, variational=True), seed=1)
    network.eval()
    x = images(3, 1, 8)
    mean, log_variance = network.distribution(x)
    assert mean.shape == log_variance.shape == [3, 5, 1, 1]
    assert np.array_equal(network(x).numpy(), mean.numpy())
    assert np.abs(mean.numpy() - log_variance.numpy()).max() > 0.1
    assert Encoder(latent=5, width=2, image_size=8).distribution(x)[1] is None


def test_logits_are_the_images_before_the_tanh():
    network = fill(Generator(latent=5, width=2, image_size=8), seed=1)
    network.eval()
    z = paddle.randn([3, 5, 1, 1])
    assert np.allclose(np.tanh(network.logits(z).numpy()), network(z).numpy(), atol=1e-6)


@pytest.mark.parametrize("network", [Encoder, Generator])
def test_fast_kernels_and_folding_change_nothing(network):
    net = fill(network(latent=5, width=4, image_size=16), seed=2)
    net.eval()
    x = images(3, 1, 16) if network is Encoder else paddle.randn([3, 5, 1, 1])
    with paddle.no_grad():
        with kernels.plain():
            expected = net(x).numpy()
        found = net(x).numpy()
        net.fold()
        folded = net(x).numpy()
    assert expected.std() > 0.01
    assert np.abs(found - expected).max() < 1e-4 and np.abs(folded - expected).max() < 1e-4


def test_the_mixture_is_saved_with_the_decoder_and_never_trained():
    network = Generator(latent=5, width=2, image_size=8, components=3)
    shapes = {name: tuple(p.shape) for name, p in network.state_dict().items()}
    expected = {"weights": (3,), "means": (3, 5), "factors": (3, 5, 5)}
    assert {name: shapes[name] for name in expected} == expected
    assert all(getattr(network, name).stop_gradient for name in expected)
    assert not Generator(latent=5, width=2, image_size=8).state_dict().keys() & expected.keys()


def test_a_mixture_of_any_size_is_described_without_memory():
    """A file from anybody may describe it: 4 TB, of which nothing may be allocated."""
    with without_values():
        network = Generator(latent=10**6, width=1, image_size=8, components=1)
    assert network.factors.shape == [1, 10**6, 10**6]
