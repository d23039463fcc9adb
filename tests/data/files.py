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


def write_idx(folder: Path, count: int = 20, stems: tuple = ("train", "t10k"), sep: str = "-"):
    """Gzipped IDX files of random digits; returns the images and labels of the last stem."""
    rng = np.random.default_rng(0)
    for stem in stems:
        images, labels = rng.integers(0, 256, (count, 28, 28)), rng.integers(0, 10, count)
        write_split(folder, stem, images, labels, sep)
    return images, labels


def write_split(folder: Path, stem: str, images: np.ndarray, labels: np.ndarray, sep: str = "-"):
    """Gzipped IDX files of digits, N x H x W, and their labels."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, array in (("images", images), ("labels", labels)):
        name = f"{stem}-{kind}{sep}idx{array.ndim}-ubyte.gz"
        (folder / name).write_bytes(gzip.compress(idx(array)))


def save(path: Path, color=RED, size=(20, 20), mode="RGB", **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path, **options)
    return path


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
