"""Translation among several domains by one network: StarGAN, Choi et al. 2018."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from paddle_gan.data import to_float
from paddle_gan.games.descent import descend, frozen
from paddle_gan.games.domains import Domains, number_of
from paddle_gan.networks.stargan import Discriminator, Generator
from paddle_gan.objectives.losses import OBJECTIVES
from paddle_gan.objectives.penalties import PENALTIES
from paddle_gan.options import FLAG, WEIGHT, Option, whole
from paddle_gan.sampling.columns import Columns, parts
from paddle_gan.system import draws

_LOSS, _PENALTY = OBJECTIVES["wasserstein"], PENALTIES["gradient-penalty"]


class StarGAN(Domains):
    """``Gnet`` is told which domain to translate to; ``Dnet`` tells real images and the domain."""

    options = {
        **Domains.options,
        "batch_size": Option(
            80, whole(1), "images in a step, of all processes and all steps of D together"
        ),
        "blocks": Option(6, whole(1), "residual blocks of G"),
        "stem_norm": Option(
            True, FLAG, "InstanceNorm behind G's first convolution, which weakens the domain"
        ),
        "halvings": Option(5, whole(1, 8), "convolutions of D that halve the image"),
        "critic_steps": Option(5, whole(1), "steps of D for each of G; they divide the batch"),
        "lambda_class": Option(1.0, WEIGHT, "weight of being told as the domain"),
        "lambda_reconstruction": Option(10.0, WEIGHT, "weight of the way there and back"),
        "lambda_penalty": Option(_PENALTY.weight, WEIGHT, "weight of the gradient penalty on D"),
    }
    rules = [
        *Domains.rules,
        (
            lambda c: c["image_size"] % 2 ** c["halvings"],
            "halvings {halvings} leave nothing of images of {image_size} pixels; choose less",
        ),
    ]
    data = "domains"
    judged = "to "
    averaged = ("Gnet",)
    takes = {"Gnet": ("image", "domain")}
    tags = {"wasserstein": "output/wasserstein"}

    def __init__(self, config: dict):
        super().__init__(config)
        self.generator, self.discriminator = self.networks["Gnet"], self.networks["Dnet"]
        self.add_optimizer("G", self.generator)
        self.add_optimizer("D", self.discriminator)

    @staticmethod
    def build(config: dict) -> dict[str, nn.Layer]:
        both = config["channels"], StarGAN.number_of_domains(config)
        sizes = config["halvings"], config["image_size"]
        return {
            "Gnet": Generator(*both, config["width"], config["blocks"], config["stem_norm"]),
            "Dnet": Discriminator(*both, config["d_width"], *sizes),
        }

    @staticmethod
    def divisor(config: dict) -> int:
        return config["critic_steps"]

    @property
    def parts(self) -> int:
        return self.config["critic_steps"]

    def train_step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """``critic_steps`` steps of D, which divide the batch, and one of G; eq. 5 to 8.

        ``batch`` holds "image", B x C x H x W in [-1, 1], and "domain", int64, B.
        """
        to_g, to_d = self.optimizers.values()
        for real, own in zip(*(batch[name].split(self.parts) for name in ("image", "domain"))):
            target = draws.randint(0, self.generator.domains, [len(real)])
            found = self._discriminator_step(real, own, target, to_d)
        fake = self._translated(real, target)
        again = self._translated(fake, own)
        with frozen(self.discriminator):
            logits, names = self.discriminator(fake)
            g_loss = _LOSS.generator(None, logits)
            class_loss = F.cross_entropy(names, target)
            reconstruction_loss = F.l1_loss(again, real)
            weighted = self.config["lambda_class"] * class_loss
            weighted += self.config["lambda_reconstruction"] * reconstruction_loss
            descend(g_loss + weighted, to_g)
        losses = {"g_loss": g_loss, "g_class_loss": class_loss}
        losses["reconstruction_loss"] = reconstruction_loss
        return {**found, **{name: loss.detach() for name, loss in losses.items()}}

    def _discriminator_step(self, real: Tensor, own: Tensor, target: Tensor, to_d) -> dict:
        with paddle.no_grad():
            fake = self._translated(real, target)
        logits, names = self.discriminator(paddle.concat([real, fake]))
        real_logits, fake_logits = logits.split(2)
        d_loss = _LOSS.discriminator(real_logits, fake_logits)
        class_loss = F.cross_entropy(names[: len(real)], own)
        penalty = _PENALTY.term(self.discriminator.input_gradient, real, fake)
        weighted = self.config["lambda_class"] * class_loss
        weighted += self.config["lambda_penalty"] * penalty
        descend(d_loss + weighted, to_d)
        losses = {"d_loss": d_loss, "d_class_loss": class_loss, "penalty_loss": penalty}
        found = {name: loss.detach() for name, loss in losses.items()}
        return {**found, **_LOSS.report(*self.noted(real_logits, fake_logits))}

    def _translated(self, images: Tensor, domains: Tensor) -> Tensor:
        return self.generator(images, domains).astype("float32")

    @staticmethod
    def probe(networks, n, seed, images=None, domain=None) -> Iterator[Columns]:
        """For ``n`` drawings, of all domains or of one, the ``input`` and the numbers of domains.

        ``to NAME`` are those to draw, ``domain`` and ``target`` a way there and back.
        """
        names = images.classes
        to = {f"to {name}": number for number, name in enumerate(names)}
        if domain is not None:
            to = {f"to {domain}": number_of(domain, names)}
        rows = -(-n // len(to))
        given, (own, target) = to_float(images.examples(rows)["image"]), images.ways(rows)
        inputs = {"input": given, **{name: np.full_like(own, k) for name, k in to.items()}}
        if domain is None:
            inputs.update(domain=own, target=target)
        yield from parts(inputs)

    @staticmethod
    def draw(networks, inputs: Columns) -> Columns:
        """The translations, a column for each domain, and the way ``back`` from one of them."""
        generator, given = networks["Gnet"], inputs["input"]
        to = {name: numbers for name, numbers in inputs.items() if name.startswith(StarGAN.judged)}
        columns = {name: _drawn(generator, given, numbers) for name, numbers in to.items()}
        if "target" in inputs:
            there = _drawn(generator, given, inputs["target"])
            columns["back"] = _drawn(generator, there, inputs["domain"])
        return {"input": given, **columns}

    @staticmethod
    def translate(networks, name, images, seed=0, domain=None) -> np.ndarray:
        network = networks[name]
        target = number_of(domain, network.class_names)
        return _drawn(network, images, np.full(len(images), target))


def _drawn(generator: nn.Layer, images: np.ndarray, domains: np.ndarray) -> np.ndarray:
    with paddle.no_grad():
        return generator(paddle.to_tensor(images), paddle.to_tensor(domains)).numpy()


GAME = StarGAN
