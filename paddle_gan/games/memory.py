"""Whether the networks of a configuration fit into the memory, without building them."""

from __future__ import annotations

import math
import os

from paddle import nn

from paddle_gan.errors import UserError

_BYTES = 4 * 4  # of a parameter: weight, gradient and two moments, float32


def check_memory(networks: list[nn.Layer], config: dict) -> None:
    """Raise UserError where training ``networks`` takes more than this machine has.

    They may be without weights, as ``paddle.LazyGuard`` makes them. What a batch takes comes on
    top and is not counted.
    """
    parameters = sum(math.prod(p.shape) for network in networks for p in network.parameters())
    needed, there = _BYTES * parameters, _memory()
    if needed > there:
        sizes = ", ".join(f"{name} {config[name]}" for name in ("width", "latent", "image_size"))
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
