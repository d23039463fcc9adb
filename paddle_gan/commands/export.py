"""From a checkpoint to a folder that draws without this package."""

from __future__ import annotations

import os
import runpy
import tempfile
from pathlib import Path

import numpy as np
import paddle

from paddle_gan import kernels
from paddle_gan.checkpoints.generators import Opened, open_network
from paddle_gan.errors import UserError, unknown
from paddle_gan.exporting.companions import companions, readme
from paddle_gan.exporting.controls import open_for_page
from paddle_gan.exporting.inputs import inputs_of
from paddle_gan.exporting.page import write_page, write_readme
from paddle_gan.exporting.programs import FORMATS, model_of, not_installed
from paddle_gan.system.runtime import restore_cores

_TRIED = 3  # inputs, of each export
_FORMATS = (*FORMATS, "web")
_BOUNDS = {"float32": 1e-4, "float16": 0.1}  # of the difference from the network


def export(
    checkpoint: str | os.PathLike,
    output: str | os.PathLike = "work/exported",
    format: str = "paddle",
    dtype: str = "float32",
) -> Path:
    """Write a checkpoint's network for Paddle Inference, ONNX or a browser; returns the folder.

    ``output``, new or empty, gets the model, ``load.py``, which runs it without this package, and
    ``README.md``, which tells inputs and output. ``format`` is "paddle" (``model.json`` of Paddle 3
    or ``model.pdmodel`` of Paddle 2, and ``model.pdiparams``), "onnx" (``model.onnx``) or "web", a
    page that draws in the browser, from any static server. Weights are stored as ``dtype``, float32
    or float16.

    What a model computes is compared with the network itself before the folder is there. Raises
    UserError where they differ, for a folder with something in it, and for a network or format of
    which there is no export.
    """
    for what, value, known in (("format", format, _FORMATS), ("dtype", dtype, _BOUNDS)):
        if value not in known:
            raise unknown(what, value, known)
    output = Path(output)
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise UserError(f"{output} is not empty; name a folder that is, or a new one")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=output.parent) as beside:
            folder = Path(beside, "whole")
            folder.mkdir()
            if format == "web":
                _write_web(checkpoint, folder, dtype)
            else:
                _write(open_network(checkpoint), folder, format, dtype)
            folder.replace(output)
    except OSError as error:
        raise UserError(f"cannot write {output}: {error.strerror}; choose another place") from error
    return output


def _write_web(checkpoint: str | os.PathLike, folder: Path, dtype: str) -> None:
    kind, opened = open_for_page(checkpoint)
    differences = []
    for name, network in opened.networks.items():
        alone = opened._replace(name=name, networks={name: network})
        with tempfile.TemporaryDirectory(prefix=".onnx-", dir=folder) as between:
            differences.append(_write(alone, Path(between), "onnx", dtype))
            Path(between, "model.onnx").replace(folder / f"{name}.onnx")
    kind, opened = open_for_page(checkpoint)  # again, for the exports took the networks apart
    opened.fold()
    write_page(kind, opened, folder)
    write_readme(opened, folder, dtype, _TRIED, max(differences))


def _write(opened: Opened, folder: Path, format: str, dtype: str) -> float:
    """Write model, loader and README.md; returns how far the model is from the network."""
    name, game, config = opened.name, opened.game, opened.config or {}
    network, gives = opened.networks[name], game.gives.get(name, "image")
    inputs = inputs_of(game.takes.get(name, ("image",)), network, config)
    given = {each: of.example(_TRIED, config.get("image_size", 0)) for each, of in inputs.items()}
    with paddle.no_grad(), kernels.plain():
        wanted = network(*map(paddle.to_tensor, given.values())).numpy()
    opened.fold()
    FORMATS[format](opened.networks[name], inputs, dtype, folder)
    if arrays := {key: array for each in inputs.values() for key, array in each.arrays.items()}:
        np.savez(folder / "arrays.npz", **arrays)
    sizes = config.get("image_size", 0), config.get("channels", 0)
    beside = companions(format, model_of(folder), inputs, gives, *sizes)
    (folder / "load.py").write_text(beside.loader)
    difference = _difference(folder / "load.py", given, wanted)
    if not difference <= _BOUNDS[dtype]:
        raise UserError(
            f"the export differs by {difference:.3g} from the network; install another version of "
            "Paddle, or export in the other format"
        )
    title = f"{name}.pdparams, recipe {config['recipe']}" if config else "Gnet.pdparams"
    text = readme(title, beside, inputs, gives, wanted, dtype, difference)
    (folder / "README.md").write_text(text)
    return difference


def _difference(loader: Path, given: dict[str, np.ndarray], wanted: np.ndarray) -> float:
    """How far, at most, what ``load.py`` makes of inputs is from what is wanted."""
    try:
        found = runpy.run_path(str(loader))["run"](**given)
    except ModuleNotFoundError as error:
        raise not_installed(error) from error
    finally:
        restore_cores()  # of which Paddle Inference leaves one
    return float(np.abs(found - wanted).max())
