"""Translation among several domains in many styles: StarGAN v2, Choi et al. 2020."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from paddle_gan.data import to_float
from paddle_gan.data.pixels import form_of
from paddle_gan.games.descent import descend, frozen
from paddle_gan.games.domains import Domains, number_of
from paddle_gan.games.references import read_reference, share_of
from paddle_gan.networks.starganv2 import (
    Discriminator,
    Generator,
    Mapping,
    StyleEncoder,
    of_domains,
)
from paddle_gan.objectives.losses import OBJECTIVES
from paddle_gan.objectives.penalties import r1
from paddle_gan.options import POSITIVE, WEIGHT, Option, Range, number, whole
from paddle_gan.sampling.columns import Columns, parts
from paddle_gan.sampling.drawing import lerp
from paddle_gan.system import draws

_LOSS = OBJECTIVES["non-saturating"]
_STYLES = 10  # of an input in a picture, and in scores


class StarGANv2(Domains):
    """``Gnet`` is told a style, which ``Fnet`` makes of a latent or ``Enet`` sees in an image.

    ``Dnet`` has a logit for each domain.
    """

    options = {
        **Domains.options,
        "batch_size": Option(8, whole(1), "images in a step, of all processes together"),
        "latent": Option(16, whole(1), "dimensions of the latent space"),
        "style": Option(64, whole(1), "numbers in a style"),
        "max_width": Option(512, whole(1), "features of a layer at most"),
        "g_halvings": Option(4, whole(1), "halvings and doublings in G"),
        "blocks": Option(2, whole(1), "blocks of G with, and as many without a style, in between"),
        "hidden": Option(512, whole(1), "features of a layer of F"),
        "depth": Option(4, whole(1), "layers of F shared by all domains, and of each its own"),
        "f_lr": Option(0.000001, POSITIVE, "learning rate of F"),
        "weight_decay": Option(0.0001, WEIGHT, "factor of the weights in their gradients"),
        "lambda_mismatch": Option(
            0.0, WEIGHT, "weight of telling D that real images are none of another domain"
        ),
        "lambda_r1": Option(1.0, WEIGHT, "weight of the penalty on D's slope at real images"),
        "lambda_style": Option(1.0, WEIGHT, "weight of finding the style again"),
        "lambda_diversity": Option(1.0, WEIGHT, "weight of the distance of two styles, at first"),
        "diversity_images": Option(800_000, POSITIVE, "images in which that weight falls to 0"),
        "lambda_cycle": Option(1.0, WEIGHT, "weight of the way there and back"),
    }
    rules = [
        *Domains.rules,
        (
            lambda c: c["image_size"] <= 2 ** c["g_halvings"],  # InstanceNorm of a pixel is 0
            "g_halvings {g_halvings} leave nothing of images of {image_size} pixels; choose less",
        ),
    ]
    data = "references"
    averaged = drawn_with = ("Gnet", "Fnet", "Enet")
    takes = {
        "Gnet": ("image", "style"),
        "Fnet": ("latent", "domain"),
        "Enet": ("image", "domain"),
    }
    gives = {"Fnet": "style", "Enet": "style"}
    styles = True
    asked = {
        **Domains.asked,
        "reference": Option(
            None,
            Range(lambda v: bool(os.fspath(v)), "the path of an image", "FILE"),
            "an image of that domain, whose style the output takes",
        ),
        "mix": Option(None, number(0, 1), "share of the reference in the style, beside the seed"),
    }

    def __init__(self, config: dict):
        super().__init__(config)
        names = "Gnet", "Fnet", "Enet", "Dnet"
        self.generator, self.mapping, self.encoder, self.discriminator = (
            self.networks[name] for name in names
        )
        self.add_optimizer("G", self.generator)
        self.add_optimizer("F", self.mapping, lr=config["f_lr"])
        self.add_optimizer("E", self.encoder)
        self.add_optimizer("D", self.discriminator)

    @staticmethod
    def build(config: dict) -> dict[str, nn.Layer]:
        channels, domains = config["channels"], StarGANv2.number_of_domains(config)
        style, width, most = config["style"], config["d_width"], config["max_width"]
        seen = width, most, config["image_size"]
        inside = config["g_halvings"], config["blocks"]
        networks = {
            "Gnet": Generator(channels, style, config["width"], most, *inside),
            "Fnet": Mapping(config["latent"], style, domains, config["hidden"], config["depth"]),
            "Enet": StyleEncoder(channels, style, domains, *seen),
            "Dnet": Discriminator(channels, domains, *seen),
        }
        networks["Enet"].form = form_of(config)  # of a user's reference, too
        return networks

    def train_step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """Two steps of D, one of G, F and E by latents, one of G by references; eq. 1 to 5.

        ``batch`` is that of the data kind "references".
        """
        to_g, to_f, to_e, to_d = self.optimizers.values()
        real, target = batch["image"], batch["target"]
        latents = [draws.randn([len(real), self.mapping.latent]) for _ in range(2)]
        references = batch["reference"], batch["other_reference"]
        for network, given in ((self.mapping, latents[0]), (self.encoder, references[0])):
            with paddle.no_grad():
                fake = self.generator(real, network(given, target))
            losses = self._discriminator_step(batch, fake, to_d)
        with frozen(self.discriminator):
            styles = [self.mapping(latent, target) for latent in latents]
            found = self._generator_loss(batch, styles, step)
            descend(found.pop("loss"), to_g, to_f, to_e)
            losses.update(found)
            with frozen(self.mapping, self.encoder):
                styles = [self.encoder(image, target) for image in references]
                found = self._generator_loss(batch, styles, step)
                descend(found.pop("loss"), to_g)
                losses.update({f"reference_{name}": value for name, value in found.items()})
        return {name: loss.detach() for name, loss in losses.items()}

    def _discriminator_step(self, batch: dict[str, Tensor], fake: Tensor, to_d) -> dict:
        real, own, target = batch["image"], batch["domain"], batch["target"]
        of_real, of_fake = self.discriminator.logits(paddle.concat([real, fake])).split(2)
        logits = of_domains(of_real, own), of_domains(of_fake, target)
        d_loss = _LOSS.discriminator(*logits)
        if weight := self.config["lambda_mismatch"]:
            as_fake = F.softplus(of_real)  # D's loss if the image were a made one of each domain
            others = (as_fake.sum(1) - of_domains(as_fake, own)) / (self.discriminator.domains - 1)
            d_loss += weight * others.mean()
        penalty = r1(lambda images: self.discriminator.input_gradient(images, own), real, fake)
        descend(d_loss + self.config["lambda_r1"] * penalty, to_d)
        told = _LOSS.report(*self.noted(*logits))
        return {"d_loss": d_loss, "penalty_loss": penalty, **told}

    def _generator_loss(self, batch: dict[str, Tensor], styles: list[Tensor], step: int) -> dict:
        """The parts of G's loss and, as ``loss``, their weighted sum."""
        config, (style, other) = self.config, styles
        real, target = batch["image"], batch["target"]
        fake = self.generator(real, style)
        with paddle.no_grad():
            another = self.generator(real, other)
        again = self.generator(fake, self.encoder(real, batch["domain"]))
        losses = {
            "g_loss": _LOSS.generator(None, self.discriminator(fake, target)),
            "style_loss": F.l1_loss(self.encoder(fake, target), style),
            "diversity_loss": F.l1_loss(fake, another),
            "cycle_loss": F.l1_loss(again, real),
        }
        weights = 1.0, config["lambda_style"], -self.diversity(step), config["lambda_cycle"]
        return {**losses, "loss": sum(w * loss for w, loss in zip(weights, losses.values()))}

    def diversity(self, step: int) -> float:
        """The weight of diversity in the step after ``step`` steps; it falls linearly to 0."""
        passed = step * self.config["batch_size"] / self.config["diversity_images"]
        return self.config["lambda_diversity"] * max(0.0, 1 - passed)

    @staticmethod
    def probe(
        networks, n, seed, images=None, domain=None, reference=None, mix=None
    ) -> Iterator[Columns]:
        """For ``n`` drawings ``input``, its ``domain``, the ``target``, ``z 1`` to ``z 10`` and a
        ``reference``, all of one domain or each of another.

        With the file of a reference one ``z`` to ``mix`` its style with, 1 where there is no other.
        """
        share = share_of(reference, mix)
        styles = 1 if reference else _STYLES
        given = to_float(images.examples(-(-n // styles))["image"])
        own, target = images.ways(len(given))
        if domain is not None or reference is not None:
            target = np.full_like(target, number_of(domain, images.classes))
        inputs, rng = {"input": given, "domain": own, "target": target}, np.random.default_rng(seed)
        for name in ["z"] if reference else [f"z {i + 1}" for i in range(styles)]:
            z = rng.standard_normal((len(given), networks["Fnet"].latent))
            inputs[name] = z.astype("float32")
        if reference is not None:
            image = read_reference(reference, networks["Enet"].form)
            inputs["reference"] = np.broadcast_to(image, given.shape)
            inputs["mix"] = np.full([len(given), 1], share, "float32")
        else:
            chosen = [rng.choice(images.members(each)) for each in target]
            inputs["reference"] = to_float(images.images[chosen])
        yield from parts(inputs)

    @staticmethod
    def draw(networks, inputs: Columns) -> Columns:
        """Outputs of latents, that ``guided`` by the reference, and the way ``back`` from one.

        Without latents ``output`` is the guided one.
        """
        g, f, e = (networks[name] for name in ("Gnet", "Fnet", "Enet"))
        with paddle.no_grad():
            given = {name: paddle.to_tensor(each) for name, each in inputs.items()}
            image, target = given["input"], given["target"]
            latents = [given[name] for name in given if name.startswith("z ")]
            outputs = [g(image, f(z, target)) for z in latents]
            style = e(given["reference"], target)
            if "mix" in given:
                style = lerp(f(given["z"], target), style, given["mix"])
            guided = g(image, style)
            columns = {"input": image}
            columns.update({f"output {i + 1}": each for i, each in enumerate(outputs)})
            columns["reference"] = given["reference"]
            columns["guided" if outputs else "output"] = guided
            if outputs:
                columns["back"] = g(outputs[0], e(image, given["domain"]))
        return {name: each.numpy() for name, each in columns.items()}

    @staticmethod
    def translate(
        networks, name, images, seed=0, domain=None, reference=None, mix=None
    ) -> np.ndarray:
        share = share_of(reference, mix)
        generator, mapping, encoder = (networks[each] for each in ("Gnet", "Fnet", "Enet"))
        target = paddle.to_tensor([number_of(domain, generator.class_names)])
        with paddle.no_grad():
            z = np.random.default_rng(seed).standard_normal((1, mapping.latent))
            style = mapping(paddle.to_tensor(z.astype("float32")), target)
            if reference is not None:
                image = read_reference(reference, encoder.form)
                seen = encoder(paddle.to_tensor(image), target)
                style = lerp(style, seen, share)
            return generator(paddle.to_tensor(images), style.expand([len(images), -1])).numpy()


GAME = StarGANv2
