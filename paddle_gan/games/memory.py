"""Whether the networks of a configuration fit into the memory, without their weights."""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Iterator

import paddle

from paddle_gan.errors import UserError
from paddle_gan.games.base import Game

_building = threading.Lock()  # LazyGuard acts on all threads
_BYTES = 4 * 4  # of a parameter: weight, gradient and two moments, float32
_SIZES = ("width", "latent", "image_size")  # options that networks grow with, where they exist


@contextlib.contextmanager
def without_values() -> Iterator[None]:
    """Inside this context networks are built without values, which takes no memory."""
    with _building, paddle.LazyGuard():
        yield


def check_memory(game: type[Game], config: dict) -> None:
    """Raise UserError where training the networks of ``config`` takes more than this machine has.

    What a batch takes comes on top and is not counted.
    """
    with without_values():
        networks = game.build(config).values()
    parameters = sum(math.prod(p.shape) for network in networks for p in network.parameters())
    needed, there = _BYTES * parameters, _memory()
    if needed > there:
        sizes = ", ".join(f"{name} {config[name]}" for name in _SIZES if name in config)
        raise UserError(
            f"networks of {sizes} have {parameters:,} parameters; training them takes "
            f"{needed / 2**30:,.0f} GiB, and this machine has {there / 2**30:,.0f}: choose smaller"
        )


def _memory() -> float:
    """Bytes of main memory; infinity where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):  # Windows
        return math.inf
