"""A folder of images."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from paddle_gan.data.image_file import read_image
from paddle_gan.data.image_set import ImageSet, split_indices
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
    "a folder of images (.png, .jpg, …; a subfolder for each class, if there are classes) or "
    "one of IDX files (train-images-idx3-ubyte.gz, …)"
)


def load_image_folder(folder: Path, image_size: int, channels: int, split: str) -> ImageSet:
    """Every image below a folder, in the order of the paths; hidden ones are skipped.

    Labels number the first-level subfolders in the order of their names, if every image lies in
    one; otherwise they are None. An image that cannot be read is skipped and named on stderr, files
    of kinds that no reader here knows are counted there.

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
    kept, broken, deep = [], [], {}
    with _silent_libraries():
        for index in chosen:
            try:
                image = read_image(paths[index], image_size, channels)
                if image.dtype == np.uint16:
                    deep[len(kept)] = image
                else:
                    images[len(kept)] = image
                kept.append(index)
            except UserError as error:
                broken.append(str(error))
        # Who judges digits wants them gray; who trains may not have thought of it.
        gray = split == "train" and channels == 1 and kept and _has_color(paths[kept[0]])
    for line in broken[:NAMED]:
        print(f"skipped: {line}", file=sys.stderr)
    if len(broken) > NAMED:
        print(f"skipped: {len(broken) - NAMED:,} more like these", file=sys.stderr)
    if not kept:
        raise UserError(f"none of the {len(chosen):,} images in {folder} can be read; {broken[0]}")
    if deep:
        _scale(images, deep)
    note = "" if split == "train" else f" (split {split})"
    note += " in gray (--channels 3 keeps their color)" if gray else ""
    source = f"images in {folder}: {len(kept):,} images{note}"
    labels, classes = (labels[kept], tuple(classes)) if by_class else (None, None)
    name = os.path.abspath(folder)
    return ImageSet(images[: len(kept)], labels, source, name, split, classes)


def _has_color(path: Path) -> bool:
    return bool(np.ptp(read_image(path, 8, 3).astype(int), axis=0).any())


def _scale(images: np.ndarray, deep: dict[int, np.ndarray]) -> None:
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


def _image_paths(folder: Path) -> list[Path]:
    if not os.path.isdir(folder):
        state = "is not a folder" if os.path.exists(folder) else "does not exist"
        raise UserError(f"{folder} {state}; data is mnist, embedded, stacked, {WANTED}")
    below = [path for path in sorted(folder.rglob("*")) if not _is_hidden(path.relative_to(folder))]
    paths = [path for path in below if IMAGE_NAME.search(path.name)]
    others = Counter(path.suffix.lower() for path in below if OTHER_NAME.search(path.name))
    counts = ", ".join(f"{count:,} {suffix}" for suffix, count in others.most_common())
    if not paths:
        idx = next((path.parent for path in below if "-idx3-ubyte" in path.name), None)
        if idx is not None:
            raise UserError(f"{folder} holds no images; for the IDX files below it give {idx}")
        unread = f"no images but {counts}, which are not read here; convert them to PNG or JPEG"
        raise UserError(f"{folder} holds {unread if others else f'no images; give {WANTED}'}")
    if others:
        print(f"skipped: {counts}; convert them to PNG or JPEG to use them", file=sys.stderr)
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
