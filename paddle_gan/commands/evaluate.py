"""From a checkpoint, or samples in a file, to scores and a report."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from paddle_gan import metrics
from paddle_gan.checkpoints.generators import Opened, open_checkpoint
from paddle_gan.checkpoints.reading import read_npy
from paddle_gan.data import absolute
from paddle_gan.errors import UserError
from paddle_gan.metrics.digits import digits
from paddle_gan.sampling.columns import joined, labels_of

_BATCH = 500  # samples of a file at a time


def evaluate_file(
    source: str | os.PathLike,
    data: str | None = None,
    num: int = 10_000,
    seed: int = 0,
    report: str | os.PathLike | None = None,
) -> dict:
    """Score a checkpoint (``.pdparams``) or samples (``.npy``) as ``metrics.evaluate`` does.

    Of a translator the test part of its data, or of ``data``, is scored as ``metrics.pairs`` does;
    for others ``data`` is MNIST unless given.

    Where the run behind a checkpoint has trained on the test digits, the protocol says so. With
    ``report`` a picture of samples, neighbors and history is written there; the history is that of
    the ``metrics.jsonl`` beside the source. For a generator with classes the result has
    ``agreement``, the share of samples that the digit network takes for the digit asked for.
    Raises UserError for what cannot be scored.
    """
    source = Path(source)
    if report is not None and Path(report).suffix.lower() != ".png":
        raise UserError(f"report {report}: it is a picture, and its suffix must be .png")
    opened = _opened(source, num, seed)
    if opened is not None and opened.game.judge == "pairs":
        return _against_truth(opened, data, num, seed, report)
    data = data or "mnist"
    batches, asked = _samples(source, opened, num, seed, channels=1)
    samples = np.concatenate(list(batches))
    result = metrics.evaluate(samples, data, num, _trained_on(source))
    if asked is not None:
        _, probabilities = metrics.embed(metrics.digit_network(data), metrics.as_digits(samples))
        result["agreement"] = float((probabilities.argmax(1) == asked).mean())
    if report is not None:
        from paddle_gan.metrics.report import write_report  # brings matplotlib

        real = digits(data, "trainval")  # which the scores have read already
        write_report(report, samples, result, real.images, _history(source.parent))
    return result


def modes_of_file(
    source: str | os.PathLike, data: str = "mnist", num: int = 26_000, seed: int = 0
) -> dict:
    """Count the modes of a checkpoint (``.pdparams``) or samples (``.npy``) of stacked digits.

    As ``metrics.modes`` does, in bounded memory; ``data`` are the single digits. 26,000 samples
    are what the literature counts. Raises UserError for what cannot be scored.
    """
    source = Path(source)
    batches, _ = _samples(source, _opened(source, num, seed), num, seed, channels=3)
    return metrics.modes(batches, data)


def _opened(source: Path, num: int, seed: int) -> Opened | None:
    """The checkpoint behind a file, None for samples."""
    if num < 1 or seed < 0:
        raise UserError("--num must be at least 1 and --seed 0")
    if source.suffix.lower() == ".npy":
        return None
    opened = open_checkpoint(source)
    opened.fold()
    return opened


def _against_truth(opened: Opened, data: str | None, num: int, seed: int, report) -> dict:
    """Score translations of the test part of the data."""
    if report is not None:
        raise UserError("--report is of samples from noise; infer.py shows translations")
    game, networks = opened.game, opened.networks
    if missing := [name for name in game.drawn_with if name not in networks]:
        raise UserError(f"scores are of all networks, and {', '.join(missing)} is not beside it")
    config = {**opened.config, **({"data": absolute(data)} if data else {})}
    load = functools.partial(game.load, config)
    images = load("test")
    drawn = joined(game.stream(networks, num, seed, images))
    return metrics.JUDGES[game.judge].score(drawn, images, config["data"], load)


def _samples(
    source: Path, opened: Opened | None, num: int, seed: int, channels: int
) -> tuple[Iterator[np.ndarray], np.ndarray | None]:
    """Batches of samples and, of a generator with classes, the classes it was asked for.

    Raises UserError for another number of channels before any more than one sample is drawn.
    """
    if opened is None:
        samples = np.atleast_1d(read_npy(source))[:num]
        _check_channels(source, samples.shape, channels)
        starts = range(0, len(samples) or 1, _BATCH)  # what is empty is refused by its shape
        return (samples[start : start + _BATCH] for start in starts), None
    game, networks, images = opened.game, opened.networks, opened.images()
    first = joined(game.stream(networks, 1, seed, images))[game.judged]
    _check_channels(source, first.shape, channels)
    asked = labels_of(game.probe(networks, num, seed, images))
    batches = (columns[game.judged] for columns in game.stream(networks, num, seed, images))
    return batches, asked


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
            f"{source} has images of {shape[1]} channels; paddle-gan evaluate scores gray digits, "
            "of 1, and paddle-gan modes stacks of three digits, of 3"
        )


def _history(run: Path) -> list[dict]:
    """The evaluations a run has noted."""
    try:
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    except (OSError, ValueError):
        return []
    return [line for line in lines if "fid" in line]
