"""Who scores what a run draws. ``JUDGES`` names them for the games."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from paddle_gan.data import DataSet
from paddle_gan.errors import UserError
from paddle_gan.metrics import domains, features, images, pairs, reference, tables
from paddle_gan.metrics.digits import digit_network, embed
from paddle_gan.metrics.evaluate import as_digits, evaluate
from paddle_gan.metrics.evaluate import summary as summary_of_digits
from paddle_gan.sampling.columns import Columns

Load = Callable[..., DataSet]  # the data of a split, as a game sees it; see Game.reader


class Judge(NamedTuple):
    """Scores what a game draws, and chooses among checkpoints by one score.

    A ``load`` reads a split of the run's data.
    """

    prepare: Callable[[Load], None]  # all that takes long, or may fail
    score: Callable[[Columns, DataSet | None, Load], dict]  # of drawings and their set
    summary: Callable[[dict], str]  # of a result: a table for people
    best: str  # the score by which the best checkpoint is chosen; the least
    shown: tuple[str, ...]  # the scores that a checkpoint keeps
    line: str  # of the console, to be formatted with the scores
    tags: Mapping[str, str]  # where scores are shown on the dashboard, if not as `score/NAME`
    split: str | None = None  # that drawings are made from while training; None: no matter
    new: tuple[str, ...] = ()  # names of the column of new images, the first that is there
    unfit: Callable[[Load], str | None] = lambda load: None  # why it cannot score data
    read: Callable[[np.ndarray, Load], np.ndarray] | None = None  # the classes of images
    most: Callable[[Load], int] = lambda load: 10_000  # drawings of which it makes use


def _digits(columns: Columns, _, load: Load) -> dict:
    samples = columns["samples"]
    return evaluate(samples, load, len(samples), columns.get("label"))


def _digits_read(images: np.ndarray, load: Load) -> np.ndarray:
    return embed(digit_network(load), as_digits(images))[1].argmax(1)


DIGITS = Judge(
    reference.prepare,
    _digits,
    summary_of_digits,
    best="validation_fid",
    shown=("fid", "validation_fid"),
    line="FID {fid:.2f}, validation FID {validation_fid:.2f}",
    tags={
        "fid": "score/FID",
        "validation_fid": "score/validation_FID",
        "kid": "score/KID",
        "is": "score/inception_score",
    },
    new=("samples",),
    unfit=reference.unfit,
    read=_digits_read,
)


def by_features(find: Callable[[Load], features.Features]) -> Judge:
    """Who scores images of any kind by the features that ``find`` gives for the data."""
    return Judge(
        lambda load: images.prepare(load, find(load)),
        lambda columns, _, load: images.evaluate_images(
            columns["samples"], load, find(load), columns.get("label")
        ),
        tables.summary,
        best="validation_fid",
        shown=("fid", "swd", "validation_fid"),
        line="FID {fid:.2f}, validation FID {validation_fid:.2f}, SWD {swd:.1f}",
        tags={**DIGITS.tags, "swd": "score/SWD"},
        new=("samples",),
        most=images.most,
    )


CLASSES = by_features(features.of_classes)._replace(
    unfit=lambda load: images.unfit(load, classes=True), read=features.classes_of
)
PATCHES = Judge(
    lambda load: images.prepare(load, None),
    lambda columns, _, load: images.evaluate_images(columns["samples"], load),
    tables.summary,
    best="validation_swd",
    shown=("swd", "validation_swd"),
    line="SWD {swd:.1f}, validation SWD {validation_swd:.1f}",
    tags={"swd": "score/SWD", "validation_swd": "score/validation_SWD"},
    new=("samples",),
    unfit=lambda load: images.unfit(load, classes=False),
    most=images.most,
)
PAIRS = Judge(
    pairs.prepare,
    pairs.score,
    pairs.summary,
    best="error",
    shown=("error", "l1", "psnr", "ssim"),
    line="L1 {l1:.4f}, PSNR {psnr:.2f} dB, SSIM {ssim:.4f}",
    tags={},
    split="validation",
)


DOMAINS = Judge(
    domains.prepare,
    domains.score,
    domains.summary,
    best="error",
    shown=("error", "accuracy", "fid"),
    line="{accuracy:.2%} in the domain asked for, mean FID {fid:.2f}",
    tags={"fid": "score/FID", "kept": "score/digits_kept"},
    split="validation",
)


def reconstructed(name: str, judge: Judge) -> Judge:
    """What scores new images as another judge does, and how far ``output`` is from ``input``.

    ``error`` is the mean squared difference of a pixel, values in [-1, 1]; ``kept``, where classes
    are known, the share whose class, to the feature network, is that of the input.
    """
    told = {"error": "error {error:.4f}"}
    if judge.read:
        told["kept"] = f"{{kept:.2%}} of {'digits' if name == 'digits' else 'classes'} kept"

    def score(columns: Columns, _, load: Load) -> dict:
        if "input" not in columns:  # of the generator alone
            return judge.score({"samples": columns["output"]}, None, load)
        before, after = columns["input"], columns["output"]
        found = judge.score({"samples": columns["sample"]}, None, load)
        found["error"] = float(((after - before) ** 2).mean())
        if judge.read:
            classes = [judge.read(each, load) for each in (before, after)]
            found["kept"] = float((classes[0] == classes[1]).mean())
        return {**found, "judge": f"reconstructed-{name}"}

    def summary(result: dict) -> str:
        means = ", ".join(told.values()).format(**result) + " (squares of pixels in [-1, 1])"
        new = "digits" if name == "digits" else "images"
        return f"reconstructions: {means}\nnew {new}: {judge.summary(result)}"

    return judge._replace(
        score=score,
        summary=summary,
        shown=(*judge.shown, *told),
        line=", ".join([*told.values(), judge.line]),
        new=("sample", "output"),
        tags={**judge.tags, "error": "score/reconstruction_error", "kept": f"score/{name}_kept"},
    )


_OF_SAMPLES = {"digits": DIGITS, "classes": CLASSES, "patches": PATCHES}  # the best that fits first
_TOLD = {
    "classes": "features of a classifier of its own classes",
    "patches": "patches alone",
}
JUDGES = {
    **_OF_SAMPLES,
    **{f"reconstructed-{name}": reconstructed(name, each) for name, each in _OF_SAMPLES.items()},
    "pairs": PAIRS,
    "domains": DOMAINS,
}
_CHOSEN = {"samples": "", "reconstructions": "reconstructed-"}  # by the data; prefix of the judges


def judge_of(name: str | None, data: str, load: Load) -> tuple[Judge | None, str]:
    """The judge that a game names, and why, where the data does not allow for a better one.

    "samples" are judged by the first of "digits", "classes" and "patches" that fits; so are those
    of "reconstructions". Raises UserError where none does.
    """
    if name not in _CHOSEN:
        return JUDGES.get(name), ""
    reasons = []
    for each in _OF_SAMPLES:
        judge = JUDGES[_CHOSEN[name] + each]
        reason = judge.unfit(load)
        if reason is None:
            why = f"scored by {_TOLD[each]}: there is {', '.join(reasons)}" if reasons else ""
            return judge, why
        reasons.append(reason)
    raise UserError(f"{data} gives no scores: there is {reasons[-1]}; add images")  # of the least


def summary(result: dict) -> str:
    """What a judge found, as a table for people."""
    return JUDGES[result.get("judge", "digits")].summary(result)
