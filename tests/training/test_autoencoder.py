"""A run of an autoencoder: what it writes, how it goes on, and what people do with its files."""

from __future__ import annotations

import json
import re
import shutil

import cv2
import numpy as np
import paddle
import pytest

import paddle_gan
from paddle_gan.checkpoints.generators import open_checkpoint
from paddle_gan.checkpoints.reading import read
from paddle_gan.cli import main
from paddle_gan.commands.choosing import Choice
from paddle_gan.commands.embed import embed
from paddle_gan.commands.infer import infer
from paddle_gan.config import configure
from paddle_gan.data import to_float
from paddle_gan.errors import UserError
from paddle_gan.sampling.columns import joined
from paddle_gan.sampling.drawing import generate
from tests.checkpoints.files import save_checkpoint
from tests.training import harness

TINY = dict(width=2, latent=3, image_size=16, components=4, batch_size=8, canvas=4, device="cpu")


def train(out, data, recipe="autoencoder", **settings):
    return paddle_gan.train(recipe, out=out, data=str(data), seed=5, **{**TINY, **settings}).out


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """60 bright rectangles as PNG files, 20 x 20; a fifth of them are for testing."""
    folder, rng = tmp_path_factory.mktemp("data") / "images", np.random.default_rng(0)
    folder.mkdir()
    for number in range(60):
        image = np.zeros((20, 20), np.uint8)
        top, left = rng.integers(1, 9, 2)
        image[top : top + 9, left : left + 9] = rng.integers(128, 256)
        cv2.imwrite(str(folder / f"{number:02}.png"), image)
    return folder


@pytest.fixture(scope="module")
def run(images, tmp_path_factory):
    return train(tmp_path_factory.mktemp("runs") / "run", images, epochs=3, checkpoint_every=7)


def test_what_it_writes(run):
    names = {path.name for path in run.glob("*.pd*")}
    networks = {"Enet.pdparams", "Enet_raw.pdparams", "Gnet.pdparams", "Gnet_raw.pdparams"}
    assert names == {*networks, "Eadam.pdopt", "Gadam.pdopt"}
    average, raw = (read(run / f"{name}.pdparams") for name in ("Gnet", "Gnet_raw"))
    assert average["weights"].sum() == pytest.approx(1, abs=1e-5)
    for name in ("weights", "means", "factors"):
        assert np.array_equal(average[name], raw[name])
    log = harness.dashboard(run / "log")
    assert log["scalar loss/reconstruction"] and "scalar loss/kl" not in log


def test_its_pictures_show_input_output_and_a_sample(run):
    picture = cv2.imread(str(run / "samples/step-00000021.png"), cv2.IMREAD_UNCHANGED)
    opened = open_checkpoint(run / "Enet.pdparams")
    given = opened.images().examples(12)["image"]
    assert picture.shape == (6 * 18 + 2, 6 * 18 + 2)  # 12 test images, two in a row
    assert np.array_equal(picture[2:18, 2:18], given[0, 0])
    assert np.array_equal(picture[2:18, 56:72], given[1, 0])


@pytest.mark.parametrize("recipe", ["autoencoder", "vae"])
def test_a_run_that_is_stopped_and_resumed_ends_in_the_same_bits(recipe, images, tmp_path):
    settings = dict(recipe=recipe, components=2, checkpoint_every=4, epochs=6)
    unbroken = train(tmp_path / "unbroken", images, max_steps=11, **settings)
    halves = train(tmp_path / "halves", images, max_steps=4, **settings)
    for steps in (9, 11):  # the first half ends where it saved, the second between
        paddle_gan.train(out=halves, device="cpu", resume=True, max_steps=steps)
    expected, found = ({**harness.snapshot(out)} for out in (unbroken, halves))
    extra = re.compile("step-00000009.png|log image images/samples|log histogram .+")
    differing = {line.partition(":")[0] for line in harness.differences(expected, found)}
    assert all(map(extra.fullmatch, differing))
    assert {"Enet.pdparams /conv.0.weight", "Gnet.pdparams /means"} <= expected.keys()


def test_the_decoder_needs_nothing_beside_it(run, tmp_path):
    alone = shutil.copy(run / "Gnet.pdparams", tmp_path / "moved.pdparams")
    drawn = [
        np.load(infer(path, num=5, seed=seed, output=tmp_path / f"{seed}.npy"))
        for path, seed in ((alone, 0), (run / "Gnet.pdparams", 0), (alone, 1))
    ]
    assert drawn[0].shape == (5, 1, 16, 16)
    assert np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn[0], drawn[2])
    shutil.copy(run / "Enet.pdparams", tmp_path)
    with pytest.raises(UserError, match="Gnet.pdparams"):
        infer(tmp_path / "Enet.pdparams", output=tmp_path / "x.png")


def test_the_encoder_shows_test_images_and_reconstructions(run, tmp_path):
    picture = infer(run / "Enet.pdparams", num=12, seed=5, output=tmp_path / "x.png")
    assert picture.read_bytes() == (run / "samples/step-00000021.png").read_bytes()
    opened = open_checkpoint(run / "Enet.pdparams")
    drawn = joined(Choice(64, 5, index=[5, 2]).drawings(opened, {}))
    assert np.array_equal(drawn["input"], to_float(opened.images().images[[5, 2]]))


