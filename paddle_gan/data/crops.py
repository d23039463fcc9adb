"""Images that are a little different in every epoch: cut out of larger ones, and mirrored."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Crop(NamedTuple):
    """Squares of ``size`` pixels; with ``flip`` every second one is mirrored left to right."""

    size: int
    flip: bool = False

    def places(self, rng: np.random.Generator, n: int, whole: int) -> np.ndarray:
        """Top, left, and whether it is mirrored, of n squares in images of ``whole``: n x 3."""
        corners = rng.integers(whole - self.size + 1, size=(n, 2))
        return np.column_stack([corners, rng.integers(1 + self.flip, size=n)])

    def cut(self, images: np.ndarray, places: np.ndarray) -> np.ndarray:
        """The squares of images B x C x H x W, by their places, B x 3."""
        squares = np.empty((*images.shape[:2], self.size, self.size), images.dtype)
        for square, image, (top, left, mirrored) in zip(squares, images, places):
            found = image[:, top : top + self.size, left : left + self.size]
            square[:] = found[:, :, ::-1] if mirrored else found
        return squares
