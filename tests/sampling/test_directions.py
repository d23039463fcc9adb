"""Directions among latents: those that the first layer weighs most."""

import numpy as np
import paddle
import pytest

from paddle_gan.networks import conditional, dcgan, mlp, r3gan
from paddle_gan.sampling.directions import directions


@pytest.mark.parametrize(
    "network, weight",
    [(dcgan, "gan.0.weight"), (conditional, "gan.0.weight"), (mlp, "mlp.1.weight")],
)
def test_the_strongest_latents_come_first(network, weight):
    """Of a first layer with orthogonal rows, each longer than the next but for two: 3, then 1."""
    generator = network.Generator(latent=5, width=4, image_size=16)
    generator.eval()
    values = dict(generator.named_parameters())[weight]
    rng = np.random.default_rng(0)
    rows = np.linalg.qr(rng.standard_normal((np.prod(values.shape[1:]), values.shape[0])))[0].T
    rows *= np.array([1, 5, 2, 9, 0.5] + [1] * (values.shape[0] - 5))[:, None]
    values.set_value(rows.reshape(values.shape).astype("float32"))
    found = directions(generator, 2)
    assert found.shape == (2, 5, 1, 1) and found.dtype == np.float32
    lengths = np.abs(found[..., 0, 0])
    assert lengths.argmax(1).tolist() == [3, 1]
    deviation = 1 if generator.prior == "normal" else 3**-0.5
    assert np.allclose(lengths.max(1), deviation, atol=0.06)


def test_no_more_directions_than_latents_and_the_same_each_time():
    paddle.seed(3)
    generator = r3gan.Generator(latent=3, width=4, image_size=16, max_width=8, blocks=1, classes=2)
    generator.eval()
    first, second = directions(generator, 8), directions(generator, 8)
    assert first.shape == (3, 3, 1, 1) and np.array_equal(first, second)
