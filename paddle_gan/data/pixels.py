"""Pixels: to a square of the wanted size, and to the range that the networks see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from paddle_gan.system.opencv import import_cv2

GROUNDS = {"white": 255, "black": 0}  # white, as most pages are


class Form(NamedTuple):
    """What every image of a set becomes: uint8, channels x size x size.

    ``fit`` is a row of ``FITS``, for rectangles; ``ground``, a row of ``GROUNDS``, is what shows
    where an image is transparent, and beside a padded one.
    """

    size: int
    channels: int
    fit: str = "crop"
    ground: str = "white"


def form_of(config: Mapping) -> Form:
    """The form that a configuration gives images."""
    return Form(config["image_size"], config["channels"], config["fit"], config["ground"])


def to_square(image: np.ndarray, size: int) -> np.ndarray:
    """Cut the central square out of H x W [x 3] and scale it to size x size [x 3].

    Shrinking averages over areas, which leaves no aliasing; growing is bilinear, as the notebook's
    ``Resize`` does from 28 to 32.
    """
    return _scaled(_cropped(image), size, size)


def fitted(image: np.ndarray, form: Form) -> np.ndarray:
    """H x W [x 3] as size x size [x 3], scaled as ``to_square`` does."""
    return FITS[form.fit](image, form)


def _cropped(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def _padded(image: np.ndarray, form: Form) -> np.ndarray:
    """All of the image, in the middle of a square of the ground."""
    longest = max(image.shape[:2])
    height, width = (max(1, round(side * form.size / longest)) for side in image.shape[:2])
    top, left = (form.size - height) // 2, (form.size - width) // 2
    ground = GROUNDS[form.ground] * (np.iinfo(image.dtype).max // 255)
    square = np.full((form.size, form.size, *image.shape[2:]), ground, image.dtype)
    square[top : top + height, left : left + width] = _scaled(image, height, width)
    return square


def _scaled(image: np.ndarray, height: int, width: int) -> np.ndarray:
    if image.shape[:2] == (height, width):
        return image
    cv2 = import_cv2()
    shrinks = image.shape[0] > height or image.shape[1] > width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=method)


FITS = {  # what is done with an image that is no square
    "crop": lambda image, form: to_square(image, form.size),
    "pad": _padded,
    "stretch": lambda image, form: _scaled(image, form.size, form.size),
}


def to_float(images: np.ndarray) -> np.ndarray:
    """Map uint8 0..255 to float32 [-1, 1]: x / 127.5 - 1, both ends exact."""
    scaled = np.divide(images, 127.5, dtype=np.float32)
    scaled -= 1
    return scaled
