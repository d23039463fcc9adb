"""Exports of every recipe, run by their loaders in a process without this package."""

from __future__ import annotations

import importlib.util
import runpy
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import paddle
import pytest
from PIL import Image

from paddle_gan import kernels
from paddle_gan.checkpoints.description import with_description
from paddle_gan.commands.export import export
from paddle_gan.commands.infer import infer
from paddle_gan.config import RECIPES, configure, game_of
from paddle_gan.errors import UserError
from tests.notebook import fill

TINY = dict(width=4, d_width=4, max_width=8, latent=6, classes=3, components=4, blocks=1)
ONNX = pytest.param(
    "onnx",
    marks=pytest.mark.skipif(
        not all(map(importlib.util.find_spec, ("paddle2onnx", "onnx", "onnxruntime"))),
        reason="the extra [export], of Paddle 2 [export-paddle2], is not installed",
    ),
)
FORMATS = ["paddle", ONNX]
# Runs the loader of each folder on the inputs beside it, and loads nothing of this package.
ALONE = """
import pathlib, runpy, sys
import numpy as np
for folder in map(pathlib.Path, sys.argv[1:]):
    given = dict(np.load(folder / "given.npz"))
    np.save(folder / "found.npy", runpy.run_path(str(folder / "load.py"))["run"](**given))
assert "paddle_gan" not in sys.modules
"""


class Saved(NamedTuple):
    """A checkpoint, inputs for its network, and what the network makes of them."""

    path: Path
    given: dict[str, np.ndarray]
    output: np.ndarray


def tiny(recipe: str, **changed) -> dict:
    known = configure(recipe)
    return configure(recipe, **{n: v for n, v in {**TINY, **changed}.items() if known.get(n)})


def saved(recipe: str, folder: Path, **changed) -> list[Saved]:
    """The networks that a recipe draws with, in tiny, with weights that all matter."""
    config = tiny(recipe, **changed)
    game = game_of(config)
    found = []
    for name, network in game.build(config).items():
        if name not in game.drawn_with:
            continue
        fill(network, seed=1).eval()
        path = folder / f"{name}.pdparams"
        folder.mkdir(parents=True, exist_ok=True)
        about = dict(network=name, step=1, pixels=[-1, 1], classes=None, config=config)
        paddle.save(with_description(network.state_dict(), about), str(path))
        given = inputs(network, game.takes.get(name, ("image",)), config)
        with paddle.no_grad(), kernels.plain():
            output = network(*map(paddle.to_tensor, given.values())).numpy()
        found.append(Saved(path, given, output))
    return found


def inputs(network: paddle.nn.Layer, takes: tuple[str, ...], config: dict) -> dict:
    rng, n, size = np.random.default_rng(7), 5, config["image_size"]
    kinds = getattr(network, "classes", 0) or getattr(network, "domains", 1)
    latent = getattr(network, "latent", 0)
    shapes = {
        "z": (latent, 1, 1),
        "latent": (latent,),
        "style": (config.get("style"),),
        "image": (config["channels"], size, size),
    }
    numbered = {"label": np.arange(n) % kinds, "domain": np.arange(n) % kinds}
    return {
        name: rng.uniform(-1, 1, (n, *shapes[name])).astype("float32")
        if name in shapes
        else numbered[name]
        for name in takes
        if name != "label" or network.classes
    }


def architectures() -> dict[str, str]:
    """Recipes whose networks differ, by the text of these networks: the others would be repeats."""
    found = {}
    for recipe in RECIPES:
        config = tiny(recipe)
        game, networks = game_of(config), game_of(config).build(config)
        found.setdefault(str([networks[name] for name in game.drawn_with]), recipe)
    return found


