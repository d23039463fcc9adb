"""Images that a user wants translated: of any size, and each for itself."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from paddle_gan.data.decoding import tell_broken
from paddle_gan.data.depth import narrowed, tell_bits
from paddle_gan.data.image_file import Unreadable, decode, read_file
from paddle_gan.data.listing import image_paths
from paddle_gan.data.pixels import Form
from paddle_gan.errors import UserError
from paddle_gan.system.opencv import import_cv2, silent_libraries

WANTED = "an image, or a folder of images (.png, .jpg, …), at any depth"
_LONGEST = 16  # short sides; beyond, a picture is squeezed


class Input(NamedTuple):
    """An image to translate. ``inside`` is its path in the folder that was given.

    pixels: uint8, h x w [x 3]: all of it, the short side as long as images are in training.
    size: height and width of the file's.
    """

    path: Path
    inside: Path
    size: tuple[int, int]
    pixels: np.ndarray


def read_inputs(source: Path, form: Form) -> list[Input]:
    """A file, or every image below a folder; of alpha and 16 bits as sets do.

    An image that cannot be read is skipped and named on stderr. Raises UserError if none can.
    """
    if not source.exists():
        raise UserError(f"{source} does not exist; --input takes {WANTED}")
    paths = image_paths(source, WANTED) if source.is_dir() else [source]
    found, broken = [], []
    with silent_libraries():
        for path in paths:
            try:
                image = decode(read_file(path), path, form)
            except Unreadable as error:
                broken.append(str(error))
                continue
            pixels = _shrunk(image, form.size)
            inside = path.relative_to(source) if source.is_dir() else Path(path.name)
            found.append(Input(path, inside, image.shape[:2], pixels))
    if not found:
        raise UserError(broken[0])
    tell_broken(broken, f"images in {source}")
    deep = [n for n, each in enumerate(found) if each.pixels.dtype == np.uint16]
    brightest = max((int(found[n].pixels.max()) for n in deep), default=0)
    for n in deep:
        found[n] = found[n]._replace(pixels=narrowed(found[n].pixels, brightest))
    tell_bits(len(deep), brightest, f"images in {source}")
    return found


def padded(pixels: np.ndarray, multiple: int) -> np.ndarray:
    """h x w x C with edges reflected at the right and below, up to multiples of a number."""
    more = [(0, -size % multiple) for size in pixels.shape[:2]]
    return np.pad(pixels, [*more, (0, 0)], mode="reflect")


def _shrunk(image: np.ndarray, size: int) -> np.ndarray:
    """Scaled so that the short side has ``size`` pixels, by the methods of ``to_square``."""
    cv2 = import_cv2()
    height, width = image.shape[:2]
    short = min(height, width)
    to = (min(max(round(side * size / short), size), _LONGEST * size) for side in (width, height))
    method = cv2.INTER_AREA if short > size else cv2.INTER_LINEAR
    return cv2.resize(image, tuple(to), interpolation=method)
