"""What is trained and how, as data: a new GAN is a row in ``RECIPES``.

Nothing here imports Paddle, so that ``--help`` and ``--dry-run`` answer at once.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass

from paddle_gan.config.rules import check
from paddle_gan.errors import unknown


@dataclass(frozen=True)
class Recipe:
    """Networks, game and hyper-parameters of one system; the defaults are those of ``dcgan``."""

    about: str
    game: str = "gan"  # a row of games.GAMES
    networks: str = "dcgan"  # a row of networks.NETWORKS
    norm: str = "batch"  # of the discriminator; a row of networks.norms.NORMS
    init: str = "dcgan"  # a row of networks.initialization.INITS
    objective: str = "non-saturating"  # a row of objectives.losses.OBJECTIVES
    penalty: str = "none"  # a row of objectives.penalties.PENALTIES
    penalty_weight: float | None = None  # None for the paper's
    augment: str = "noise"  # what D sees; a row of objectives.augmentations.AUGMENTATIONS
    pack: int = 1  # images that D judges as one
    latent: int = 100
    width: int = 64
    channels: int = 1
    image_size: int = 32
    critic_steps: int = 1  # of D for one of G; they share the batch
    fresh_noise: int = 0  # new latents of G's half-step for each of D's; 0: the images D has judged
    optimizer: str = "adam"  # a row of games.optimizers.OPTIMIZERS
    lr: float = 0.002
    lr_ratio: float = 1.0  # D's rate for G's
    lr_half: float = 200_000  # images after which both have fallen to a half; 0: they stay
    betas: tuple[float, float] = (0.5, 0.999)
    batch_size: int = 32
    epochs: int = 40
    max_steps: int | None = None
    ema_half_life: float = 100_000  # images; 0 for none
    keep_every: int | None = None  # epochs after which a generator and its samples are set aside
    canvas: int = 8  # samples in a row and in a column of the pictures
    inverted: bool = False  # black on white


# Of the recipes that keep to their papers and articles.
_SEED = dict(augment="none", lr_half=0, ema_half_life=0)
_MLP = dict(networks="mlp", image_size=28, canvas=6, inverted=True)
_CONV = dict(networks="conv", norm="none", init="glorot", image_size=28, canvas=10, inverted=True)
_SNGAN = dict(networks="sngan", norm="spectral-batch", image_size=28, latent=64)
_WGAN = dict(objective="wasserstein", critic_steps=5, fresh_noise=1)

RECIPES = {
    "dcgan": Recipe("the notebook's networks, trained as measured to be best"),
    "aistudio": Recipe(
        "the notebook's numbers; only its pixel range is put right",
        **_SEED,
        init="conv",
        fresh_noise=1,
        lr=0.003,
        batch_size=16,
    ),
    "dcgan-paper": Recipe(
        "the rate of Radford et al. 2016 and no average, as a baseline",
        **_SEED,
        lr=0.0002,
        batch_size=64,
    ),
    "cdcgan": Recipe("dcgan with the digit as an input to both networks", networks="cdcgan"),
    "mlp": Recipe(
        "one hidden layer in each network, uniform latents",
        **_MLP,
        norm="spectral",
        init="glorot",
        lr=0.001,
    ),
    "mlp-seed": Recipe(
        "mlp with the numbers of the TensorFlow article",
        **_MLP,
        **_SEED,
        norm="none",
        init="kaiming",
        lr=0.0002,
        betas=(0.9, 0.999),
        batch_size=128,
        epochs=150,
        max_steps=70_000,
    ),
    "conv": Recipe("convolutions without normalization, dropout in D", **_CONV, lr=0.001),
    "conv-seed": Recipe(
        "conv with the numbers of the Keras article",
        **_CONV,
        **_SEED,
        fresh_noise=2,
        lr=0.0002,
        batch_size=128,
        epochs=100,
        keep_every=10,
    ),
    "sngan": Recipe("a small pair, D spectrally normalized", **_SNGAN, batch_size=16),
    "sngan-seed": Recipe(
        "sngan with the numbers of the PyTorch article",
        **_SNGAN,
        **_SEED,
        init="zero-scale",
        fresh_noise=1,
        lr=0.0002,
        batch_size=128,
        epochs=50,
        canvas=5,
    ),
    "sndcgan": Recipe(
        "dcgan, D spectrally normalized, hinge loss", norm="spectral", objective="hinge"
    ),
    "wgan": Recipe(
        "a critic with clipped weights",
        **_WGAN,
        penalty="clip",
        optimizer="rmsprop",
        lr=0.0005,
        batch_size=80,  # 16 for each step of the critic
    ),
    "wgan-seed": Recipe(
        "wgan with the numbers of Arjovsky et al. 2017",
        **_WGAN,
        **_SEED,
        penalty="clip",
        optimizer="rmsprop",
        lr=0.00005,
        batch_size=320,
    ),
    "wgan-gp": Recipe(
        "a critic with a gradient penalty",
        **_WGAN,
        norm="none",
        penalty="gradient",
        lr=0.001,
        betas=(0.0, 0.9),
        batch_size=80,
    ),
    "lsgan": Recipe("dcgan with least squares", objective="least-squares"),
    "hinge": Recipe("dcgan with the hinge loss", objective="hinge"),
}


NAMED_DATA = ("mnist", "embedded", "stacked")  # any other is a folder


def configure(recipe: str = "dcgan", **overrides) -> dict:
    """The resolved configuration of a run: the recipe's values, then what ``overrides`` gives.

    An override of None leaves the recipe's value; a folder of data becomes absolute. Raises
    UserError for an unknown recipe or option (naming the nearest one), a value out of its range or
    values that exclude each other.
    """
    if recipe not in RECIPES:
        raise unknown("recipe", recipe, sorted(RECIPES))
    config = {
        "recipe": recipe,
        **dataclasses.asdict(RECIPES[recipe]),
        "data": "mnist",
        "seed": 0,
        "checkpoint_every": None,
        "evaluate_every": None,
        "on_nan": "stop",
        "amp": False,
    }
    for name, value in overrides.items():
        if name not in config or name in ("recipe", "about"):
            raise unknown("option", name, sorted(config.keys() - {"recipe", "about"}))
        if value is not None:
            value = os.fspath(value) if isinstance(value, os.PathLike) else value
            # NumPy's numbers and arrays as Python's, which a file of JSON can hold.
            config[name] = value.tolist() if hasattr(value, "tolist") else value
    check(config)
    config["data"] = _absolute(config["data"])
    return config


def _absolute(data: str) -> str:
    """A folder of data so that it is found from anywhere; a named source as it is."""
    kind, colon, below = data.partition(":")
    if kind == "stacked" and colon:
        return f"stacked:{_absolute(below)}"
    return data if data in ("", *NAMED_DATA) else os.path.abspath(os.path.expanduser(data))
