"""The networks of StarGAN (Choi et al. 2018, tables 4 and 5)."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from paddle_gan import kernels
from paddle_gan.networks.blocks import Residual

_HALVINGS = 2  # of G


class Generator(nn.Layer):
    """Images B x C x H x W in [-1, 1] and domains, int64, B, to images of the same shape.

    The domain joins the image as planes, one of ones among ``domains``. Two halvings, ``blocks``
    residual blocks, two doublings; InstanceNorm with an affine map. H and W are multiples of 4.

    stem_norm: whether there is one behind the first convolution, too. What a plane adds to a
        feature is the same everywhere but at the edges, so that norm takes it away again.
    """

    def __init__(
        self,
        channels: int = 1,
        domains: int = 2,
        width: int = 64,
        blocks: int = 6,
        stem_norm: bool = True,
    ):
        super().__init__()
        self.domains = domains
        stem = nn.Conv2D(channels + domains, width, 7, 1, 3, bias_attr=False if stem_norm else None)
        layers = [stem, *_normed(width)] if stem_norm else [stem, nn.ReLU()]
        features = width
        for _ in range(_HALVINGS):
            down = nn.Conv2D(features, 2 * features, 4, 2, 1, bias_attr=False)
            features *= 2
            layers += [down, *_normed(features)]
        layers += [Residual(_block(features)) for _ in range(blocks)]
        for _ in range(_HALVINGS):
            up = nn.Conv2DTranspose(features, features // 2, 4, 2, 1, bias_attr=False)
            features //= 2
            layers += [up, *_normed(features)]
        last = nn.Conv2D(features, channels, 7, 1, 3, bias_attr=False)
        self.layers = nn.Sequential(*layers, last, nn.Tanh())

    def forward(self, images: Tensor, domains: Tensor) -> Tensor:
        planes = F.one_hot(domains, self.domains).astype(images.dtype)[:, :, None, None]
        planes = planes.expand([-1, -1, *images.shape[2:]])  # B x domains x H x W
        return kernels.run(self.layers, paddle.concat([images, planes], axis=1))


class Discriminator(nn.Layer):
    """Images B x C x size x size to logits of being real, B x 1 x h x h, and of domains, B x K.

    A logit of being real is of a part of the image; h is the size halved ``halvings`` times, at
    least 1. No norm. ``rating`` are all layers but those of the domains' logits.
    """

    def __init__(
        self,
        channels: int = 1,
        domains: int = 2,
        width: int = 64,
        halvings: int = 6,
        image_size: int = 128,
    ):
        super().__init__()
        layers, before = [], channels
        for halving in range(halvings):
            features = width * 2**halving
            layers += [nn.Conv2D(before, features, 4, 2, 1), nn.LeakyReLU(0.01)]
            before = features
        self.rating = nn.Sequential(*layers, nn.Conv2D(before, 1, 3, 1, 1, bias_attr=False))
        kernel = image_size // 2**halvings
        self.naming = nn.Sequential(nn.Conv2D(before, domains, kernel, bias_attr=False))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = kernels.run(self.rating, images, stop=-1)
        names = kernels.run(self.naming, features).flatten(1)
        return self.rating[-1](features).astype("float32"), names.astype("float32")

    def input_gradient(self, images: Tensor) -> Tensor:
        """The gradient of an image's summed logits of being real by the image; B x C x H x W."""
        return kernels.input_gradient(self.rating, images)


def _normed(features: int) -> list[nn.Layer]:
    return [nn.InstanceNorm2D(features), nn.ReLU()]


def _block(features: int) -> nn.Sequential:
    first, second = (nn.Conv2D(features, features, 3, padding=1, bias_attr=False) for _ in range(2))
    return nn.Sequential(first, *_normed(features), second, nn.InstanceNorm2D(features))
