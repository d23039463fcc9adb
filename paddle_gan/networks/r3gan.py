"""Residual networks without normalization, for square images: R3GAN (Huang et al. 2024).

A signal keeps its size by how the weights begin, so no initialization from outside may replace it:
a convolution draws them from N(0, gain² / fan in), and a block begins as the identity, because its
last convolution is 0. The others in it are smaller by L^-¼ where there are L blocks, which keeps
the first steps as large as those of a shallow network (Zhang et al. 2019, "Fixup").
"""

from __future__ import annotations

import math

import paddle
from paddle import Tensor, nn

from paddle_gan import kernels
from paddle_gan.networks import discriminator
from paddle_gan.networks.blocks import Residual
from paddle_gan.networks.initialization import INITS
from paddle_gan.networks.options import DOUBLED, TOLD, TOLD_RULES, pair_options
from paddle_gan.networks.resampling import depthwise, doubled, halved
from paddle_gan.options import Option, Row, whole

OPTIONS = {
    **pair_options(32, DOUBLED, latent=64),
    "width": Option(32, whole(1), "features at full size; they double with each halving"),
    "max_width": Option(256, whole(1), "features at most"),
    "blocks": Option(2, whole(1, 32), "residual blocks at each size"),
    **TOLD,
    "init": Option("own", Row(INITS), "how weights are initialized"),
}
RULES = [
    *TOLD_RULES,
    (
        lambda c: c["init"] != "own",
        "init {init!r} would replace the weights that networks {networks!r} have to begin with; "
        "take --init own",
    ),
    (
        lambda c: c["width"] > c["max_width"],
        "width {width} is more than max_width {max_width}; take --max-width {width}, or less width",
    ),
    (
        lambda c: c["norm"] != "none",
        "norm {norm!r} has no place in networks {networks!r}, which need none; take --norm none",
    ),
]
_EXPANSION, _GROUP = 2, 16  # inner features of a block for each outer one; of a group of these
_EMBEDDING = 64  # numbers that D compares with those of the class
_SLOPE = 0.2
_GAIN = (2 / (1 + _SLOPE**2)) ** 0.5  # what LeakyReLU takes from a signal; He et al. 2015, eq. 15


class Generator(nn.Layer):
    """Latents B x latent x 1 x 1, drawn from N(0, 1), to images B x channels x size x size.

    With ``classes`` it takes a second argument, B (int64, 0 to ``classes`` - 1), which joins the
    latents as as many learned numbers. In eval mode images lie in [-1, 1]; in training they are not
    cut off there, where they would get no gradient. ``width`` are the features at full size. They
    double with each halving, down to 4 x 4, but are ``max_width`` at most.
    """

    prior = "normal"

    def __init__(
        self,
        latent: int = 64,
        width: int = 32,
        channels: int = 1,
        image_size: int = 32,
        max_width: int = 256,
        blocks: int = 2,
        classes: int = 0,
    ):
        super().__init__()
        self.latent, self.classes = latent, classes
        if classes:
            self.embedding = nn.Embedding(classes, latent, weight_attr=_normal(classes**-0.5))
        *widths, before = _widths(width, max_width, image_size)
        gain = _block_gain(blocks * (1 + len(widths)))
        layers = [
            _convolution(latent * (2 if classes else 1), before),  # B x 8w x 1 x 1
            # A basis of 4 x 4 numbers for each feature.
            nn.Conv2DTranspose(
                before, before, 4, groups=before, weight_attr=_normal(1.0), bias_attr=False
            ),
            *(_block(before, gain) for _ in range(blocks)),  # B x 8w x 4 x 4
        ]
        for features in reversed(widths):  # B x 2f x s x s -> B x f x 2s x 2s
            layers += [
                *_change(before, features),
                doubled(features),
                *(_block(features, gain) for _ in range(blocks)),
            ]
            before = features
        self.layers = nn.Sequential(*layers, _convolution(before, channels))

    def fold(self) -> None:
        """Nothing to fold: there is no BatchNorm."""

    def forward(self, latents: Tensor, *labels: Tensor) -> Tensor:
        if self.classes:
            embedded = self.embedding(labels[0]).reshape(latents.shape)
            latents = paddle.concat([latents, embedded], axis=1)
        images = kernels.run(self.layers, latents)
        return images if self.training else images.clip(-1, 1)


