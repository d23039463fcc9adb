"""The networks of StarGAN v2 (Choi et al. 2020, appendix, tables 6 to 9)."""

from __future__ import annotations

from collections.abc import Callable

import paddle.nn.functional as F
from paddle import Tensor, nn

from paddle_gan import kernels
from paddle_gan.networks.blocks import Residual
from paddle_gan.networks.norms import AdaptiveInstanceNorm2D

_SLOPE, _SCALE = 0.2, 2**-0.5  # which keeps the variance of a sum of two


class Generator(nn.Layer):
    """Images B x C x H x W, and styles B x style, to images of the same shape.

    Blocks with InstanceNorm halve the image ``halvings`` times; ``blocks`` such and ``blocks`` with
    AdaIN keep its size; blocks with AdaIN double it again. Features double with each halving, up to
    ``max_width``. H and W are multiples of 2^halvings. In eval mode images are cut off at [-1, 1].
    """

    def __init__(
        self,
        channels: int = 1,
        style: int = 64,
        width: int = 64,
        max_width: int = 512,
        halvings: int = 4,
        blocks: int = 2,
    ):
        super().__init__()
        widths = _widths(width, max_width, halvings)
        pairs, inside = list(zip(widths, widths[1:])), widths[-1]
        self.layers = nn.Sequential(
            nn.Conv2D(channels, width, 3, padding=1),
            *(_block(*pair, nn.InstanceNorm2D, half=True) for pair in pairs),
            *(_block(inside, inside, nn.InstanceNorm2D) for _ in range(blocks)),
            *(_block(inside, inside, AdaptiveInstanceNorm2D) for _ in range(blocks)),
            *(_block(*pair[::-1], AdaptiveInstanceNorm2D, double=True) for pair in pairs[::-1]),
            nn.InstanceNorm2D(width),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2D(width, channels, 1),
        )
        found = [m for m in self.layers.sublayers() if type(m) is AdaptiveInstanceNorm2D]
        self._adaptive = found
        self._features = [n for norm in found for n in (norm.features, norm.features)]
        self.styles = nn.Linear(style, sum(self._features))  # to each norm's scale - 1 and shift

    def forward(self, images: Tensor, styles: Tensor) -> Tensor:
        found = self.styles(styles).astype("float32").split(self._features, axis=1)
        for norm, scale, bias in zip(self._adaptive, found[::2], found[1::2]):
            norm.scale, norm.bias = 1 + scale, bias
        try:
            images = kernels.run(self.layers, images).astype("float32")
        finally:  # a style belongs to one pass
            for norm in self._adaptive:
                norm.scale = norm.bias = None
        return images if self.training else images.clip(-1, 1)


class Mapping(nn.Layer):
    """Latents, B x latent from N(0, I), and domains, int64, B, to styles, B x style.

    ``depth`` layers that all domains share, and ``depth`` of each domain's own.
    """

    def __init__(
        self,
        latent: int = 16,
        style: int = 64,
        domains: int = 2,
        hidden: int = 512,
        depth: int = 4,
    ):
        super().__init__()
        self.latent, self.domains, layers = latent, domains, []
        for i in range(depth):
            layers += [nn.Linear(hidden if i else latent, hidden), nn.ReLU()]
        self.shared = nn.Sequential(*layers)
        sizes = [hidden] * depth + [style]
        self.own = nn.LayerList(_Each(domains, *pair) for pair in zip(sizes, sizes[1:]))

    def forward(self, latents: Tensor, domains: Tensor) -> Tensor:
        found = kernels.run(self.shared, latents).unsqueeze(0)  # 1 x B x hidden
        for i, layer in enumerate(self.own):
            found = layer(F.relu(found) if i else found)  # K x B x ...
        return of_domains(found.transpose([1, 0, 2]), domains)


class StyleEncoder(nn.Layer):
    """Images B x C x size x size and their domains, int64, B, to styles, B x style."""

    def __init__(
        self,
        channels: int = 1,
        style: int = 64,
        domains: int = 2,
        width: int = 64,
        max_width: int = 512,
        image_size: int = 256,
    ):
        super().__init__()
        self.domains = domains
        self.layers = _to_one_pixel(channels, domains * style, width, max_width, image_size)

    def forward(self, images: Tensor, domains: Tensor) -> Tensor:
        found = kernels.run(self.layers, images).astype("float32")
        return of_domains(found.reshape([0, self.domains, -1]), domains)


