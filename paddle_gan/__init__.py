"""Train, measure and use generative adversarial networks with PaddlePaddle.

The names below load on first use, so that importing the package costs nothing and can settle how
many threads Paddle will use.
"""

from __future__ import annotations

import importlib

# Paddle 2.6's library exports a zlib of its own; loaded before the system's it takes that one's
# place, and whatever compresses next (gzip, PNG, npz) crashes.
import zlib  # noqa: F401  (imported to be there first)
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from paddle_gan.checkpoints.generators import load_generator as load_generator
    from paddle_gan.commands.evaluate import evaluate_file as evaluate  # noqa: F401 (public)
    from paddle_gan.commands.export import export as export
    from paddle_gan.commands.infer import infer as infer
    from paddle_gan.commands.project import project as project
    from paddle_gan.commands.translate import translate as translate
    from paddle_gan.errors import UserError as UserError
    from paddle_gan.networks.dcgan import Discriminator as Discriminator
    from paddle_gan.networks.dcgan import Generator as Generator
    from paddle_gan.sampling.drawing import generate as generate
    from paddle_gan.sampling.drawing import latents as latents
    from paddle_gan.training import Trained as Trained
    from paddle_gan.training import train as train

_HOMES = {  # where each is found, and under which name there if it is another
    "Discriminator": "paddle_gan.networks.dcgan",
    "Generator": "paddle_gan.networks.dcgan",
    "Trained": "paddle_gan.training",
    "UserError": "paddle_gan.errors",
    "evaluate": "paddle_gan.commands.evaluate:evaluate_file",
    "export": "paddle_gan.commands.export",
    "generate": "paddle_gan.sampling.drawing",
    "infer": "paddle_gan.commands.infer",
    "latents": "paddle_gan.sampling.drawing",
    "load_generator": "paddle_gan.checkpoints.generators",
    "project": "paddle_gan.commands.project",
    "train": "paddle_gan.training",
    "translate": "paddle_gan.commands.translate",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from paddle_gan.system.runtime import import_paddle

    import_paddle()
    module, _, other = _HOMES[name].partition(":")
    value = getattr(importlib.import_module(module), other or name)
    globals()[name] = value
    return value
