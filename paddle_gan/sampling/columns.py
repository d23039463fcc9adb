"""What is drawn: named columns of images, such as input and output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from paddle_gan.errors import UserError

Columns = dict[str, np.ndarray]  # name -> images, N x C x H x W


def joined(batches: Iterable[Columns]) -> Columns:
    """Columns that come in batches as one."""
    batches = list(batches)
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def labels_of(inputs: Iterable[Columns]) -> np.ndarray | None:
    """The classes that a generator is asked for by the batches of a probe; None without classes."""
    found = [batch["label"] for batch in inputs if "label" in batch]
    return np.concatenate(found) if found else None


def parts(columns: Columns, size: int = 64) -> Iterator[Columns]:
    """Columns as batches of ``size`` rows; the opposite of ``joined``."""
    for start in range(0, len(next(iter(columns.values()))), size):
        yield {name: each[start : start + size] for name, each in columns.items()}


def numbers(given, what: str) -> np.ndarray:
    """An array, a list or a tensor of numbers of any type as float32. Raises UserError."""
    try:
        return np.asarray(given, "float32")
    except (TypeError, ValueError) as error:  # lists of unequal lengths, or of no numbers
        raise UserError(f"{what} must be an array of numbers: {error}") from error
