"""``paddle-gan evaluate`` of a checkpoint: what its run was trained on is part of the protocol."""

from __future__ import annotations

import json

import numpy as np
import paddle
import pytest

import paddle_gan
from paddle_gan.cli import main
from paddle_gan.commands import judging
from paddle_gan.config import configure
from paddle_gan.data import load_images
from paddle_gan.metrics.features import Features
from tests.checkpoints.files import save_checkpoint

SEEN = ", seen in training"


@pytest.fixture
def run(tmp_path, network):
    """A run's folder with a link to its checkpoint, and a function that writes the manifest."""
    checkpoint = tmp_path / "checkpoints" / "step-00000001"
    checkpoint.mkdir(parents=True)
    generator = paddle_gan.Generator(latent=8, width=4, image_size=16)
    paddle.save(generator.state_dict(), str(checkpoint / "Gnet.pdparams"))
    (tmp_path / "Gnet.pdparams").symlink_to(checkpoint / "Gnet.pdparams")

    def manifest(content):
        (checkpoint / "manifest.json").write_text(content)
        return tmp_path / "Gnet.pdparams"

    return manifest


def evaluate(source, capsys, *flags) -> str:
    capsys.readouterr()
    arguments = ["evaluate", str(source), "--data", "embedded", "--num", "100", *flags]
    assert main(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(("split", "seen"), [("train", True), ("fit", False)])
def test_test_digits_seen_in_training_are_told_in_table_and_json(split, seen, run, capsys):
    data = load_images("embedded", split=split).fingerprint()
    source = run(json.dumps({"progress": {"step": 1, "data": data}, "files": {}}))
    assert evaluate(source, capsys).splitlines()[0].endswith(SEEN) == seen
    assert json.loads(evaluate(source, capsys, "--json"))["protocol"].endswith(SEEN) == seen


def test_a_generator_set_aside_is_of_the_same_run(run, tmp_path, capsys):
    data = load_images("embedded").fingerprint()
    source = run(json.dumps({"progress": {"data": data}}))
    (tmp_path / "checkpoints" / "latest").symlink_to("step-00000001")
    kept = tmp_path / "generators" / "epoch-001.pdparams"
    kept.parent.mkdir()
    kept.write_bytes(source.read_bytes())
    assert SEEN in evaluate(kept, capsys)


@pytest.mark.parametrize(
    "manifest",
    [
        "{}",
        "[]",
        "{",
        100_000 * "[",
        '{"progress": {"step": 1}}',
        '{"progress": {"data": {"source": "embedded"}}}',
    ],
)
def test_a_manifest_that_does_not_tell_is_no_obstacle(manifest, run, capsys):
    assert SEEN not in evaluate(run(manifest), capsys)


def test_samples_in_a_file_have_no_manifest(tmp_path, network, capsys):
    np.save(tmp_path / "samples.npy", np.zeros((100, 1, 32, 32), np.float32))
    assert SEEN not in evaluate(tmp_path / "samples.npy", capsys)


@pytest.fixture
def autoencoder(tmp_path, network):
    """The checkpoints of one with random weights."""
    sizes = dict(width=2, latent=3, components=0, image_size=16)
    return save_checkpoint(tmp_path, configure("autoencoder", data="embedded", **sizes))


def test_an_autoencoder_is_scored_by_reconstructions_and_new_digits(autoencoder, capsys):
    arguments = ["evaluate", str(autoencoder / "Enet.pdparams"), "--num", "100"]
    assert main(arguments) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("reconstructions: error 0.") and "digits kept" in first
    assert second.startswith("new digits: digit-net-")
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 <= found["kept"] <= 1 and found["error"] > 0 and "fid" in found
    generator = str(autoencoder / "Gnet.pdparams")  # draws alone
    assert evaluate(generator, capsys).startswith("digit-net-")
    assert "error" not in json.loads(evaluate(generator, capsys, "--json"))


@pytest.mark.parametrize("features", ["digits", "patches", "weights.npz"])
def test_a_decoder_is_scored_by_the_features_that_are_named(
    features, autoencoder, monkeypatch, tmp_path, capsys
):
    def embed(images):
        return images.reshape(len(images), -1)[:, 120:124].astype("float32"), None

    facts = {"sha256": "0", "trained_on": "nothing"}
    found = Features("four pixels", facts, embed)
    monkeypatch.setattr(judging, "inception", lambda weights, path: found)
    monkeypatch.chdir(tmp_path)
    np.savez("weights.npz")
    generator = autoencoder / "Gnet.pdparams"
    result = json.loads(evaluate(generator, capsys, "--features", features, "--json"))
    names = {"digits": "digit-net-", "patches": "100 test images", "weights.npz": "four pixels"}
    assert result["protocol"].startswith(names[features]) and "error" not in result
