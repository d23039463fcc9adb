"""StarGAN v2's networks: shapes, the published sizes, and what belongs to which domain."""

from __future__ import annotations

import math

import numpy as np
import paddle
import pytest

from paddle_gan import kernels
from paddle_gan.networks.starganv2 import Discriminator, Generator, Mapping, StyleEncoder
from tests.notebook import fill

DOMAINS = paddle.to_tensor([2, 0, 1, 2])
SEEN = dict(width=2, max_width=8, image_size=16)


def count(network) -> int:
    return sum(math.prod(p.shape) for p in network.parameters())


def networks() -> dict:
    return {
        "E": StyleEncoder(1, 5, 3, **SEEN),
        "D": Discriminator(1, 3, **SEEN),
        "F": Mapping(latent=4, style=5, domains=3, hidden=6, depth=2),
    }


def test_the_published_sizes():
    """Of CelebA-HQ, 256 x 256, whose G halves once more."""
    with paddle.LazyGuard():
        assert count(Generator(3, halvings=5)) == 43_467_395
        assert count(Mapping()) == 2_438_272
        assert count(StyleEncoder(3)) == 20_916_928
        assert count(Discriminator(3)) == 20_852_290


@pytest.mark.parametrize(("name", "shape"), [("E", [4, 5]), ("D", [4]), ("F", [4, 5])])
def test_what_is_of_another_domain_does_not_matter(name, shape):
    net = fill(networks()[name], seed=1)
    x = paddle.rand([4, 4] if name == "F" else [4, 1, 16, 16])
    y = net(x, DOMAINS)
    assert y.shape == shape
    others = net(x, (DOMAINS + 1) % 3)
    assert float((y - others).abs().min()) > 1e-6
    for i in range(4):  # of each image, whatever is beside it
        alone = net(x[i : i + 1], DOMAINS[i : i + 1])
        np.testing.assert_allclose(alone.numpy(), y[i : i + 1].numpy(), atol=1e-5)


def test_a_mapping_is_layers_for_all_and_layers_of_the_domain():
    net, z = fill(networks()["F"], seed=1), paddle.rand([1, 4])
    h = z.numpy()
    for layer in net.shared[::2]:
        h = np.maximum(h @ layer.weight.numpy() + layer.bias.numpy(), 0)
    first, second = net.own
    h = np.maximum(h @ first.weight.numpy()[1] + first.bias.numpy()[1], 0)
    expected = h @ second.weight.numpy()[1] + second.bias.numpy()[1]
    found = net(z, paddle.to_tensor([1])).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("size", [(16, 16), (16, 32)])
def test_the_style_is_what_differs(size):
    net, x = fill(Generator(1, 5, 2, 8, 2, 1), seed=1), paddle.rand([1, 1, *size])
    styles = paddle.randn([2, 5])
    drawn = net(x.tile([2, 1, 1, 1]), styles)
    assert drawn.shape == [2, 1, *size]
    assert float((drawn[0] - drawn[1]).abs().max()) > 1e-3
    with kernels.plain():
        expected = net(x, styles[1:]).numpy()
    np.testing.assert_allclose(drawn[1:].numpy(), expected, rtol=1e-4, atol=1e-4)
    assert all(norm.scale is None and norm.bias is None for norm in net._adaptive)
    net.eval()
    with paddle.no_grad():
        assert float(net(10 * x, styles[1:]).abs().max()) <= 1


def test_the_gradient_of_the_own_logit_by_the_image():
    net, x = fill(networks()["D"], seed=1), paddle.rand([4, 1, 16, 16])
    x.stop_gradient = False
    net(x, DOMAINS).sum().backward()
    found = net.input_gradient(x.detach(), DOMAINS)
    np.testing.assert_allclose(found.numpy(), x.grad.numpy(), rtol=1e-4, atol=1e-6)
