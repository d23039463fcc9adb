"""Translations to learn that are made of digits, without a download."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from paddle_gan.data import building, morpho
from paddle_gan.data.domains import DomainSet, ReferenceSet
from paddle_gan.data.image_set import ImageSet, sha256
from paddle_gan.data.pairs import PairSet, UnpairedSet
from paddle_gan.data.pixels import to_square
from paddle_gan.errors import UserError
from paddle_gan.system.opencv import import_cv2

SIZE = 28  # of the digits that tasks are made of
_INK, _GROUND = (0.8, 1.0), (0.7, 0.4)  # saturation and value


def edges(digits: np.ndarray) -> np.ndarray:
    """Outlines, which a 3 x 3 dilation adds to digits, N x H x W, and the digits."""
    cv2 = import_cv2()
    grown = np.stack([cv2.dilate(image, np.ones((3, 3), np.uint8)) for image in digits])
    return np.stack([grown - digits, digits])


def colors(digits: np.ndarray, hues: np.ndarray) -> np.ndarray:
    """Gray digits, and the same in color: of a hue in [0, 1) each, its complement the ground."""
    gray = np.repeat(digits[..., None], 3, axis=3)  # N x H x W x 3
    colored = np.empty_like(gray)
    for image, digit, hue in zip(colored, gray, hues):
        ink, ground = (
            255 * np.array(colorsys.hsv_to_rgb(hue + turn, *how))
            for turn, how in ((0, _INK), (0.5, _GROUND))
        )
        image[:] = np.rint(ground + (ink - ground) * (digit / 255))
    return np.stack([gray, colored])


def hues(digits: ImageSet) -> np.ndarray:
    """One for each class. Raises UserError for digits without classes."""
    if digits.labels is None:
        raise UserError(f"{digits.source}: colors follow from the labels, and there are none")
    return digits.labels / len(digits.class_names)


class Task(NamedTuple):
    """What becomes of N digits: for each of K names N images, uint8, K x N x H x W [x 3].

    ``make`` takes digits, N x H x W, and what ``told`` says of each.
    """

    make: building.Make
    names: tuple[str, ...]
    kinds: dict[str, type]  # kind of data -> the set that it is
    channels: int = 1  # at least
    told: Callable[[ImageSet], np.ndarray] | None = None
    version: int = 1  # counted up when the images come out otherwise

    def build(self, name: str, digits: ImageSet) -> np.ndarray:
        """The images, from the cache if they are there. Raises UserError as ``told`` does."""
        arrays = [digits.images[:, 0], *([self.told(digits)] if self.told else [])]
        shape = len(self.names), *arrays[0].shape, *([3] if self.channels == 3 else [])
        key = f"{name}-v{self.version}-{sha256(*arrays)[:16]}"
        return building.build(key, self.make, shape, *arrays)


_SIDES = {"pairs": PairSet, "unpaired": UnpairedSet}
_DOMAINS = {"domains": DomainSet, "references": ReferenceSet}
TASKS = {
    "edges": Task(edges, ("A", "B"), _SIDES),
    "colors": Task(colors, ("A", "B"), _SIDES, channels=3, told=hues),
    "morpho": Task(morpho.looks_of, (*morpho.LOOKS,), _DOMAINS),
}


def check_task(name: str, kind: str, channels: int) -> None:
    """Raise UserError where a task has no data of a kind, or not in so few channels."""
    task = TASKS[name]
    if kind not in task.kinds:
        others = [other for other in TASKS if kind in TASKS[other].kinds]
        instead = f"take {' or '.join(others)}" if others else "take mnist or another source"
        raise UserError(f"the task {name} does not give {kind}; {instead}")
    if channels < task.channels:
        raise UserError(f"the task {name} is in color: --channels 3 trains on it")


def make_task(
    name: str, kind: str, digits: ImageSet, image_size: int, channels: int
) -> UnpairedSet | DomainSet:
    """A task as data of a kind, of digits of ``SIZE`` pixels and one channel.

    Images of one index show the same digit in every domain, also where they count as unpaired:
    their order does not tell, and scores may.
    """
    check_task(name, kind, channels)
    task = TASKS[name]
    images = scaled(task.build(name, digits), image_size, channels)
    source, name = f"{name} of {digits.source}", f"{name}:{digits.name}"
    make = task.kinds[kind]
    if kind in _SIDES:
        return make(*images, source, name, digits.split, labels=digits.labels, aligned=True)
    labels = np.repeat(np.arange(len(images)), len(digits))
    flat = images.reshape(-1, *images.shape[2:])
    shown = None if digits.labels is None else np.tile(digits.labels, len(images))
    told = f"{source}, {len(images)} domains"
    return make(flat, labels, told, name, digits.split, task.names, digits=shown)


def scaled(images: np.ndarray, size: int, channels: int) -> np.ndarray:
    """Images K x N x H x W [x 3] as K x N x channels x size x size, as those of files are."""
    result = np.empty((*images.shape[:2], channels, size, size), np.uint8)
    for domain, found in zip(result, images):
        for image, each in zip(domain, found):
            image[:] = np.atleast_3d(to_square(each, size)).transpose(2, 0, 1)
    return result
