"""IDX, the format of MNIST's files.

Two zero bytes, the type (8 is uint8), the number of dimensions, the dimensions as big-endian
32-bit integers, the data.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from paddle_gan.data.image_set import ImageSet, training_indices
from paddle_gan.data.pixels import to_square
from paddle_gan.errors import UserError

# A split and its files' first word.
STEMS = {"test": "t10k", **dict.fromkeys(("train", "trainval", "fit", "validation"), "train")}
# More than this is a broken header or a bomb.
MAX_BYTES = 2**30
MAX_DIGITS = 2_000_000


def is_idx_folder(folder: Path) -> bool:
    """Whether the folder holds MNIST's training or test images as IDX."""
    return any(_idx_file(folder, stem, "images") for stem in STEMS.values())


def load_idx_folder(folder: Path, image_size: int, channels: int, split: str) -> ImageSet:
    """Digits from a folder of IDX files; labels are None where their file is missing.

    The names are MNIST's (``train-images-idx3-ubyte``, ``t10k-labels-idx1-ubyte``, …), with "-"
    or "." before "idx", gzipped or plain; only the files of the split are needed.

    Raises UserError for a missing or damaged file.
    """
    images, labels = read_split(folder, split)
    name, where = os.path.abspath(folder), f"IDX files in {folder}"
    return digit_set(images, labels, name, where, image_size, channels, split)


def read_split(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Images (uint8, N x H x W) and labels (int64, N, or None) of a split."""
    stem = STEMS[split]
    image_path, label_path = (_idx_file(folder, stem, kind) for kind in ("images", "labels"))
    if image_path is None:
        raise UserError(f"{folder} has no {stem}-images-idx3-ubyte[.gz], needed for {split!r}")
    images = read_idx(image_path, 3)
    labels = None if label_path is None else read_idx(label_path, 1).astype(np.int64)
    if labels is not None and len(images) != len(labels):
        raise UserError(
            f"{image_path} has {len(images):,} images but {label_path} has {len(labels):,} labels; "
            "they belong to different sets"
        )
    if split == "test":
        return images, labels
    chosen = training_indices(np.zeros(len(images)) if labels is None else labels, split)
    return images[chosen], None if labels is None else labels[chosen]


def read_idx(path: Path, ndim: int) -> np.ndarray:
    """The uint8 array of `ndim` dimensions in an IDX file, gzipped or plain.

    Reads no more than the header announces, which is refused if it is beyond reason.

    Raises UserError naming the file if it is no such file, or damaged.
    """
    magic = bytes((0, 0, 8, ndim))
    try:
        with open(path, "rb") as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            file = gzip.GzipFile(fileobj=raw) if packed else raw
            found = file.read(4)
            if found != magic:
                raise UserError(
                    f"{path} is not an IDX file of {ndim}-dimensional bytes: it begins with "
                    f"{found.hex() or 'nothing'}, not {magic.hex()}; fetch it again"
                )
            shape = struct.unpack(f">{ndim}I", file.read(4 * ndim))
            size = math.prod(shape)
            if not 0 < size <= MAX_BYTES or shape[0] > MAX_DIGITS:
                raise UserError(
                    f"{path} announces {shape[0]:,} digits in {size:,} bytes; fetch it again"
                )
            data = file.read(size + 1)  # the extra byte meets the end, and with it gzip's checksum
    except (OSError, EOFError, struct.error, zlib.error) as error:
        raise UserError(f"{path} cannot be read ({error}); fetch it again") from error
    if len(data) != size:
        state = "is cut short" if len(data) < size else "goes on after its end"
        raise UserError(f"{path} {state}: it announces {size:,} bytes of data; fetch it again")
    return np.frombuffer(data, np.uint8).reshape(shape)


def digit_set(
    digits: np.ndarray,
    labels: np.ndarray | None,
    name: str,
    where: str,
    image_size: int,
    channels: int,
    split: str,
) -> ImageSet:
    """Digits (uint8, N x H x W) in the form that every source has."""
    images = np.empty((len(digits), channels, image_size, image_size), np.uint8)
    for image, digit in zip(images, digits):
        image[:] = to_square(digit, image_size)  # the same gray in each channel
    note = "" if split == "train" else f" (split {split})"
    return ImageSet(images, labels, f"{where}: {len(images):,} digits{note}", name, split)


def _idx_file(folder: Path, stem: str, kind: str) -> Path | None:
    ndim = {"images": 3, "labels": 1}[kind]
    names = [f"{stem}-{kind}{sep}idx{ndim}-ubyte{gz}" for sep in "-." for gz in ("", ".gz")]
    return next((folder / name for name in names if os.path.isfile(folder / name)), None)
