"""What is released: the archives, and the wheel at work where nothing else of the project is."""

from __future__ import annotations

import importlib.metadata as metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import paddle
import pytest
from PIL import Image

import paddle_gan
from tests.documents import ROOT

pytest.importorskip("build", reason="the extra [test] is not installed")
requirements = pytest.importorskip("packaging.requirements", reason="build brings it along")
NOT_SOURCE = shutil.ignore_patterns(
    ".git", "work", "build", "dist", "mutants", "*.egg-info", "__pycache__", ".*_cache", ".venv"
)
SIZES = "--data embedded --width 4 --batch-size 50 --device cpu".split()


def call(*command: object, cwd: Path, **variables: str) -> str:
    """Run a command outside the checkout; gives what it printed."""
    environment = {n: v for n, v in os.environ.items() if n != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env={**environment, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def archives(tmp_path_factory) -> Path:
    """A folder with the source archive, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("release")
    shutil.copytree(ROOT, folder / "source", ignore=NOT_SOURCE)
    (folder / "source/work").mkdir()  # where runs are, too
    shutil.copy(ROOT / "work/dcgan.ipynb", folder / "source/work")
    out = folder / "dist"
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, "source", cwd=folder)
    return out


def files(folder: Path) -> dict[str, bytes]:
    """The content of all files of the project below a folder, by their paths from its root."""
    skipped = {"__pycache__", "paddle_gan.egg-info"}
    found = (path for path in folder.rglob("*") if path.is_file() and not skipped & {*path.parts})
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in found}


def test_the_wheel_has_every_file_of_the_package(archives):
    with zipfile.ZipFile(next(archives.glob("*.whl"))) as wheel:
        held = {name: wheel.read(name) for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == files(ROOT / "paddle_gan")
    assert {"paddle_gan/py.typed", "paddle_gan/metrics/digits.npz"} <= {*held}


def test_the_source_archive_has_what_tests_and_documents_need(archives):
    with tarfile.open(next(archives.glob("*.tar.gz"))) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    folders = ("paddle_gan", "tests", "benchmarks", "docs", ".ci", ".github")
    beside = "train.py infer.py README_cn.md CITATION.cff LICENSE pytest.ini work/dcgan.ipynb"
    assert {*beside.split(), *(name for folder in folders for name in files(ROOT / folder))} <= held


def required(wheel: metadata.Distribution, extra: str) -> list[metadata.Distribution]:
    """What pip installs with a distribution and an extra of it, as far as it is here."""
    found, wanted = {}, [(wheel, extra)]
    while wanted:
        each, asked = wanted.pop()
        needs = [requirements.Requirement(line) for line in each.requires or ()]
        for need in needs:
            if need.marker is None or need.marker.evaluate({"extra": asked}):
                for also in {"", *need.extras} - found.setdefault(need.name, set()):
                    found[need.name].add(also)
                    wanted.append((metadata.distribution(need.name), also))
    return [metadata.distribution(name) for name in found]


@pytest.fixture(scope="module")
def installed(archives, tmp_path_factory) -> Path:
    """The programs of a new environment: the wheel, and what it requires linked from this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    python = next(folder.glob("*/python"))
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index")
    call(*pip, *archives.glob("*.whl"), cwd=folder)
    (site,) = folder.glob("lib/*/site-packages")
    build = "gpu" if paddle.is_compiled_with_cuda() else "cpu"
    wheel = metadata.Distribution.at(next(site.glob("paddle_gan-*.dist-info")))
    for each in required(wheel, build):
        for top in {path.parts[0] for path in each.files} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(each.locate_file(top))
    return python.parent


def test_the_wheel_trains_draws_and_resumes(installed, tmp_path):
    where = "import paddle_gan; print(paddle_gan.__file__)"
    home = call(installed / "python", "-c", where, cwd=tmp_path)
    assert Path(home.strip()).is_relative_to(installed.parent)
    program, newest = installed / "paddle-gan", tmp_path / "work/checkpoints/latest"
    told = call(program, "train", *SIZES, "--max-steps", 2, cwd=tmp_path)
    assert "step 2 " not in told and newest.resolve().name == "step-00000002"
    call(program, "train", "--resume", "--max-steps", 3, "--device", "cpu", cwd=tmp_path)
    assert newest.resolve().name == "step-00000003"
    told = call(program, "infer", "work/Gnet.pdparams", "--num", 4, "--digit", 7, cwd=tmp_path)
    assert told.endswith("wrote work/generated.png\n")
    assert Image.open(tmp_path / "work/generated.png").size == (2 * 34 + 2, 2 * 34 + 2)


def test_the_public_workflow_runs_the_gate():
    steps = (ROOT / ".github/workflows/ci.yml").read_text().split("steps:")[1]
    assert re.findall(r"run: (.+)", steps) == [".ci/run"] and os.access(ROOT / ".ci/run", os.X_OK)


def test_the_citation_is_of_this_version():
    (version,) = re.findall(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    assert version == paddle_gan.__version__
