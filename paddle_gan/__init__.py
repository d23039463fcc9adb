"""Train, measure and use generative adversarial networks with PaddlePaddle.

The names below load on first use, so that importing the package costs nothing and can settle how
many threads Paddle will use.
"""

from __future__ import annotations

import importlib

# Paddle 2.6's library exports a zlib of its own; loaded before the system's it takes that one's
# place, and whatever compresses next (gzip, PNG, npz) crashes.
import zlib  # noqa: F401  (imported to be there first)

__version__ = "0.1.0"

_HOMES = {
    "Generator": "paddle_gan.networks.dcgan",
    "Discriminator": "paddle_gan.networks.dcgan",
    "UserError": "paddle_gan.errors",
    "export": "paddle_gan.commands.export",
    "generate": "paddle_gan.sampling.drawing",
    "load_generator": "paddle_gan.checkpoints.generators",
    "train": "paddle_gan.training",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from paddle_gan.system.runtime import import_paddle

    import_paddle()
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
