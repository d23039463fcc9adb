"""PatchGAN: how many logits there are, what each sees, and the published size."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan.networks.norms import plain_instance_norm
from paddle_gan.networks.patch import patch
from tests.notebook import fill


@pytest.mark.parametrize(("layers", "across", "sees"), [(1, 14, 16), (2, 6, 34), (3, 2, 70)])
def test_logits_of_32_pixels_and_what_they_see(layers, across, sees):
    net = fill(patch(2, width=2, layers=layers), seed=1)
    net.eval()  # or BatchNorm would let each see all
    assert net(paddle.zeros([3, 2, 32, 32])).shape == [3, 1, across, across]
    x = paddle.rand([1, 2, 128, 128])
    x.stop_gradient = False
    y = net(x)
    middle = y.shape[2] // 2
    (gradient,) = paddle.grad(y[0, 0, middle, middle], x)
    rows = np.flatnonzero(np.abs(gradient.numpy()).sum((0, 1, 3)))
    assert rows.max() - rows.min() + 1 == sees


def test_the_first_and_the_last_convolution_have_no_norm():
    kinds = [type(layer) for layer in patch(1, 2, 2)]
    assert kinds == [
        *(nn.Conv2D, nn.LeakyReLU),
        *(nn.Conv2D, nn.BatchNorm2D, nn.LeakyReLU),
        *(nn.Conv2D, nn.BatchNorm2D, nn.LeakyReLU),
        nn.Conv2D,
    ]
    assert not any(
        isinstance(layer, nn.BatchNorm2D) for layer in patch(1, 2, 2, plain_instance_norm)
    )


def test_the_published_size():
    """2.769 million of pix2pix, of six channels."""
    with paddle.LazyGuard():
        net = patch(6)
        count = sum(int(np.prod(p.shape)) for p in net.parameters() if not p.stop_gradient)
    assert abs(count - 2.769e6) < 500
