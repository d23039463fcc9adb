"""A folder of images."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from paddle_gan.data.image_file import read_image
from paddle_gan.data.image_set import ImageSet, split_indices
from paddle_gan.errors import UserError

IMAGE_NAME = re.compile(r"\.(avif|bmp|dib|gif|jpe|jpe?g|p[bgnp]m|png|ras|sr|tiff?|webp)$", re.I)
NAMED = 5  # broken images that are named one by one
WANTED = (
    "a folder of images (.png, .jpg, …; a subfolder for each class, if there are classes) or "
    "one of IDX files (train-images-idx3-ubyte.gz, …)"
)


def load_image_folder(folder: Path, image_size: int, channels: int, split: str) -> ImageSet:
    """Every image below a folder, in the order of the paths; hidden ones are passed over.

    Labels number the first-level subfolders in the order of their names, if every image lies in
    one; otherwise they are None. An image that cannot be read is left out and named on stderr.

    Raises UserError if the folder is missing or gives no image.
    """
    paths = _image_paths(folder)
    inside = [path.relative_to(folder).parts for path in paths]
    by_class = all(len(parts) > 1 for parts in inside)
    folders = [parts[0] if by_class else "" for parts in inside]
    classes, labels = np.unique(folders, return_inverse=True)
    chosen = split_indices(labels, split)
    if len(chosen) == 0:
        raise UserError(f"{folder} has too few images to hold some out for {split}; add some")

    images = np.empty((len(chosen), channels, image_size, image_size), np.uint8)
    kept, broken = [], []
    with _silent_libraries():
        for index in chosen:
            try:
                images[len(kept)] = read_image(paths[index], image_size, channels)
                kept.append(index)
            except UserError as error:
                broken.append(str(error))
    for line in broken[:NAMED]:
        print(f"skipped: {line}", file=sys.stderr)
    if len(broken) > NAMED:
        print(f"skipped: {len(broken) - NAMED:,} more like these", file=sys.stderr)
    if not kept:
        raise UserError(f"none of the {len(chosen):,} images in {folder} can be read; {broken[0]}")
    note = "" if split == "train" else f" (split {split})"
    source = f"images in {folder}: {len(kept):,} images{note}"
    labels, classes = (labels[kept], tuple(classes)) if by_class else (None, None)
    name = os.path.abspath(folder)
    return ImageSet(images[: len(kept)], labels, source, name, split, classes)


def _image_paths(folder: Path) -> list[Path]:
    if not os.path.isdir(folder):
        state = "is not a folder" if os.path.exists(folder) else "does not exist"
        raise UserError(f"{folder} {state}; data is mnist, embedded, stacked, {WANTED}")
    below = sorted(path for path in folder.rglob("*") if IMAGE_NAME.search(path.name))
    paths = [path for path in below if not _is_hidden(path.relative_to(folder))]
    if not paths:
        raise UserError(f"{folder} holds no images; give {WANTED}")
    return paths


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


@contextmanager
def _silent_libraries() -> Iterator[None]:
    """Keep libpng, libjpeg and libtiff, which write past Python, from talking on stderr."""
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
