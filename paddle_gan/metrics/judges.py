"""Who scores what a run draws. ``JUDGES`` names them for the games."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from paddle_gan.errors import UserError
from paddle_gan.metrics.digits import digit_network, embed
from paddle_gan.metrics.evaluate import as_digits, evaluate
from paddle_gan.metrics.reference import prepare
from paddle_gan.sampling.columns import Columns


class Judge(NamedTuple):
    """Scores images of one kind, and chooses among checkpoints by one score."""

    check: Callable[[dict], None]  # of a configuration; raises UserError where it cannot be scored
    prepare: Callable[[str], None]  # of the name of the data: all that takes long, or may fail
    score: Callable[[Columns, str], dict]  # of columns as a game draws them, and the data's name
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
    lambda columns, data: evaluate(columns["samples"], data, validation=True),
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


def _reconstructions(columns: Columns, data: str) -> dict:
    """Of ``sample`` what all digits are scored by; of ``output`` how far it is from ``input``.

    ``error`` is the mean squared difference of a pixel, values in [-1, 1]; ``kept`` the share whose
    class, to the digit network, is that of the input.
    """
    network = digit_network(data)
    before, after = (
        embed(network, as_digits(columns[name]))[1].argmax(1) for name in ("input", "output")
    )
    return {
        **evaluate(columns["sample"], data, validation=True),
        "error": float(((columns["output"] - columns["input"]) ** 2).mean()),
        "kept": float((before == after).mean()),
    }


RECONSTRUCTIONS = DIGITS._replace(
    score=_reconstructions,
    shown=(*DIGITS.shown, "error", "kept"),
    line="error {error:.4f}, {kept:.2%} of digits kept, " + DIGITS.line,
    tags={**DIGITS.tags, "error": "score/reconstruction_error", "kept": "score/digits_kept"},
)

JUDGES = {"digits": DIGITS, "reconstructions": RECONSTRUCTIONS}
