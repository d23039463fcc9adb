"""Two sets of images, A and B: in pairs, or each for itself."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from paddle_gan.data.folder import (
    Found,
    choose,
    find_images,
    image_paths,
    note,
    read_all,
    read_each,
)
from paddle_gan.data.image_file import decode, square
from paddle_gan.data.image_set import sha256, spread
from paddle_gan.data.pixels import to_float
from paddle_gan.errors import UserError

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
    """

    a: np.ndarray
    b: np.ndarray
    source: str
    name: str = ""
    split: str = "train"
    classes: None = None
    labels: np.ndarray | None = None
    aligned: bool = False

    def __len__(self) -> int:
        return max(len(self.a), len(self.b))

    def swapped(self) -> UnpairedSet:
        """The same with B for A and A for B."""
        return replace(self, a=self.b, b=self.a)

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Indices into A and B: int64, N x 2.

        Each image of the larger side comes once; the smaller side is shuffled afresh each time it
        begins again.
        """
        rng = np.random.default_rng([seed, epoch])

        def cycle(n: int) -> np.ndarray:
            rounds = -(-len(self) // n)
            return np.concatenate([rng.permutation(n) for _ in range(rounds)])[: len(self)]

        return np.stack([cycle(len(self.a)), cycle(len(self.b))], axis=1)

    def batch(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """``a`` and ``b``."""
        return {"a": to_float(self.a[rows[:, 0]]), "b": to_float(self.b[rows[:, 1]])}

    def examples(self, n: int) -> dict[str, np.ndarray]:
        """``a`` and ``b``; see ``aligned`` for whether they belong together."""
        n = min(n, len(self.a), len(self.b))
        return {"a": spread(self.a, n), "b": spread(self.b, n)}

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

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """The indices of all pairs, shuffled, for A and for B: int64, N x 2."""
        order = np.random.default_rng([seed, epoch]).permutation(len(self))
        return np.stack([order, order], axis=1)


def load_unpaired_folder(folder: Path, image_size: int, channels: int, split: str) -> UnpairedSet:
    """The images below ``trainA`` and ``trainB`` (``testA``, ``testB``), or ``A`` and ``B``.

    Raises UserError if one of them is missing or gives no image.
    """
    paths = image_paths(folder, UNPAIRED)
    read, first = {}, []
    for side in "AB":
        items = [[each] for each in find_images(folder, paths, side)]
        if not items:
            raise UserError(
                f"{folder} has no train{side}/ or {side}/ but {_content(folder, paths)}; "
                f"give {UNPAIRED}"
            )
        items = _of_split(folder, items, split)
        where = f"images of {side} in {folder}"
        (read[side],), kept = read_all(items, read_each, (1, channels, image_size), where)
        first += items[kept[0]]
    counts = " and ".join(f"{len(images):,} in {side}" for side, images in read.items())
    source = f"unpaired images in {folder}: {counts}{note(split, channels, first)}"
    return UnpairedSet(*read.values(), source, os.path.abspath(folder), split)


def load_pair_folder(folder: Path, image_size: int, channels: int, split: str) -> PairSet:
    """Pairs of images: two files of one name in A and B, or one file of both side by side.

    A pair of which an image cannot be read is skipped; the file is named on stderr.

    Raises UserError if the folder has no pairs, or none that can be read.
    """
    paths = image_paths(folder, PAIRS)
    a, b = (find_images(folder, paths, side) for side in "AB")
    if a and b:
        items, read = _matched(folder, a, b), read_each
    else:
        items, read = [[each] for each in find_images(folder, paths)], _read_halves
    items = _of_split(folder, items, split)
    (a, b), kept = read_all(items, read, (2, channels, image_size), f"pairs in {folder}")
    source = f"pairs in {folder}: {len(kept):,} pairs{note(split, channels, items[kept[0]])}"
    return PairSet(a, b, source, os.path.abspath(folder), split)


def _of_split(folder: Path, items: list[list[Found]], split: str) -> list[list[Found]]:
    return [items[index] for index in choose(folder, items, np.zeros(len(items)), split)]


def _matched(folder: Path, a: list[Found], b: list[Found]) -> list[list[Found]]:
    """The images of A and B whose names are the same but for the suffix."""
    a, b = ({(each.part, each.inside.with_suffix("")): each for each in side} for side in (a, b))
    both = [name for name in a if name in b]
    if not both:
        raise UserError(f"{folder} has no image in A with the name of one in B; give {PAIRS}")
    if alone := len(a) + len(b) - 2 * len(both):
        print(
            f"skipped: {alone:,} images in {folder} that have no partner of the same name",
            file=sys.stderr,
        )
    return [[a[name], b[name]] for name in both]


def _content(folder: Path, paths: list[Path]) -> str:
    """The names of what a folder holds images in, the first few of them."""
    inside = [path.relative_to(folder).parts for path in paths]
    names = sorted({parts[0] + "/" * (len(parts) > 1) for parts in inside})
    return " ".join(names[:4]) + " …" * (len(names) > 4)


def _read_halves(item: list[Found], image_size: int, channels: int) -> list[np.ndarray]:
    image = decode(item[0].path, channels)
    height, width = image.shape[:2]
    if width != 2 * height:
        raise UserError(
            f"{item[0].path} is {width} x {height} pixels, not two squares side by side; "
            f"give {PAIRS}"
        )
    return [square(half, image_size) for half in (image[:, :height], image[:, height:])]
