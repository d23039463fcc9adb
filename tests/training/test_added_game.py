"""The game that docs/adding-a-gan.md adds, as somebody would who follows the page."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from paddle_gan.checkpoints.reading import read
from tests.documents import ROOT, TEXTS, follow
from tests.training import harness

PAGE = TEXTS["docs/adding-a-gan.md"].partition("## 4. A new game")[2]
ARGUMENTS = (
    "--recipe oneway --image-size 16 --width 4 --batch-size 4 --epochs 4 --checkpoint-every 2 "
    "--pool-size 6 --seed 3 --device cpu"
).split()


def git(folder: Path, *arguments: str) -> str:
    name = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    done = subprocess.run(
        ["git", *name, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """A checkout of the package to which the page was applied."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "paddle_gan", folder / "paddle_gan")
    for name in ("train.py", "infer.py", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "before")
    follow(PAGE, folder / "paddle_gan")
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Two sets of images without pairs: dark and bright ones, 12 and 9 to train on."""
    folder, rng = tmp_path_factory.mktemp("data") / "photos", np.random.default_rng(0)
    for name, n, low in (("trainA", 12, 0), ("trainB", 9, 128), ("testA", 4, 0), ("testB", 4, 128)):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            image = rng.integers(low, low + 128, (20, 20), np.uint8)
            cv2.imwrite(str(folder / name / f"{i}.png"), image)
    return folder


@pytest.fixture(scope="module")
def run(house, photos, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(harness, "REPOSITORY", house)
        status, stdout, stderr = harness.train(out, *ARGUMENTS, "--data", photos)
    assert status == 0, stdout + stderr
    return out


def test_it_is_one_file_and_one_row(house):
    changed = git(house, "status", "--porcelain", "--untracked-files=all").splitlines()
    assert sorted(changed) == [
        " M paddle_gan/config/recipes.py",
        "?? paddle_gan/games/oneway.py",
    ]
    assert "1 file changed, 1 insertion(+)" in git(house, "diff", "--stat", "--ignore-blank-lines")


def test_it_trains_and_is_watched(run):
    log = harness.dashboard(run / "log")
    assert [step for step, _ in log["scalar loss/cycle"]] == [1]
    assert log["image images/samples"][-1][0] == 12
    picture = cv2.imread(str(run / "samples/step-00000012.png"), cv2.IMREAD_UNCHANGED)
    # Four images of testA: two rows of input, output and back, twice.
    assert picture.shape[:2] == (2 * 18 + 2, 6 * 18 + 2)
    names = {path.name for path in run.glob("*.pd*")}
    networks = {"Gnet.pdparams", "Gnet_raw.pdparams", "Fnet.pdparams", "Dnet.pdparams"}
    assert names == {*networks, "Gadam.pdopt", "Dadam.pdopt", "game.pdstate"}


def test_its_generator_is_averaged(run):
    average, raw = (read(run / f"{name}.pdparams") for name in ("Gnet", "Gnet_raw"))
    assert average.keys() == raw.keys()
    weights = [name for name in raw if name.endswith("weight")]
    assert any(np.abs(average[name] - raw[name]).max() > 1e-6 for name in weights)


def test_killed_it_goes_on_to_the_same_bits(house, photos, run, tmp_path, monkeypatch):
    monkeypatch.setattr(harness, "REPOSITORY", house)
    out = tmp_path / "out"
    process = harness.start(out, *ARGUMENTS, "--data", photos, fault="slow:2")
    harness.wait_for((out / "checkpoints/step-00000008").exists, process)
    process.kill()
    assert harness.finish(process)[0] == harness.KILLED
    status, stdout, stderr = harness.train(out, "--resume")
    assert status == 0, stdout + stderr
    assert read(out / "game.pdstate")["images"].shape == (6, 1, 16, 16)
    assert harness.differences(harness.snapshot(run), harness.snapshot(out)) == []


def test_infer_draws_what_the_dashboard_shows(house, run, tmp_path):
    output = tmp_path / "drawn.png"
    done = subprocess.run(
        [sys.executable, str(house / "infer.py"), str(run / "Gnet.pdparams"), "--output", output],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    shown, drawn = (cv2.imread(str(p)) for p in (run / "samples/step-00000012.png", output))
    assert np.array_equal(shown, drawn)


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("--objective", "recipe 'oneway' has no option 'objective'; dcgan, "),
        ("--cycel", "unknown option 'cycel'; did you mean 'cycle'?"),
    ],
)
def test_a_flag_it_does_not_have(house, photos, tmp_path, monkeypatch, flag, told):
    monkeypatch.setattr(harness, "REPOSITORY", house)
    out = tmp_path / "out"
    status, _, stderr = harness.train(out, *ARGUMENTS, "--data", photos, flag, "1")
    assert status == 2 and stderr.startswith(f"error: {told}") and stderr.count("\n") == 1
    assert not out.exists()
