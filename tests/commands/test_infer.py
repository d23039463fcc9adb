"""From a checkpoint to files."""

import numpy as np
import paddle
import pytest
from PIL import Image

from paddle_gan.commands.infer import infer
from paddle_gan.errors import UserError
from paddle_gan.networks.dcgan import Generator
from paddle_gan.sampling.drawing import generate, latents
from tests.notebook import fill


@pytest.fixture(scope="module")
def generator() -> Generator:
    network = fill(Generator(latent=10, width=4, image_size=16), seed=1)
    network.eval()
    return network


@pytest.fixture
def checkpoint(tmp_path, generator) -> str:
    path = str(tmp_path / "Gnet.pdparams")
    paddle.save(generator.state_dict(), path)
    return path


def test_npy(tmp_path, checkpoint, generator):
    path = infer(checkpoint, num=70, seed=3, output=tmp_path / "new" / "raw.npy")
    found = np.load(path)
    assert found.shape == (70, 1, 16, 16) and found.dtype == np.float32
    assert np.abs(found).max() <= 1
    assert np.abs(found - generate(generator, latents(generator, 70, 3))).max() < 1e-5


def test_the_seed_decides(tmp_path, checkpoint):
    draws = [
        infer(checkpoint, num=5, seed=seed, output=tmp_path / f"{i}.npy").read_bytes()
        for i, seed in enumerate((0, 0, 1))
    ]
    assert draws[0] == draws[1] != draws[2]


def test_png_is_a_grid_of_the_same_images(tmp_path, checkpoint):
    picture = np.asarray(Image.open(infer(checkpoint, num=6, output=tmp_path / "grid.png")))
    assert picture.shape == (2 * 18 + 2, 3 * 18 + 2)
    raw = np.load(infer(checkpoint, num=6, output=tmp_path / "raw.npy"))
    fifth = picture[20:36, 20:36]
    assert np.abs(fifth / 127.5 - 1 - raw[4, 0]).max() < 1 / 127


def test_a_walk_is_a_strip_an_animation_or_raw(tmp_path, checkpoint):
    walked = {
        suffix: infer(checkpoint, interpolation=8, output=tmp_path / f"walk{suffix}")
        for suffix in (".png", ".gif", ".npy")
    }
    assert Image.open(walked[".png"]).size == (8 * 18 + 2, 18 + 2)
    with Image.open(walked[".gif"]) as animation:
        assert animation.n_frames == 8 and animation.size == (16, 16)
    assert np.load(walked[".npy"]).shape == (8, 1, 16, 16)


def test_color(tmp_path):
    network = fill(Generator(latent=4, width=2, channels=3, image_size=16), seed=5)
    paddle.save(network.state_dict(), str(tmp_path / "Gnet.pdparams"))
    made = {
        suffix: infer(
            tmp_path / "Gnet.pdparams", interpolation=3, output=tmp_path / f"walk{suffix}"
        )
        for suffix in (".png", ".gif", ".npy")
    }
    strip, raw = np.asarray(Image.open(made[".png"])), np.load(made[".npy"])
    assert np.abs(strip[2:18, 2:18] / 127.5 - 1 - raw[0].transpose(1, 2, 0)).max() < 1 / 127
    assert Image.open(made[".gif"]).n_frames == 3


@pytest.mark.parametrize("name", ["x.PNG", "x.NPY", "x.Gif"])
def test_the_case_of_a_suffix_does_not_matter(tmp_path, checkpoint, name):
    made = [
        infer(checkpoint, output=tmp_path / each, interpolation=3).read_bytes()
        for each in (name, name.lower())
    ]
    assert made[0] == made[1]


@pytest.mark.parametrize(("output", "interpolation"), [("x.jpg", None), ("x.avi", 8)])
def test_an_unknown_suffix_is_told_before_anything_is_loaded(tmp_path, output, interpolation):
    allowed = ".png, .webp, .npy, .gif, .mp4, or none for"
    with pytest.raises(UserError, match=f"{output}: the suffix must be one of {allowed}"):
        infer("no such file", output=tmp_path / output, interpolation=interpolation)


@pytest.mark.parametrize("output", ["x.gif", "x.mp4"])
def test_an_animation_of_no_walk_is_told_what_it_lacks(tmp_path, output):
    with pytest.raises(UserError, match=rf"{output} shows a walk; add --interpolation N"):
        infer("no such file", output=tmp_path / output)


@pytest.mark.parametrize(
    "numbers", [{"num": 0}, {"num": -3}, {"seed": -1}, {"interpolation": 1}, {"interpolation": 0}]
)
def test_numbers_that_make_no_sense(tmp_path, checkpoint, numbers):
    with pytest.raises(UserError, match="must be at least"):
        infer(checkpoint, output=tmp_path / "x.png", **numbers)
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize("suffix", [".png", ".npy", ".gif"])
def test_a_place_that_cannot_be_written(tmp_path, checkpoint, suffix):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="cannot write"):
        infer(checkpoint, num=2, output=tmp_path / "file" / f"x{suffix}", interpolation=2)


def test_drawing_leaves_a_checkpoint_as_it_is(checkpoint, tmp_path):
    with open(checkpoint, "rb") as file:
        before = file.read()
    infer(checkpoint, num=2, output=tmp_path / "x.png")
    with open(checkpoint, "rb") as file:
        assert file.read() == before
