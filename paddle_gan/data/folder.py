"""Images in the folders that people have them in: classes, and parts to train and to test on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paddle_gan.data import labels
from paddle_gan.data.archive import Archive, is_archive
from paddle_gan.data.decoding import image_of_each, read_all
from paddle_gan.data.image_set import PARTS, ImageSet, part_indices
from paddle_gan.data.listing import WANTED, Folder, Listing, listing
from paddle_gan.data.pixels import Form
from paddle_gan.errors import UserError
from paddle_gan.system.runtime import without_gc

DOMAINS = (
    "a folder with a subfolder of images for each domain, two at least: train/NAME/ and val/NAME/, "
    "or NAME/"
)


class Found(NamedTuple):
    """The name of an image file, the part of the data it lies in, and its path inside that."""

    name: str
    part: str  # "train", "val" or "test"; "" where the data has no parts
    inside: str


def opened(source: Path, wanted: str = WANTED) -> Listing:
    """The images of a folder or an archive, in the order of their names; hidden ones are skipped.

    Raises UserError with the layout that is ``wanted`` if there is no such thing, or no image.
    """
    if os.path.isdir(source):
        return listing(Folder(source), wanted)
    if not os.path.isfile(source):
        raise UserError(f"{source} does not exist; data is {wanted}")
    if not is_archive(source):
        raise UserError(f"{source} is not a folder, a zip or a tar; data is {wanted}")
    return listing(Archive(source), wanted)


def load_image_folder(
    folder: Path, form: Form, split: str, table: str | None = None, domains: bool = False
) -> ImageSet:
    """Every image below a folder or in an archive, in the order of the paths.

    Labels are those of a ``table`` of files, which may lie in the folder as ``labels.csv``. Without
    one they number the first-level subfolders in the order of their names, if every image lies in
    one; otherwise they are None. Where the first-level subfolders are ``train`` and ``test`` or
    ``val``, those below them are the classes. An image that cannot be read is skipped and named on
    stderr, files of kinds that no reader here knows are counted there.

    Raises UserError if the folder is missing or gives no image, and, where classes are ``domains``,
    if there are not two.
    """
    with without_gc():  # there may be hundreds of thousands of files
        files = opened(folder)
        found = find_images(files)
        table = labels.table_of(files, table)
        if table:
            told = labels.read_labels(files, table)
            found = [each for each in found if each.name in told]
            names = [told[each.name] for each in found]
        else:
            by_class = all("/" in each.inside for each in found)
            names = [each.inside.partition("/")[0] for each in found] if by_class else None
        classes, numbers = labels.numbered(names or [""] * len(found))
        if domains and (names is None or len(classes) < 2):
            has = f"images of {classes[0]} only" if names else "images outside of subfolders"
            raise UserError(f"{folder} has {has}; give {DOMAINS}")
        chosen = choose(folder, found, numbers, split)
        items, where = [[each.name] for each in found], f"images in {folder}"
    decoded = read_all(files, items, image_of_each, 1, form, where).only(chosen, where)
    (images,) = decoded.sides
    noun = "domains" if domains else "classes" if len(classes) > 1 else "class"
    of = "" if names is None else f" of {len(classes):,} {noun}"
    source = f"{where}: {len(images):,} images{of}{note(split, decoded.colored)}"
    numbers, classes = (None, None) if names is None else (numbers[decoded.kept], classes)
    return ImageSet(images, numbers, source, os.path.abspath(folder), split, classes)


def find_images(files: Listing, side: str = "") -> list[Found]:
    """Those of the images that lie in the parts of the data, or all of them where it has none.

    The parts of side "A" are ``trainA``, ``valA`` and ``testA``; a side without them is ``A``.
    Of a folder without sides ``train``, ``val`` and ``test`` are parts if nothing is beside them.
    """
    parts = {part + side: part for part in PARTS}
    split = [name.partition("/") for name in files.names]
    first = {folder + slash for folder, slash, _ in split}
    if not side and not {"train/"} <= first <= {f"{part}/" for part in parts}:
        return [Found(name, "", name) for name in files.names]
    if f"train{side}/" not in first:
        parts = {side: ""}
    return [
        Found(name, parts[folder], inside)
        for name, (folder, slash, inside) in zip(files.names, split)
        if slash and folder in parts
    ]


def choose(folder: Path, found: list[Found], labels: np.ndarray, split: str) -> np.ndarray:
    """Ascending indices of a split. Raises UserError if it has no item."""
    chosen = part_indices([each.part for each in found], labels, split)
    if len(chosen) == 0:
        raise UserError(f"{folder} has too few images to hold some out for {split}; add some")
    return chosen


def note(split: str, colored: bool) -> str:
    """What a source says beside a number: the split, or that an image of it loses its color."""
    if split != "train":  # who judges digits wants them gray; who trains may not have thought of it
        return f" (split {split})"
    return " in gray (--channels 3 keeps their color)" if colored else ""
