"""What training asks of a set of any kind."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class DataSet(Protocol):
    """Items that fit in memory, handed out as batches of named arrays.

    source: one line that says what was taken and how many.
    name: what was taken: "mnist", "embedded", the absolute path of a folder, or one of these
        after "stacked:".
    split: see ``load_images``.
    classes: the names that labels or domains 0, 1, ... stand for; None where there are none, or
        where they are numbers.
    first: the item that ``examples`` begin with.
    """

    source: str
    name: str
    split: str
    classes: tuple[str, ...] | None
    first: int

    def __len__(self) -> int:
        """How many items an epoch has."""

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """A row for each item of a shuffled epoch, int64, N or N x K: what the item is made of.

        A function of ``seed`` and ``epoch`` alone, so whatever is random about an item, such as
        its place in a crop, is drawn here.
        """

    def batch(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The items of B rows of an order as contiguous arrays, each with a name.

        Images are float32, B x C x H x W in [-1, 1].
        """

    def examples(self, n: int) -> dict[str, np.ndarray]:
        """At most ``n`` items to look at, from all over the set: uint8, N x C x H x W, by names.

        The images of an item have the same index under each name.
        """

    def fingerprint(self) -> dict:
        """What was taken, for a record: ``source`` (the name), ``split``, ``images`` (how many) and
        ``sha256`` of all that a batch can hold.
        """
