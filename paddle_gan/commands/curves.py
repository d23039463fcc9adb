"""Curves of runs in one picture."""

from __future__ import annotations

import io
import os
import statistics

from paddle_gan.commands.runs import SCORES, TIME, Run
from paddle_gan.sampling.pictures import read_picture, samples
from paddle_gan.sampling.scales import logarithmic
from paddle_gan.system.files import write_whole

_LOSSES = ["g_loss", "d_loss", "loss"]
# What curves are drawn over: name in a line, title, divisor.
_OVER = {
    "images": ("thousands of images seen", 1000),
    TIME: ("CPU minutes of all processes", 60),
}
_DECADE = 10  # what spans more is drawn on a logarithmic scale


def draw(groups: dict[str, list[Run]], scores: list[str], picture: str | os.PathLike) -> None:
    """Curves of scores, or losses where there are none, a band over seeds; newest samples.

    Over the images, and over the CPU time where it is known.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = [
        (name, over)
        for name in scores or _LOSSES
        for over in _OVER
        if any(_curves(group, name, over) for group in groups.values())
    ]
    width, height = 6 * len(panels) + 8, max(4.5, 0.9 * len(groups) + 1)
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    widths = [6] * len(panels) + [8]
    places = figure.add_gridspec(len(groups), len(widths), width_ratios=widths)
    for column, (name, over) in enumerate(panels):
        axes, (title, unit) = figure.add_subplot(places[:, column]), _OVER[over]
        for number, (label, group) in enumerate(groups.items()):
            style = f"C{number % 10}", "-" if number < 10 else "--"
            _plot(axes, _curves(group, name, over), unit, label, *style)
        axes.set(xlabel=title, ylabel=SCORES.get(name, [name])[0])
        if name in SCORES:
            _scale(axes)
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


def _curves(group: list[Run], name: str, over: str) -> list[list[tuple[float, float]]]:
    """Images, or what else they are drawn over, and values of every run that has some."""
    lines = [run.scores if name in SCORES else run.steps for run in group]
    if not all(over in line for each in lines for line in each):
        return []
    found = [[(line[over], line[name]) for line in each if name in line] for each in lines]
    return [curve for curve in found if curve]


def _plot(axes, curves: list, unit: float, label: str, color: str, style: str) -> None:
    if not curves:
        return
    points = list(zip(*curves))  # as far as the shortest goes
    at = [statistics.mean(place for place, _ in point) / unit for point in points]
    values = [[value for _, value in point] for point in points]
    marker = "o" if len(at) == 1 else None  # a line of one point is none
    means = [statistics.mean(v) for v in values]
    axes.plot(at, means, style, color=color, label=label, marker=marker)
    axes.fill_between(
        at, *([end(v) for v in values] for end in (min, max)), color=color, alpha=0.15
    )


def _scale(axes) -> None:
    """Logarithmic where what is drawn spans more than a decade."""
    for axis, (low, high) in zip((axes.xaxis, axes.yaxis), axes.dataLim.get_points().T):
        if 0 < low and high > _DECADE * low:
            logarithmic(axis)


def _samples(run: Run):
    """The first row of the newest grid of samples."""
    found = samples(run.folder)
    if not found:
        return None
    return read_picture(found[-1])[: run.config["image_size"] + 4]
