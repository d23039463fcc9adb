"""What a folder tells of a run."""

from __future__ import annotations

import json
import os
import statistics
from pathlib import Path
from typing import NamedTuple

from paddle_gan.errors import UserError

TIME = "cpu_seconds"  # of all processes, since the run began
# Scores in the order of the columns: name, title, form, whether less is better.
SCORES = {
    "fid": ("FID", ".2f", min),
    "kid": ("KID", ".3f", min),
    "swd": ("SWD", ".1f", min),
    "is": ("inception score", ".2f", max),
    "precision": ("precision", ".3f", max),
    "recall": ("recall", ".3f", max),
    "density": ("density", ".3f", max),
    "coverage": ("coverage", ".3f", max),
    "error": ("error", ".4f", min),
    "l1": ("L1", ".4f", min),
    "ssim": ("SSIM", ".4f", max),
    "kept": ("kept", ".3f", max),
}


class Run(NamedTuple):
    """What a folder tells of a run: its configuration and the lines of its metrics and scores."""

    folder: Path
    config: dict
    steps: list[dict]
    scores: list[dict]

    @property
    def images(self) -> int:
        return max((line["images"] for line in (*self.steps, *self.scores)), default=0)

    @property
    def speed(self) -> float | None:
        """Median images a second of the loop."""
        found = [line["images_per_second"] for line in self.steps if "images_per_second" in line]
        return statistics.median(found) if found else None

    @property
    def hours(self) -> float | None:
        """Wall time of the steps, without what lies between: saves and evaluations."""
        seconds, before = 0.0, 0
        for line in self.steps:
            seconds += (line["images"] - before) / line["images_per_second"]
            before = line["images"]
        return seconds / 3600 if before else None


def read_run(folder: str | os.PathLike) -> Run:
    """The run in a folder. Raises UserError where there is none."""
    folder = Path(folder)
    try:
        config = json.loads((folder / "config.json").read_text())
        lines = _lines(folder / "metrics.jsonl")
        config["recipe"], lines[0]["images"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UserError(f"{folder} holds no run; give the --out of one, as work") from error
    scored = [line for line in lines if "protocol" in line]
    if (folder / "scores.jsonl").exists():  # of benchmarks/recipes.py, which scores from outside
        scored = _lines(folder / "scores.jsonl")
    steps = [line for line in lines if "images_per_second" in line]
    known = steps and TIME in steps[0]  # else a run that an older version began
    for line in scored if known else ():
        before = [step[TIME] for step in steps if step["images"] <= line["images"] and TIME in step]
        line.update({TIME: before[-1]} if before else {})
    return Run(folder, config, steps, scored)


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]
