"""Images in memory, and which of them a split takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A set of images that fits in memory.

    images: uint8, N x C x H x W, 0..255; RGB when C is 3.
    labels: int64, N; None where the classes are not known.
    source: one line that says what was taken and how many.
    """

    images: np.ndarray
    labels: np.ndarray | None
    source: str

    def __len__(self) -> int:
        return len(self.images)

    def fingerprint(self) -> dict:
        digest = hashlib.sha256(self.images)
        if self.labels is not None:
            digest.update(self.labels)
        return {"source": self.source, "images": len(self), "sha256": digest.hexdigest()}

    @property
    def has_digits(self) -> bool:
        """Whether the labels are those of digits, 0 to 9."""
        return self.labels is not None and bool(np.isin(self.labels, range(10)).all())


def split_indices(labels: np.ndarray, split: str) -> np.ndarray:
    """Ascending indices of a split, for data that comes without a test set of its own.

    "test" is a fifth of every class, the same on every call; "fit" is the rest; "train" is all of
    it, "test" included. Score against "test" only what was trained on "fit".
    """
    if split == "train":
        return np.arange(len(labels))
    rng = np.random.default_rng(0)
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        held_out[rng.choice(members, len(members) // 5, replace=False)] = True
    return np.flatnonzero(held_out == (split == "test"))