@pytest.mark.parametrize("format", FORMATS)
def test_exports_of_every_recipe_compute_the_same_without_this_package(tmp_path, format):
    exports = {}
    for recipe in architectures().values():
        for each in saved(recipe, tmp_path / recipe):
            for dtype in ("float32", "float16")[: 1 + (recipe in ("cdcgan", "cyclegan"))]:
                folder = export(
                    each.path, tmp_path / f"{recipe}-{each.path.stem}-{dtype}", format, dtype
                )
                np.savez(folder / "given.npz", **each.given)
                exports[folder] = each.output
    command = [sys.executable, "-c", ALONE, *map(str, exports)]
    done = subprocess.run(command, cwd="/", env={}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for folder, output in exports.items():
        found = np.load(folder / "found.npy")
        assert found.shape == output.shape and np.abs(output).max() > 0.01, folder
        error = np.abs(found - output).max()
        assert 1e-6 < error < 0.02 if folder.name.endswith("16") else error <= 1e-5, folder


@pytest.mark.parametrize("format", FORMATS)
def test_float16_takes_half_the_space(tmp_path, format):
    (each,) = saved("cdcgan", tmp_path, width=16)
    sizes = [
        max(
            file.stat().st_size
            for file in export(each.path, tmp_path / dtype, format, dtype).iterdir()
        )
        for dtype in ("float32", "float16")
    ]
    assert sizes[1] < 0.55 * sizes[0]


@pytest.mark.parametrize(
    ("recipe", "changed", "told"),
    [
        ("mlp", {}, "latents, uniform on [-1, 1) |"),
        ("dcgan", {"classes": 3, "margin": 2.0}, "latents, N(0, 1), through with_margin of load"),
    ],
)
def test_a_loader_draws_what_infer_draws(recipe, changed, told, tmp_path, monkeypatch):
    """Of the same seed: the eight images of the loader's row."""
    (each,) = saved(recipe, tmp_path, **changed)
    folder = export(each.path, tmp_path / "new" / "exported")
    monkeypatch.setattr(sys, "argv", ["load.py", str(tmp_path / "row.png"), "3"])
    runpy.run_path(str(folder / "load.py"), run_name="__main__")
    row = np.asarray(Image.open(tmp_path / "row.png"))
    raw = np.load(infer(each.path, num=8, seed=3, output=tmp_path / "raw.npy"))
    size = raw.shape[-1]
    assert row.shape == (size, 8 * size)
    assert np.abs(row[:, size : 2 * size] / 127.5 - 1 - raw[1, 0]).max() < 1 / 127
    said = (folder / "README.md").read_text()
    assert f"| `z` | float32 | N x 6 x 1 x 1 | {told}" in said


def test_a_loader_draws_the_class_that_is_asked_for(tmp_path):
    """What ``infer --digit`` draws of the same seed; other images than without."""
    (each,) = saved("dcgan", tmp_path, classes=3, margin=2.0)
    loader = runpy.run_path(str(export(each.path, tmp_path / "exported") / "load.py"))
    z = np.random.default_rng(3).standard_normal((8, 6, 1, 1), dtype="float32")
    drawn = loader["run"](z=loader["with_margin"](z, 1))
    asked = np.load(infer(each.path, num=8, seed=3, digit=1, output=tmp_path / "asked.npy"))
    assert np.abs(drawn - asked).max() < 1e-5
    assert np.abs(drawn - loader["run"](z=loader["with_margin"](z))).max() > 0.01


def test_a_loader_translates_an_image(tmp_path, monkeypatch):
    (each,) = saved("pix2pix", tmp_path)
    folder = export(each.path, tmp_path / "exported")
    Image.fromarray(np.arange(1024).reshape(32, 32).astype("uint8")).save(tmp_path / "a.png")
    monkeypatch.setattr(sys, "argv", ["load.py", *(str(tmp_path / f"{n}.png") for n in "ab")])
    runpy.run_path(str(folder / "load.py"), run_name="__main__")
    translated = infer(each.path, source=tmp_path / "a.png", output=tmp_path / "by_infer")
    found = [
        np.asarray(Image.open(p)).astype(int) for p in (tmp_path / "b.png", translated / "a.png")
    ]
    assert np.abs(found[0] - found[1]).max() <= 1


def test_codes_are_drawn_from_the_mixture(tmp_path):
    """Of a mixture of one narrow Gaussian every code is near its mean."""
    encoder, decoder = saved("autoencoder", tmp_path, components=1)
    state = paddle.load(str(decoder.path))
    mean = np.linspace(-1, 1, 6, dtype="float32")
    state.update(weights=np.ones(1, "float32"), means=mean[None], factors=1e-4 * np.eye(6)[None])
    state = {name: paddle.to_tensor(np.asarray(v)) for name, v in state.items()}
    paddle.save(state, str(decoder.path))
    folder = export(decoder.path, tmp_path / "exported")
    codes = runpy.run_path(str(folder / "load.py"))["codes"](50, np.random.default_rng(0))
    assert codes.shape == (50, 6, 1, 1) and np.allclose(codes[..., 0, 0], mean, atol=1e-3)


def test_an_export_without_the_converter_takes_one_line(tmp_path, monkeypatch):
    (each,) = saved("mlp", tmp_path)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match="onnx is not installed; python -m pip install -e '.\\[exp"):
        export(each.path, tmp_path / "exported", "onnx")
    assert sorted(tmp_path.iterdir()) == [each.path]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (each,) = saved("mlp", tmp_path)
    with pytest.raises(UserError, match="is not empty"):
        export(each.path, tmp_path)
    assert sorted(tmp_path.iterdir()) == [each.path]


@pytest.mark.parametrize("wrong", [dict(format="tflite"), dict(dtype="int8")])
def test_an_unknown_form_is_named(tmp_path, wrong):
    with pytest.raises(UserError, match="unknown .*there are"):
        export("missing", tmp_path / "exported", **wrong)
