"""The small pair of the spectral normalization article: 28 x 28, without padding."""

from __future__ import annotations

from paddle import Tensor, nn

from paddle_gan import kernels
from paddle_gan.networks import discriminator
from paddle_gan.networks.norms import NORMS
from paddle_gan.networks.options import pair_options

OPTIONS = pair_options(28, (28,), latent=64, norm="spectral-batch")


class Generator(nn.Layer):
    """Latents B x latent x 1 x 1, drawn from N(0, 1), to images B x channels x 28 x 28.

    Images lie in [-1, 1].
    """

    classes = 0
    prior = "normal"

    def __init__(self, latent: int = 64, width: int = 64, channels: int = 1, image_size: int = 28):
        super().__init__()
        self.latent = latent
        layers, before = [], latent
        for features, kernel, stride in (  # B x 64 x 1 x 1
            (4 * width, 3, 2),  # B x 256 x 3 x 3
            (2 * width, 4, 1),  # B x 128 x 6 x 6
            (width, 3, 2),  # B x 64 x 13 x 13
        ):
            convolution = nn.Conv2DTranspose(before, features, kernel, stride, bias_attr=False)
            layers += [convolution, nn.BatchNorm2D(features), nn.ReLU()]
            before = features
        layers += [nn.Conv2DTranspose(before, channels, 4, 2), nn.Tanh()]  # B x 1 x 28 x 28
        self.gen = nn.Sequential(*layers)

    def fold(self) -> None:
        """Fold BatchNorm into the convolutions, for drawing faster; ends training."""
        self.gen = kernels.folded(self.gen)

    def forward(self, latents: Tensor) -> Tensor:
        return kernels.run(self.gen, latents)


class Discriminator(discriminator.Discriminator):
    """Images B x channels x 28 x 28 in [-1, 1] to the probability of being real, B x 1 x 1 x 1.

    ``norm`` is a row of ``NORMS``; the article's is "spectral-batch".
    """

    keeps_batches_apart = True

    def __init__(
        self, width: int = 64, channels: int = 1, image_size: int = 28, norm: str = "spectral-batch"
    ):
        super().__init__()
        norm, layers, before = NORMS[norm], [], channels
        for features in (width // 4, width // 2):  # B x 16 x 13 x 13, B x 32 x 5 x 5
            layers += [
                nn.Conv2D(before, features, 4, 2, bias_attr=norm.bias),
                *norm.after(features),
                nn.LeakyReLU(0.2),
            ]
            before = features
        self.disc = nn.Sequential(*layers, nn.Conv2D(before, 1, 4, 2))  # B x 1 x 1 x 1
        if norm.spectral:
            self.normalize_spectrally()

    def _logits(self, images: Tensor) -> Tensor:
        return kernels.run(self.disc, images)

    def _input_gradient(self, images: Tensor) -> Tensor:
        return kernels.input_gradient(self.disc, images)
