"""The scripts that make the tables of the documents, from training to the picture."""

import runpy
import statistics
import sys
from pathlib import Path

import cv2
import pytest

import paddle_gan
from paddle_gan.config.configure import configure
from paddle_gan.data import load_images
from tests.data.files import save_idx

ROOT = Path(paddle_gan.__file__).parents[1]


def run(script: str, *arguments, monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
    runpy.run_path(str(ROOT / "benchmarks" / script), run_name="__main__")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with digits, and a cache of its own."""
    real = load_images("embedded", image_size=28)
    for stem, first in (("train", 0), ("t10k", 1)):
        save_idx(tmp_path / "digits", stem, real.images[first::10, 0], real.labels[first::10])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize(
    ("variant", "told"),
    [
        ("recipe=mlp max_steps=9", "'recipe=mlp max_steps=9': --images decides max_steps; leave"),
        ("epochs=2", "--images decides epochs"),
        ("seed=4", "--seeds decides seed"),
        ("recipe=mpl", "unknown recipe 'mpl'; did you mean 'mlp'?"),
        ("lr", "lr '': it must be a positive number"),
    ],
)
def test_a_variant_that_cannot_be_compared_is_refused(variant, told, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        run("recipes.py", "recipe=mlp", variant, monkeypatch=monkeypatch)
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_comparison_of_recipes(here, monkeypatch, capsys):
    flags = ["--data", "digits", "--images", 320, "--points", 2, "--out", "runs", "--jobs", 2]
    run("recipes.py", *flags, "--seeds", 0, 1, "--", "recipe=mlp", monkeypatch=monkeypatch)
    first, second = [cells(line) for line in capsys.readouterr().out.splitlines()[2:]]
    assert [first[:3], second[:3]] == [["recipe=mlp", "0", "320"], ["recipe=mlp", "1", "320"]]
    fids = [[float(fid) for fid in row[3].split(", ")] for row in (first, second)]
    assert len(fids[0]) == 2 and fids[0] != fids[1]

    before = {path: path.stat().st_mtime for path in (here / "runs").rglob("*")}
    run("recipes.py", *flags, "--seeds", 0, "--", "recipe=mlp", monkeypatch=monkeypatch)
    assert cells(capsys.readouterr().out.splitlines()[2]) == first  # read, not trained again
    assert {path: path.stat().st_mtime for path in (here / "runs").rglob("*")} == before

    run("compare.py", "runs", "--picture", "comparison.png", monkeypatch=monkeypatch)
    recipe, images, seeds, fid, *_ = cells(capsys.readouterr().out.splitlines()[2])
    assert (recipe, images, seeds) == ("`mlp`", "320", "0, 1")
    mean, spread = (float(number) for number in fid.split(" ± "))
    last = [row[-1] for row in fids]
    assert mean == pytest.approx(statistics.mean(last), abs=0.011)
    assert spread == pytest.approx(statistics.stdev(last), abs=0.011)
    assert cv2.imread("comparison.png").std() > 20


@pytest.mark.parametrize("game", ["dcgan", "cyclegan", "starganv2"])
def test_the_peers_in_pytorch_take_the_batches_of_the_recipes(game, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="0"):
        run("torch_peers.py", "--help", monkeypatch=monkeypatch)
    assert f"{game} {configure(game)['batch_size']}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["stargan"], "invalid choice: 'stargan'"),
        (["dcgan", "--image-size", 48], "invalid choice: 48"),
        (["dcgan", "--batch-size", 0], "--batch-size 0: it must be positive"),
        (["dcgan", "--steps", -1], "--steps -1: it must be positive"),
    ],
)
def test_a_peer_that_cannot_be_run_is_refused(arguments, told, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="2"):
        run("torch_peers.py", *arguments, monkeypatch=monkeypatch)
    assert told in capsys.readouterr().err


def test_the_peers_say_that_they_need_pytorch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    with pytest.raises(SystemExit, match="^import of torch .*run this with a Python that has PyT"):
        run("torch_peers.py", "dcgan", monkeypatch=monkeypatch)