class Discriminator(nn.Layer):
    """Images B x C x size x size and domains, int64, B, to logits, B.

    A logit for each domain is worked out; it tells real images of that domain.
    """

    def __init__(
        self,
        channels: int = 1,
        domains: int = 2,
        width: int = 64,
        max_width: int = 512,
        image_size: int = 256,
    ):
        super().__init__()
        self.domains = domains
        self.layers = _to_one_pixel(channels, domains, width, max_width, image_size)

    def forward(self, images: Tensor, domains: Tensor) -> Tensor:
        return of_domains(self.logits(images), domains)

    def logits(self, images: Tensor) -> Tensor:
        """Those of all domains, B x domains."""
        return kernels.run(self.layers, images).astype("float32").flatten(1)

    def input_gradient(self, images: Tensor, domains: Tensor) -> Tensor:
        """The gradient of each image's logit by the image, B x C x H x W."""
        of = F.one_hot(domains, self.domains).reshape([len(images), self.domains, 1, 1])
        return kernels.input_gradient(self.layers, images, of=of)


class _Each(nn.Layer):
    """A linear layer for each of ``domains``: K or 1 x B x before to K x B x after."""

    def __init__(self, domains: int, before: int, after: int):
        super().__init__()
        normal = nn.initializer.Normal(0.0, (2 / before) ** 0.5)  # He et al. 2015
        self.weight = self.create_parameter([domains, before, after], default_initializer=normal)
        self.bias = self.create_parameter([domains, 1, after], is_bias=True)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight + self.bias


def of_domains(found: Tensor, domains: Tensor) -> Tensor:
    """Of B x K [x n] numbers those of each image's domain, B [x n]."""
    chosen = F.one_hot(domains, found.shape[1]).astype(found.dtype)
    return (found * chosen.reshape([*chosen.shape, *[1] * (found.ndim - 2)])).sum(1)


def _widths(width: int, max_width: int, halvings: int) -> list[int]:
    return [width] + [min(width * 2**halving, max_width) for halving in range(1, halvings + 1)]


def _to_one_pixel(channels, after: int, width: int, max_width: int, image_size: int):
    """Blocks without norm down to 4 x 4, and two convolutions to B x after x 1 x 1."""
    widths = _widths(width, max_width, image_size.bit_length() - 3)
    last = widths[-1]
    return nn.Sequential(
        nn.Conv2D(channels, width, 3, padding=1),
        *(_block(*pair, half=True) for pair in zip(widths, widths[1:])),
        nn.LeakyReLU(_SLOPE),
        nn.Conv2D(last, last, 4),
        nn.LeakyReLU(_SLOPE),
        nn.Conv2D(last, after, 1),
    )


def _block(
    before: int,
    after: int,
    norm: Callable[[int], nn.Layer] | None = None,
    half: bool = False,
    double: bool = False,
) -> Residual:
    """Two convolutions, each behind norm and activation; the size changes between or before."""
    down = [nn.AvgPool2D(2)] if half else []
    up = [nn.Upsample(scale_factor=2)] if double else []
    inside = after if double else before
    body = nn.Sequential(
        *_active(before, norm),
        *up,
        nn.Conv2D(before, inside, 3, padding=1),
        *down,
        *_active(inside, norm),
        nn.Conv2D(inside, after, 3, padding=1),
    )
    fitting = [nn.Conv2D(before, after, 1, bias_attr=False)] if before != after else []
    # At the smaller of both sizes: a 1 x 1 convolution and a mean or a copy may change places.
    shortcut = [*down, *fitting, *up]
    return Residual(body, nn.Sequential(*shortcut) if shortcut else None, _SCALE)


def _active(features: int, norm: Callable[[int], nn.Layer] | None) -> list[nn.Layer]:
    return [*([norm(features)] if norm else []), nn.LeakyReLU(_SLOPE)]
