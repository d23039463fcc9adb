"""An image to a few numbers and back: autoencoders, plain and variational."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import paddle
from paddle import Tensor, nn

from paddle_gan.data import DataSet, to_float
from paddle_gan.data.decoding import image_of_each, read_all
from paddle_gan.data.listing import Listing, listing_of
from paddle_gan.data.pixels import form_of
from paddle_gan.errors import UserError
from paddle_gan.games.base import Game
from paddle_gan.games.descent import descend
from paddle_gan.games.optimizers import OPTIMIZER
from paddle_gan.networks.autoencoder import Encoder, Generator
from paddle_gan.networks.options import FOURS
from paddle_gan.objectives.reconstruction import RECONSTRUCTIONS, kl
from paddle_gan.options import Option, Range, Row, number, one_of, whole
from paddle_gan.sampling import drawing, latents, mixture
from paddle_gan.sampling.columns import Columns
from paddle_gan.system import draws

_BATCH = 256
_FITTED = 10_000  # images, to whose codes the mixture is fitted
_STOPS = 4  # of a walk


class Autoencoder(Game):
    """``Enet`` gives codes of images, ``Gnet`` the images again, and new ones of new codes."""

    options = {
        **Game.options,
        "latent": Option(16, whole(1), "numbers in a code"),
        "width": Option(
            32, whole(1), "features of the outermost layers; the others follow from it"
        ),
        "image_size": Option(
            32, one_of(FOURS, "a multiple of 4 from 8 to 256"), "images are resized to this"
        ),
        "reconstruction": Option("l2", Row(RECONSTRUCTIONS), "the loss"),
        "kl": Option(
            0.0,
            number(0),
            "weight of KL(code ‖ N(0, I)), which makes codes random; 0: an ordinary autoencoder",
        ),
        "components": Option(
            40,
            whole(0, 1000),
            "Gaussians, fitted to the codes, that new codes are drawn from; 0: N(0, I)",
        ),
        **OPTIMIZER,
        "betas": OPTIMIZER["betas"]._replace(default=(0.9, 0.999)),
    }
    watched = "test"
    judge = "reconstructions"
    averaged = drawn_with = ("Enet", "Gnet")
    draws_alone = ("Gnet",)
    takes, gives = {"Gnet": ("z",)}, {"Enet": "code"}
    asked = {
        "between": Option(
            None,
            Range(lambda v: len(v) == 2, "two image files", ("A.png", "B.png"), words=2),
            "ends of a walk, of the Enet.pdparams of an autoencoder",
        ),
        "truncation": latents.TRUNCATION,
    }

    def __init__(self, config: dict):
        super().__init__(config)
        self.encoder, self.generator = self.networks["Enet"], self.networks["Gnet"]
        self.reconstruction = RECONSTRUCTIONS[config["reconstruction"]]
        self.add_optimizer("E", self.encoder)
        self.add_optimizer("G", self.generator)

    @staticmethod
    def build(config: dict) -> dict[str, nn.Layer]:
        sizes = {name: config[name] for name in ("latent", "width", "channels", "image_size")}
        encoder = Encoder(**sizes, variational=config["kl"] > 0)
        encoder.form = form_of(config)  # of a user's images, too
        return {"Enet": encoder, "Gnet": Generator(**sizes, components=config["components"])}

    def train_step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One step of both networks on "image", B x C x H x W in [-1, 1]."""
        images = batch["image"]
        codes, log_variance = self.encoder.distribution(images)
        losses = {}
        if log_variance is not None:
            losses["kl_loss"] = kl(codes, log_variance)
            codes = codes + (log_variance / 2).exp() * draws.randn(codes.shape)
        losses["reconstruction_loss"] = self.reconstruction(self.generator.logits(codes), images)
        loss = losses["reconstruction_loss"] + self.config["kl"] * losses.get("kl_loss", 0.0)
        descend(loss, *self.optimizers.values())
        return {name: loss.detach() for name, loss in losses.items()}

    def fit_prior(self, networks: dict[str, nn.Layer], images: DataSet) -> None:
        encoder, generator = networks["Enet"], networks["Gnet"]
        if not generator.components:
            return
        rows, rng = images.order(0, 0)[:_FITTED], np.random.default_rng(0)
        parts = [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
        noise = rng if encoder.variational else None
        codes = np.concatenate([_codes(encoder, images.batch(p)["image"], noise) for p in parts])
        fitted = mixture.fit(codes.reshape([len(codes), -1]), generator.components)
        # The generator in training has it too: the average of both is then what it is.
        for each in (generator, self.generator):
            for name, values in fitted._asdict().items():
                getattr(each, name).set_value(values.astype("float32"))

    @staticmethod
    def probe(networks, n, seed, images=None, between=None, truncation=None) -> Iterator[Columns]:
        """What new codes are made of and, where the encoder is there, ``input`` from images."""
        if between is not None:
            raise UserError("--between makes a walk; say of how many frames: --interpolation N")
        given = None
        if "Enet" in networks:
            given = to_float(images.examples(n)["image"])
            n = len(given)
        choices, start = np.random.default_rng([seed, 1]), 0
        for inputs in drawing.probe(networks["Gnet"], n, seed, truncation=truncation):
            size = len(inputs["z"])
            if given is not None:
                inputs["input"] = given[start : start + size]
            start += size
            yield {**inputs, "choice": choices.random(size)}

    @staticmethod
    def draw(networks, inputs: Columns) -> Columns:
        """``output`` is an image of a new code or, where there is an ``input``, that again."""
        generator = networks["Gnet"]
        new = drawing.generate(generator, _new_codes(generator, inputs))
        if "input" not in inputs:
            return {"output": new}
        codes = _codes(networks["Enet"], inputs["input"])
        output = drawing.generate(generator, codes)
        return {"input": inputs["input"], "output": output, "sample": new}

    @staticmethod
    def given(networks, z, between=None, truncation=None) -> Columns:
        """``z`` are codes as they are; there is nothing to truncate."""
        return {"z": z}

    @classmethod
    def latents_of(cls, networks, seed, **asked) -> np.ndarray:
        generator = networks["Gnet"]
        (inputs,) = cls.probe({"Gnet": generator}, 1, seed, **asked)
        return _new_codes(generator, inputs)

    @classmethod
    def walk(cls, networks, frames, seed, ends=None, between=None, truncation=None) -> Columns:
        """Straight from one of two images to the other, or a closed walk between codes."""
        generator = networks["Gnet"]
        if between is None:
            if ends is None:
                alone = {"Gnet": generator}
                (ends,) = cls.probe(alone, _STOPS, seed, truncation=truncation)
            codes = drawing.walk(_new_codes(generator, ends), frames, drawing.lerp)
        elif "Enet" not in networks:
            raise UserError("--between takes the encoder; give the Enet.pdparams beside this file")
        else:
            ends, kept = codes_of_files(networks["Enet"], listing_of(between))
            if len(kept) < len(between):
                raise UserError(f"--between: one of {', '.join(map(str, between))} cannot be read")
            a, b = ends
            codes = np.stack([drawing.lerp(a, b, t) for t in np.linspace(0, 1, frames)])
        return {"output": drawing.generate(generator, codes)}


def codes_of_files(encoder: Encoder, files: Listing) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the images in files, N x latent x 1 x 1, and which of the files these are.

    They are prepared as those that the encoder was trained on. One that cannot be read is named on
    stderr. Raises UserError where none can be.
    """
    items = [[name] for name in files.names]
    found = read_all(files, items, image_of_each, 1, encoder.form, f"images in {files.where}")
    (images,) = found.sides
    parts = (images[start : start + _BATCH] for start in range(0, len(images), _BATCH))
    return np.concatenate([_codes(encoder, to_float(part)) for part in parts]), found.kept


def _codes(encoder: Encoder, images: np.ndarray, rng=None) -> np.ndarray:
    """Codes of images N x C x H x W: N x latent x 1 x 1, the means; with ``rng`` random ones."""
    codes = []
    for start in range(0, len(images), _BATCH):
        with paddle.no_grad():
            mean, log_variance = encoder.distribution(
                paddle.to_tensor(images[start : start + _BATCH])
            )
        found = mean.numpy()
        if rng is not None:
            found = found + np.exp(log_variance.numpy() / 2) * rng.standard_normal(found.shape)
        codes.append(found)
    return np.concatenate(codes)


def _new_codes(generator: Generator, inputs: Columns) -> np.ndarray:
    """Codes N x latent x 1 x 1 from the mixture of the generator, or N(0, I) where it has none.

    Without a ``choice`` among the Gaussians, ``z`` are codes already.
    """
    z = inputs["z"]
    if not generator.components or "choice" not in inputs:
        return z
    parts = (getattr(generator, name).numpy() for name in mixture.Mixture._fields)
    found = mixture.Mixture(*parts).draw(inputs["choice"], z.reshape([len(z), -1]))
    return found.reshape(z.shape)


GAME = Autoencoder
