"""From a checkpoint, or samples in a file, to scores and a report."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from paddle_gan import metrics
from paddle_gan.generation import classes_drawn, load_generator, stream
from paddle_gan.metrics.digits import digits
from paddle_gan.serialization import read_npy


def evaluate_file(
    source: str | os.PathLike,
    data: str = "mnist",
    num: int = 10_000,
    seed: int = 0,
    report: str | os.PathLike | None = None,
) -> dict:
    """Score a checkpoint (``.pdparams``) or samples (``.npy``) as ``metrics.evaluate`` does.

    With ``report`` a picture of samples, neighbors and history is written there; the history is
    that of the ``metrics.jsonl`` beside the source. For a generator with classes the result has
    ``agreement``, the share of samples that the digit network takes for the digit asked for.
    Raises UserError for what cannot be scored.
    """
    source = Path(source)
    samples, asked = _samples(source, num, seed)
    result = metrics.evaluate(samples, data, num)
    if asked is not None:
        _, probabilities = metrics.embed(metrics.digit_network(data), metrics.as_digits(samples))
        result["agreement"] = float((probabilities.argmax(1) == asked).mean())
    if report is not None:
        from paddle_gan.metrics.report import write_report  # brings matplotlib

        real = digits(data, "fit")  # which the scores have read already
        write_report(report, samples, result, real.images, _history(source.parent))
    return result


def _samples(source: Path, num: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Samples and, of a generator with classes, the digits it was asked for."""
    if source.suffix == ".npy":
        return read_npy(source), None
    generator = load_generator(source)
    generator.fold()
    samples = np.concatenate(list(stream(generator, num, seed)))
    return samples, classes_drawn(generator, num) if generator.classes else None


def _history(run: Path) -> list[dict]:
    """The evaluations a run has noted."""
    try:
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    except (OSError, ValueError):
        return []
    return [line for line in lines if "fid" in line]
