"""Images in memory, and which of them a split takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

_TEST, _VALIDATION = 5, 6  # one in so many images
_DIGITS = tuple("0123456789")


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A set of images that fits in memory.

    images: uint8, N x C x H x W, 0..255; RGB when C is 3.
    labels: int64, N; None where the classes are not known.
    source: one line that says what was taken and how many.
    name: what was taken: "mnist", "embedded", the absolute path of a folder, or one of these
        after "stacked:".
    split: see ``load_images``.
    classes: the names that the labels 0, 1, ... stand for; None where the labels are numbers.
    """

    images: np.ndarray
    labels: np.ndarray | None
    source: str
    name: str = ""
    split: str = "train"
    classes: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def has_digits(self) -> bool:
        """Whether the labels are those of digits, 0 to 9: as numbers, or as all ten names."""
        return (
            self.labels is not None
            and self.classes in (None, _DIGITS)
            and bool(np.isin(self.labels, range(10)).all())
        )

    def fingerprint(self) -> dict:
        """What was taken, for a record: ``source``, ``split``, ``images`` (how many) and
        ``sha256`` of images and labels.
        """
        digest = hashlib.sha256(np.ascontiguousarray(self.images))
        if self.labels is not None:
            digest.update(np.ascontiguousarray(self.labels))
        return {
            "source": self.name,
            "split": self.split,
            "images": len(self),
            "sha256": digest.hexdigest(),
        }


def split_indices(labels: np.ndarray, split: str) -> np.ndarray:
    """Ascending indices of a split, for data that comes without a test set of its own.

    "test" is a fifth of every class, the same on every call; the other splits but "train", which
    is everything, share the rest as ``training_indices`` does.
    """
    if split == "train":
        return np.arange(len(labels))
    rng = np.random.default_rng(0)
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        held_out[rng.choice(members, len(members) // _TEST, replace=False)] = True
    if split == "test":
        return np.flatnonzero(held_out)
    rest = np.flatnonzero(~held_out)
    return rest[training_indices(labels[rest], split)]


def training_indices(labels: np.ndarray, split: str) -> np.ndarray:
    """Ascending indices of a split, for a training set whose test set is apart from it.

    "validation" is a sixth, the same on every call, with the classes in proportion; "fit" is the
    rest; "train" and "trainval" are both.
    """
    if split in ("train", "trainval"):
        return np.arange(len(labels))
    shuffled = np.random.default_rng(0).random(len(labels))
    by_class = np.lexsort((shuffled, labels))
    held_out = np.zeros(len(labels), bool)
    held_out[by_class[_VALIDATION - 1 :: _VALIDATION]] = True
    return np.flatnonzero(held_out == (split == "validation"))
