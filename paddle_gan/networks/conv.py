"""A convolutional pair without normalization, its discriminator weakened by dropout."""

from __future__ import annotations

from paddle import Tensor, nn

from paddle_gan import kernels
from paddle_gan.networks import discriminator
from paddle_gan.networks.blocks import Dropout
from paddle_gan.networks.norms import NORMS
from paddle_gan.networks.options import FOURS, pair_options

OPTIONS = pair_options(28, FOURS)


class Generator(nn.Layer):
    """Latents B x latent x 1 x 1, drawn from N(0, 1), to images B x channels x size x size.

    Images lie in [-1, 1]. A linear layer draws a quarter of the size, two transposed convolutions
    double it. ``image_size`` is a multiple of 4; the defaults are 28 x 28 and 2 x 64 features.
    """

    classes = 0
    prior = "normal"

    def __init__(self, latent: int = 100, width: int = 64, channels: int = 1, image_size: int = 28):
        super().__init__()
        self.latent, features, quarter = latent, 2 * width, image_size // 4
        self.small = [-1, features, quarter, quarter]
        self.linear = nn.Sequential(
            nn.Flatten(), nn.Linear(latent, features * quarter**2), nn.LeakyReLU(0.2)
        )
        self.conv = nn.Sequential(  # B x 128 x 7 x 7
            nn.Conv2DTranspose(features, features, 4, 2, 1),  # B x 128 x 14 x 14
            nn.LeakyReLU(0.2),
            nn.Conv2DTranspose(features, features, 4, 2, 1),  # B x 128 x 28 x 28
            nn.LeakyReLU(0.2),
            nn.Conv2D(features, channels, 7, 1, 3),  # B x 1 x 28 x 28
        )
        self.white = nn.Sigmoid()  # the share of white

    def fold(self) -> None:
        """Nothing to fold: there is no BatchNorm."""

    def forward(self, latents: Tensor) -> Tensor:
        small = self.linear(latents).reshape(self.small)
        return 2 * self.white(kernels.run(self.conv, small)) - 1


class Discriminator(discriminator.Discriminator):
    """Images B x channels x size x size in [-1, 1] to the probability of being real, B x 1.

    ``norm`` is a row of ``NORMS``.
    """

    def __init__(
        self, width: int = 64, channels: int = 1, image_size: int = 28, norm: str = "none"
    ):
        super().__init__()
        norm, before, self.stages = NORMS[norm], channels, nn.LayerList()
        for _ in range(2):  # B x c x 2s x 2s -> B x 64 x s x s
            conv = nn.Conv2D(before, width, 3, 2, 1, bias_attr=norm.bias)
            self.stages.append(nn.Sequential(conv, *norm.after(width), nn.LeakyReLU(0.2)))
            before = width
        self.dropout = Dropout(0.4)
        self.linear = nn.Linear(width * (image_size // 4) ** 2, 1)
        if norm.spectral:
            self.normalize_spectrally()

    def _logits(self, images: Tensor) -> Tensor:
        # Paddle has no second derivative of nn.Flatten; of this form it has.
        features = (images + 1) / 2
        for stage in self.stages:
            features = self.dropout(kernels.run(stage, features))
        return self.linear(features.reshape([len(features), -1]))
