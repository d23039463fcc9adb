"""Fully connected networks with one hidden layer, for images of any size."""

from __future__ import annotations

import math

from paddle import Tensor, nn

from paddle_gan.networks import discriminator
from paddle_gan.networks.norms import NORMS

_HIDDEN = 4  # times the width: 256


class Generator(nn.Layer):
    """Latents B x latent x 1 x 1, uniform on [-1, 1), to images B x channels x size x size.

    Images lie in [-1, 1]. The defaults give 100 - 256 - 784 neurons at ``image_size`` 28.
    """

    classes = 0
    prior = "uniform"

    def __init__(self, latent: int = 100, width: int = 64, channels: int = 1, image_size: int = 28):
        super().__init__()
        self.latent, self.shape = latent, [-1, channels, image_size, image_size]
        self.mlp = nn.Sequential(
            nn.Flatten(),  # B x latent
            nn.Linear(latent, _HIDDEN * width),
            nn.ReLU(),
            nn.Linear(_HIDDEN * width, channels * image_size**2),
            nn.Sigmoid(),  # the share of white
        )

    @staticmethod
    def arguments(shapes: dict[str, tuple[int, ...]]) -> dict | None:
        """The arguments that build a generator with these weights, or None if none could."""
        first, last = (shapes.get(f"mlp.{i}.weight", ()) for i in (1, 3))
        if len(first) != 2 or len(last) != 2 or first[1] != last[0]:
            return None
        pixels = last[1]
        for channels in (1, 3):
            size = math.isqrt(pixels // channels)
            if channels * size**2 == pixels:
                return dict(
                    latent=first[0], width=last[0] // _HIDDEN, channels=channels, image_size=size
                )
        return None

    def fold(self) -> None:
        """Nothing to fold: there is no BatchNorm."""

    def forward(self, latents: Tensor) -> Tensor:
        return 2 * self.mlp(latents).reshape(self.shape) - 1


class Discriminator(discriminator.Discriminator):
    """Images B x channels x size x size in [-1, 1] to the probability of being real, B x 1.

    ``norm`` is "none" or "spectral".
    """

    def __init__(
        self, width: int = 64, channels: int = 1, image_size: int = 28, norm: str = "none"
    ):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(channels * image_size**2, _HIDDEN * width),
            nn.ReLU(),
            nn.Linear(_HIDDEN * width, 1),
        )
        if NORMS[norm].spectral:
            self.normalize_spectrally()

    def _logits(self, images: Tensor) -> Tensor:
        # Not nn.Flatten, which has no second derivative.
        return self.mlp((images.reshape([len(images), -1]) + 1) / 2)
