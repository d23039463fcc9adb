"""Images in a file, as an array that reads what it is asked for."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from paddle_gan.errors import UserError
from paddle_gan.system.files import write_whole

_PART = 2**23  # bytes that are read at a time where all are


class Stored:
    """uint8, N x C x H x W; an index of the first dimension gives an ordinary array.

    Nothing of it stays in the memory of the process. Pages of the file that were read count as
    its memory until they are given back, which leaves them in the system's cache of files.
    """

    dtype, ndim = np.dtype(np.uint8), 4

    def __init__(self, path: Path, shape: tuple[int, ...], side: int = 0):
        """The file has N x sides x C x H x W bytes; ``shape`` are these numbers."""
        self.path, self.side = path, side
        with open(path, "rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._all = np.frombuffer(self._map, np.uint8).reshape(shape)[:, side]
        self.rows = np.arange(shape[0])

    def only(self, rows: np.ndarray) -> Stored:
        """Some of the images."""
        found = object.__new__(Stored)
        found.__dict__.update(self.__dict__, rows=self.rows[rows])
        return found

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self._all.shape[1:])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index) -> np.ndarray:
        first, *rest = index if isinstance(index, tuple) else (index,)
        rows = self.rows[first]
        found = self._all[rows] if np.ndim(rows) else self._all[rows].copy()
        if hasattr(self._map, "madvise"):
            self._map.madvise(mmap.MADV_DONTNEED)
        return found[(slice(None),) * np.ndim(rows) + tuple(rest)] if rest else found

    def __iter__(self) -> Iterator[np.ndarray]:
        for part in self.parts():
            yield from part

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)

    def parts(self) -> Iterator[np.ndarray]:
        """All images, some at a time."""
        step = max(1, _PART // int(np.prod(self.shape[1:])))
        for start in range(0, len(self), step):
            yield self[start : start + step]

    def name(self) -> bytes:
        """What tells these images from others: the folder is named by the content of its files."""
        return f"{self.path.parent.name} {self.side} ".encode() + self.rows.tobytes()

    def remembered(self, question: str, answer: Callable[[], str]) -> str:
        """A short text about images of the file, found once and written beside it."""
        path = self.path.with_name(f"{question[:32]}.txt")
        try:
            return path.read_text()
        except OSError:
            found = answer()
        with contextlib.suppress(UserError):  # it takes as long the next time, then
            write_whole(path, found.encode())
        return found
