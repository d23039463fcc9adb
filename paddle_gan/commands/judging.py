"""Which judge and which images score a checkpoint, or samples in a file."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np

from paddle_gan import metrics
from paddle_gan.checkpoints.generators import Opened
from paddle_gan.checkpoints.reading import read
from paddle_gan.data import MNIST, absolute
from paddle_gan.errors import UserError, unknown
from paddle_gan.games import Game
from paddle_gan.metrics.inception import hub_weights, inception

HUB = "inception"
_NAMED = ("digits", "classes", "patches")
_READ = {"fit": "crop", "ground": "white", "labels": None}  # how, where no run tells


class Choice(NamedTuple):
    """A judge, what reads a split of the real images, and why this judge."""

    judge: metrics.Judge
    load: metrics.judges.Load
    why: str


def choose(
    kind: str, opened: Opened | None, shape: tuple[int, ...], data: str | None, features: str | None
) -> Choice:
    """Who scores images of a shape, N x C x H x H, as the games do that name the judge ``kind``.

    The real images are ``data``; without it those that the checkpoint was trained on, MNIST if they
    are digits of it or nothing is known of them. Without ``features``, the best that fits these.
    Raises UserError where nothing does.
    """
    channels, size = _checked(shape)
    own = opened.config["data"] if opened and opened.config else "mnist"
    data = absolute(data or ("mnist" if own in MNIST else own))
    if data.partition(":")[0] == "stacked":
        raise UserError(
            f"data {data} has three channels, one a digit: paddle-gan modes, with the data of the "
            "digits, scores"
        )
    if data in MNIST and channels != 1:
        raise UserError(
            f"images of {channels} channels have nothing in common with the digits of {data}; name "
            "other images with --data, or count the modes of stacked digits with paddle-gan modes"
        )
    game, config = (opened.game, opened.config) if opened and opened.config else (Game, _READ)
    load = game.reader({**config, "data": data, "image_size": size, "channels": channels})
    if features is None:
        judge, why = metrics.judge_of(kind, data, load)
        return Choice(judge, load, why)
    if features in _NAMED:
        judge = metrics.JUDGES[features]
        if reason := judge.unfit(load):
            raise UserError(f"--features {features} cannot score {data}: there is {reason}")
    else:
        path = features if features != HUB else hub_weights()
        found = inception(_weights(path), path)
        judge = metrics.by_features(lambda load: found)
    if kind == "reconstructions":
        judge = metrics.reconstructed(features, judge)
    return Choice(judge, load, "")


def _checked(shape: tuple[int, ...]) -> tuple[int, int]:
    """Channels and size of images."""
    if len(shape) != 4 or shape[1] not in (1, 3) or shape[2] != shape[3] or 0 in shape:
        raise UserError(
            f"samples of shape {shape} cannot be scored; give float32 N x C x H x H, C 1 or 3"
        )
    return shape[1], shape[2]


def _weights(path: str) -> dict[str, np.ndarray]:
    """Arrays by name, from a ``.pdparams`` or ``.npz``."""
    if not os.path.exists(path):
        raise unknown("features", path, [*_NAMED, HUB])
    if not path.lower().endswith(".npz"):
        return read(path)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except Exception as error:  # whatever a damaged file may cause
        raise UserError(f"{path} cannot be read as a .npz of arrays") from error
