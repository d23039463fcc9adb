"""The U-Net: its shape, where it has dropout and norms, and the published size."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan.networks.blocks import Skip
from paddle_gan.networks.unet import unet
from tests.kernels.cases import noise
from tests.notebook import fill


def levels(net: nn.Sequential) -> list[list[nn.Layer]]:
    """The layers of each Skip, from the outermost to the innermost."""
    found = []
    while inner := [layer for layer in net if isinstance(layer, Skip)]:
        net = inner[0].inner
        found.append(list(net))
    return found


@pytest.mark.parametrize("depth", [2, 3, 4, 5])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_shape_stays(depth, channels):
    net = unet(channels, width=2, depth=depth)
    y = net(noise((2, channels, 2**depth, 2 ** (depth + 1)), needs_gradient=False))
    assert y.shape == [2, channels, 2**depth, 2 ** (depth + 1)]
    assert float(y.abs().max()) <= 1


@pytest.mark.parametrize(("depth", "dropped"), [(2, 1), (3, 2), (5, 3), (8, 3)])
def test_dropout_is_in_the_innermost_steps_up_whatever_their_number(depth, dropped):
    with paddle.LazyGuard():  # layers without values
        found = [isinstance(layers[-1], nn.Dropout) for layers in levels(unet(1, 2, depth))]
        none = unet(1, 2, depth, dropout=False)
    assert found == [False] * (depth - 1 - dropped) + [True] * dropped
    assert not any(isinstance(layer, nn.Dropout) for layer in none.sublayers())


def test_dropout_ends_with_training():
    net, x = fill(unet(1, 4, 5), seed=1), noise((2, 1, 32, 32), needs_gradient=False)
    assert not np.array_equal(net(x).numpy(), net(x).numpy())
    net.eval()
    assert np.array_equal(net(x).numpy(), net(x).numpy())


def test_what_may_be_one_pixel_has_no_norm():
    """In training BatchNorm would make 0 of a single value."""
    *_, innermost = levels(unet(1, 2, 5))
    kinds = [type(layer) for layer in innermost]
    assert kinds[:4] == [nn.LeakyReLU, nn.Conv2D, nn.ReLU, nn.Conv2DTranspose]
    x = noise((1, 1, 32, 32), needs_gradient=False)
    assert float(unet(1, 4, 5, dropout=False)(x).std()) > 0  # a batch of one


def test_the_published_size():
    """54.414 million of pix2pix for 256 x 256, which has no bias in two convolutions of ours."""
    with paddle.LazyGuard():
        net = unet(3, 64, 8)
        weights = [p for p in net.parameters() if not p.stop_gradient]
        count = sum(int(np.prod(p.shape)) for p in weights)
    assert abs(count - (64 + 512) - 54.414e6) < 500
