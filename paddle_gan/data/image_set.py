"""Images and their classes, and which of them a split takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from paddle_gan.data.pixels import to_float
from paddle_gan.data.stored import Stored

_TEST, _VALIDATION = 5, 6  # one in so many images
_DIGITS = tuple("0123456789")
PARTS = ("train", "val", "test")


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images, and their classes where these are known; a ``DataSet``.

    images: uint8, N x C x H x W, 0..255; RGB when C is 3. In memory, or ``Stored`` in a file.
    labels: int64, N; None where the classes are not known.
    first: the one that ``examples`` begin with.
    """

    images: np.ndarray | Stored
    labels: np.ndarray | None
    source: str
    name: str = ""
    split: str = "train"
    classes: tuple[str, ...] | None = None
    first: int = 0

    def __len__(self) -> int:
        return len(self.images)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of all classes in the order of their labels; their numbers if they have none.

        Empty where the classes are not known. Of a class no image may be in this split.
        """
        if self.labels is None:
            return ()
        return self.classes or tuple(map(str, range(int(self.labels.max()) + 1)))

    @property
    def has_digits(self) -> bool:
        """Whether the labels are those of digits, 0 to 9: as numbers, or as all ten names."""
        return (
            self.labels is not None
            and self.classes in (None, _DIGITS)
            and bool(np.isin(self.labels, range(10)).all())
        )

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """The indices of all images, shuffled: int64, N."""
        return np.random.default_rng([seed, epoch]).permutation(len(self))

    def batch(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """``image``, and ``label``, int64, B, if the set has labels."""
        batch = {"image": to_float(self.images[rows])}
        return batch if self.labels is None else {**batch, "label": self.labels[rows]}

    def examples(self, n: int) -> dict[str, np.ndarray]:
        return {"image": spread(self.images, n, self.first)}

    def fingerprint(self) -> dict:
        arrays = (self.images,) if self.labels is None else (self.images, self.labels)
        return {
            "source": self.name,
            "split": self.split,
            "images": len(self),
            "sha256": sha256(*arrays),
        }


def spread(images: np.ndarray, n: int, first: int = 0) -> np.ndarray:
    """At most ``n`` images from all over a set, ``first`` on; many sets are sorted by class."""
    return images[first :: max(1, len(images) // n)][:n]


def sha256(*arrays: np.ndarray | Stored) -> str:
    """Of the bytes of arrays, one after another. What is in a file is read and hashed once."""

    def found() -> str:
        digest = hashlib.sha256()
        for array in arrays:
            for part in array.parts() if isinstance(array, Stored) else [array]:
                digest.update(np.ascontiguousarray(part))
        return digest.hexdigest()

    stored = [array for array in arrays if isinstance(array, Stored)]
    if not stored:
        return found()
    question = hashlib.sha256()
    for array in arrays:
        question.update(array.name() if isinstance(array, Stored) else np.ascontiguousarray(array))
    return stored[0].remembered(question.hexdigest(), found)


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


def part_indices(parts: list[str], labels: np.ndarray, split: str) -> np.ndarray:
    """Ascending indices of a split, for images that may lie in parts of their own.

    parts: of each image "train", "val" or "test", or "" where the data has no parts.

    "test" is the test part, else the part "val". Beside a test part "val" is the split
    "validation", and all the other splits are the part "train".
    """
    train, val, test = (np.flatnonzero(np.array(parts) == part) for part in PARTS)
    if len(train) == 0:
        return split_indices(labels, split)
    if len(test) == 0:
        val, test = test, val
    if len(test) == 0:
        return train[split_indices(labels[train], split)]
    if split == "test":
        return test
    if len(val) == 0:
        return train[training_indices(labels[train], split)]
    return val if split == "validation" else train
