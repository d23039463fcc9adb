"""Checkpoints damaged on the disk: the one before is taken; without one a line says so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.training import harness
from tests.training.harness import copy, newest


def flip(folder: Path):
    path = folder / "Gnet.pdparams"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(folder: Path):
    os.truncate(folder / "Dadam.pdopt", 1000)


def forget(folder: Path):
    (folder / "Dnet.pdparams").unlink()


def garble(folder: Path):
    (folder / "manifest.json").write_bytes(b"\xff\0{")


def empty(folder: Path):
    for path in folder.iterdir():
        path.unlink()


def swap_optimizers(folder: Path):
    """Whole by its manifest, and yet not what the run needs."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    (folder / "Gadam.pdopt").rename(folder / "spare")
    (folder / "Dadam.pdopt").rename(folder / "Gadam.pdopt")
    (folder / "spare").rename(folder / "Dadam.pdopt")
    files = manifest["files"]
    files["Gadam.pdopt"], files["Dadam.pdopt"] = files["Dadam.pdopt"], files["Gadam.pdopt"]
    path.write_text(json.dumps(manifest))


DAMAGES = [flip, truncate, forget, garble, empty, swap_optimizers]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_passed_over(damage, stopped, complete, train, tmp_path):
    out = copy(stopped, tmp_path / "out")
    damaged = newest(out)
    damage(damaged)
    status, _, stderr = train(out, "--resume", "--max-steps", "3")
    assert status == 0
    assert [damaged.name in line for line in stderr.splitlines()] == [True]
    assert harness.check_whole(out) == 3
    assert harness.differences(complete, harness.snapshot(out)) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_with_all_damaged_the_run_ends_in_a_line(damage, stopped, train, tmp_path):
    out = copy(stopped, tmp_path / "out")
    for folder in out.glob("checkpoints/step-*"):
        damage(folder)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    status, _, stderr = train(out, "--resume")
    assert status == 2
    assert [line for line in stderr.splitlines() if not line.startswith("passing over")] == [
        f"error: {out} holds no checkpoint to resume from; start without --resume"
    ]
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