def test_networks_set_aside_and_those_in_training_are_drawn_with_in_pairs(images, tmp_path):
    out = train(tmp_path / "run", images, max_steps=12, keep_every=1)  # two epochs
    pairs = ["generators/epoch-001-{}.pdparams", "{}_raw.pdparams", "{}.pdparams"]
    found = []
    for each in pairs:
        networks = open_checkpoint(out / each.format("Enet")).networks
        expected = read(out / each.format("Gnet"))["means"]
        assert np.array_equal(networks["Gnet"].means.numpy(), expected)
        weights = networks["Gnet"].gan[0].weight.numpy()
        assert np.array_equal(weights, read(out / each.format("Gnet"))["gan.0.weight"])
        found.append(weights.tobytes())
    assert len(set(found)) == 3


def test_a_walk_from_one_image_to_another(run, images, tmp_path):
    pair = [images / "03.png", images / "04.png"]
    arguments = [run / "Enet.pdparams", "--between", *pair, "--interpolation", 5]
    output = tmp_path / "walk.npy"
    assert main([str(each) for each in (*arguments, "--output", output)], command="infer") == 0
    frames, codes = (
        np.load(output),
        np.load(embed(run / "Enet.pdparams", images, tmp_path / "c.npy")),
    )
    generator = open_checkpoint(run / "Gnet.pdparams").networks["Gnet"]
    path = codes[3] + np.linspace(0, 1, 5)[:, None] * (codes[4] - codes[3])
    assert np.abs(frames - generate(generator, path[:, :, None, None])).max() < 1e-4


def test_a_walk_from_a_file_that_is_no_image(run, images, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(UserError, match="--between: .*text.png"):
        infer(
            run / "Enet.pdparams",
            interpolation=3,
            between=[str(images / "03.png"), str(tmp_path / "text.png")],
            output=tmp_path / "x.png",
        )


def test_a_folder_is_embedded(run, images, tmp_path, capsys):
    folder = tmp_path / "folder"
    for name, source in (("b/2.png", "04"), ("a.png", "03"), ("c.jpg", None)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if source:
            shutil.copy(images / f"{source}.png", folder / name)
        else:
            (folder / name).write_text("no image")
    output = tmp_path / "codes.npy"
    arguments = [run / "Enet.pdparams", folder, "--output", output]
    assert main(["embed", *map(str, arguments)]) == 0
    told = capsys.readouterr()
    assert f"wrote {output}" in told.out and "skipped: " in told.err and "c.jpg" in told.err
    assert (tmp_path / "codes.txt").read_text() == "a.png\nb/2.png\n"
    codes = np.load(output)
    assert codes.shape == (2, 3) and codes.dtype == np.float32
    encoder = open_checkpoint(run / "Enet.pdparams").networks["Enet"]
    gray = [cv2.imread(str(images / f"{n}.png"), cv2.IMREAD_GRAYSCALE) for n in ("03", "04")]
    small = np.stack([cv2.resize(each, (16, 16), interpolation=cv2.INTER_AREA) for each in gray])
    expected = encoder(paddle.to_tensor(to_float(small[:, None]))).numpy().reshape([2, 3])
    assert np.abs(codes - expected).max() < 1e-4


def test_images_are_prepared_as_in_training(tmp_path):
    """All of a rectangle, on black."""
    sizes = dict(width=2, latent=3, components=0, image_size=16)
    config = configure("autoencoder", data="embedded", fit="pad", ground="black", **sizes)
    encoder, folder = save_checkpoint(tmp_path, config) / "Enet.pdparams", tmp_path / "images"
    folder.mkdir()
    wide, whole = folder / "wide.png", folder / "whole.png"
    pixels = np.random.default_rng(0).integers(0, 256, (8, 16), np.uint8)
    cv2.imwrite(str(wide), pixels)
    cv2.imwrite(str(whole), np.pad(pixels, ((4, 4), (0, 0))))
    codes = np.load(embed(encoder, folder, tmp_path / "codes.npy"))
    assert codes[0] == pytest.approx(codes[1], abs=1e-6)
    pair = [str(wide), str(whole)]
    walk = infer(encoder, interpolation=2, between=pair, output=tmp_path / "walk.npy")
    first, last = np.load(walk)
    assert np.abs(first - last).max() < 1e-6


def test_embedding_takes_an_encoder(run, images, tmp_path):
    with pytest.raises(UserError, match="Gnet.pdparams holds no encoder; give the Enet.pdparams"):
        embed(run / "Gnet.pdparams", images, tmp_path / "codes.npy")
    with pytest.raises(UserError, match="the suffix must be .npy"):
        embed(run / "Enet.pdparams", images, tmp_path / "codes.csv")
    assert not list(tmp_path.glob("codes*"))


def test_two_processes_share_a_batch(images, tmp_path):
    flags = "--recipe vae --width 2 --latent 3 --image-size 16 --batch-size 8 --max-steps 2"
    out = tmp_path / "two"
    status, stdout, stderr = harness.train(
        out, *flags.split(), "--data", images, "--device", "cpu", "--workers", 2
    )
    assert status == 0, stdout + stderr
    (line,) = [json.loads(each) for each in (out / "metrics.jsonl").read_text().splitlines()]
    assert line["step"] == 1 and line["kl_loss"] > 0
