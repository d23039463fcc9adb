"""A convolutional autoencoder: images to a few numbers, and back."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from paddle_gan import kernels
from paddle_gan.networks import dcgan


def _sizes(image_size: int) -> list[int]:
    """Heights of the feature maps from an image inwards, each half of the one before."""
    sizes = [image_size]
    while sizes[-1] > 4 and sizes[-1] % 2 == 0:
        sizes.append(sizes[-1] // 2)
    return sizes


class Encoder(nn.Layer):
    """Images B x channels x size x size in [-1, 1] to codes, B x latent x 1 x 1.

    ``image_size`` is a multiple of 4. A ``variational`` one (Kingma & Welling 2014) gives normal
    distributions: ``distribution`` has their means, which are the codes, and the logarithms of
    their variances.
    """

    def __init__(
        self,
        latent: int = 16,
        width: int = 32,
        channels: int = 1,
        image_size: int = 32,
        variational: bool = False,
    ):
        super().__init__()
        self.latent, self.variational = latent, variational
        (*_, last), layers, before, features = _sizes(image_size), [], channels, width
        for _ in _sizes(image_size)[1:]:  # B x f x 2s x 2s -> B x 2f x s x s
            layers += [
                nn.Conv2D(before, features, 4, 2, 1, bias_attr=False),
                nn.BatchNorm2D(features),
                nn.ReLU(),
            ]
            before, features = features, 2 * features
        layers.append(nn.Conv2D(before, latent * (1 + variational), last))  # of B x 4w x 4 x 4
        self.conv = nn.Sequential(*layers)

    def fold(self) -> None:
        """Fold BatchNorm into the convolutions, for encoding faster; ends training."""
        self.conv = kernels.folded(self.conv)

    def distribution(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Means and, of a variational encoder, logarithms of the variances: B x latent x 1 x 1."""
        found = kernels.run(self.conv, images)
        return tuple(found.chunk(2, axis=1)) if self.variational else (found, None)

    def forward(self, images: Tensor) -> Tensor:
        return self.distribution(images)[0]


class Generator(nn.Layer):
    """Codes B x latent x 1 x 1 to images B x channels x size x size in [-1, 1]: the decoder.

    Where there are ``components``, it holds the mixture of so many Gaussians that new codes are
    drawn from: ``weights`` (K), ``means`` (K x latent) and lower triangular ``factors`` of the
    covariances (K x latent x latent), zeros until they are fitted. Without, new codes are N(0, I).
    """

    classes = 0
    prior = "normal"

    def __init__(
        self,
        latent: int = 16,
        width: int = 32,
        channels: int = 1,
        image_size: int = 32,
        components: int = 0,
    ):
        super().__init__()
        self.latent, self.components = latent, components
        first, *sizes = reversed(_sizes(image_size))
        self.gan = dcgan.decoder(latent, width, channels, first, len(sizes))
        if components:
            self.weights = self._fixed(components)
            self.means = self._fixed(components, latent)
            self.factors = self._fixed(components, latent, latent)

    def _fixed(self, *shape: int) -> Tensor:
        # As BatchNorm's statistics: saved and checked with the weights, moved by no optimizer.
        zeros = paddle.ParamAttr(initializer=nn.initializer.Constant(0.0), trainable=False)
        return self.create_parameter(shape, zeros)

    def fold(self) -> None:
        """Fold BatchNorm into the convolutions, for drawing faster; ends training."""
        self.gan = kernels.folded(self.gan)

    def logits(self, codes: Tensor) -> Tensor:
        """Images before the tanh."""
        return kernels.run(self.gan, codes, stop=-1)

    def forward(self, codes: Tensor) -> Tensor:
        return kernels.run(self.gan, codes)
