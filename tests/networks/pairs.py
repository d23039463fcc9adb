"""What the tests of each pair of networks share."""

from __future__ import annotations

import numpy as np
import paddle
from paddle import nn

from paddle_gan.checkpoints.generators import load_generator
from paddle_gan.networks import NETWORKS
from paddle_gan.networks.norms import NORMS
from paddle_gan.sampling.drawing import generate, latents
from tests.notebook import fill

# Networks and norms that go together.
NORMALIZED = [
    (networks, norm)
    for networks in NETWORKS
    for norm in NORMS
    if norm in {"mlp": ("none", "spectral"), "r3gan": ("none",)}.get(networks, NORMS)
]


def discriminator_of(networks: str, norm: str, seed: int = 4) -> nn.Layer:
    """A small one, for images of the size that ``inputs_of`` has."""
    paddle.seed(seed)
    return NETWORKS[networks].Discriminator(width=4, image_size=_size(networks), norm=norm)


def inputs_of(networks: str) -> list[paddle.Tensor]:
    """Four images and, where the discriminator takes them, their labels."""
    size = _size(networks)
    pixels = np.random.default_rng(5).uniform(-1, 1, (4, 1, size, size)).astype("float32")
    labels = [paddle.to_tensor([1, 2, 2, 9])] if networks == "cdcgan" else []
    return [paddle.to_tensor(pixels), *labels]


def _size(networks: str) -> int:
    return 28 if networks == "sngan" else 16


def count(network: nn.Layer) -> int:
    """How many numbers an optimizer moves."""
    return sum(p.size for p in network.parameters() if not p.stop_gradient)


def check_shapes_and_ranges(name: str, channels: int, image_size: int) -> None:
    """Images in [-1, 1] of the size that was asked for, and one logit for each."""
    generator, discriminator = NETWORKS[name].Generator, NETWORKS[name].Discriminator
    sizes = dict(width=4, channels=channels, image_size=image_size)
    generator = fill(generator(latent=5, **sizes), seed=1)
    paddle.seed(1)
    images = generator(100 * paddle.randn([6, 5, 1, 1]))  # far out, where outputs saturate
    assert images.shape == [6, channels, image_size, image_size]
    assert -1 <= float(images.min()) < -0.5 and 0.5 < float(images.max()) <= 1
    critic = discriminator(**sizes, norm="none")
    logits = critic.logits(images)
    assert logits.size == 6 and logits.shape[0] == 6
    critic.eval()
    expected = 1 / (1 + np.exp(-critic.logits(images).numpy()))
    np.testing.assert_allclose(critic(images).numpy(), expected, rtol=1e-5)


def check_checkpoint(name: str, folder, **arguments) -> nn.Layer:
    """A generator comes back from its file alone and draws the same images, folded too."""
    generator = fill(NETWORKS[name].Generator(**arguments), seed=2)
    generator.eval()
    paddle.save(generator.state_dict(), str(folder / "Gnet.pdparams"))
    loaded = load_generator(folder / "Gnet.pdparams")
    assert type(loaded) is type(generator) and loaded.latent == generator.latent
    z = latents(loaded, 5, seed=3)
    images = generate(generator, z)
    assert images.std() > 0.01
    assert np.array_equal(generate(loaded, z), images)
    loaded.fold()
    assert np.abs(generate(loaded, z) - images).max() < 1e-5
    return loaded
