"""DCGAN with a class for input (Mirza & Osindero 2014), embedded into both networks."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from paddle_gan.networks import dcgan
from paddle_gan.networks.options import CLASSES
from paddle_gan.options import Option

EMBEDDING = 50
OPTIONS = {
    **dcgan.OPTIONS,
    "classes": Option("data", CLASSES, "classes that both networks are told"),
}
RULES = [
    (
        lambda c: not c["classes"],
        "classes 0: networks {networks!r} are told one; take --networks dcgan, which are not",
    ),
    (
        lambda c: c["pack"] > 1,
        "pack {pack} mixes images of several classes, and D of {networks!r} judges one class at a "
        "time; take --pack 1",
    ),
]


class Generator(dcgan.Generator):
    """Latents B x latent x 1 x 1 and classes B (int64, 0 to ``classes`` - 1) to images in [-1, 1].

    The class joins the latents as 50 learned numbers. Otherwise as ``dcgan.Generator``.
    """

    def __init__(
        self,
        latent: int = 100,
        width: int = 64,
        channels: int = 1,
        image_size: int = 32,
        classes: int = 10,
    ):
        super().__init__(latent + EMBEDDING, width, channels, image_size)
        self.latent, self.classes = latent, classes
        self.embedding = nn.Embedding(classes, EMBEDDING)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        embedded = self.embedding(labels).reshape([-1, EMBEDDING, 1, 1])
        return super().forward(paddle.concat([latents, embedded], axis=1))


class Discriminator(dcgan.Discriminator):
    """Images B x channels x size x size and classes B to log-odds of being real, B x 1 x 1 x 1.

    The class is a learned image of its own, one more channel. Otherwise as
    ``dcgan.Discriminator``.
    """

    def __init__(
        self,
        width: int = 64,
        channels: int = 1,
        image_size: int = 32,
        norm: str = "batch",
        classes: int = 10,
    ):
        super().__init__(width, channels + 1, image_size, norm)
        self.plane = [-1, 1, image_size, image_size]
        self.embedding = nn.Embedding(classes, image_size**2)

    def _logits(self, images: Tensor, labels: Tensor) -> Tensor:
        return super()._logits(self._with_class(images, labels))

    def _input_gradient(self, images: Tensor, labels: Tensor) -> Tensor:
        return super()._input_gradient(self._with_class(images, labels))[:, :-1]

    def _with_class(self, images: Tensor, labels: Tensor) -> Tensor:
        plane = self.embedding(labels).reshape(self.plane)  # B x 1 x size x size
        return paddle.concat([images, plane], axis=1)
