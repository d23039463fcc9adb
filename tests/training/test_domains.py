"""Runs among domains: what they write, that they resume, and what is made of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

import paddle_gan
from paddle_gan.checkpoints.generators import open_checkpoint
from paddle_gan.cli import main
from paddle_gan.commands.choosing import Choice
from paddle_gan.data import load_images, to_float
from paddle_gan.metrics import domains
from paddle_gan.sampling.columns import joined
from paddle_gan.sampling.pictures import to_uint8
from paddle_gan.training import scoring
from tests.data.files import save, save_grays, save_idx
from tests.training import harness

TINY = dict(width=2, d_width=2, image_size=16, batch_size=4, device="cpu")
SIZES = {
    "stargan": dict(blocks=1, halvings=2),
    "starganv2": dict(max_width=4, hidden=4, style=4, depth=1),
}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """36 training digits and 10 test digits."""
    folder = tmp_path_factory.mktemp("data") / "digits"
    real = load_images("embedded", image_size=28)
    for stem, first, n in (("train", 0, 36), ("t10k", 7, 10)):
        chosen = slice(first, first + 130 * n, 130)
        save_idx(folder, stem, real.images[chosen, 0], real.labels[chosen])
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory, source) -> dict[str, Path]:
    """Two steps of each recipe."""
    folder, data = tmp_path_factory.mktemp("runs"), f"morpho:{source}"
    return {
        recipe: paddle_gan.train(
            recipe, out=folder / recipe, data=data, max_steps=2, **{**TINY, **sizes}
        ).out
        for recipe, sizes in SIZES.items()
    }


@pytest.mark.parametrize(
    ("recipe", "averages", "others", "columns"),
    [("stargan", ["Gnet"], ["Dnet"], 9), ("starganv2", ["Enet", "Fnet", "Gnet"], ["Dnet"], 14)],
)
def test_what_a_run_writes(runs, recipe, averages, others, columns):
    out = runs[recipe]
    networks = {*averages, *others}
    raw = {f"{name}_raw" for name in averages}
    assert {path.stem for path in out.glob("*.pdparams")} == networks | raw
    assert {path.stem[0] for path in out.glob("*.pdopt")} == {name[0] for name in networks}
    picture = cv2.imread(str(out / "samples/step-00000002.png"), cv2.IMREAD_UNCHANGED)
    assert (picture.shape[1] - 2) // 18 % columns == 0
    config = json.loads((out / "config.json").read_text())
    assert config["domains"] == 7


def test_a_killed_starganv2_goes_on_to_the_same_bits(source, tmp_path):
    settings = (
        f"--recipe starganv2 --data morpho:{source} --width 2 --d-width 2 --max-width 4 --hidden 4 "
        "--style 4 --depth 1 --image-size 16 --batch-size 4 --max-steps 6 --checkpoint-every 2 "
        "--diversity-images 20 --device cpu"
    ).split()
    status, _, stderr = harness.train(tmp_path / "calm", *settings)
    assert status == 0, stderr
    out = tmp_path / "killed"
    process = harness.start(out, *settings, fault="slow:2")
    harness.wait_for((out / "checkpoints/step-00000002").exists, process)
    process.kill()
    assert harness.finish(process)[0] == harness.KILLED
    status, _, stderr = harness.train(out, "--resume")
    assert status == 0, stderr
    calm, killed = harness.snapshot(tmp_path / "calm"), harness.snapshot(out)
    written = {name.partition(" ")[0] for name in calm}
    assert {f"{name}net_raw.pdparams" for name in "GFE"} <= written
    assert harness.differences(calm, killed) == []


def infer(*arguments) -> int:
    return main([str(argument) for argument in arguments], command="infer")


def test_infer_draws_the_test_set(runs, tmp_path):
    drawn = tmp_path / "drawn.npy"
    for recipe, n in (("stargan", 14), ("starganv2", 20)):
        assert infer(runs[recipe] / "Gnet.pdparams", "--num", n, "--output", drawn) == 0
        assert np.load(drawn).shape == (n, 1, 16, 16)
        asked = "--domain", "thick", "--num", 10, "--output", drawn
        assert infer(runs[recipe] / "Gnet.pdparams", *asked) == 0
        assert len(np.load(drawn)) == 10


@pytest.mark.parametrize("recipe", SIZES)
def test_an_index_is_that_of_the_test_images(runs, recipe):
    opened = open_checkpoint(runs[recipe] / "Gnet.pdparams")
    drawn = joined(Choice(64, 3, index=[37, 2]).drawings(opened, {}))
    assert np.array_equal(drawn["input"], to_float(opened.images().images[[37, 2]]))
    alone = joined(Choice(64, 3, index=[2]).drawings(opened, {}))
    assert all(np.array_equal(drawn[name][1:], alone[name]) for name in drawn)


def test_all_outputs_of_what_is_chosen_are_written(runs, tmp_path):
    path = runs["stargan"] / "Gnet.pdparams"
    assert infer(path, "--index", "37,2", "--output", tmp_path / "single") == 0
    names = {f"{i:05d}{end}.png" for i in (37, 2) for end in ["", *(f"-{n}" for n in range(2, 8))]}
    assert {each.name for each in (tmp_path / "single").iterdir()} == names
    drawn = joined(Choice(64, 0, index=[37, 2]).drawings(open_checkpoint(path), {}))
    third = cv2.imread(str(tmp_path / "single/00002-3.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(third, to_uint8(drawn["to thick"][1, 0]))


def test_a_folder_into_a_domain(runs, tmp_path, capsys):
    for name, size in (("a", (20, 30)), ("b", (16, 16))):
        save(tmp_path / f"mine/{name}.png", (200, 10, 10), size=size)
    mine = "--input", tmp_path / "mine", "--output"
    for recipe, more in (("stargan", ()), ("starganv2", ("--reference", tmp_path / "mine/a.png"))):
        path, output = runs[recipe] / "Gnet.pdparams", tmp_path / recipe
        assert infer(path, *mine, output, "--domain", "thick", *more) == 0
        assert sorted(each.name for each in output.glob("*.png")) == ["a.png", "b.png"]
        assert cv2.imread(str(output / "a.png")).shape == (30, 20, 3)
    capsys.readouterr()
    assert infer(path, *mine, output, "--domain", "thik") == 2
    told = capsys.readouterr().err
    assert (
        told.startswith("error: unknown domain 'thik'; did you mean 'thick'")
        and told.count("\n") == 1
    )
    styles = tmp_path / "styles"
    assert infer(path, *mine, styles, "--domain", "thick", "--num", 3) == 0
    names = [f"{name}-{i}.png" for name in "ab" for i in (1, 2, 3)]
    assert sorted(each.name for each in styles.glob("*.png")) == names
    page = (styles / "index.html").read_text()
    assert all(f'src="{name}"' in page for name in names)
    pictures = [(styles / f"a-{i}.png").read_bytes() for i in (1, 2, 3)]
    assert len({*pictures}) == 3


@pytest.mark.parametrize("asked", ["starganv2", "stargan --evaluate-every 1"])
def test_a_domain_with_too_few_images_is_named_before_training(train, tmp_path, asked):
    """A fifth of four is none, and so is a sixth of five."""
    grays = {f"{name}/{n}.png": n for name, count in (("cat", 6), ("dog", 4)) for n in range(count)}
    data = save_grays(tmp_path / "pets", grays)
    more = "--width 2 --d-width 2 --image-size 32 --batch-size 4 --epochs 1 --device cpu".split()
    status, _, stderr = train(tmp_path / "out", "--recipe", *asked.split(), "--data", data, *more)
    assert status == 2 and stderr.count("\n") == 1
    name, split = ("dog", "test") if asked == "starganv2" else ("cat", "validation")
    assert f"error: no image of domain {name} in images in {data}: " in stderr
    assert f"(split {split}); add images of it" in stderr


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(domains, "STEPS", 10)
    monkeypatch.setattr(domains, "_known", {})
    monkeypatch.setattr(scoring, "_SCORED", 140)


def test_evaluate_scores_the_test_digits(runs, capsys, quick):
    for recipe, made in (("stargan", 60), ("starganv2", 70)):
        path = str(runs[recipe] / "Gnet.pdparams")
        assert main(["evaluate", path, "--json", "--num", "70"]) == 0
        result = json.loads(capsys.readouterr().out)
        assert result["protocol"].startswith(f"{made} translations of ")
        assert "(test)" in result["protocol"] and result["copied"]["kept"] == 1
        assert ("slant" in result) == ("diversity" in result) == (recipe == "starganv2")


def test_a_run_that_scores_itself_keeps_the_best(source, train, tmp_path, quick):
    status, stdout, stderr = train(
        tmp_path / "out", *f"--recipe stargan --data morpho:{source} --width 2 --d-width 2".split(),
        *"--image-size 16 --halvings 2 --blocks 1 --batch-size 100 --epochs 2".split(),
        *"--evaluate-every 1 --device cpu".split(),
    )  # fmt: skip
    assert status == 0, stderr
    told = re.findall(r"\d+\.\d+% in the domain asked for, mean FID \d+\.\d+ after", stdout)
    assert len(told) == 2 and "(validation)" in stdout
    manifest = json.loads(next((tmp_path / "out/best").glob("manifest.json")).read_text())
    assert manifest["progress"]["best"].keys() == {"step", "error", "accuracy", "fid"}
