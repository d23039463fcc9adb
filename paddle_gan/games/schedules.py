"""How values change over a run: by the images seen alone, so that resuming is exact."""

from __future__ import annotations

import math


def annealed(start: float, end: float | None, images: float, burn_in: float) -> float:
    """A value that goes from ``start`` to ``end`` along half a cosine, and stays there.

    It is half of both after half of ``burn_in`` images. An ``end`` of None leaves it at ``start``.
    Huang et al. 2024 (R3GAN), section 4.
    """
    if end is None:
        return start
    passed = min(1.0, images / burn_in)
    # (1 - cos(pi t)) / 2, which stays exact near 0 in this form.
    return start + (end - start) * math.sin(math.pi / 2 * passed) ** 2
