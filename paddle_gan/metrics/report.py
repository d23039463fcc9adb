"""One picture of a set of samples: what they look like, whom they resemble, how they score."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from paddle_gan.data import to_float
from paddle_gan.metrics.evaluate import as_digits
from paddle_gan.metrics.scores import nearest
from paddle_gan.sampling.pictures import grid, to_uint8
from paddle_gan.system.files import write_whole

SHOWN = 140  # samples in the grid, ten a row
COMPARED = 12  # samples beside their nearest training digits
BLUE, ORANGE, GRAY = "#3568a8", "#d67a1f", "#777c85"


def write_report(
    path: str | os.PathLike,
    samples: np.ndarray,
    scores: dict,
    real_images: np.ndarray,
    history: Iterable[dict] = (),
) -> None:
    """Write a PNG: samples, nearest training digits, digit shares, FID through time, scores.

    samples: float32 N x 1 x H x W in [-1, 1]. scores: what ``evaluate`` returned for them.
    real_images: the training digits, uint8 M x 1 x 32 x 32, searched by Euclidean distance over
    pixels. history: lines of ``metrics.jsonl``; scores under the same protocol are drawn.

    Raises UserError if the samples are no digits or the file cannot be written.
    """
    samples = as_digits(samples[:SHOWN])
    figure = Figure(figsize=(14, 9), layout="constrained")
    FigureCanvasAgg(figure)  # no window system, and nothing shared with the caller's figures
    places = figure.add_gridspec(3, 3, width_ratios=(1.9, 1, 1), height_ratios=(1, 1.25, 1))
    _draw_samples(figure.add_subplot(places[:, 0]), samples)
    _draw_neighbors(figure.add_subplot(places[0, 1:]), samples, real_images, scores["nearest"])
    _draw_digits(figure.add_subplot(places[1, 1]), scores)
    _draw_history(figure.add_subplot(places[1, 2]), history, scores)
    _draw_table(figure.add_subplot(places[2, 1:]), scores)
    network = scores["digit_network"]
    figure.supxlabel(
        f"{scores['protocol']}\ndigit network: {network['accuracy']:.2%} of test digits right, "
        f"sha256 {network['sha256'][:16]}, trained on {network['trained_on']}",
        fontsize=8.5,
        color=GRAY,
    )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight", pad_inches=0.25)
    write_whole(path, buffer.getvalue())


def _draw_picture(axes: Axes, images: np.ndarray, columns: int) -> None:
    """Images, uint8 N x 1 x H x W, in rows of `columns`."""
    axes.imshow(grid(images, columns), cmap="gray", vmin=0, vmax=255, interpolation="none")
    axes.set_axis_off()
    axes.set_anchor("NW")


def _draw_samples(axes: Axes, samples: np.ndarray) -> None:
    _draw_picture(axes, to_uint8(samples), columns=10)
    axes.set_title(f"The first {len(samples)} samples", loc="left")


def _draw_neighbors(axes: Axes, samples: np.ndarray, real: np.ndarray, medians: dict) -> None:
    samples = samples[:COMPARED]
    flat = (x.reshape(len(x), -1) for x in (to_float(real), samples))
    distances, index = nearest(*flat)
    _draw_picture(axes, np.concatenate([to_uint8(samples), real[index]]), len(samples))
    axes.set_title("Samples above their nearest training digits (pixel distance)", loc="left")
    for i, distance in enumerate(distances):
        axes.text(34 * i + 18, 74, f"{distance:.1f}", ha="center", va="top", fontsize=9)
    axes.text(
        2,
        92,
        f"Median distance: samples {medians['samples']:.2f}, held-out real digits "
        f"{medians['held_out']:.2f} (copies lie nearer)",
        va="top",
        fontsize=9,
        color=GRAY,
    )


def _draw_digits(axes: Axes, scores: dict) -> None:
    digits = range(10)
    axes.bar(digits, [100 * s for s in scores["digit_shares"]], color=BLUE, label="samples")
    real = [100 * s for s in scores["floor"]["digit_shares"]]
    axes.plot(digits, real, "_", color=ORANGE, ms=16, mew=2.5, label="real digits")
    axes.set_title("Share of each digit, %", loc="left")
    axes.set_xticks(digits)
    axes.margins(y=0.25)  # room for the legend
    _tidy(axes)


def _draw_history(axes: Axes, history: Iterable[dict], scores: dict) -> None:
    same = [line for line in history if line.get("protocol") == scores["protocol"]]
    points = [(line["images"] / 1000, line["fid"]) for line in same]
    axes.set_title("FID over thousands of images seen", loc="left")
    if not points:
        axes.text(0.5, 0.5, "none under this protocol", ha="center", va="center", color=GRAY)
        axes.set_axis_off()
        return
    axes.plot(*zip(*points), "o-", color=BLUE, ms=4, label="samples")
    axes.axhline(scores["floor"]["fid"], color=ORANGE, ls="--", label="floor")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.set_xlim(left=0)
    _tidy(axes)


def _draw_table(axes: Axes, scores: dict) -> None:
    columns = ["FID", "KID", "inception score", "precision", "recall"]
    forms = ["{fid:.2f}", "{kid:.4f} ± {kid_std:.4f}", "{is:.2f} ± {is_std:.2f}"]
    forms += ["{precision:.3f}", "{recall:.3f}"]
    rows = {"samples": scores, "real (floor)": scores["floor"], "noise": scores["noise"]}
    table = axes.table(
        [[form.format(**row) for form in forms] for row in rows.values()],
        rowLabels=list(rows),
        colLabels=columns,
        loc="center",
        cellLoc="center",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(10)
    table.auto_set_column_width(range(5))
    table.scale(1, 2.2)
    for (row, column), cell in table.get_celld().items():
        cell.set_edgecolor("#d5d8dd")
        cell.visible_edges = "B"
        cell.get_text().set_color(GRAY if row == 0 or column == -1 else "black")
        if row == 1 and column >= 0:
            cell.get_text().set_fontweight("bold")
    axes.set_axis_off()


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9, loc="best")
