"""The notebook's networks: DCGAN (Radford et al. 2016) for square images."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from paddle_gan import kernels
from paddle_gan.errors import UserError
from paddle_gan.networks import discriminator
from paddle_gan.networks.norms import NORMS
from paddle_gan.networks.options import DOUBLED, TOLD, TOLD_RULES, pair_options

OPTIONS = {**pair_options(32, DOUBLED, norm="batch"), **TOLD}
RULES = TOLD_RULES
EMBEDDING = 50  # learned numbers that stand for a class among the latents


class _NotebookKeys(nn.Layer):
    """State dicts with the notebook's keys, which count a bias for every convolution.

    BatchNorm subtracts the mean, so a bias before it changes nothing but the time a step takes;
    these networks have none there. ``state_dict`` gives zeros in its place, and
    ``set_state_dict`` folds a given one into the running mean: mean(Wx + b) = mean(Wx) + b.
    """

    def _folded(self) -> list[tuple[str, str]]:
        """(key of the bias, key of the running mean) wherever BatchNorm follows a convolution."""
        (name, layers), *_ = self.named_children()
        return [
            (f"{name}.{i - 1}.bias", f"{name}.{i}._mean")
            for i, layer in enumerate(layers)
            if isinstance(layer, nn.BatchNorm2D)
        ]

    def state_dict(self, *args, **kwargs):
        state = super().state_dict(*args, **kwargs)
        for bias, mean in self._folded():
            if mean in state:
                state[bias] = paddle.zeros(state[mean].shape, state[mean].dtype)
        return state

    def set_state_dict(self, state_dict, *args, **kwargs):
        state = dict(state_dict)
        for bias, mean in self._folded():
            if bias in state and mean in state:
                state[mean] = state[mean] - state.pop(bias)
        return super().set_state_dict(state, *args, **kwargs)

    set_dict = load_dict = set_state_dict


def _stages(image_size: int) -> int:
    """How often 4 x 4 doubles on the way to ``image_size``."""
    if image_size not in DOUBLED:
        raise UserError(f"image_size {image_size}: choose 16, 32, 64, 128 or 256")
    return image_size.bit_length() - 3


def decoder(latent: int, width: int, channels: int, first: int, doublings: int) -> nn.Sequential:
    """B x latent x 1 x 1 to images in [-1, 1], through ``first`` x ``first``, doubled so often."""
    features = width * 2 ** (doublings - 1)
    layers = [
        nn.Conv2DTranspose(latent, features, first, bias_attr=False),  # B x 8w x 4 x 4
        nn.BatchNorm2D(features),
        nn.ReLU(),
    ]
    for _ in range(doublings - 1):  # B x 2f x s x s -> B x f x 2s x 2s
        features //= 2
        layers += [
            nn.Conv2DTranspose(2 * features, features, 4, 2, 1, bias_attr=False),
            nn.BatchNorm2D(features),
            nn.ReLU(),
        ]
    layers += [nn.Conv2DTranspose(width, channels, 4, 2, 1), nn.Tanh()]
    return nn.Sequential(*layers)


class Generator(_NotebookKeys):
    """Latents B x latent x 1 x 1, drawn from N(0, 1), to images B x channels x size x size.

    Images lie in [-1, 1]. The defaults are the notebook's: 32 x 32, one channel, width 64. With
    ``classes`` it takes a second argument, B (int64, 0 to ``classes`` - 1), which joins the latents
    as 50 learned numbers (Mirza & Osindero 2014).
    Raises UserError for an ``image_size`` that is not one of 16, 32, 64, 128 and 256.
    """

    prior = "normal"

    def __init__(
        self,
        latent: int = 100,
        width: int = 64,
        channels: int = 1,
        image_size: int = 32,
        classes: int = 0,
    ):
        super().__init__()
        self.latent, self.classes = latent, classes
        taken = latent + (EMBEDDING if classes else 0)
        self.gan = decoder(taken, width, channels, first=4, doublings=_stages(image_size))
        if classes:
            self.embedding = nn.Embedding(classes, EMBEDDING)

    def fold(self) -> None:
        """Fold BatchNorm into the convolutions, for drawing faster; ends training."""
        self.gan = kernels.folded(self.gan)

    def forward(self, latents: Tensor, *labels: Tensor) -> Tensor:
        if self.classes:
            embedded = self.embedding(labels[0]).reshape([-1, EMBEDDING, 1, 1])
            latents = paddle.concat([latents, embedded], axis=1)
        return kernels.run(self.gan, latents)


class Discriminator(_NotebookKeys, discriminator.Discriminator):
    """Images B x channels x size x size in [-1, 1] to the probability of being real, B x 1 x 1 x 1.

    ``norm`` is a row of ``NORMS``; the notebook's is "batch". ``logits`` gives the same before the
    sigmoid, which is what the losses take. With ``classes`` it takes a second argument, B: a class
    is a learned image of its own, one more channel.
    Raises UserError for an ``image_size`` that is not one of 16, 32, 64, 128 and 256.
    """

    keeps_batches_apart = True

    def __init__(
        self,
        width: int = 64,
        channels: int = 1,
        image_size: int = 32,
        norm: str = "batch",
        classes: int = 0,
    ):
        super().__init__()
        norm, layers, before, features = NORMS[norm], [], channels + bool(classes), width
        for _ in range(_stages(image_size)):  # B x f x s x s -> B x 2f x s/2 x s/2
            layers += [
                nn.Conv2D(before, features, 4, 2, 1, bias_attr=norm.bias),
                *norm.after(features),
                nn.LeakyReLU(0.2),
            ]
            before, features = features, 2 * features
        layers += [nn.Conv2D(before, 1, 4, 1, 0), nn.Sigmoid()]  # B x 1 x 1 x 1
        self.dgan = nn.Sequential(*layers)
        if norm.spectral:
            self.normalize_spectrally()
        self.channels, self.plane = channels, [-1, 1, image_size, image_size]
        if classes:
            self.embedding = nn.Embedding(classes, image_size**2)

    def _logits(self, images: Tensor, *labels: Tensor) -> Tensor:
        return kernels.run(self.dgan, self._with_class(images, *labels), stop=-1)

    def _input_gradient(self, images: Tensor, *labels: Tensor) -> Tensor:
        seen = self._with_class(images, *labels)
        return kernels.input_gradient(self.dgan, seen, stop=-1)[:, : self.channels]

    def _with_class(self, images: Tensor, *labels: Tensor) -> Tensor:
        planes = [self.embedding(label).reshape(self.plane) for label in labels]
        return paddle.concat([images, *planes], axis=1) if planes else images
