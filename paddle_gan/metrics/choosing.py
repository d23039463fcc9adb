"""Images of one digit, from a generator that cannot be asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from paddle_gan.errors import UserError
from paddle_gan.metrics.digits import digit_network, embed
from paddle_gan.metrics.evaluate import as_digits

_PATIENCE = 5000  # images drawn in vain


def only(
    digit: int, batches: Iterable[np.ndarray], n: int, data: str = "mnist"
) -> Iterator[np.ndarray]:
    """The first ``n`` images that the digit network of ``data`` takes for ``digit``, in batches.

    Prints at the end how many were drawn for them. Raises UserError where hardly any is.
    """
    network, found, drawn = digit_network(data), 0, 0
    for batch in batches:
        _, probabilities = embed(network, as_digits(batch))
        chosen = batch[probabilities.argmax(1) == digit][: n - found]
        found, drawn = found + len(chosen), drawn + len(batch)
        yield chosen
        if found == n:
            print(f"{found:,} of {drawn:,} images drawn were a {digit} ({found / drawn:.1%})")
            return
        if drawn > _PATIENCE * (found + 1):
            raise UserError(f"only {found} of {drawn:,} images show a {digit}; train longer")
