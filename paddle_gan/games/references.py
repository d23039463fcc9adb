"""The image of a user whose style a translation takes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from paddle_gan.data import to_float
from paddle_gan.data.depth import brightest, narrowed
from paddle_gan.data.image_file import read_image
from paddle_gan.data.pixels import Form
from paddle_gan.errors import UserError


def share_of(reference: str | None, mix: float | None) -> float:
    """How much of a style is the reference's."""
    if mix is not None and reference is None:
        raise UserError("--mix is between the style of the seed and that of a --reference; give it")
    return 1.0 if mix is None else mix


def read_reference(path: str | os.PathLike, form: Form) -> np.ndarray:
    """The image of a file, 1 x C x size x size. Raises UserError where it cannot be read."""
    image = read_image(Path(path), form)
    if image.dtype == np.uint16:
        image = narrowed(image, brightest(image, form))
    return to_float(image[None])
