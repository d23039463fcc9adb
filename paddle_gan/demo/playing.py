"""What the page computes: each answer from its request alone, so that readers do not meet."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np

from paddle_gan.checkpoints.generators import Opened
from paddle_gan.commands.translate import made_of
from paddle_gan.data.inputs import read_inputs
from paddle_gan.data.pixels import form_of
from paddle_gan.errors import UserError
from paddle_gan.exporting.controls import MOST, SLIDERS
from paddle_gan.options import numbers
from paddle_gan.sampling import pictures
from paddle_gan.sampling.directions import directions

_LEAST = 320  # pixels high
_FRAMES, _FRAMES_PER_SECOND = 200, 20


class Drawer:
    """Draws images of a generator from noise. ``opened`` has that network alone."""

    def __init__(self, opened: Opened):
        self._opened = opened
        (generator,) = opened.networks.values()
        self.directions = directions(generator, SLIDERS)

    def draw(self, seed: float, class_: str | None, truncation: float, *steps: float) -> np.ndarray:
        """The first image of a seed, moved along the directions, as a picture."""
        z = self._latents(int(seed or 0), truncation)
        z = z + sum(step * way for step, way in zip(steps, self.directions))
        inputs = self._given(z.astype("float32"), class_)
        (image,) = self._opened.game.draw(self._opened.networks, inputs)[self._opened.game.judged]
        return _large(pictures.to_uint8(image).transpose(1, 2, 0))

    def walk(
        self, seeds: str, class_: str | None, truncation: float, frames: float, folder: Path
    ) -> str:
        """The path of a new GIF in ``folder``: a closed walk through the images of the seeds."""
        try:
            wanted = numbers(seeds)
        except argparse.ArgumentTypeError as error:
            raise UserError("seeds are whole numbers with commas between, such as 3, 9") from error
        if min(wanted) < 0 or len(wanted) > _FRAMES:
            raise UserError(f"seeds must be at least 0, and {_FRAMES} at most")
        z = np.concatenate([self._latents(seed, truncation) for seed in wanted])
        game, frames = self._opened.game, int(min(max(frames, 2), _FRAMES))
        ends = self._given(z, class_)
        images = game.walk(self._opened.networks, frames, 0, ends)[game.judged]
        shown = [_large(each.transpose(1, 2, 0)) for each in pictures.to_uint8(images)]
        path = folder / f"{abs(hash((*wanted, class_, truncation, frames)))}.gif"
        pictures.write_animation(path, shown, frames / _FRAMES_PER_SECOND)
        return str(path)

    def _latents(self, seed: int, truncation: float) -> np.ndarray:
        game, within = self._opened.game, None if truncation >= MOST else truncation
        return game.latents_of(self._opened.networks, max(seed, 0), truncation=within)

    def _given(self, z: np.ndarray, class_: str | None):
        asked = {"class_": class_} if class_ else {}
        return self._opened.game.given(self._opened.networks, z, **asked)


class Translator:
    """Translates images, and back where there is a network for that."""

    def __init__(self, opened: Opened):
        self._opened = opened
        self._back = [name for name in opened.networks if name != opened.name]
        self.to_domains = "domain" in opened.game.asked
        self.in_styles = opened.game.styles

    @property
    def returns(self) -> bool:
        return len(self._back) == 1

    def translate(
        self, drawn: dict, domain: str, seed: float, reference: str | None, mix: float
    ) -> np.ndarray | list[np.ndarray]:
        """The translation of an editor's image or, if it ``returns``, a list of it and its own.

        Where there are styles, it takes that of a seed, or of the ``reference``, an image file, as
        much as ``mix`` says.
        """
        (given,) = read_inputs(Path(drawn["composite"]), form_of(self._opened.config))
        asked = {"domain": domain} if self.to_domains else {}
        if self.in_styles and reference:
            asked.update(reference=reference, mix=mix)
        name, seed = self._opened.name, max(int(seed or 0), 0)
        there = made_of(self._opened, name, given.pixels, seed, **asked)
        if not self.returns:
            return _large(there)
        return [_large(there), _large(made_of(self._opened, self._back[0], there))]


def _large(picture: np.ndarray) -> np.ndarray:
    """Enlarged pixel by pixel; height x width [x 3], gray without the third dimension."""
    times = math.ceil(_LEAST / picture.shape[0])
    large = picture.repeat(times, axis=0).repeat(times, axis=1)
    return large.squeeze(-1) if large.shape[-1] == 1 else large
