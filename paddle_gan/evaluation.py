"""From a checkpoint, or samples in a file, to scores and a report."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from paddle_gan import metrics
from paddle_gan.data import load_images
from paddle_gan.generation import load_generator, stream
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
    that of the ``metrics.jsonl`` beside the source. Raises UserError for what cannot be scored.
    """
    source = Path(source)
    samples = _samples(source, num, seed)
    result = metrics.evaluate(samples, data, num)
    if report is not None:
        real = load_images(data, split="fit").images
        metrics.write_report(report, samples, result, real, _history(source.parent))
    return result


def _samples(source: Path, num: int, seed: int) -> np.ndarray:
    if source.suffix == ".npy":
        return read_npy(source)
    generator = load_generator(source)
    generator.fold()
    return np.concatenate(list(stream(generator, num, seed)))


def _history(run: Path) -> list[dict]:
    """The evaluations a run has noted."""
    try:
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    except (OSError, ValueError):
        return []
    return [line for line in lines if "fid" in line]
