"""What is trained and how, as data: a new GAN is a row in ``RECIPES``.

Nothing here imports Paddle, so that ``--help`` and ``--dry-run`` answer at once.
"""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass

from paddle_gan.errors import UserError


@dataclass(frozen=True)
class Recipe:
    """Networks, game and hyper-parameters of one system; the defaults are those of ``dcgan``."""

    about: str
    game: str = "gan"  # a row of gans.GAMES
    networks: str = "dcgan"  # a row of networks.NETWORKS
    init: str = "dcgan"  # a row of init.INITS
    objective: str = "non-saturating"  # a row of losses.OBJECTIVES
    latent: int = 100
    width: int = 64
    channels: int = 1
    image_size: int = 32
    fresh_noise: bool = False  # draw new latents for the generator's half-step
    lr: float = 0.001
    betas: tuple[float, float] = (0.5, 0.999)
    batch_size: int = 64
    epochs: int = 40
    ema_half_life: float = 10_000  # images; 0 for none


RECIPES = {
    "dcgan": Recipe("the notebook's networks, trained as measured to be best"),
    "aistudio": Recipe(
        "the notebook's numbers; only its pixel range is put right",
        init="conv",
        fresh_noise=True,
        lr=0.003,
        batch_size=16,
        ema_half_life=0,
    ),
    "dcgan-paper": Recipe(
        "the rate of Radford et al. 2016 and no average, as a baseline", lr=0.0002, ema_half_life=0
    ),
    "cdcgan": Recipe("dcgan with the digit as an input to both networks", networks="cdcgan"),
}

_RULES = {
    "latent": (lambda v: v >= 1, "at least 1"),
    "width": (lambda v: v >= 1, "at least 1"),
    "channels": (lambda v: v in (1, 3), "1 (gray) or 3 (color)"),
    "image_size": (lambda v: v in (16, 32, 64, 128), "16, 32, 64 or 128"),
    "lr": (lambda v: 0 < v < float("inf"), "a positive number"),
    "batch_size": (lambda v: v >= 2, "at least 2: BatchNorm needs something to average over"),
    "epochs": (lambda v: v >= 1, "at least 1"),
    "max_steps": (lambda v: v is None or v >= 1, "at least 1"),
    "checkpoint_every": (lambda v: v is None or v >= 1, "at least 1 step"),
    "evaluate_every": (lambda v: v is None or v >= 1, "at least 1 epoch"),
    "ema_half_life": (lambda v: 0 <= v < float("inf"), "a number of images, or 0 for none"),
    "on_nan": (lambda v: v in ("stop", "retry"), "stop or retry"),
    "seed": (lambda v: 0 <= v < 2**31, "between 0 and 2147483647"),
}


def configure(recipe: str = "dcgan", **overrides) -> dict:
    """The resolved configuration of a run: the recipe's values, then what ``overrides`` gives.

    An override of None leaves the recipe's value. Raises UserError for an unknown recipe (naming
    the nearest one), an unknown option or a value out of its range.
    """
    if recipe not in RECIPES:
        near = difflib.get_close_matches(recipe, RECIPES, n=1, cutoff=0.0)
        raise UserError(
            f"unknown recipe {recipe!r}; did you mean {near[0]!r}? "
            f"There are {', '.join(sorted(RECIPES))}"
        )
    config = {
        "recipe": recipe,
        **dataclasses.asdict(RECIPES[recipe]),
        "data": "mnist",
        "seed": 0,
        "max_steps": None,
        "checkpoint_every": None,
        "evaluate_every": None,
        "on_nan": "stop",
        "amp": False,
    }
    for name, value in overrides.items():
        if name not in config or name in ("recipe", "about"):
            raise UserError(f"unknown option {name!r}; a run has {', '.join(sorted(config))}")
        if value is not None:
            config[name] = value
    for name, (holds, rule) in _RULES.items():
        try:
            good = holds(config[name])
        except TypeError:
            good = False
        if not good:
            raise UserError(f"{name} {config[name]!r}: it must be {rule}")
    return config
