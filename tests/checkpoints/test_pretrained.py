"""What comes with the package: named, described, small, and drawn from in one command."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

import paddle_gan
from paddle_gan.checkpoints.generators import open_checkpoint
from paddle_gan.checkpoints.pretrained import FOLDER, located, names
from paddle_gan.cli import main
from paddle_gan.errors import UserError
from tests.documents import TEXTS


def card(name: str) -> dict:
    return json.loads((FOLDER / name / "card.json").read_text())


def test_there_is_the_default_and_a_translator():
    assert {"dcgan", "cyclegan"} <= {*names()}


def test_all_together_are_small():
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) < 12e6


@pytest.mark.parametrize("name", names())
def test_the_card_is_of_these_files(name):
    files = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (FOLDER / name).glob("*.pdparams")
    }
    described = card(name)
    assert described["sha256"] == files
    assert described["config"]["recipe"] == described["recipe"]
    assert described["images"] == described["steps"] * described["config"]["batch_size"]
    assert described["scores"]["protocol"] and described["commit"] and described["data"]


@pytest.mark.parametrize("name", names())
def test_weights_are_of_16_bits_and_finite(name):
    for network in open_checkpoint(f"pretrained:{name}").networks.values():
        for weight in network.parameters():
            values = weight.numpy()
            assert np.isfinite(values).all()
            assert np.array_equal(values, values.astype("float16").astype("float32"))


def test_one_command_draws_right_after_installation(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([], command="infer") == 0
    assert (tmp_path / "work/generated.png").stat().st_size > 10_000
    assert main(["pretrained:dcgan", "--digit", "7", "--num", "4"], command="infer") == 0


def test_they_are_paths_in_python_too(tmp_path):
    path = paddle_gan.infer("pretrained:dcgan", num=4, seed=3, output=tmp_path / "four.npy")
    images = np.load(path)
    assert images.shape == (4, 1, 32, 32) and images.max() > 0.9


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UserError, match=r"'dcgam'.*dcgan"):
        located("pretrained:dcgam")
    assert located("pretrained.pdparams").name == "pretrained.pdparams"


@pytest.mark.parametrize("name", names())
def test_the_page_names_it_with_its_hash(name):
    for page in ("docs/pretrained.md", "docs/pretrained_cn.md"):
        for digest in card(name)["sha256"].values():
            assert digest[:12] in TEXTS[page]
        assert f"pretrained:{name}" in TEXTS[page]
