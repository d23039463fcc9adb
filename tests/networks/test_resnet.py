"""CycleGAN's generator: its shape, its norms, its edges, and the published size."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan.networks.blocks import Residual
from paddle_gan.networks.norms import plain_instance_norm
from paddle_gan.networks.resnet import resnet
from tests.notebook import fill


@pytest.mark.parametrize("size", [(28, 28), (32, 64), (16, 16)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_shape_stays(size, channels):
    net = resnet(channels, width=2, blocks=2)
    y = net(paddle.rand([2, channels, *size]))
    assert y.shape == [2, channels, *size] and float(y.abs().max()) <= 1
    assert sum(isinstance(layer, Residual) for layer in net) == 2


def test_each_image_is_by_itself_and_the_norm_has_no_weights():
    net, x = fill(resnet(1, 2, 1), seed=1), paddle.rand([3, 1, 16, 16])
    alone = paddle.concat([net(image) for image in x.split(3)])
    np.testing.assert_allclose(net(x).numpy(), alone.numpy(), atol=1e-5)
    assert plain_instance_norm(4).parameters() == []
    y = plain_instance_norm(2)(7 + 3 * paddle.randn([2, 2, 16, 16]))
    np.testing.assert_allclose(y.mean([2, 3]).numpy(), 0, atol=1e-5)
    np.testing.assert_allclose(y.std([2, 3], unbiased=False).numpy(), 1, atol=1e-3)


def test_edges_are_reflected():
    """Of an image that is the same everywhere every pixel is treated alike at first."""
    net = fill(resnet(1, 2, 1), seed=1)
    first = nn.Sequential(*list(net)[:2])(paddle.ones([1, 1, 16, 16]))
    assert float(first.std([2, 3], unbiased=False).max()) < 1e-5


def test_the_published_size():
    """11.378 million of CycleGAN with nine blocks, whose convolutions have biases before norms."""
    useless = 64 + 128 + 256 + 9 * 2 * 256 + 128 + 64
    with paddle.LazyGuard():
        count = sum(int(np.prod(p.shape)) for p in resnet(3, 64, 9).parameters())
    assert abs(count + useless - 11.378e6) < 500
