"""What games have in common in which one generator draws images from noise."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import paddle
from paddle import Tensor, nn

from paddle_gan import data, metrics
from paddle_gan.errors import UserError, unknown
from paddle_gan.games.base import Game
from paddle_gan.options import NAME, Option, whole
from paddle_gan.sampling import drawing, latents
from paddle_gan.sampling.columns import Columns
from paddle_gan.sampling.drawing import regions_of

_STOPS = 4  # of a walk


class FromNoise(Game):
    """A game whose network ``Gnet`` draws from latents, and from classes if it has any."""

    judge, judged = "samples", "samples"
    averaged = ("Gnet",)
    takes = {"Gnet": ("z", "label")}
    asked = {
        "digit": Option(None, whole(0, 9, "0 to 9", "0..9"), "draw this digit alone"),
        "class_": Option(None, NAME, "draw this class alone, by its name"),
        "truncation": latents.TRUNCATION,
        "data": Option("mnist", data.SOURCE, "who judges --digit of a generator without classes"),
    }

    @classmethod
    def with_data(cls, config: dict, images) -> dict:
        """As many classes as there are, where the networks are told them.

        With ``conditioning`` "latents" that is none of images without classes or of one class,
        where D judges several at once, and where classes are more than latents to stand for them.
        """
        if config.get("classes") != "data":
            return config
        if config.get("conditioning") == "latents":
            found = len(images.class_names)
            told = 1 < found <= config["latent"] and config["pack"] == 1
            return {**config, "classes": found if told else 0}
        if not images.class_names:
            raise UserError(
                f"{config['recipe']} is told classes, and there are none in {images.source}; give "
                "digits, or a folder with a subfolder for each class, or take another recipe"
            )
        return {**config, "classes": len(images.class_names)}

    @property
    def generator(self) -> nn.Layer:
        return self.networks["Gnet"]

    def latents(self, n: int) -> Tensor:
        """``n`` draws from the generator's prior, n x latent x 1 x 1."""
        z = latents.TRAINING[self.generator.prior]([n, self.generator.latent, 1, 1])
        regions = regions_of(self.generator)
        return z if regions is None else regions(z)

    def fake(self, n: int, labels: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """``n`` generated images and a list of what D is told of them: their classes, or nothing.

        ``labels`` are what it is told of as many real ones. A generator with classes draws these.
        """
        z = self.latents(n)
        if self.generator.classes:
            return self.generator(z, *labels), labels
        return self.generator(z), [regions_of(self.generator).classes(z)] if labels else []

    def check_data(self, images) -> None:
        """Refuse data without the classes, and learn how frequent each is."""
        classes = self.config.get("classes", 0)
        found = len(images.class_names)
        if classes and not 0 < found <= classes:
            raise UserError(
                f"{self.config['recipe']} draws {classes} classes at most, and there are "
                f"{found or 'none'} in {images.source}; give digits, or a folder with a "
                "subfolder for each class, or take a recipe without classes"
            )
        if classes and not self.generator.classes:
            counts = np.bincount(images.labels, minlength=classes) + 1  # none is impossible
            regions_of(self.generator).set_shares(counts / counts.sum())

    @staticmethod
    def probe(
        networks, n, seed, images=None, digit=None, class_=None, truncation=None, data="mnist"
    ) -> Iterator[Columns]:
        """Latents ``z``, and for a generator with classes ``label``: unless told all in turn."""
        generator = networks["Gnet"]
        digit = _label(generator, digit, class_)
        return drawing.probe(generator, n, seed, digit, truncation)

    @staticmethod
    def given(networks, z, digit=None, class_=None, truncation=None, data="mnist") -> Columns:
        generator = networks["Gnet"]
        digit = _label(generator, digit, class_)
        return drawing.given(generator, z, digit, truncation)

    @staticmethod
    def draw(networks, inputs: Columns) -> Columns:
        images = drawing.generate(networks["Gnet"], inputs["z"], inputs.get("label"))
        return {"samples": images}

    @classmethod
    def cases(cls, networks, n, seed, images=None) -> Columns:
        """With the classes of the drawings, those that latents stand for as well."""
        columns = super().cases(networks, n, seed, images)
        if (regions := regions_of(networks["Gnet"])) is not None:
            columns["label"] = regions.classes(paddle.to_tensor(columns["z"])).numpy()
        return columns

    @classmethod
    def stream(
        cls,
        networks,
        n,
        seed,
        images=None,
        digit=None,
        class_=None,
        truncation=None,
        data="mnist",
    ) -> Iterator[Columns]:
        """With ``digit``, of a generator without classes: what the digit network takes for one."""
        generator = networks["Gnet"]
        digit = _label(generator, digit, class_)
        if digit is None or generator.classes or regions_of(generator) is not None:
            return super().stream(networks, n, seed, digit=digit, truncation=truncation)
        batches = drawing.stream(generator, sys.maxsize, seed, truncation=truncation)
        return ({"samples": chosen} for chosen in metrics.only(digit, batches, n, data))

    @classmethod
    def walk(
        cls,
        networks,
        frames,
        seed,
        ends=None,
        digit=None,
        class_=None,
        truncation=None,
        data="mnist",
    ) -> Columns:
        """A spherical walk between latents; a generator that is told classes draws one alone.

        That is the class of the first unless told. Where latents stand for classes, the walk leads
        through several, unless told.
        """
        generator = networks["Gnet"]
        digit = _label(generator, digit, class_)
        if digit is not None and not generator.classes and regions_of(generator) is None:
            raise UserError("--digit with --interpolation needs a generator with classes (cdcgan)")
        if ends is None:
            (ends,) = cls.probe(networks, _STOPS, seed, digit=digit, truncation=truncation)
        label = ends["label"][0] if generator.classes else None
        z = drawing.walk(ends["z"], frames)
        return {"samples": drawing.generate(generator, z, label)}


def _label(generator: nn.Layer, digit: int | None, class_: str | None) -> int | None:
    """The number of a class that is asked for by its name, or else ``digit``.

    Classes without names are digits. Raises UserError, naming the nearest, where there is none.
    """
    if class_ is None:
        return digit
    names = getattr(generator, "class_names", None) or [str(i) for i in range(10)]
    if class_ not in names:
        raise unknown("class", class_, names)
    return names.index(class_)
