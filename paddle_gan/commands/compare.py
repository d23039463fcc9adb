"""Runs on disk side by side: a table, and their curves in one picture."""

from __future__ import annotations

import io
import json
import os
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from paddle_gan.errors import UserError
from paddle_gan.sampling.pictures import read_picture
from paddle_gan.system.files import write_whole

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
_LOSSES = ["g_loss", "d_loss", "loss"]
# Of a configuration, what does not make two runs differ.
_OWN = {"seed", "about", "game", "class_names"}


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
    return Run(folder, config, [line for line in lines if "images_per_second" in line], scored)


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def grouped(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Runs of one configuration but for the seed together, under what sets it apart from others.

    That is the recipe, and options that differ; of several recipes not those that each of them has
    as it is.
    """
    keys = [{k: v for k, v in run.config.items() if k not in _OWN} for run in runs]
    differing = {
        name
        for name in {name for key in keys for name in key}
        if len({json.dumps(key.get(name)) for key in keys}) > 1
    } - {"recipe"}
    recipes = {key["recipe"] for key in keys}
    usual = {name: _values_of(name) if len(recipes) > 1 else {} for name in recipes}
    groups: dict[str, list[Run]] = {}
    for run, key in zip(runs, keys):
        recipe = key["recipe"]
        told = [
            f"{name} {_shown(value)}"
            for name, value in key.items()
            if name in differing and value not in (None, usual[recipe].get(name))
        ]
        groups.setdefault(" ".join([recipe, *told]), []).append(run)
    return groups


def _values_of(recipe: str) -> dict:
    """What a recipe has as it is, as files of JSON have it; nothing where it is not known here."""
    from paddle_gan.config import configure  # brings Paddle

    try:
        return json.loads(json.dumps(configure(recipe)))
    except UserError:
        return {}


def _shown(value: object) -> str:
    return (
        os.path.basename(value) if isinstance(value, str) and os.path.isabs(value) else str(value)
    )


def compare(folders: Sequence[str | os.PathLike], picture: str | os.PathLike | None = None) -> str:
    """The table of runs as Markdown, best first; with ``picture`` their curves as a PNG.

    Of a score there is the last and, in brackets where that is another, the best; of several seeds
    the mean and the standard deviation of the last. Raises UserError for a folder without a run.
    """
    if picture is not None and Path(picture).suffix.lower() != ".png":
        raise UserError(f"--picture {picture}: its suffix must be .png")
    runs = [read_run(folder) for folder in folders]
    groups = grouped(runs)
    names = [name for name in SCORES if any(name in line for run in runs for line in run.scores)]
    main = names[0] if names else None

    def order(group: list[Run]) -> float:
        last = [run.scores[-1].get(main) for run in group if run.scores]
        found = [value for value in last if value is not None]
        sign = 1 if main is None or SCORES[main][2] is min else -1
        return sign * statistics.mean(found) if found else float("inf")

    groups = dict(sorted(groups.items(), key=lambda item: order(item[1])))
    heads = ["run", "images", "seeds", *(SCORES[name][0] for name in names), "images/s", "hours"]
    lines = [f"| {' | '.join(heads)} |", f"|{'-|' * len(heads)}"]
    lines += [f"| {' | '.join(_row(name, group, names))} |" for name, group in groups.items()]
    if picture is not None:
        draw(groups, names[:2], picture)
    protocols = dict.fromkeys(line["protocol"] for run in runs for line in run.scores[-1:])
    notes = [f"scores: {protocol}" for protocol in protocols]
    if len(protocols) > 1:
        notes.insert(0, "scores of different protocols do not compare:")
    return "\n".join([*lines, "", *notes]).rstrip()


def _row(name: str, group: list[Run], scores: list[str]) -> list[str]:
    seeds = ", ".join(str(run.config["seed"]) for run in group)
    images = sorted({run.images for run in group})
    cells = [
        f"`{name}`",
        " to ".join(f"{n:,}" for n in (images[0], images[-1])[: len(images)]),
        seeds,
    ]
    for score in scores:
        through = [[line[score] for line in run.scores if score in line] for run in group]
        cells.append(_cell([values for values in through if values], *SCORES[score][1:]))
    speeds = [run.speed for run in group if run.speed]
    hours = [run.hours for run in group if run.hours]
    cells.append(f"{statistics.median(speeds):.0f}" if speeds else "")
    cells.append(f"{statistics.mean(hours):.2f}" if hours else "")
    return cells


def _cell(through: list[list[float]], form: str, best: Callable) -> str:
    if not through:
        return ""
    last = [values[-1] for values in through]
    if len(through) > 1:
        return f"{statistics.mean(last):{form}} ± {statistics.stdev(last):{form}}"
    found, least = f"{last[0]:{form}}", f"{best(through[0]):{form}}"
    return found if found == least else f"{found} ({least})"


def draw(groups: dict[str, list[Run]], scores: list[str], picture: str | os.PathLike) -> None:
    """Curves of scores, or losses where there are none, a band over seeds; newest samples."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [name for name in scores or _LOSSES if any(_curves(g, name) for g in groups.values())]
    width, height = 6 * len(names) + 8, max(4.5, 0.9 * len(groups) + 1)
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    places = figure.add_gridspec(len(groups), len(names) + 1, width_ratios=[6] * len(names) + [8])
    for column, name in enumerate(names):
        axes = figure.add_subplot(places[:, column])
        for number, (label, group) in enumerate(groups.items()):
            _plot(
                axes, _curves(group, name), label, f"C{number % 10}", "-" if number < 10 else "--"
            )
        axes.set(xlabel="thousands of images seen", ylabel=SCORES.get(name, [name])[0])
        axes.grid(alpha=0.3, which="both")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8, frameon=False)
    for row, (label, group) in enumerate(groups.items()):
        axes = figure.add_subplot(places[row, -1])
        axes.set_title(label, fontsize=8, loc="left")
        axes.set_axis_off()
        if (shown := _samples(group[0])) is not None:
            axes.imshow(shown, cmap="gray", vmin=0, vmax=255, interpolation="none")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    write_whole(picture, buffer.getvalue())


def _curves(group: list[Run], name: str) -> list[list[tuple[int, float]]]:
    """Images and values of every run that has some."""
    lines = [run.scores if name in SCORES else run.steps for run in group]
    found = [[(line["images"], line[name]) for line in each if name in line] for each in lines]
    return [curve for curve in found if curve]


def _plot(axes, curves: list, label: str, color: str, style: str) -> None:
    if not curves:
        return
    points = list(zip(*curves))  # as far as the shortest goes
    images = [point[0][0] / 1000 for point in points]
    values = [[value for _, value in point] for point in points]
    axes.plot(images, [statistics.mean(v) for v in values], style, color=color, label=label)
    axes.fill_between(
        images, *([end(v) for v in values] for end in (min, max)), color=color, alpha=0.15
    )


def _samples(run: Run):
    """The first row of the newest grid of samples."""
    found = sorted((run.folder / "samples").glob("step-*.png"))
    if not found:
        return None
    return read_picture(found[-1])[: run.config["image_size"] + 4]
