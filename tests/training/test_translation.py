"""Runs of translators on a task: what they write, that they resume, and what is made of them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

import paddle_gan
from paddle_gan.cli import main
from paddle_gan.data import load_images
from paddle_gan.errors import UserError
from paddle_gan.metrics import digits
from paddle_gan.training import scoring
from tests.data.files import save, save_idx
from tests.training import harness

TINY = dict(width=2, d_width=2, image_size=16, batch_size=4, device="cpu")


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """120 training digits and 20 test digits."""
    folder = tmp_path_factory.mktemp("data") / "digits"
    real = load_images("embedded", image_size=28)
    for stem, first, n in (("train", 0, 120), ("t10k", 7, 20)):
        chosen = slice(first, first + 40 * n, 40)
        save_idx(folder, stem, real.images[chosen, 0], real.labels[chosen])
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory, source) -> dict[str, Path]:
    """Two steps of each recipe, from outlines to digits."""
    found = {}
    for recipe, more in (("pix2pix", {}), ("cyclegan", {"blocks": 1})):
        out = tmp_path_factory.mktemp("runs") / recipe
        settings = dict(data=f"edges:{source}", max_steps=2, **TINY, **more)
        found[recipe] = paddle_gan.train(recipe, out=out, **settings).out
    return found


@pytest.mark.parametrize(
    ("recipe", "networks", "columns"),
    [
        ("pix2pix", ["Dnet", "Gnet", "Gnet_raw"], 3),
        ("cyclegan", ["D_A", "D_B", "G_AB", "G_AB_raw", "G_BA", "G_BA_raw"], 6),
    ],
)
def test_what_a_run_writes(runs, recipe, networks, columns):
    out = runs[recipe]
    assert sorted(path.stem for path in out.glob("*.pdparams")) == networks
    assert sorted(path.name for path in out.glob("*.pdopt")) == ["Dadam.pdopt", "Gadam.pdopt"]
    picture = cv2.imread(str(out / "samples/step-00000002.png"), cv2.IMREAD_UNCHANGED)
    assert picture.shape[1] % columns in (2, 2 % columns) and picture.shape[1] // 18 % columns == 0


def test_a_killed_cyclegan_goes_on_to_the_same_bits(source, tmp_path):
    settings = (
        f"--recipe cyclegan --data edges:{source} --width 2 --d-width 2 --blocks 1 --image-size 16 "
        "--batch-size 4 --max-steps 12 --checkpoint-every 2 --pool-size 6 --device cpu "
        "--load-size 20 --flip"
    ).split()
    status, _, stderr = harness.train(tmp_path / "calm", *settings)
    assert status == 0, stderr
    out = tmp_path / "killed"
    process = harness.start(out, *settings, fault="slow:2")
    harness.wait_for((out / "checkpoints/step-00000006").exists, process)
    process.kill()
    assert harness.finish(process)[0] == harness.KILLED
    status, _, stderr = harness.train(out, "--resume")
    assert status == 0, stderr
    calm, killed = harness.snapshot(tmp_path / "calm"), harness.snapshot(out)
    assert {"G_AB.pdparams", "game.pdstate"} <= {name.partition(" ")[0] for name in calm}
    assert harness.differences(calm, killed) == []


def test_infer_draws_the_test_set(runs, tmp_path):
    for recipe, name in (("pix2pix", "Gnet"), ("cyclegan", "G_AB")):
        drawn = tmp_path / f"{recipe}.npy"
        arguments = [str(runs[recipe] / f"{name}.pdparams"), "--output", str(drawn)]
        assert main(arguments, command="infer") == 0
        assert np.load(drawn).shape == (20, 1, 16, 16)  # all there are


def test_one_direction_of_cyclegan_alone(runs, tmp_path):
    copied = tmp_path / "moved" / "G_BA.pdparams"
    copied.parent.mkdir()
    shutil.copy(runs["cyclegan"] / "G_BA.pdparams", copied)
    assert main([str(copied), "--output", str(tmp_path / "drawn.png")], command="infer") == 0
    picture = cv2.imread(str(tmp_path / "drawn.png"))
    assert picture.shape[1] // 18 % 2 == 0  # input and output
    with pytest.raises(UserError, match="G_AB is not beside it"):
        from paddle_gan.commands.evaluate import evaluate_file

        evaluate_file(copied)


@pytest.fixture
def quick(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(digits, "STEPS", 10)
    monkeypatch.setattr(scoring, "_SCORED", 20)


def test_a_run_that_scores_itself_keeps_the_best(source, train, tmp_path, quick):
    status, stdout, stderr = train(
        tmp_path / "out", *f"--recipe pix2pix --data edges:{source} --width 2 --d-width 2".split(),
        *"--image-size 16 --batch-size 50 --epochs 2 --evaluate-every 1 --device cpu".split(),
    )  # fmt: skip
    assert status == 0, stderr
    told = re.findall(r"L1 \d\.\d+, PSNR \d+\.\d+ dB, SSIM -?\d\.\d+ after \d+ images", stdout)
    assert len(told) == 2 and f"20 pairs of edges:{source} (validation)" in stdout
    manifest = json.loads(next((tmp_path / "out/best").glob("manifest.json")).read_text())
    assert {"step", "error", "l1", "psnr", "ssim"} == manifest["progress"]["best"].keys()
    lines = [json.loads(line) for line in (tmp_path / "out/metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "kept" in line] == [2, 4]


def test_evaluate_scores_the_test_digits(runs, capsys, quick):
    for recipe, name, ways in (("pix2pix", "Gnet", 1), ("cyclegan", "G_AB", 2)):
        path = str(runs[recipe] / f"{name}.pdparams")
        assert main(["evaluate", path, "--json"]) == 0
        result = json.loads(capsys.readouterr().out)
        assert (
            result["protocol"].startswith("20 pairs of edges:") and "(test)" in result["protocol"]
        )
        assert 0 < result["copied"]["l1"] and result["true"]["l1"] == 0
        assert ("reverse_kept" in result) == (ways == 2)
        assert main(["evaluate", path]) == 0
        told = capsys.readouterr().out
        assert told.count("digits kept  ") == ways and ("digits kept, and back" in told) == (
            ways == 2
        )


def test_sides_without_pairs_cannot_be_scored(tmp_path, train):
    for name in ("trainA/1", "trainB/2", "testA/3", "testB/4"):
        for i in range(6):
            save(tmp_path / "photos" / f"{name}{i}.png", (10 * i, 0, 0))
    flags = ["--recipe", "cyclegan", "--data", tmp_path / "photos", "--evaluate-every", 1]
    status, _, stderr = train(tmp_path / "out", *flags, "--batch-size", 2, "--image-size", 16)
    assert status == 2 and "nothing tells how a translation should look" in stderr
    assert not (tmp_path / "out").exists()
