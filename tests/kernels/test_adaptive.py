"""AdaIN: a scale and a shift for each image, which follow from a style."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from paddle_gan.networks.blocks import Residual
from paddle_gan.networks.norms import AdaptiveInstanceNorm2D
from tests.kernels.cases import assert_same, fast, noise, slow
from tests.kernels.networks import stack

N, FEATURES = 3, 6


@pytest.fixture
def net() -> nn.Sequential:
    def norm():
        return AdaptiveInstanceNorm2D(FEATURES)

    body = nn.Sequential(norm(), nn.ReLU(), nn.Conv2D(FEATURES, FEATURES, 3, 1, 1, bias_attr=False))
    first = nn.Conv2D(2, FEATURES, 3, bias_attr=False)
    return stack(first, norm(), nn.LeakyReLU(0.2), Residual(body, None, 0.7), norm(), shape=())[0]


def norms(net) -> list[AdaptiveInstanceNorm2D]:
    return [layer for layer in net.sublayers() if isinstance(layer, AdaptiveInstanceNorm2D)]


def played(run, net, styles, x) -> dict:
    """Output and gradients, those of the styles among them, which are computed from one tensor."""
    styles = styles.detach()
    styles.stop_gradient = x.stop_gradient = False
    found = (2 * styles).split(2 * len(norms(net)), axis=1)
    for norm, scale, bias in zip(norms(net), found[::2], found[1::2]):
        norm.scale, norm.bias = scale, bias
    y = run(net, x)
    y.backward(noise(y.shape, seed=5, needs_gradient=False))
    seen = {"y": y, "dx": x.grad, "d styles": styles.grad}
    seen |= {name: p.grad for name, p in net.named_parameters()}
    seen = {name: tensor.numpy().copy() for name, tensor in seen.items()}
    for parameter in net.parameters():
        parameter.clear_gradient(set_to_zero=False)
    return seen


def test_forward_and_backward_are_paddles(net):
    for seed in (1, 2):  # other styles, the same program
        styles = noise([N, 6 * FEATURES], seed)
        found, expected = (played(run, net, styles, noise((N, 2, 9, 7))) for run in (fast, slow))
        assert all(np.abs(value).max() > 1e-3 for value in expected.values())
        assert_same(found, expected)


def test_each_image_has_its_own_scale_and_shift():
    norm, x = AdaptiveInstanceNorm2D(2), noise((2, 2, 8, 8))
    norm.scale = paddle.to_tensor([[1.0, 2.0], [3.0, 4.0]])
    norm.bias = paddle.to_tensor([[0.0, -1.0], [5.0, 0.5]])
    for training in (True, False):
        norm.train() if training else norm.eval()
        net = nn.Sequential(norm)
        net.train() if training else net.eval()
        with paddle.no_grad():
            y = fast(net, x)
        np.testing.assert_allclose(y.mean([2, 3]).numpy(), norm.bias.numpy(), atol=1e-5)
        spread = y.std([2, 3], unbiased=False)
        np.testing.assert_allclose(spread.numpy(), norm.scale.numpy(), rtol=1e-4)


def test_as_many_styles_as_images_or_paddle_says_what_is_wrong():
    norm = AdaptiveInstanceNorm2D(2)
    norm.scale = norm.bias = paddle.ones([2, 2])
    with pytest.raises(ValueError):
        kernels.run(nn.Sequential(norm), noise((3, 2, 8, 8)))
