"""Fully connected networks with one hidden layer, for images of any size."""

from __future__ import annotations

from paddle import Tensor, nn

from paddle_gan.networks import discriminator
from paddle_gan.networks.norms import NORMS
from paddle_gan.networks.options import FOURS, pair_options

HIDDEN = 4  # times the width: 256
OPTIONS = pair_options(28, FOURS)
RULES = [
    (
        lambda c: c["norm"] not in ("none", "spectral"),
        "norm {norm!r} is of feature maps, and the networks {networks!r} have none; "
        "take --norm none or spectral",
    )
]


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
            nn.Linear(latent, HIDDEN * width),
            nn.ReLU(),
            nn.Linear(HIDDEN * width, channels * image_size**2),
            nn.Sigmoid(),  # the share of white
        )

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
            nn.Linear(channels * image_size**2, HIDDEN * width),
            nn.ReLU(),
            nn.Linear(HIDDEN * width, 1),
        )
        if NORMS[norm].spectral:
            self.normalize_spectrally()

    def _logits(self, images: Tensor) -> Tensor:
        # Not nn.Flatten, which has no second derivative.
        return self.mlp((images.reshape([len(images), -1]) + 1) / 2)
