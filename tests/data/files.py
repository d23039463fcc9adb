"""Makers of the files that the tests read."""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

RED = (255, 0, 0)


def idx(array: np.ndarray) -> bytes:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def save_idx(folder: Path, stem: str, images, labels=None, packed=False, sep: str = "-") -> None:
    """The IDX files of one split, gzipped where ``packed``."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, array in (("images", images), ("labels", labels)):
        if array is not None:
            path = folder / f"{stem}-{kind}{sep}idx{array.ndim}-ubyte{'.gz' * packed}"
            path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))


def write_idx(folder: Path, count: int = 20, stems: tuple = ("train", "t10k"), sep: str = "-"):
    """Gzipped IDX files of random digits; returns the images and labels of the last stem."""
    rng = np.random.default_rng(0)
    for stem in stems:
        images, labels = rng.integers(0, 256, (count, 28, 28)), rng.integers(0, 10, count)
        save_idx(folder, stem, images, labels, packed=True, sep=sep)
    return images, labels


def save(path: Path, color=RED, size=(20, 20), mode="RGB", **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path, **options)
    return path


def save_grays(folder: Path, grays: dict, **options) -> Path:
    """Square images of one gray each, by their paths in the folder; returns the folder."""
    for name, gray in grays.items():
        save(folder / name, gray, mode="L", **options)
    return folder


def save_pair(path: Path, a, b, size: int = 20, mode: str = "L") -> None:
    """A and B side by side in one file, of one color each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pair = Image.new(mode, (2 * size, size), a)
    pair.paste(b, (size, 0, 2 * size, size))
    pair.save(path)


def png(width: int, height: int) -> bytes:
    """A well-formed gray PNG, all zero: a few kilobytes whatever the size."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", data) + chunk(b"IEND", b"")
