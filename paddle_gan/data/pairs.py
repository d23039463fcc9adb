"""Two sets of images, A and B: in pairs, or each for itself."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from paddle_gan.data.crops import Crop
from paddle_gan.data.decoding import Decoded, image_of_each, read_all
from paddle_gan.data.folder import Found, choose, find_images, note, opened
from paddle_gan.data.image_file import decode, square
from paddle_gan.data.image_set import sha256, spread
from paddle_gan.data.listing import Listing
from paddle_gan.data.pixels import Form, to_float
from paddle_gan.errors import UserError
from paddle_gan.system.runtime import say_once

UNPAIRED = "a folder with trainA/ trainB/ testA/ testB/ (images each), or with A/ B/"
PAIRS = (
    "a folder with trainA/ trainB/ testA/ testB/ or A/ B/ (the same file names in A and in B), "
    "or one of images A|B side by side, in train/ val/ test/ or directly"
)


@dataclass(frozen=True, eq=False)
class UnpairedSet:
    """Images of two sides, A and B, of which none belong together; a ``DataSet``.

    a, b: uint8, N x C x H x W and M x C x H x W, 0..255; RGB when C is 3.
    labels: int64, N, of both sides, where they are known.
    aligned: whether images of one index belong together; of unpaired ones no order tells it.
    crop: how the images of a batch are cut out of these; None: they are these.
    first: the index, of both sides, that ``examples`` begin with.
    """

    a: np.ndarray
    b: np.ndarray
    source: str
    name: str = ""
    split: str = "train"
    classes: None = None
    labels: np.ndarray | None = None
    aligned: bool = False
    crop: Crop | None = None
    first: int = 0

    def __len__(self) -> int:
        return max(len(self.a), len(self.b))

    def swapped(self) -> UnpairedSet:
        """The same with B for A and A for B."""
        return replace(self, a=self.b, b=self.a)

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Indices into A and B: int64, N x 2; with ``crop`` N x 2 x 4, behind each its place.

        Each image of the larger side comes once; the smaller side is shuffled afresh each time it
        begins again.
        """
        rng = np.random.default_rng([seed, epoch])
        indices = np.stack(self._shuffled(rng), axis=1)
        if self.crop is None:
            return indices
        places = np.stack(self._places(rng, len(indices)), axis=1)  # N x 2 x 3
        return np.concatenate([indices[..., None], places], axis=2)

    def _shuffled(self, rng: np.random.Generator) -> list[np.ndarray]:
        def cycle(n: int) -> np.ndarray:
            rounds = -(-len(self) // n)
            return np.concatenate([rng.permutation(n) for _ in range(rounds)])[: len(self)]

        return [cycle(len(self.a)), cycle(len(self.b))]

    def _places(self, rng: np.random.Generator, n: int) -> list[np.ndarray]:
        return [self.crop.places(rng, n, side.shape[-1]) for side in (self.a, self.b)]

    def batch(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """``a`` and ``b``."""
        found = {}
        for name, images, row in zip("ab", (self.a, self.b), np.moveaxis(rows, 1, 0)):
            if self.crop is None:
                found[name] = to_float(images[row])
            else:
                found[name] = to_float(self.crop.cut(images[row[:, 0]], row[:, 1:]))
        return found

    def examples(self, n: int) -> dict[str, np.ndarray]:
        """``a`` and ``b``; see ``aligned`` for whether they belong together."""
        n = min(n, len(self.a), len(self.b))
        return {"a": spread(self.a, n, self.first), "b": spread(self.b, n, self.first)}

    def fingerprint(self) -> dict:
        return {
            "source": self.name,
            "split": self.split,
            "images": len(self.a) + len(self.b),
            "sha256": sha256(self.a, self.b, np.array([len(self.a)])),  # where B begins
        }


@dataclass(frozen=True, eq=False)
class PairSet(UnpairedSet):
    """As many images in A as in B; those of the same index belong together."""

    aligned: bool = True

    def _shuffled(self, rng: np.random.Generator) -> list[np.ndarray]:
        return 2 * [rng.permutation(len(self))]

    def _places(self, rng: np.random.Generator, n: int) -> list[np.ndarray]:
        return 2 * [self.crop.places(rng, n, self.a.shape[-1])]


def load_unpaired_folder(folder: Path, form: Form, split: str) -> UnpairedSet:
    """The images below ``trainA`` and ``trainB`` (``testA``, ``testB``), or ``A`` and ``B``.

    Raises UserError if one of them is missing or gives no image.
    """
    files = opened(folder, UNPAIRED)
    read = {}
    for side in "AB":
        found = find_images(files, side)
        if not found:
            raise UserError(
                f"{folder} has no train{side}/ or {side}/ but {_content(files)}; give {UNPAIRED}"
            )
        items, where = [[each.name] for each in found], f"images of {side} in {folder}"
        decoded = read_all(files, items, image_of_each, 1, form, where)
        read[side] = _of_split(decoded, folder, found, split, where)
    images = {side: decoded.sides[0] for side, decoded in read.items()}
    counts = " and ".join(f"{len(images[side]):,} in {side}" for side in "AB")
    colored = any(decoded.colored for decoded in read.values())
    source = f"unpaired images in {folder}: {counts}{note(split, colored)}"
    return UnpairedSet(*images.values(), source, os.path.abspath(folder), split)


def load_pair_folder(folder: Path, form: Form, split: str) -> PairSet:
    """Pairs of images: two files of one name in A and B, or one file of both side by side.

    A pair of which an image cannot be read is skipped; the file is named on stderr.

    Raises UserError if the folder has no pairs, or none that can be read.
    """
    files = opened(folder, PAIRS)
    a, b = (find_images(files, side) for side in "AB")
    if a and b:
        pairs, read = _matched(folder, a, b), image_of_each
    else:
        pairs, read = [(each,) for each in find_images(files)], halves
    items, where = [[each.name for each in pair] for pair in pairs], f"pairs in {folder}"
    decoded = read_all(files, items, read, 2, form, where)
    decoded = _of_split(decoded, folder, [pair[0] for pair in pairs], split, where)
    source = f"{where}: {len(decoded.kept):,} pairs{note(split, decoded.colored)}"
    return PairSet(*decoded.sides, source, os.path.abspath(folder), split)


def _of_split(
    decoded: Decoded, folder: Path, found: list[Found], split: str, where: str
) -> Decoded:
    return decoded.only(choose(folder, found, np.zeros(len(found)), split), where)


def _matched(folder: Path, a: list[Found], b: list[Found]) -> list[tuple[Found, Found]]:
    """The images of A and B whose names are the same but for the suffix."""
    a, b = (
        {(each.part, os.path.splitext(each.inside)[0]): each for each in side} for side in (a, b)
    )
    both = [name for name in a if name in b]
    if not both:
        raise UserError(f"{folder} has no image in A with the name of one in B; give {PAIRS}")
    if alone := len(a) + len(b) - 2 * len(both):
        say_once(f"skipped: {alone:,} images in {folder} that have no partner of the same name")
    return [(a[name], b[name]) for name in both]


def _content(files: Listing) -> str:
    """The names of what a folder holds images in, the first few of them."""
    names = sorted({"".join(name.partition("/")[:2]) for name in files.names})
    return " ".join(names[:4]) + " …" * (len(names) > 4)


def halves(files: Listing, item: list[str], form: Form) -> list[np.ndarray]:
    """Of an item that is one file: its left and its right half."""
    (name,) = item
    image = decode(files.place.read(name), files.label(name), form)
    height, width = image.shape[:2]
    if width != 2 * height:
        raise UserError(
            f"{files.label(name)} is {width} x {height} pixels, not two squares side by side; "
            f"give {PAIRS}"
        )
    return [square(half, form) for half in (image[:, :height], image[:, height:])]
