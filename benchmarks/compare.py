"""Draw and tabulate what benchmarks/recipes.py has trained: the comparison of the recipes.

python benchmarks/compare.py work/experiments --picture docs/pictures/comparison.png

Every folder ``recipe=NAME,seed=N`` is one run. The table has means and standard deviations over the
seeds, the picture the FID over the images seen and a row of samples of each recipe.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import statistics
from collections import defaultdict
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from paddle_gan import generate, load_generator
from paddle_gan.sampling.drawing import latents
from paddle_gan.sampling.pictures import grid, to_uint8

SHOWN = 16  # samples of each recipe
FORMS = {"fid": ".2f", "kid": ".3f", "is": ".2f", "precision": ".3f", "recall": ".3f"}


def runs(folder: Path) -> dict[str, list[Path]]:
    """The finished runs of each recipe, best mean FID first."""
    found = defaultdict(list)
    for path in sorted(folder.glob("recipe=*,seed=*")):
        name = re.fullmatch(r"recipe=([\w-]+),seed=\d+", path.name)
        if name and (path / "seconds").exists():
            found[name[1]].append(path)
    return dict(sorted(found.items(), key=lambda item: mean(item[1], "fid")))


@functools.cache
def scores(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "scores.jsonl").read_text().splitlines()]


def mean(paths: list[Path], name: str) -> float:
    return statistics.mean(scores(path)[-1][name] for path in paths)


def speed(run: Path) -> float:
    """Median images per second of the training loop."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return statistics.median(
        line["images_per_second"] for line in lines if "images_per_second" in line
    )


def row(recipe: str, paths: list[Path]) -> str:
    cells = []
    for name, form in FORMS.items():
        values = [scores(path)[-1][name] for path in paths]
        spread = f" ± {statistics.stdev(values):{form}}" if len(values) > 1 else ""
        cells.append(f"{statistics.mean(values):{form}}{spread}")
    images = scores(paths[0])[-1]["images"]
    rate = statistics.median(speed(path) for path in paths)
    return f"| `{recipe}` | {images:,} | {len(paths)} | {' | '.join(cells)} | {rate:.0f} |"


def draw(found: dict[str, list[Path]], picture: str) -> None:
    figure = Figure(figsize=(13, 0.4 * len(found) + 2), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    strips = []
    for number, (recipe, paths) in enumerate(found.items()):
        through = [[(s["images"] / 1000, s["fid"]) for s in scores(path)] for path in paths]
        (images, *_), fids = np.array(through).transpose(2, 0, 1)  # each seeds x points
        color, style = f"C{number % 10}", "-" if number < 10 else "--"  # there are ten colors
        left.plot(images, fids.mean(0), style, marker="o", ms=3, color=color, label=recipe)
        left.fill_between(images, fids.min(0), fids.max(0), color=color, alpha=0.15, lw=0)
        generator = load_generator(paths[0] / "Gnet.pdparams")
        drawn = to_uint8(generate(generator, latents(generator, SHOWN, seed=0)))
        size = 32 - drawn.shape[2]
        padding = ((0, 0), (0, 0), (size // 2, size // 2), (size // 2, size // 2))
        strips.append(np.pad(drawn, padding))
    left.set(yscale="log", xlabel="thousands of images seen", ylabel="FID (digit network)")
    left.grid(alpha=0.3, which="both")
    left.yaxis.set_major_formatter("{x:g}")
    left.legend(fontsize=8, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)
    left.spines[["top", "right"]].set_visible(False)
    right.imshow(grid(np.concatenate(strips), SHOWN), cmap="gray", vmin=0, vmax=255)
    right.set_yticks([2 + 16 + 34 * i for i in range(len(strips))], list(found))
    right.tick_params(length=0)
    right.set_xticks([])
    for side in right.spines.values():
        side.set_visible(False)
    figure.savefig(picture, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--picture")
    options = parser.parse_args()
    found = runs(options.folder)
    protocols = {scores(path)[-1]["protocol"] for paths in found.values() for path in paths}
    if len(protocols) > 1:
        parser.error(f"scores of different protocols do not compare: {'; '.join(protocols)}")
    heads = ["FID", "KID", "inception score", "precision", "recall", "images/s"]
    print(f"| recipe | images | seeds | {' | '.join(heads)} |\n|{'-|' * (len(heads) + 3)}")
    for recipe, paths in found.items():
        print(row(recipe, paths))
    if options.picture:
        draw(found, options.picture)


if __name__ == "__main__":
    main()
