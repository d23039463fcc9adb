"""The files of a page that draws in the browser itself, besides the models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from paddle_gan import __version__
from paddle_gan.checkpoints.generators import Opened
from paddle_gan.exporting.controls import MOST, SLIDERS, TEXTS, classes_of, title_of
from paddle_gan.sampling.directions import directions
from paddle_gan.sampling.drawing import regions_of
from paddle_gan.sampling.latents import DRAWING
from paddle_gan.sampling.mixture import Mixture

_PARTS = Path(__file__).with_name("web")
_SEEDS = 1000  # of which the page has the latents; a browser draws others than NumPy
_README = """# {title}

Exported by paddle_gan {version}. A page to play with, for any static web server; the networks run
in the browser. To see it here:

```sh
python -m http.server --bind 127.0.0.1 8000
```

and open http://127.0.0.1:8000. The weights are stored as {dtype}; it computes in float32. On
{tried} random inputs the output of a model differed by at most {difference:.1e} from that of the
network.
"""


def write_page(kind: str, opened: Opened, folder: Path) -> None:
    """Everything but the models, which are to be NAME.onnx of each network of ``opened``."""
    shutil.copytree(_PARTS, folder, dirs_exist_ok=True)
    network, takes = opened.networks[opened.name], opened.game.takes.get(opened.name, ("image",))
    about, latents = (_of_latents if kind == "draws" else _of_images)(opened)
    about.update(
        title=title_of(opened),
        texts=TEXTS,
        name=opened.name,
        networks=list(opened.networks),
        takes=[each for each in takes if each != "label" or network.classes],
        classes=classes_of(opened),
        seeds=_SEEDS,
        most=MOST,
    )
    (folder / "page.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf8")
    (folder / "latents.bin").write_bytes(latents.astype("<f4").tobytes())


def write_readme(opened: Opened, folder: Path, dtype: str, tried: int, difference: float) -> None:
    told = dict(title=title_of(opened), version=__version__, dtype=dtype, tried=tried)
    (folder / "README.md").write_text(_README.format(**told, difference=difference))


def _of_latents(opened: Opened) -> tuple[dict[str, Any], np.ndarray]:
    """For a generator, and draws of its prior for each seed."""
    (network,) = opened.networks.values()
    draw, shape = DRAWING[network.prior], [network.latent]
    found = {
        "latent": network.latent,
        "prior": network.prior,
        "directions": _listed(directions(network, SLIDERS)[..., 0, 0]),
        "straight": hasattr(network, "components"),  # codes do not lie near a sphere
    }
    if (regions := regions_of(network)) is not None:
        found["regions"] = {"offsets": _listed(regions.offsets.numpy()), "margin": regions.margin}
    if getattr(network, "components", 0):
        mixture = Mixture(*(getattr(network, name).numpy() for name in Mixture._fields))
        choices = [np.random.default_rng([seed, 1]).random() for seed in range(_SEEDS)]
        found["mixture"] = {
            "chosen": mixture.chosen(np.array(choices)).tolist(),
            "means": _listed(mixture.means),
            "factors": _listed(mixture.factors),
        }
    return found, np.stack([draw(np.random.default_rng(seed), shape) for seed in range(_SEEDS)])


def _of_images(opened: Opened) -> tuple[dict[str, Any], np.ndarray]:
    """For a translator, and of one with styles the latents of these for each seed."""
    sizes = {"size": opened.config["image_size"], "channels": opened.config["channels"]}
    found = {**sizes, "ground": opened.config["ground"], "back": None}
    others = [name for name in opened.networks if name != opened.name]
    if not opened.game.styles:
        return {**found, "back": others[0] if others else None}, np.zeros(0)
    n = opened.networks["Fnet"].latent
    draws = [np.random.default_rng(seed).standard_normal(n) for seed in range(_SEEDS)]
    return {**found, "latent": n}, np.stack(draws)


def _listed(array: np.ndarray) -> list:
    """Numbers in as many digits as float32 has."""
    return np.vectorize(lambda x: float(f"{x:.9g}"))(array.astype("float64")).tolist()