class Discriminator(discriminator.Discriminator):
    """Images B x channels x size x size in [-1, 1] to the probability of being real, B x 1 x 1 x 1.

    With ``classes`` it takes a second argument, B, and the logit is the product of 64 numbers of
    the image and 64 of the class (Miyato & Koyama 2018, "projection"). Otherwise it is the mirror
    image of ``Generator``. ``norm`` is "none".
    """

    def __init__(
        self,
        width: int = 32,
        channels: int = 1,
        image_size: int = 32,
        norm: str = "none",
        max_width: int = 256,
        blocks: int = 2,
        classes: int = 0,
    ):
        super().__init__()
        widths = _widths(width, max_width, image_size)
        gain, before = _block_gain(blocks * len(widths)), widths[0]
        layers = [_convolution(channels, before)]
        for features in widths[1:]:  # B x f x 2s x 2s -> B x 2f x s x s
            layers += [
                *(_block(before, gain) for _ in range(blocks)),
                halved(before),
                *_change(before, features),
            ]
            before = features
        self.layers = nn.Sequential(
            *layers,
            *(_block(before, gain) for _ in range(blocks)),  # B x 8w x 4 x 4
            depthwise(before, 4, 1, 0, _normal(1 / 4)),
            _convolution(before, _EMBEDDING if classes else 1),  # B x 1 x 1 x 1
        )
        if classes:
            std = (classes * _EMBEDDING) ** -0.5
            self.embedding = nn.Embedding(classes, _EMBEDDING, weight_attr=_normal(std))

    def _logits(self, images: Tensor, *labels: Tensor) -> Tensor:
        features = kernels.run(self.layers, images)
        if not labels:
            return features
        return (features * self._embedded(*labels)).sum(axis=1, keepdim=True)

    def _input_gradient(self, images: Tensor, *labels: Tensor) -> Tensor:
        if labels:
            return super()._input_gradient(images, *labels)
        return kernels.input_gradient(self.layers, images)

    def _embedded(self, labels: Tensor) -> Tensor:
        return self.embedding(labels).reshape([-1, _EMBEDDING, 1, 1])


def _widths(width: int, max_width: int, image_size: int) -> list[int]:
    """Features at each size, from ``image_size`` down to 4."""
    return [min(width * 2**halving, max_width) for halving in range(image_size.bit_length() - 2)]


def _block_gain(blocks: int) -> float:
    return _GAIN * blocks**-0.25


def _block(features: int, gain: float) -> Residual:
    """The identity at first; 1 x 1, then 3 x 3 in groups, then 1 x 1, with more features inside."""
    inner = _EXPANSION * features
    groups = inner // math.gcd(inner, _GROUP)  # smaller groups where 16 do not divide the features
    return Residual(
        nn.Sequential(
            _convolution(features, inner, gain=gain, bias=None),
            nn.LeakyReLU(_SLOPE),
            _convolution(inner, inner, 3, groups, gain, bias=None),
            nn.LeakyReLU(_SLOPE),
            _convolution(inner, features, gain=0.0),
        )
    )


def _convolution(
    before: int,
    after: int,
    kernel: int = 1,
    groups: int = 1,
    gain: float = 1.0,
    bias: bool | None = False,
) -> nn.Conv2D:
    """A convolution that keeps height and width; ``bias`` None begins at 0."""
    std = gain * (before // groups * kernel**2) ** -0.5
    padding = kernel // 2
    weights = dict(weight_attr=_normal(std), bias_attr=bias)
    return nn.Conv2D(before, after, kernel, padding=padding, groups=groups, **weights)


def _change(before: int, after: int) -> list[nn.Layer]:
    return [_convolution(before, after)] if before != after else []


def _normal(std: float) -> paddle.ParamAttr:
    zero = nn.initializer.Constant(0.0)
    return paddle.ParamAttr(initializer=nn.initializer.Normal(0.0, std) if std else zero)
