"""Who scores what a run draws. ``JUDGES`` names them for the games."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from paddle_gan.data import DataSet
from paddle_gan.errors import UserError
from paddle_gan.metrics import domains, pairs, reference
from paddle_gan.metrics.digits import digit_network, embed
from paddle_gan.metrics.evaluate import as_digits, evaluate
from paddle_gan.metrics.evaluate import summary as summary_of_digits
from paddle_gan.sampling.columns import Columns

Load = Callable[[str], DataSet]  # the data of a split, as a game sees it


class Judge(NamedTuple):
    """Scores what a game draws, and chooses among checkpoints by one score.

    ``data`` is the name of the run's data, ``load`` reads a split of it.
    """

    check: Callable[[dict], None]  # of a configuration; raises UserError where it cannot be scored
    prepare: Callable[[str, Load], None]  # of data and load: all that takes long, or may fail
    score: Callable[
        [Columns, DataSet | None, str, Load], dict
    ]  # of drawings, their set, data, load
    summary: Callable[[dict], str]  # of a result: a table for people
    best: str  # the score by which the best checkpoint is chosen; the least
    shown: tuple[str, ...]  # the scores that a checkpoint keeps
    line: str  # of the console, to be formatted with the scores
    tags: Mapping[str, str]  # where scores stand on the dashboard, if not as `score/NAME`
    split: str | None = None  # that drawings are made from while training; None: no matter
    new: tuple[str, ...] = ()  # names of the column of new digits, the first that is there


def _one_channel(config: dict) -> None:
    if config["channels"] != 1:
        raise UserError("--evaluate-every scores digits of one channel; leave it out with 3")


def _digits(columns: Columns, data: str) -> dict:
    """What all digits are scored by and, where classes were asked for by ``label``, ``agreement``:

    the share of samples that the digit network takes for the digit asked for.
    """
    samples = columns["samples"]
    found = evaluate(samples, data, len(samples))
    if "label" in columns:
        _, probabilities = embed(digit_network(data), as_digits(samples))
        found["agreement"] = float((probabilities.argmax(1) == columns["label"]).mean())
    return found


DIGITS = Judge(
    _one_channel,
    lambda data, load: reference.prepare(data),
    lambda columns, images, data, load: _digits(columns, data),
    summary_of_digits,
    best="validation_fid",
    shown=("fid", "validation_fid"),
    line="FID {fid:.1f}, validation FID {validation_fid:.1f}",
    tags={
        "fid": "score/FID",
        "validation_fid": "score/validation_FID",
        "kid": "score/KID",
        "is": "score/inception_score",
    },
    new=("samples",),
)


def _reconstructions(columns: Columns, data: str) -> dict:
    """Of new digits what all are scored by; of ``output`` how far it is from ``input``, if given.

    ``error`` is the mean squared difference of a pixel, values in [-1, 1]; ``kept`` the share whose
    class, to the digit network, is that of the input.
    """
    if "input" not in columns:  # of the generator alone
        return _digits({"samples": columns["output"]}, data)
    network = digit_network(data)
    before, after = (
        embed(network, as_digits(columns[name]))[1].argmax(1) for name in ("input", "output")
    )
    return {
        **_digits({"samples": columns["sample"]}, data),
        "error": float(((columns["output"] - columns["input"]) ** 2).mean()),
        "kept": float((before == after).mean()),
        "judge": "reconstructions",
    }


def _summary_of_reconstructions(result: dict) -> str:
    told = "error {error:.4f} (mean squared, of pixels in [-1, 1]), digits kept {kept:.2%}"
    return f"reconstructions: {told.format(**result)}\nnew digits: {summary_of_digits(result)}"


RECONSTRUCTIONS = DIGITS._replace(
    score=lambda columns, images, data, load: _reconstructions(columns, data),
    summary=_summary_of_reconstructions,
    shown=(*DIGITS.shown, "error", "kept"),
    line="error {error:.4f}, {kept:.2%} of digits kept, " + DIGITS.line,
    new=("sample", "output"),
    tags={**DIGITS.tags, "error": "score/reconstruction_error", "kept": "score/digits_kept"},
)
PAIRS = Judge(
    lambda config: None,
    lambda data, load: pairs.prepare(load),
    lambda columns, images, data, load: pairs.score(columns, images, load),
    pairs.summary,
    best="error",
    shown=("error", "l1", "psnr", "ssim"),
    line="L1 {l1:.4f}, PSNR {psnr:.2f} dB, SSIM {ssim:.4f}",
    tags={},
    split="validation",
)

DOMAINS = Judge(
    lambda config: None,
    lambda data, load: domains.prepare(load),
    lambda columns, images, data, load: domains.score(columns, images, load),
    domains.summary,
    best="error",
    shown=("error", "accuracy", "fid"),
    line="{accuracy:.2%} in the domain asked for, mean FID {fid:.2f}",
    tags={"fid": "score/FID", "kept": "score/digits_kept"},
    split="validation",
)

JUDGES = {
    "digits": DIGITS,
    "reconstructions": RECONSTRUCTIONS,
    "pairs": PAIRS,
    "domains": DOMAINS,
}


def summary(result: dict) -> str:
    """What a judge found, as a table for people."""
    return JUDGES[result.get("judge", "digits")].summary(result)
