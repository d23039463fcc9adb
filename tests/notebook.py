"""The notebook's networks and step, written out: the reference for checkpoints and training."""

from __future__ import annotations

import numpy as np
import paddle
from paddle import nn


class Generator(nn.Layer):
    def __init__(self, latent: int = 100, width: int = 64):
        super().__init__()
        self.gan = nn.Sequential(
            nn.Conv2DTranspose(latent, 4 * width, 4, 1, 0),
            nn.BatchNorm2D(4 * width),
            nn.ReLU(),
            nn.Conv2DTranspose(4 * width, 2 * width, 4, 2, 1),
            nn.BatchNorm2D(2 * width),
            nn.ReLU(),
            nn.Conv2DTranspose(2 * width, width, 4, 2, 1),
            nn.BatchNorm2D(width),
            nn.ReLU(),
            nn.Conv2DTranspose(width, 1, 4, 2, 1),
            nn.Tanh(),
        )

    def forward(self, latents):
        return self.gan(latents)


class Discriminator(nn.Layer):
    def __init__(self, width: int = 64):
        super().__init__()
        self.dgan = nn.Sequential(
            nn.Conv2D(1, width, 4, 2, 1),
            nn.BatchNorm2D(width),
            nn.LeakyReLU(0.2),
            nn.Conv2D(width, 2 * width, 4, 2, 1),
            nn.BatchNorm2D(2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2D(2 * width, 4 * width, 4, 2, 1),
            nn.BatchNorm2D(4 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2D(4 * width, 1, 4, 1, 0),
            nn.Sigmoid(),
        )

    def forward(self, images):
        return self.dgan(images)


class Game:
    """Its training cell: biases everywhere, two backward passes for D, BCE on probabilities."""

    def __init__(self, generator: nn.Layer, discriminator: nn.Layer, latent: int, width: int):
        self.latent = latent
        self.generator, self.discriminator = Generator(latent, width), Discriminator(width)
        self.generator.set_state_dict(generator.state_dict())
        self.discriminator.set_state_dict(discriminator.state_dict())
        self.adam_g, self.adam_d = (
            paddle.optimizer.Adam(0.003, beta1=0.5, beta2=0.999, parameters=network.parameters())
            for network in (self.generator, self.discriminator)
        )

    def train_step(self, images) -> dict[str, float]:
        n, loss = len(images), nn.BCELoss()
        ones, zeros = paddle.ones([n, 1, 1, 1]), paddle.zeros([n, 1, 1, 1])

        self.adam_d.clear_grad()
        out_real = self.discriminator(images)
        error_real = loss(out_real, ones)
        error_real.backward()
        fake = self.generator(paddle.randn([n, self.latent, 1, 1]))
        out_fake = self.discriminator(fake.detach())
        error_fake = loss(out_fake, zeros)
        error_fake.backward()
        self.adam_d.step()
        self.adam_d.clear_grad()

        self.adam_g.clear_grad()
        fake = self.generator(paddle.randn([n, self.latent, 1, 1]))
        error = loss(self.discriminator(fake), ones)
        error.backward()
        self.adam_g.step()
        self.adam_g.clear_grad()
        return {
            "d_loss": float(error_real + error_fake),
            "g_loss": float(error),
            "d_real": float(out_real.mean()),
            "d_fake": float(out_fake.mean()),
        }


def fill(network: nn.Layer, seed: int) -> nn.Layer:
    """Give the network weights, biases and running statistics that all matter."""
    rng = np.random.default_rng(seed)

    def value(name: str, tensor) -> np.ndarray:
        if name.endswith("_variance"):
            return rng.uniform(0.5, 2, tensor.shape)
        around = 1.0 if name.endswith(("weight", "scale")) and tensor.ndim == 1 else 0.0
        spread = 0.2 if tensor.ndim == 1 else np.prod(tensor.shape[1:]) ** -0.5
        return rng.normal(around, spread, tensor.shape)

    state = network.state_dict()
    network.set_state_dict({name: value(name, t).astype("float32") for name, t in state.items()})
    return network
