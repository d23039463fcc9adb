"""Runs on disk side by side: a table, and their curves in one picture."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

from paddle_gan.commands.curves import draw
from paddle_gan.commands.runs import SCORES, Run, read_run
from paddle_gan.errors import UserError

# Of a configuration, what does not make two runs differ.
_OWN = {"seed", "about", "game", "class_names"}


def grouped(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Runs of one configuration but for the seed together, under what sets it apart from others.

    That is the recipe, and options that differ; of several recipes not those that each of them has
    as it is.
    """
    keys = [{k: v for k, v in run.config.items() if k not in _OWN} for run in runs]
    recipes = {key["recipe"] for key in keys}
    usual = {name: _values_of(name) if len(recipes) > 1 else {} for name in recipes}
    # Of another program's run a file says too little to tell by that what the others differ in.
    ours = [key for key in keys if len(recipes) == 1 or usual[key["recipe"]]]
    differing = {
        name
        for name in {name for key in ours for name in key}
        if len({json.dumps(key.get(name)) for key in ours}) > 1
    } - {"recipe"}
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
        draw(groups, names[:1], picture)
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
