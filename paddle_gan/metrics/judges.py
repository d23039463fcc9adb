"""Who scores what a run draws. ``JUDGES`` names them for the games."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from paddle_gan.errors import UserError
from paddle_gan.metrics.evaluate import evaluate
from paddle_gan.metrics.reference import prepare


class Judge(NamedTuple):
    """Scores images of one kind, and chooses among checkpoints by one score."""

    check: Callable[[dict], None]  # of a configuration; raises UserError where it cannot be scored
    prepare: Callable[[str], None]  # of the name of the data: all that takes long, or may fail
    score: Callable[[np.ndarray, str], dict]  # of N images in [-1, 1] and the name of the data
    best: str  # the score by which the best checkpoint is chosen; the least
    shown: tuple[str, ...]  # the scores that a checkpoint keeps
    line: str  # of the console, to be formatted with the scores
    tags: Mapping[str, str]  # where scores stand on the dashboard, if not as `score/NAME`


def _one_channel(config: dict) -> None:
    if config["channels"] != 1:
        raise UserError("--evaluate-every scores digits of one channel; leave it out with 3")


DIGITS = Judge(
    _one_channel,
    prepare,
    lambda images, data: evaluate(images, data, validation=True),
    best="validation_fid",
    shown=("fid", "validation_fid"),
    line="FID {fid:.1f}, validation FID {validation_fid:.1f}",
    tags={
        "fid": "score/FID",
        "validation_fid": "score/validation_FID",
        "kid": "score/KID",
        "is": "score/inception_score",
    },
)

JUDGES = {"digits": DIGITS}
