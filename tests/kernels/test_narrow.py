"""Convolutions to and from one channel, which are matrix products."""

from __future__ import annotations

import copy

import pytest
from paddle import nn

from paddle_gan.kernels import layouts
from paddle_gan.kernels.convolution import Convolution
from paddle_gan.kernels.narrow import NarrowConvolution
from paddle_gan.kernels.spread import ConvolutionOfOne, NarrowDeconvolution
from tests.kernels.cases import assert_same, fast, noise, program_of, slow
from tests.kernels.networks import stack


@pytest.mark.parametrize(("images", "few"), [(1, 1), (4, 2), (6, 2), (7, 1), (200, 2)])
@pytest.mark.parametrize(
    "layer",
    [
        lambda: nn.Conv2D(3, 1, 3, 1, 1),
        lambda: nn.Conv2DTranspose(3, 1, 3, 2, 1, output_padding=1),
        lambda: nn.Conv2D(1, 3, 3, 1, 1),
    ],
)
def test_products_are_of_a_few_images_at_a_time(layer, images, few, monkeypatch):
    """So that their memory does not grow with the batch; the sum over the images is whole."""
    monkeypatch.setattr(layouts, "_PRODUCTS", 3 * 9 * 20 - 1)
    layer = layer()
    net, shape = stack(layer, shape=(images, layer._in_channels, 4, 5))
    twin, found = copy.deepcopy(net), []
    for network, run in ((net, fast), (twin, slow)):
        x = noise(shape)
        y = run(network, x)
        (y * noise(y.shape, seed=6).abs()).sum().backward()
        tensors = {"x": x.grad, "weight": network[0].weight.grad, "bias": network[0].bias.grad}
        found.append({"y": y.numpy(), **{name: t.numpy() for name, t in tensors.items()}})
    assert_same(*found)
    [operation] = program_of(net, noise(shape)).operations
    of = {ConvolutionOfOne: "_to_data", NarrowDeconvolution: "_forward"}.get(type(operation))
    assert (getattr(operation, of) if of else operation)._images == (few, 4, 5)


@pytest.mark.parametrize(
    ("layer", "size", "kind"),
    [
        (nn.Conv2D(3, 1, 3, 1, 1), 6, NarrowConvolution),
        (nn.Conv2D(3, 1, 7), 38, NarrowConvolution),
        (nn.Conv2D(3, 1, 4), 4, Convolution),  # of 16 products of each pixel one would be wanted
        (nn.Conv2D(3, 1, 3, 2, 1), 6, Convolution),
        (nn.Conv2D(3, 2, 3, 1, 1), 6, Convolution),
        (nn.Conv2D(1, 3, 4, 2, 1), 6, ConvolutionOfOne),
        (nn.Conv2DTranspose(3, 1, 4, 2, 1), 6, NarrowDeconvolution),
        (nn.Conv2DTranspose(3, 2, 4, 2, 1), 6, Convolution),
    ],
)
def test_which_convolutions_are_matrix_products(layer, size, kind):
    x = noise((2, layer._in_channels, size, size))
    [operation] = program_of(nn.Sequential(layer), x).operations
    assert type(operation) is kind
