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
from paddle_gan.metrics.evaluate import as_digits, sized
from paddle_gan.metrics.scores import nearest
from paddle_gan.sampling.pictures import grid, to_uint8
from paddle_gan.sampling.scales import logarithmic
from paddle_gan.system.files import write_whole

SHOWN = 140  # samples in the grid, ten a row
COMPARED = 12  # samples beside their nearest training digits
_SEARCHED = 32  # pixels, in which neighbors are sought
_COLUMNS = {
    "FID": ("fid", "{fid:.2f}"),
    "KID": ("kid", "{kid:.4f} ± {kid_std:.4f}"),
    "inception score": ("is", "{is:.2f} ± {is_std:.2f}"),
    "precision": ("precision", "{precision:.3f}"),
    "recall": ("recall", "{recall:.3f}"),
    "SWD": ("swd", "{swd:.1f}"),
}
BLUE, ORANGE, GRAY = "#3568a8", "#d67a1f", "#777c85"


def write_report(
    path: str | os.PathLike,
    samples: np.ndarray,
    scores: dict,
    real_images: np.ndarray,
    history: Iterable[dict] = (),
) -> None:
    """Write a PNG: samples, nearest training images, class shares, a score through time, scores.

    samples: float32 N x C x H x H in [-1, 1]. scores: what a judge returned for them. real_images:
    the training images, uint8 M x C x H x H, searched by Euclidean distance over pixels. history:
    lines of ``metrics.jsonl``; scores under the same protocol are drawn.

    Raises UserError if digits' samples are none or the file cannot be written.
    """
    samples = samples[:SHOWN]
    if "digit_network" in scores:
        samples = as_digits(samples)
        real_images = sized(real_images, samples.shape[2])
    figure = Figure(figsize=(14, 9), layout="constrained")
    FigureCanvasAgg(figure)  # no window system, and nothing shared with the caller's figures
    places = figure.add_gridspec(3, 3, width_ratios=(1.9, 1, 1), height_ratios=(1, 1.25, 1))
    _draw_samples(figure.add_subplot(places[:, 0]), samples)
    _draw_neighbors(figure.add_subplot(places[0, 1:]), samples, real_images, scores["nearest"])
    _draw_shares(figure.add_subplot(places[1, 1]), scores)
    _draw_history(figure.add_subplot(places[1, 2]), history, scores)
    _draw_table(figure.add_subplot(places[2, 1:]), scores)
    figure.supxlabel(f"{scores['protocol']}\n{_judge(scores)}", fontsize=8.5, color=GRAY)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight", pad_inches=0.25)
    write_whole(path, buffer.getvalue())


def _judge(scores: dict) -> str:
    """The line that names the network behind the scores."""
    network = scores.get("digit_network") or scores["network"]
    if not network:
        return "no feature network"
    told = f"{network['accuracy']:.2%} of test images right, " if "accuracy" in network else ""
    told += f"sha256 {network['sha256'][:16]}, trained on {network['trained_on']}"
    return f"feature network: {told}"


def _draw_picture(axes: Axes, images: np.ndarray, columns: int) -> None:
    """Images, uint8 N x 1 x H x W, in rows of `columns`."""
    axes.imshow(grid(images, columns), cmap="gray", vmin=0, vmax=255, interpolation="none")
    axes.set_axis_off()
    axes.set_anchor("NW")


def _draw_samples(axes: Axes, samples: np.ndarray) -> None:
    _draw_picture(axes, to_uint8(samples), columns=10)
    axes.set_title(f"The first {len(samples)} samples", loc="left")


def _draw_neighbors(axes: Axes, samples: np.ndarray, real: np.ndarray, medians: dict) -> None:
    images, cell = to_uint8(samples[:COMPARED]), samples.shape[2] + 2
    small = (to_float(sized(x, min(_SEARCHED, cell - 2))) for x in (real, images))
    distances, index = nearest(*(x.reshape(len(x), -1) for x in small))
    _draw_picture(axes, np.concatenate([images, real[index]]), len(images))
    axes.set_title("Samples above their nearest training images (pixel distance)", loc="left")
    for i, distance in enumerate(distances):
        place = cell * (i + 0.53), 2.18 * cell
        axes.text(*place, f"{distance:.1f}", ha="center", va="top", fontsize=9)
    axes.text(
        2,
        2.7 * cell,
        f"Median distance: samples {medians['samples']:.2f}, held-out real images "
        f"{medians['held_out']:.2f} (copies lie nearer)",
        va="top",
        fontsize=9,
        color=GRAY,
    )


def _draw_shares(axes: Axes, scores: dict) -> None:
    name = "digit_shares" if "digit_shares" in scores else "class_shares"
    if name not in scores:
        axes.text(0.5, 0.5, "no classes to count", ha="center", va="center", color=GRAY)
        axes.set_axis_off()
        return
    classes = range(len(scores[name]))
    axes.bar(classes, [100 * s for s in scores[name]], color=BLUE, label="samples")
    real = [100 * s for s in scores["floor"][name]]
    axes.plot(classes, real, "_", color=ORANGE, ms=16, mew=2.5, label="real")
    axes.set_title("Share of each class, %", loc="left")
    names = scores["network"]["classes"] if name == "class_shares" else map(str, classes)
    axes.set_xticks(classes, names, rotation=0 if len(classes) <= 10 else 90)
    axes.margins(y=0.25)  # room for the legend
    _tidy(axes)


def _draw_history(axes: Axes, history: Iterable[dict], scores: dict) -> None:
    same = [line for line in history if line.get("protocol") == scores["protocol"]]
    name = "fid" if "fid" in scores else "swd"
    points = [(line["images"] / 1000, line[name]) for line in same]
    axes.set_title(f"{name.upper()} over thousands of images seen", loc="left")
    if not points:
        axes.text(0.5, 0.5, "none under this protocol", ha="center", va="center", color=GRAY)
        axes.set_axis_off()
        return
    axes.plot(*zip(*points), "o-", color=BLUE, ms=4, label="samples")
    axes.axhline(scores["floor"][name], color=ORANGE, ls="--", label="floor")
    logarithmic(axes.yaxis)
    axes.set_xlim(left=0)
    _tidy(axes)


def _draw_table(axes: Axes, scores: dict) -> None:
    rows = {"samples": scores, "real (floor)": scores["floor"], "noise": scores["noise"]}
    forms = {title: form for title, (name, form) in _COLUMNS.items() if name in scores}
    table = axes.table(
        [[form.format(**row) for form in forms.values()] for row in rows.values()],
        rowLabels=list(rows),
        colLabels=list(forms),
        loc="center",
        cellLoc="center",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(10)
    table.auto_set_column_width(range(len(forms)))
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
