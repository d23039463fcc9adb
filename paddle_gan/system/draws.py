"""Random draws that do not depend on how many processes share a batch.

All processes draw from one seed, each for the whole batch, and take the rows of their own part: so
any number of them sees the numbers that one would. A shape's first dimension is the part's.
"""

from __future__ import annotations

from collections.abc import Callable

import paddle
import paddle.nn.functional as F
from paddle import Tensor

from paddle_gan.system.distributed import rank, world


def own_rows(draw: Callable[[list[int]], Tensor], shape: list[int]) -> Tensor:
    """This process's rows of ``draw(shape of the whole batch)``."""
    n, *rest = shape
    return draw([n * world(), *rest])[rank() * n : (rank() + 1) * n]


def randn(shape: list[int]) -> Tensor:
    """From N(0, 1), float32."""
    return own_rows(paddle.randn, shape)


def uniform(shape: list[int], low: float = 0.0, high: float = 1.0) -> Tensor:
    """Uniform on [low, high), float32."""
    return own_rows(lambda whole: paddle.uniform(whole, min=low, max=high), shape)


def dropout(shape: list[int], p: float) -> Tensor:
    """0 with probability ``p``, else 1 / (1 - p), float32: what dropout multiplies by."""
    return own_rows(lambda whole: F.dropout(paddle.ones(whole, "float32"), p), shape)


def randint(low: int, high: int, shape: list[int]) -> Tensor:
    """Whole numbers from ``low`` to ``high`` - 1, int64."""
    return own_rows(lambda whole: paddle.randint(low, high, whole), shape)
