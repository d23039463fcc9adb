"""What VisualDL shows of a run: ``log/``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from paddle_gan.options import spelled
from paddle_gan.training.histograms import Histogram

_UNPLOTTED = {"step", "epoch", "images"}
_LARGEST = 2**63  # from which VisualDL takes no whole number


class Log:
    """A new log in ``folder``, which starts with the configuration.

    ``tags`` say where a number of that name is shown.
    """

    def __init__(self, folder: Path, config: dict, tags: dict[str, str]):
        shutil.rmtree(folder, ignore_errors=True)
        self._folder, self._config, self._tags = folder, config, tags
        self._writer, self._described = _writer(folder, "run"), False
        # Its pages show a text as running text.
        values = (f"{name} {json.dumps(value)}" for name, value in config.items())
        self._writer.add_text("config", " · ".join(values), 0)

    def line(self, line: dict) -> None:
        """Plot the numbers of a line of ``metrics.jsonl``, and show its warning."""
        numbers = {
            self._tag(name, line): value
            for name, value in line.items()
            if isinstance(value, (int, float)) and not _unplotted(name)
        }
        for tag, value in numbers.items():
            self._writer.add_scalar(tag, value, line["step"])
        if "warning" in line:
            self._writer.add_text("warnings", line["warning"], line["step"])
        if numbers and not self._described:
            self._describe(list(numbers))

    def _describe(self, tags: list[str]) -> None:
        """The row of this run among the hyper parameters; VisualDL reads it once.

        Beside them it has the last of the numbers ``tags``, and of the scores that are to come.
        """
        scores = [tag for tag in self._tags.values() if tag.startswith("score/")]
        values = {n: _value(v) for n, v in self._config.items() if n not in ("about", "game")}
        self._writer.add_hparams(values, [*scores, *(tag for tag in tags if tag not in scores)])
        self._described = True

    def _tag(self, name: str, line: dict) -> str:
        if name in self._tags:
            return self._tags[name]
        if name in ("images_per_second", "cpu_seconds"):
            return f"speed/{name}"
        if name.endswith("_loss"):
            return f"loss/{name[:-5]}"
        return f"score/{name}" if "protocol" in line else f"game/{name}"

    def histograms(self, step: int, found: dict[str, Histogram]) -> None:
        for tag, (low, high, shares) in found.items():
            edges = np.linspace(low, high, len(shares) + 1)
            values = np.repeat((edges[1:] + edges[:-1]) / 2, shares)
            self._writer.add_histogram(tag, values, step, buckets=edges)

    def picture(self, picture: np.ndarray, step: int) -> None:
        """Show samples, uint8 height x width x C, or of step 0 the real images."""
        _add(self._writer, "images/samples" if step else "images/real", picture, step)

    def newest(self, picture: np.ndarray, step: int) -> None:
        """Show samples in a run of their own, of which VisualDL reads the last file alone.

        Its page begins with the first picture of a tag, which of ``samples`` is the oldest.
        """
        writer = _writer(self._folder / "newest", f"{step:08d}")
        _add(writer, "images/newest", picture, step)
        writer.close()

    def close(self) -> None:
        self._writer.close()


def _writer(folder: Path, name: str):
    from visualdl import LogWriter  # slow to import, and not needed for --help

    return LogWriter(str(folder), file_name=f"vdlrecords.{name}.log", flush_secs=5)


def _add(writer, tag: str, picture: np.ndarray, step: int) -> None:
    # VisualDL scales the array it is given in place and wants three channels.
    picture = np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture.copy()
    writer.add_image(tag, picture, step)


def _unplotted(name: str) -> bool:
    return name in _UNPLOTTED or name.endswith("_std")


def _value(value: Any) -> Any:
    """A value of a configuration as VisualDL takes it: numbers, text, or nothing."""
    small = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
    return value if value is None or small or isinstance(value, float) else spelled(value)
