"""What games have in common in which one generator draws images from noise."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from paddle import Tensor, nn

from paddle_gan import data, metrics
from paddle_gan.errors import UserError
from paddle_gan.games.base import Game
from paddle_gan.options import Option, whole
from paddle_gan.sampling import drawing, latents
from paddle_gan.sampling.columns import Columns

_STOPS = 4  # of a walk


class FromNoise(Game):
    """A game whose network ``Gnet`` draws from latents, and from classes if it has any."""

    judge, judged = "digits", "samples"
    averaged = ("Gnet",)
    asked = {
        "digit": Option(None, whole(0, 9, "0 to 9", "0..9"), "draw this digit alone"),
        "data": Option("mnist", data.SOURCE, "who judges --digit of a generator without classes"),
    }

    @property
    def generator(self) -> nn.Layer:
        return self.networks["Gnet"]

    def latents(self, n: int) -> Tensor:
        """``n`` draws from the generator's prior, n x latent x 1 x 1."""
        draw = latents.TRAINING[self.generator.prior]
        return draw([n, self.generator.latent, 1, 1])

    def check_data(self, images) -> None:
        classes = self.generator.classes
        found = 0 if images.labels is None else int(images.labels.max()) + 1
        if classes and not 0 < found <= classes:
            raise UserError(
                f"{self.config['recipe']} draws {classes} classes at most, and there are "
                f"{found or 'none'} in {images.source}; give digits, or a folder with a "
                "subfolder for each class, or take a recipe without classes"
            )

    @staticmethod
    def probe(networks, n, seed, images=None, digit=None) -> Iterator[Columns]:
        """Latents ``z``, and for a generator with classes ``label``: unless told all in turn."""
        return drawing.probe(networks["Gnet"], n, seed, digit)

    @staticmethod
    def draw(networks, inputs: Columns) -> Columns:
        images = drawing.generate(networks["Gnet"], inputs["z"], inputs.get("label"))
        return {"samples": images}

    @classmethod
    def stream(cls, networks, n, seed, images=None, digit=None, data="mnist") -> Iterator[Columns]:
        """With ``digit``, of a generator without classes: what the digit network takes for one."""
        if digit is None or networks["Gnet"].classes:
            return super().stream(networks, n, seed, digit=digit)
        batches = drawing.stream(networks["Gnet"], sys.maxsize, seed)
        return ({"samples": chosen} for chosen in metrics.only(digit, batches, n, data))

    @classmethod
    def walk(cls, networks, frames, seed, digit=None, data="mnist") -> Columns:
        """A spherical walk between four latents, of one class."""
        generator = networks["Gnet"]
        if digit is not None and not generator.classes:
            raise UserError("--digit with --interpolation needs a generator with classes (cdcgan)")
        z = drawing.walk(drawing.latents(generator, _STOPS, seed), frames)
        digit = digit or 0 if generator.classes else None
        return {"samples": drawing.generate(generator, z, digit)}
