"""The README's commands for somebody who has photographs and no digits, one after another."""

from __future__ import annotations

import json
import re
import shlex

import cv2
import numpy as np
import pytest

from paddle_gan.cli import main
from paddle_gan.metrics import features
from paddle_gan.training import scoring
from tests.documents import TEXTS, blocks

PART = re.split(r"\n##+ ", TEXTS["README.md"].partition("### Your own images")[2])[0]
COMMANDS = "".join(blocks(PART, "sh")).splitlines()
TINY = "--image-size 16 --width 4 --latent 8 --batch-size 20 --max-steps 18 --device cpu".split()


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Five hundred photographs of five classes, on which an epoch has seventeen steps; others."""
    rng = np.random.default_rng(0)
    for number in range(500):
        kind = number % 5
        photo = rng.integers(0, 90, (20, 26, 3), np.uint8)
        photo[2 + 3 * kind : 5 + 3 * kind] = rng.integers(160, 256, 3)
        for folder, names in (("pets", "bat cat dog emu fox"), ("wild", "gnu hen ibis jay kite")):
            path = tmp_path / folder / names.split()[kind] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), photo)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(features, "STEPS", 40)
    monkeypatch.setattr(scoring, "_SCORED", 100)
    return tmp_path


def test_photographs_are_trained_scored_drawn_and_compared(here, capsys):
    told = []
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        name = arguments.pop(0) if program in ("python", "paddle-gan") else program
        extra = TINY if name == "train.py" else []
        extra = [*extra, "--evaluate-every", "1"] if "--evaluate-every" in arguments else extra
        extra = ["--num", "9"] if name == "infer.py" else extra
        assert main([*arguments, *extra], name.removesuffix(".py")) == 0, command
        told.append(capsys.readouterr().out)
    trained, scored, drawn, tuned, compared = told
    for text in (trained, scored):
        assert "scored by features of a classifier of its own classes" in text
    assert "classifier-" in scored and "bat: " in scored and "the class asked for: " in scored
    assert drawn == "wrote work/generated.png\n" and (here / "work/generated.png").exists()
    assert tuned.startswith(f"Gnet, Dnet from {here}/work/pets\n")
    assert compared.count("| `") == 2 and (here / "work/curves.png").exists()
    assert (here / "work/pets/report.png").exists()
    lines = (here / "work/pets/metrics.jsonl").read_text().splitlines()
    evaluations = [line for line in map(json.loads, lines) if "protocol" in line]
    best = json.loads((here / "work/pets/best/manifest.json").read_text())["progress"]["best"]
    assert best["validation_fid"] == min(line["validation_fid"] for line in evaluations)
