"""Normalization of discriminators: every row of the table in every architecture."""

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan.games.gan import trainable
from paddle_gan.networks import NETWORKS
from paddle_gan.networks.norms import NORMS
from tests.networks.pairs import NORMALIZED, discriminator_of, inputs_of


@pytest.mark.parametrize(("networks", "norm"), NORMALIZED)
def test_every_norm_of_every_architecture_learns(networks, norm):
    discriminator = discriminator_of(networks, norm)
    logits = discriminator.logits(*inputs_of(networks))
    assert logits.shape[0] == 4 and logits.size == 4
    assert float(logits.std()) > 0
    (logits * paddle.to_tensor([1.0, -2.0, 3.0, 0.5]).reshape(logits.shape)).sum().backward()
    for name, parameter in discriminator.named_parameters():
        if not parameter.stop_gradient:
            assert np.isfinite(parameter.grad.numpy()).all(), name
    for parameter in trainable(discriminator)[:1]:
        assert np.abs(parameter.grad.numpy()).max() > 0


BEHIND = {
    "batch": nn.BatchNorm2D,
    "spectral-batch": nn.BatchNorm2D,
    "instance": nn.InstanceNorm2D,
}


@pytest.mark.parametrize("networks", [n for n in NETWORKS if n not in ("mlp", "r3gan")])
@pytest.mark.parametrize("norm", NORMS)
def test_no_bias_where_a_normalizing_layer_cancels_it(networks, norm):
    layers = [m for m in discriminator_of(networks, norm).sublayers() if not list(m.children())]
    pairs = [pair for pair in zip(layers, layers[1:]) if isinstance(pair[0], nn.Conv2D)]
    for convolution, after in pairs[:2]:
        assert type(after) is BEHIND.get(norm, nn.LeakyReLU)
        assert (convolution.bias is None) == (norm in BEHIND)
    last = [m for m in layers if isinstance(m, (nn.Conv2D, nn.Linear))][-1]
    assert last.bias is not None
