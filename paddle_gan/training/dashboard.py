"""What a run tells: VisualDL, ``metrics.jsonl``, sample grids and the console."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from paddle_gan.games import Game
from paddle_gan.sampling import pictures
from paddle_gan.system import distributed, notebook
from paddle_gan.system.files import write_whole
from paddle_gan.training.histograms import Histogram, histograms
from paddle_gan.training.visual import Log


def open_dashboard(out: Path, config: dict, step: int, total_steps: int, tags: dict[str, str]):
    """The dashboard of this process: rank 0 alone has one, the others keep silent."""
    if distributed.rank() > 0:
        return _Silence()
    return Dashboard(out, config, step, total_steps, tags)


class Dashboard:
    """The records of a run in ``out``, from step ``step`` on.

    ``metrics.jsonl``, ``histograms.jsonl`` and ``samples/`` are the record; ``log/`` is made from
    them, so that a resumed run shows every step once: what a stopped run noted beyond its last
    checkpoint is dropped.
    ``tags`` say where in VisualDL a number of that name is shown; ``cpu_seconds`` is what the run
    had taken at the last line that is kept.
    """

    def __init__(self, out: Path, config: dict, step: int, total_steps: int, tags: dict[str, str]):
        self._out, self._config, self._batch_size = out, config, config["batch_size"]
        self._tags = tags
        self._metrics, self._samples = out / "metrics.jsonl", out / "samples"
        self._histograms = out / "histograms.jsonl"
        self._samples.mkdir(exist_ok=True)
        self._total, self._bar = total_steps * self._batch_size, None
        self._file = self._log = None
        self._picture = notebook.Picture()
        self.rewind(step)

    def rewind(self, step: int) -> None:
        """Drop what was noted after ``step`` and go on from there."""
        self.close_files()
        noted, seen = _kept(self._metrics, step), _kept(self._histograms, step)
        self._file = open(self._metrics, "a", buffering=1)
        self._log = Log(self._out / "log", self._config, self._tags)
        for path in pictures.samples(self._out):
            if _step(path) > step:
                path.unlink()
        self.cpu_seconds = max((line.get("cpu_seconds", 0.0) for line in noted), default=0.0)
        self._replay(noted, seen)
        self._restart_bar(step)
        self._mark = time.perf_counter(), step

    def _restart_bar(self, step: int) -> None:
        """A progress bar that is at ``step`` and counts only what follows as speed."""
        if self._bar is not None:
            self._bar.leave = False  # the new one takes its line
            self._bar.close()
        self._bar_step = step
        self._bar = notebook.progress_bar(
            initial=step * self._batch_size, total=self._total, unit=" images"
        )

    def _replay(self, lines: list[dict], seen: list[dict]) -> None:
        """Fill the log as the run did, in its order, so that an open VisualDL reads on in it."""
        # Within a step come the losses, the samples, histograms, and scores of those samples.
        events = [
            (line["step"], 3 if "protocol" in line else 0, self._log.line, (line,))
            for line in lines
        ]
        events += [(line["step"], 2, self._show_histograms, (line,)) for line in seen]
        shown = *self._samples.glob("real.png"), *pictures.samples(self._out)
        pictures_of = {_step(path): path for path in shown}
        for step, path in pictures_of.items():
            events.append((step, 1, self._show_again, (path, step)))
        for _, _, show, what in sorted(events, key=lambda event: event[:2]):
            show(*what)
        if newest := max(pictures_of, default=0):
            self._log.newest(pictures.read_picture(pictures_of[newest]), newest)

    def _show_again(self, path: Path, step: int) -> None:
        self._log.picture(pictures.read_picture(path), step)

    def _show_histograms(self, line: dict) -> None:
        found = {name: Histogram(*each) for name, each in line.items() if name != "step"}
        self._log.histograms(line["step"], found)

    def tick(self, step: int) -> None:
        """Move the progress bar."""
        self._bar.update((step - self._bar_step) * self._batch_size)
        self._bar_step = step

    def scalars(self, step: int, epoch: int, values: dict[str, float]) -> None:
        """Record losses and probabilities after ``step``, and the speed since the last line."""
        (before, last), now = self._mark, time.perf_counter()
        self._mark = now, step
        speed = (step - last) * self._batch_size / (now - before)
        images = step * self._batch_size
        line = {"step": step, "epoch": epoch, "images": images, **values}
        self.record({**line, "images_per_second": round(speed, 1)})
        losses = {name: value for name, value in values.items() if name.endswith("_loss")}
        self._bar.set_postfix({name: f"{value:.3f}" for name, value in losses.items()}, False)

    def epoch(self, epoch: int, seconds: float, line: str) -> None:
        """Print ``line`` at the end of an epoch, as the notebook does."""
        self.say(f"[{epoch:03d}/{self._config['epochs']:03d}] {seconds:.2f} sec(s) {line}")

    def warn(self, step: int, warning: str) -> None:
        """Say that something looks wrong, here and on the dashboard."""
        self.say(f"warning: {warning}")
        self.record({"step": step, "warning": warning})

    def record(self, line: dict) -> None:
        """Append a line to ``metrics.jsonl`` and plot its numbers."""
        self._file.write(json.dumps(line) + "\n")
        self._log.line(line)

    def sync(self) -> None:
        """Let what was recorded survive a power failure."""
        os.fsync(self._file.fileno())

    def samples(
        self,
        step: int,
        columns: dict[str, np.ndarray],
        labels: np.ndarray | None = None,
        names: list[str] | None = None,
    ) -> None:
        """Show what was drawn: columns of float32 N x C x H x W in [-1, 1], side by side.

        With ``labels``, N numbers, in a row for each class.
        """
        columns = {name: pictures.to_uint8(images) for name, images in columns.items()}
        picture = self._canvas(columns, labels, names)
        pictures.write_picture(self._samples / f"step-{step:08d}.png", picture)
        self._picture.show(pictures.png(picture))
        self._log.picture(picture, step)
        self._log.newest(picture, step)

    def histograms(self, step: int, game: Game) -> None:
        """Record how weights are distributed, and logits."""
        line = {"step": step, **histograms(game)}
        with open(self._histograms, "a") as file:
            file.write(json.dumps(line) + "\n")
        self._show_histograms(line)

    def real(self, columns: dict[str, np.ndarray]) -> None:
        """Show real images, columns of uint8 N x C x H x W, once."""
        if (self._samples / "real.png").exists():
            return
        picture = self._canvas(columns)
        pictures.write_picture(self._samples / "real.png", picture)
        self._log.picture(picture, 0)

    def say(self, line: str) -> None:
        """Print a line without tearing the progress bar."""
        try:
            self._bar.write(line, file=sys.stdout)
            sys.stdout.flush()
        except BrokenPipeError:  # nobody reads on; SIGPIPE has asked the run to stop
            sys.stdout = open(os.devnull, "w")

    def close(self) -> None:
        self._bar.close()
        self.close_files()

    def close_files(self) -> None:
        for opened in (self._file, self._log):
            if opened is not None:
                opened.close()

    def _canvas(self, columns: dict[str, np.ndarray], labels=None, names=None) -> np.ndarray:
        plain = labels is None
        picture = (
            pictures.side_by_side(columns) if plain else pictures.by_class(columns, labels, names)
        )
        return 255 - picture if self._config["inverted"] else picture


class _Silence:
    """Takes every call of a Dashboard and does nothing."""

    cpu_seconds = 0.0

    def __getattr__(self, name: str):
        return lambda *arguments: None


def _step(sample: Path) -> int:
    """The step in the name of a sample, 0 for the real images."""
    return int(sample.stem[5:]) if sample.stem != "real" else 0


def _kept(path: Path, step: int) -> list[dict]:
    """The lines of a record up to ``step``; others, and one that was cut off, are dropped."""
    kept = []
    for line in path.read_text().splitlines(keepends=True) if path.exists() else ():
        try:
            if line.endswith("\n") and json.loads(line)["step"] <= step:
                kept.append(line)
        except ValueError:
            pass  # the machine went down while it was written
    write_whole(path, "".join(kept).encode())
    return [json.loads(line) for line in kept]
