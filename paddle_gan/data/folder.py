"""A folder of images."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paddle_gan.data.image_file import Unreadable, read_image
from paddle_gan.data.image_set import PARTS, ImageSet, part_indices
from paddle_gan.errors import UserError

IMAGE_NAME = re.compile(
    r"\.(avif|bmp|dib|gif|jfif|jpe|jpe?g|p[bgnp]m|png|ras|sr|tiff?|webp)$", re.I
)
# Images, too, which are counted as skipped; of other files nothing is said.
OTHER_NAME = re.compile(
    r"\.(arw|cr[23w]|dcm|dds|dng|eps|exr|fits?|hdr|hei[cf]|hif|icns|ico|j2[ck]|jp[2fx]|jpc|jxl|"
    r"nef|orf|pcx|pfm|psd|raf|raw|rw2|svg|tga|xcf)$",
    re.I,
)
NAMED = 5  # broken images that are named one by one
WANTED = (
    "mnist, embedded, stacked, a folder of images (.png, .jpg, …; a subfolder for each class, if "
    "there are classes) or one of IDX files (train-images-idx3-ubyte.gz, …)"
)
DOMAINS = (
    "a folder with a subfolder of images for each domain, two at least: train/NAME/ and val/NAME/, "
    "or NAME/"
)


class Found(NamedTuple):
    """An image file, the part of the data it lies in, and its path inside that."""

    path: Path
    part: str  # "train", "val" or "test"; "" where the data has no parts
    inside: Path


def load_image_folder(
    folder: Path, image_size: int, channels: int, split: str, least: int = 0
) -> ImageSet:
    """Every image below a folder, in the order of the paths; hidden ones are skipped.

    Labels number the first-level subfolders in the order of their names, if every image lies in
    one; otherwise they are None. Where the first-level subfolders are ``train`` and ``test`` or
    ``val``, those below them are the classes. An image that cannot be read is skipped and named on
    stderr, files of kinds that no reader here knows are counted there.

    Raises UserError if the folder is missing, gives no image or has fewer than ``least`` classes.
    """
    found = find_images(folder, image_paths(folder))
    by_class = all(len(each.inside.parts) > 1 for each in found)
    folders = [each.inside.parts[0] if by_class else "" for each in found]
    classes, labels = np.unique(folders, return_inverse=True)
    if least and not (by_class and len(classes) >= least):
        has = f"images of {classes[0]} only" if by_class else "images outside of subfolders"
        raise UserError(f"{folder} has {has}; give {DOMAINS}")
    chosen = choose(folder, [[each] for each in found], labels, split)
    items = [[found[index]] for index in chosen]
    (images,), kept = read_all(items, read_each, (1, channels, image_size), f"images in {folder}")
    told = note(split, channels, items[kept[0]])
    source = f"images in {folder}: {len(kept):,} images{told}"
    labels, classes = (labels[chosen][kept], tuple(classes.tolist())) if by_class else (None, None)
    return ImageSet(images, labels, source, os.path.abspath(folder), split, classes)


def image_paths(folder: Path, wanted: str = WANTED) -> list[Path]:
    """Every image below a folder, in the order of the paths; hidden ones are skipped.

    Raises UserError with the layout that is ``wanted`` if there is no such folder, or no image.
    """
    if not os.path.isdir(folder):
        state = "is not a folder" if os.path.exists(folder) else "does not exist"
        raise UserError(f"{folder} {state}; data is {wanted}")
    below = [path for path in sorted(folder.rglob("*")) if not _is_hidden(path.relative_to(folder))]
    paths = [path for path in below if IMAGE_NAME.search(path.name)]
    others = Counter(path.suffix.lower() for path in below if OTHER_NAME.search(path.name))
    counts = ", ".join(f"{count:,} {suffix}" for suffix, count in others.most_common())
    if not paths:
        idx = next((path.parent for path in below if "-idx3-ubyte" in path.name), None)
        if idx is not None:
            raise UserError(f"{folder} holds no images; for the IDX files below it give {idx}")
        unread = f"no images but {counts}, which are not read here; convert them to PNG or JPEG"
        raise UserError(f"{folder} holds {unread if others else f'no images; data is {wanted}'}")
    if others:
        print(f"skipped: {counts}; convert them to PNG or JPEG to use them", file=sys.stderr)
    return paths


def find_images(folder: Path, paths: list[Path], side: str = "") -> list[Found]:
    """Those of a folder's images that lie in its parts, or all of them where it has none.

    The parts of side "A" are ``trainA``, ``valA`` and ``testA``; a side without them is ``A``.
    Of a folder without sides ``train``, ``val`` and ``test`` are parts if nothing is beside them.
    """
    parts = {part + side: part for part in PARTS}
    inside = [path.relative_to(folder) for path in paths]
    first = {path.parts[0] for path in inside}
    if not side and not {"train"} <= first <= parts.keys():
        return [Found(path, "", below) for path, below in zip(paths, inside)]
    if "train" + side not in first:
        parts = {side: ""}
    return [
        Found(path, parts[below.parts[0]], below.relative_to(below.parts[0]))
        for path, below in zip(paths, inside)
        if below.parts[0] in parts
    ]


def choose(folder: Path, items: list[list[Found]], labels: np.ndarray, split: str) -> np.ndarray:
    """Ascending indices of a split. Raises UserError if it has no item."""
    chosen = part_indices([item[0].part for item in items], labels, split)
    if len(chosen) == 0:
        raise UserError(f"{folder} has too few images to hold some out for {split}; add some")
    return chosen


def read_each(item: list[Found], image_size: int, channels: int) -> list[np.ndarray]:
    return [read_image(each.path, image_size, channels) for each in item]


def read_all(
    items: list[list[Found]], read: Callable, shape: tuple[int, int, int], where: str
) -> tuple[np.ndarray, list[int]]:
    """Images of all items, uint8, sides x N x C x H x W, and which of the items these are.

    read: ``read(item, image_size, channels)`` gives an image, C x H x W, for each side. An item of
        which it raises Unreadable is skipped and named on stderr.
    shape: sides, channels, image_size.

    Raises UserError if nothing can be read.
    """
    sides, channels, image_size = shape
    images = np.empty((sides, len(items), channels, image_size, image_size), np.uint8)
    kept, broken, deep = [], [], [{} for _ in range(sides)]
    with silent_libraries():
        for index, item in enumerate(items):
            try:
                for side, image in enumerate(read(item, image_size, channels)):
                    if image.dtype == np.uint16:
                        deep[side][len(kept)] = image
                    else:
                        images[side, len(kept)] = image
                kept.append(index)
            except Unreadable as error:
                broken.append(str(error))
    tell_broken(broken)
    if not kept:
        raise UserError(f"none of the {len(items):,} {where} can be read; {broken[0]}")
    for side, found in zip(images, deep):
        if found:
            scale_deep(side, found)
    return images[:, : len(kept)], kept


def tell_broken(broken: list[str]) -> None:
    """Name the first of the images that were skipped on stderr, and count the others."""
    for line in broken[:NAMED]:
        print(f"skipped: {line}", file=sys.stderr)
    if len(broken) > NAMED:
        print(f"skipped: {len(broken) - NAMED:,} more like these", file=sys.stderr)


def note(split: str, channels: int, item: list[Found]) -> str:
    """What a source says beside a number: the split, or that an item of it loses its color."""
    if split != "train":  # who judges digits wants them gray; who trains may not have thought of it
        return f" (split {split})"
    with silent_libraries():
        gray = channels == 1 and any(_has_color(each.path) for each in item)
    return " in gray (--channels 3 keeps their color)" if gray else ""


def _has_color(path: Path) -> bool:
    return bool(np.ptp(read_image(path, 8, 3).astype(int), axis=0).any())


def scale_deep(images: np.ndarray | dict, deep: dict[int, np.ndarray]) -> None:
    """Fill in the images whose values have 16 bits, by their number: as 8 bits.

    Cameras write 12 bits into 16 without a note; read as 16 these would be black. One image may be
    dark, but a set of 16 bits in which nothing is brighter than a sixteenth is one of 12.
    """
    bits = 12 if max(image.max() for image in deep.values()) < 2**12 else 16
    for number, image in deep.items():
        images[number] = np.rint(image * (255 / (2**bits - 1)))
    if bits == 12:
        print(
            f"no value of the {len(deep):,} images with 16 bits exceeds 4,095: read as 12 bits",
            file=sys.stderr,
        )


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


@contextmanager
def silent_libraries() -> Iterator[None]:
    """Keep libpng, libjpeg and libtiff, which write past Python, from talking on stderr."""
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
