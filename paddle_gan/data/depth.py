"""Images of 16 bits, which become 8 by what all of a set have in common."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from paddle_gan.data.pixels import Form
from paddle_gan.system.runtime import say_once

_IN_MEMORY = 2**26  # bytes


class Deep:
    """Images of 16 bits, set aside until all are read, as they tell together how many they use."""

    def __init__(self, form: Form, folder: Path | None = None):
        """``folder`` has room for many; the system's own one for such files unless given."""
        self._values = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=folder)
        self._form, self._places, self._brightest = form, [], 0

    def __enter__(self) -> Deep:
        return self

    def __exit__(self, *exception) -> None:
        self._values.close()

    def add(self, place: int, image: np.ndarray) -> None:
        """An image whose 8 bits belong to a place in a file."""
        self._places.append(place)
        self._brightest = max(self._brightest, brightest(image, self._form))
        self._values.write(np.ascontiguousarray(image))

    def fill_in(self, file: BinaryIO) -> None:
        self._values.seek(0)
        shape = self._form.channels, self._form.size, self._form.size
        for place in self._places:
            data = self._values.read(2 * int(np.prod(shape)))
            file.seek(place)
            file.write(narrowed(np.frombuffer(data, np.uint16), self._brightest))

    def tell(self, where: str) -> None:
        tell_bits(len(self._places), self._brightest, where)


def brightest(image: np.ndarray, form: Form) -> int:
    """The largest value of an image, but of one of 16 bits the white that it was padded with."""
    padded = form.fit == "pad" and form.ground == "white"
    return int(image[image < 65535].max(initial=0) if padded else image.max())


def _bits(brightest: int) -> int:
    """How many bits are used by images of 16 whose largest value is given.

    Cameras write 12 bits into 16 without a note; read as 16 these would be black. One image may be
    dark, but a set of 16 bits in which nothing is brighter than a sixteenth is one of 12.
    """
    return 12 if brightest < 2**12 else 16


def narrowed(image: np.ndarray, brightest: int) -> np.ndarray:
    """An image of 16 bits as 8, by the largest value of its set."""
    scaled = np.rint(image * (255 / (2 ** _bits(brightest) - 1)))
    return np.minimum(scaled, 255).astype(np.uint8)


def tell_bits(count: int, brightest: int, where: str) -> None:
    """Say on stderr where images of 16 bits were taken for 12."""
    if count and _bits(brightest) == 12:
        say_once(f"{where}: no value of the {count:,} with 16 bits exceeds 4,095: read as 12 bits")
