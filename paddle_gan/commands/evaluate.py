"""From a checkpoint, or samples in a file, to scores and a report."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from paddle_gan import metrics
from paddle_gan.checkpoints.generators import Opened, open_checkpoint
from paddle_gan.checkpoints.pretrained import located
from paddle_gan.checkpoints.reading import read_npy
from paddle_gan.commands.judging import Choice, choose
from paddle_gan.data import absolute
from paddle_gan.data.image_set import spread
from paddle_gan.errors import UserError
from paddle_gan.sampling.columns import Columns, joined, numbers

_BATCH = 500  # samples of a file at a time
_SEARCHED = 60_000  # training images whose nearest are shown


def evaluate_file(
    source: str | os.PathLike | Sequence | np.ndarray,
    data: str | None = None,
    num: int = 10_000,
    seed: int = 0,
    report: str | os.PathLike | None = None,
    features: str | None = None,
) -> dict:
    """Score a checkpoint (``.pdparams``) as a judge for what it draws does, or samples (``.npy``).

    Samples may also be given as they are: N x C x H x W numbers of any type in [-1, 1].
    What is drawn from images is drawn from, and scored against, the test part of its own data or of
    ``data``. ``choose`` says who scores what is drawn from noise, and against what; samples, too.

    Where the run behind a checkpoint has trained on the test images, the protocol says so. With
    ``report`` a picture of new images, neighbors and history is written there; the history is that
    of the ``metrics.jsonl`` beside the source. Raises UserError for what cannot be scored.
    """
    if not isinstance(source, (str, os.PathLike)):
        with tempfile.TemporaryDirectory() as folder:
            np.save(f"{folder}/samples.npy", numbers(source, "samples"))
            return evaluate_file(f"{folder}/samples.npy", data, num, seed, report, features)
    source = located(source)
    if report is not None and Path(report).suffix.lower() != ".png":
        raise UserError(f"report {report}: it is a picture, and its suffix must be .png")
    opened, images = _opened(source, num, seed), None
    kind = opened.game.judge if opened else "samples"
    if kind is None:
        raise UserError(f"{source}: there are no scores for what this checkpoint draws")
    if opened is not None and opened.config is not None:
        if data is not None:
            opened = opened._replace(
                config={**opened.config, "data": absolute(data), "labels": None}
            )
        images = opened.images()
    if images is None:
        choice = choose(kind, opened, _shape(source, opened, seed), data, features)
    elif features is not None:
        raise UserError("--features is of what is drawn from noise; leave it out")
    else:
        load = opened.game.reader(opened.config)
        judge, why = metrics.judge_of(kind, opened.config["data"], load)
        choice = Choice(judge, load, why)
    judge, load, why = choice
    if report is not None and not judge.new:
        raise UserError("--report is of samples from noise; infer.py shows translations")
    columns = _columns(source, opened, min(num, judge.most(load)), seed, images)
    result = {**judge.score(columns, images, load), **({"why": why} if why else {})}
    trained_on = _trained_on(source)
    if trained_on and metrics.has_seen(trained_on, images or load("test"), load):
        result["protocol"] += ", seen in training"
    if report is not None:
        from paddle_gan.metrics.report import write_report  # brings matplotlib

        samples = next(columns[name] for name in judge.new if name in columns)
        real = spread(load("trainval").images, _SEARCHED)
        write_report(report, samples, result, real, _history(source.parent))
    return result


def _columns(source: Path, opened: Opened | None, num: int, seed: int, images) -> Columns:
    """What is scored."""
    if opened is None:
        return {"samples": np.atleast_1d(read_npy(source))[:num]}
    networks = {name: opened.networks[name] for name in _drawing(opened)}
    return opened.game.cases(networks, num, seed, images)


def _shape(source: Path, opened: Opened | None, seed: int) -> tuple[int, ...]:
    """The shape of samples, drawing one at most."""
    columns = _columns(source, opened, 1, seed, None)
    return columns[opened.game.judged if opened else "samples"].shape


def _drawing(opened: Opened) -> list[str]:
    """The networks that scores are of, in their order. Raises UserError where one is missing."""
    if opened.name in opened.game.draws_alone:
        return [opened.name]
    if missing := [name for name in opened.game.drawn_with if name not in opened.networks]:
        raise UserError(f"scores are of all networks, and {', '.join(missing)} is not beside it")
    return list(opened.game.drawn_with)


def modes_of_file(
    source: str | os.PathLike, data: str = "mnist", num: int = 26_000, seed: int = 0
) -> dict:
    """Count the modes of a checkpoint (``.pdparams``) or samples (``.npy``) of stacked digits.

    As ``metrics.modes`` does, in bounded memory; ``data`` are the single digits. 26,000 samples
    are what the literature counts. Raises UserError for what cannot be scored.
    """
    source = located(source)
    return metrics.modes(_batches(source, _opened(source, num, seed), num, seed), data)


def _opened(source: Path, num: int, seed: int) -> Opened | None:
    """The checkpoint behind a file, None for samples."""
    if num < 1 or seed < 0:
        raise UserError("--num must be at least 1 and --seed 0")
    if source.suffix.lower() == ".npy":
        return None
    opened = open_checkpoint(source)
    opened.fold()
    return opened


def _batches(source: Path, opened: Opened | None, num: int, seed: int) -> Iterator[np.ndarray]:
    """Batches of stacked digits. Raises UserError, drawing one at most, for what is none."""
    if opened is None:
        samples = np.atleast_1d(read_npy(source))[:num]
        _check_channels(source, samples.shape, 3)
        starts = range(0, len(samples) or 1, _BATCH)  # what is empty is refused by its shape
        return (samples[start : start + _BATCH] for start in starts)
    game, networks, images = opened.game, opened.networks, opened.images()
    first = joined(game.stream(networks, 1, seed, images))[game.judged]
    _check_channels(source, first.shape, 3)
    return (columns[game.judged] for columns in game.stream(networks, num, seed, images))


def _trained_on(source: Path) -> dict | None:
    """The fingerprint of the training images behind a checkpoint, by the manifest of its run."""
    folder = source.resolve().parent
    if folder.name == "generators":  # kept for good, beside the run's checkpoints
        folder = folder.parent / "checkpoints" / "latest"
    try:
        found = json.loads((folder / "manifest.json").read_text())["progress"]["data"]
        return {name: str(found[name]) for name in ("source", "split")}
    except Exception:  # there is none, or whatever another's may cause
        return None


def _check_channels(source: Path, shape: tuple[int, ...], wanted: int) -> None:
    if len(shape) == 4 and shape[1] != wanted:
        raise UserError(
            f"{source} has images of {shape[1]} channels; paddle-gan modes counts stacks of three "
            "digits, of 3, and paddle-gan evaluate scores others"
        )


def _history(run: Path) -> list[dict]:
    """The evaluations a run has noted."""
    try:
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    except (OSError, ValueError):
        return []
    return [line for line in lines if "protocol" in line]
