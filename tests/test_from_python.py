"""The package as a script or a notebook uses it."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import numpy as np
import paddle
import pytest
from PIL import Image

import paddle_gan
from paddle_gan import UserError
from paddle_gan.checkpoints.description import with_description
from paddle_gan.config import configure, game_of
from tests.documents import TEXTS, blocks
from tests.notebook import fill
from tests.training import harness

SIZES = dict(width=4, image_size=16, latent=8, batch_size=8, device="cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    return str(harness.digits(tmp_path_factory.mktemp("data") / "digits", 40))


def test_a_run_comes_back_and_calls_back(tmp_path, data):
    seen = []

    def note(what):
        return lambda run: seen.append((what, run.history[-1]["step"], len(run.samples)))

    run = paddle_gan.train(
        out=tmp_path,
        data=data,
        epochs=2,
        checkpoint_every=4,
        on_log=note("log"),
        on_save=note("save"),
        on_epoch=note("epoch"),
        **SIZES,
    )
    # Five steps an epoch. Losses are noted at step 1; saved at steps 4, 8 and 10, the last.
    assert [what for what, *_ in seen] == ["log", "save", "epoch", "save", "save", "epoch"]
    assert [pictures for *_, pictures in seen] == [0, 1, 1, 2, 3, 3]
    assert run / "config.json" == tmp_path / "config.json" and Path(run) == tmp_path
    assert run.config["epochs"] == 2 and run.history[0]["step"] == 1
    assert run.checkpoint == tmp_path / "Gnet.pdparams"
    images = paddle_gan.generate(run.generator, paddle_gan.latents(run.generator, 3, seed=0))
    drawn = paddle_gan.infer(run.checkpoint, num=3, output=tmp_path / "raw.npy")
    assert np.abs(images - np.load(drawn)).max() < 1e-5
    assert Image.open(run.samples[-1]).size == (8 * 18 + 2,) * 2
    assert run._repr_png_() == run.samples[-1].read_bytes()


def test_a_callback_that_cannot_be_called_is_refused_at_once(tmp_path, data):
    with pytest.raises(UserError, match=r"^on_log 3: it must be a function"):
        paddle_gan.train(out=tmp_path / "out", data=data, on_log=3, **SIZES)
    assert not (tmp_path / "out").exists()


def test_two_runs_in_one_process_are_those_of_two_processes(tmp_path, data):
    runs = [
        paddle_gan.train(out=tmp_path / str(i), data=data, max_steps=3, **SIZES) for i in range(2)
    ]
    states = [paddle.load(str(run.checkpoint)) for run in runs]
    weights = [{n: v for n, v in s.items() if n != "paddle_gan.json"} for s in states]
    assert all(np.array_equal(v, weights[1][n]) for n, v in weights[0].items())
    paddle_gan.train(out=tmp_path / "0", resume=True, max_steps=5, device="cpu")


@pytest.mark.parametrize("cast", [np.float64, np.ndarray.tolist], ids=["float64", "list"])
def test_numbers_of_any_type_are_cast(tmp_path, monkeypatch, cast):
    generator = fill(paddle_gan.Generator(latent=4, width=2, image_size=16), seed=1)
    z = paddle_gan.latents(generator, 2, seed=0)
    found = paddle_gan.generate(generator, cast(z))
    assert found.dtype == np.float32
    assert np.array_equal(found, paddle_gan.generate(generator, z))
    translator, images = saved_translator(tmp_path), np.linspace(-1, 1, 3 * 20 * 37)
    images = images.astype("float32").reshape(3, 1, 20, 37)
    made = paddle_gan.translate(translator, cast(images))
    assert (made.dtype, made.shape) == (np.float32, images.shape)
    assert np.array_equal(made, paddle_gan.translate(translator, images))
    with pytest.raises(UserError, match="images have shape"):
        paddle_gan.translate(translator, images[0])


def saved_translator(folder: Path) -> Path:
    config = configure("pix2pix", width=2, d_width=2)
    network = fill(game_of(config).build(config)["Gnet"], seed=2)
    about = dict(network="Gnet", step=1, pixels=[-1, 1], classes=None, config=config)
    paddle.save(with_description(network.state_dict(), about), str(folder / "Gnet.pdparams"))
    return folder / "Gnet.pdparams"


def test_translating_an_array_is_translating_its_picture(tmp_path):
    translator = saved_translator(tmp_path)
    picture = np.arange(32 * 32).reshape(32, 32).astype("uint8")
    Image.fromarray(picture).save(tmp_path / "a.png")
    paddle_gan.infer(translator, source=tmp_path / "a.png", output=tmp_path / "made")
    (made,) = paddle_gan.translate(translator, (picture / 127.5 - 1)[None, None])
    by_file = np.asarray(Image.open(tmp_path / "made/a.png")) / 127.5 - 1
    assert np.abs(made[0] - by_file).max() <= 1 / 127


def test_samples_are_scored_as_they_are(monkeypatch):
    """The same numbers as of the same samples in a file."""
    images = np.random.default_rng(0).uniform(-1, 1, (80, 1, 32, 32))
    by_list = paddle_gan.evaluate(images.tolist(), "embedded", num=80)
    by_metric = importlib.import_module("paddle_gan.metrics").evaluate(
        images.astype("float32"), "embedded", 80
    )
    assert by_list == by_metric and by_list["fid"] > 100


def test_a_notebook_trains_twice_and_shows_pictures(tmp_path, data):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    sizes = {**SIZES, "data": data, "max_steps": 3}
    cells = ["import paddle_gan"]
    cells += [f"paddle_gan.train(out={str(tmp_path / n)!r}, **{sizes!r})" for n in "ab"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for cell in notebook.cells[1:]:
        kinds = [(out.output_type, *sorted(out.get("data", {}))) for out in cell.outputs]
        pictures = [kind for kind in kinds if "image/png" in kind]
        assert {kind[0] for kind in pictures} == {"display_data", "execute_result"}
        assert not any(out.output_type == "error" for out in cell.outputs)
    assert re.search(r"\d+/24 \[", json.dumps(notebook.cells[1].outputs))  # of 3 x 8 images


def test_the_page_has_all_that_is_public_and_its_code_runs():
    page = TEXTS["docs/python.md"]
    missing = {n for n in paddle_gan.__all__ if n != "__version__" and f"`{n}" not in page}
    assert missing - {"UserError"} == set() and "paddle_gan.UserError" in page
    (code,) = blocks(page, "python")
    made: dict = {}
    exec(code, made)
    assert made["sevens"].shape == (16, 1, 32, 32) and np.abs(made["sevens"]).max() <= 1
