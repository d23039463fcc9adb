"""Small games, alike to the bit where that is wanted."""

from __future__ import annotations

import numpy as np
import paddle

from paddle_gan.config import configure
from paddle_gan.games.gan import GAN, trainable
from tests.notebook import fill

BATCH = 6


def game(recipe="dcgan-bce", seed=1, **overrides) -> GAN:
    paddle.seed(seed)
    sizes = dict(width=4, latent=5, batch_size=BATCH, augment="none", lr=0.001)
    return GAN(configure(recipe, **{**sizes, **overrides}))


def real(n=BATCH, size=32, channels=1, seed=0) -> paddle.Tensor:
    images = np.random.default_rng(seed).uniform(-1, 1, (n, channels, size, size))
    return paddle.to_tensor(images.astype("float32"))


def twins(recipe="dcgan-bce", **overrides) -> list[GAN]:
    """Two games in the same state, with weights as in mid-training."""
    made = [game(recipe, **overrides) for _ in range(2)]
    for each in made:
        fill(each.generator, seed=2)
        fill(each.discriminator, seed=3)
    return made


def weights(network) -> list[np.ndarray]:
    return [p.numpy().copy() for p in trainable(network)]
