"""StarGAN's networks: shapes, the published sizes, and what the norm does to a plane."""

from __future__ import annotations

import math

import numpy as np
import paddle
import pytest

from paddle_gan.networks.stargan import Discriminator, Generator
from tests.notebook import fill


def count(network) -> int:
    return sum(math.prod(p.shape) for p in network.parameters())


@pytest.mark.parametrize("size", [(32, 32), (16, 32)])
def test_images_keep_their_shape(size):
    net = Generator(3, domains=4, width=2, blocks=1)
    y = net(paddle.rand([2, 3, *size]), paddle.to_tensor([0, 3]))
    assert y.shape == [2, 3, *size] and float(y.abs().max()) <= 1


def test_the_domain_is_what_differs():
    net, x = fill(Generator(1, 3, 4, 1, stem_norm=False), seed=1), paddle.rand([1, 1, 16, 16])
    drawn = net(x.tile([3, 1, 1, 1]), paddle.to_tensor([0, 1, 2])).numpy()
    assert min(np.abs(drawn[i] - drawn[i - 1]).max() for i in range(3)) > 1e-3
    alone = net(x, paddle.to_tensor([1])).numpy()
    np.testing.assert_allclose(drawn[1:2], alone, atol=1e-5)


def test_the_norm_takes_away_what_a_plane_adds_but_at_the_edges():
    """Of a plane that is the same for all, the middle of each feature moves by one number."""
    net = fill(Generator(1, 2, 4, 1), seed=1)
    x = paddle.zeros([2, 3, 16, 16])
    x[0, 1], x[1, 2] = 1, 1
    first = net.layers[0](x)[:, :, 3:-3, 3:-3]
    assert float(first.std([2, 3]).max()) < 1e-5 < float((first[0] - first[1]).abs().min())


@pytest.mark.parametrize(("halvings", "parts"), [(2, 8), (4, 2), (5, 1)])
def test_logits_of_parts_and_of_domains(halvings, parts):
    net = Discriminator(1, domains=4, width=2, halvings=halvings, image_size=32)
    logits, names = net(paddle.rand([3, 1, 32, 32]))
    assert logits.shape == [3, 1, parts, parts] and names.shape == [3, 4]


def test_the_gradient_by_the_image():
    net, x = Discriminator(1, 2, 2, 3, 16), paddle.rand([2, 1, 16, 16])
    x.stop_gradient = False
    net(x)[0].sum().backward()
    np.testing.assert_allclose(net.input_gradient(x).numpy(), x.grad.numpy(), atol=1e-6)


def test_the_published_sizes():
    with paddle.LazyGuard():
        assert count(Generator(3, domains=5)) == 8_430_528
        assert count(Discriminator(3, domains=8)) == 44_786_624
