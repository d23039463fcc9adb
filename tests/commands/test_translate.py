"""A user's own images through a translator."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
from PIL import Image

from paddle_gan.cli import main
from paddle_gan.commands.infer import infer
from paddle_gan.config import configure, game_of
from paddle_gan.data import to_float
from paddle_gan.data.pixels import to_square
from paddle_gan.errors import UserError
from paddle_gan.networks.dcgan import Generator
from paddle_gan.sampling.pictures import to_uint8
from tests.checkpoints.files import save_checkpoint
from tests.data.files import save


def checkpoint(folder: Path, recipe: str, channels: int) -> Path:
    config = configure(recipe, width=4, d_width=2, image_size=16, channels=channels)
    return save_checkpoint(folder, config) / f"{game_of(config).drawn_with[0]}.pdparams"


@pytest.fixture(scope="module")
def color(tmp_path_factory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("color"), "cyclegan", 3)


@pytest.fixture(scope="module")
def gray(tmp_path_factory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("gray"), "pix2pix", 1)


@pytest.fixture
def photos(tmp_path) -> Path:
    """Mixed sizes and formats: alpha, 16 bits, a subfolder, one name twice, one broken."""
    folder, rng = tmp_path / "photos", np.random.default_rng(0)
    noise = {
        size: rng.integers(0, 256, (*size, 3), np.uint8) for size in ((50, 75), (16, 16), (9, 40))
    }
    for name, size in (("wide.jpg", (50, 75)), ("sub/square.png", (16, 16)), ("flat.bmp", (9, 40))):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise[size]).save(folder / name)
    save(folder / "clear.png", (255, 0, 0, 0), size=(20, 30), mode="RGBA")
    deep = rng.integers(0, 2**16, (24, 20), np.uint16)
    cv2.imwrite(str(folder / "deep.png"), deep)
    for suffix in ("png", "jpg"):
        save(folder / f"twice.{suffix}", size=(21, 22))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    return folder


SIZES = {
    "wide.png": (75, 50),
    "sub/square.png": (16, 16),
    "flat.png": (40, 9),
    "clear.png": (20, 30),
    "deep.png": (20, 24),
    "twice.png.png": (21, 22),
    "twice.jpg.png": (21, 22),
}


@pytest.mark.parametrize("network", ["color", "gray"])
def test_each_gives_a_png_of_its_name_and_size(network, photos, tmp_path, capsys, request):
    path, output = request.getfixturevalue(network), tmp_path / "new" / "output"
    arguments = [str(path), "--input", str(photos), "--output", str(output)]
    assert main(arguments, command="infer") == 0
    told = capsys.readouterr()
    assert told.out == f"wrote {output}\n" and f"skipped: {photos}/broken.png" in told.err
    found = {str(each.relative_to(output)): Image.open(each) for each in output.rglob("*.png")}
    assert {name: image.size for name, image in found.items()} == SIZES
    assert {image.mode for image in found.values()} == {"RGB" if network == "color" else "L"}


def test_the_page_shows_every_input_beside_its_output(color, photos, tmp_path):
    output = infer(color, source=photos, output=tmp_path / "output")
    page = (output / "index.html").read_text()
    assert "http" not in page and "<script" not in page
    sources = re.findall(r'<img src="([^"]+)" alt="input"> <img src="([^"]+)" alt="output">', page)
    assert sorted(made for _, made in sources) == sorted(SIZES)
    assert all((output / made).is_file() for _, made in sources)
    given = {made: given for given, made in sources}["clear.png"]
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(given.split(",")[1]), np.uint8), 1)
    assert shown.shape == (24, 16, 3) and (shown == 255).all()  # on white, as in training


def test_an_image_of_the_trained_size_is_translated_as_in_training(gray, tmp_path):
    picture = np.random.default_rng(1).integers(0, 256, (40, 40), np.uint8)
    Image.fromarray(picture).save(tmp_path / "one.png")
    infer(gray, source=tmp_path / "one.png", output=tmp_path / "output")
    from paddle_gan.checkpoints.generators import load_generator

    small = to_float(to_square(picture, 16))[None, None]
    drawn = to_uint8(load_generator(gray)(paddle.to_tensor(small)).numpy())[0, 0]
    expected = cv2.resize(drawn, (40, 40), interpolation=cv2.INTER_CUBIC)
    found = np.asarray(Image.open(tmp_path / "output/one.png"))
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_12_bits_are_told_from_16_by_all_of_a_folder(gray, tmp_path, capsys):
    shades = np.random.default_rng(1).integers(0, 2**12, (16, 16), np.uint16)
    (tmp_path / "deep").mkdir()
    cv2.imwrite(str(tmp_path / "deep/a.png"), shades)
    Image.fromarray(np.rint(shades * (255 / 4095)).astype(np.uint8)).save(tmp_path / "deep/b.png")
    output = infer(gray, source=tmp_path / "deep", output=tmp_path / "output")
    assert "read as 12 bits" in capsys.readouterr().err
    a, b = (np.asarray(Image.open(output / f"{name}.png")).astype(int) for name in "ab")
    assert np.abs(a - b).max() <= 1


def test_the_file_that_is_named_translates(color, tmp_path):
    save(tmp_path / "one.png", (10, 200, 30), size=(16, 16))
    made = []
    for path in (color, color.with_name("G_BA.pdparams")):
        output = infer(path, source=tmp_path / "one.png", output=tmp_path / path.stem)
        made.append(np.asarray(Image.open(output / "one.png")))
    assert not np.array_equal(*made)


def test_both_directions_of_a_folder_from_either_file(color, tmp_path):
    save(tmp_path / "one.png", (10, 200, 30), size=(16, 16))

    def made(path, *flags):
        output = tmp_path / "-".join([path.stem, *flags])
        arguments = [str(path), "--input", str(tmp_path / "one.png"), "--output", str(output)]
        assert main([*arguments, *flags], command="infer") == 0
        return np.asarray(Image.open(output / "one.png"))

    other = color.with_name("G_BA.pdparams")
    assert np.array_equal(made(color, "--direction", "BtoA"), made(other))
    assert np.array_equal(made(other, "--direction", "AtoB"), made(color))
    assert not np.array_equal(made(color), made(other))


def test_a_direction_whose_network_is_missing(color, gray, tmp_path, capsys):
    save(tmp_path / "one.png", size=(16, 16))
    (tmp_path / "G_AB.pdparams").write_bytes(color.read_bytes())
    for path, told in (
        (tmp_path / "G_AB.pdparams", "--direction BtoA takes G_BA.pdparams"),
        (gray, "direction is no option of this checkpoint"),
    ):
        arguments = [str(path), "--input", str(tmp_path / "one.png"), "--direction", "BtoA"]
        assert main([*arguments, "--output", str(tmp_path / "output")], command="infer") == 2
        assert told in capsys.readouterr().err


def test_what_is_refused(color, photos, tmp_path):
    def refused(told, path=color, **arguments):
        with pytest.raises(UserError, match=told) as caught:
            infer(path, **{"source": photos, "output": tmp_path / "output", **arguments})
        assert "\n" not in str(caught.value)

    refused("nothing does not exist; --input takes an image", source=tmp_path / "nothing")
    refused("broken.png is damaged", source=photos / "broken.png")
    refused("clear.png would be overwritten", output=photos)
    refused("with --input it is a folder", output=tmp_path / "output.png")
    refused("--seeds chooses among drawings, and --input gives what is drawn", seeds=[1, 2])
    refused("--interpolation chooses", interpolation=9)
    (tmp_path / "file").write_text("")
    refused("cannot write", output=tmp_path / "file")
    noise = tmp_path / "Gnet.pdparams"
    paddle.save(Generator(latent=4, width=2, image_size=16).state_dict(), str(noise))
    refused("translates nothing; leave --input out", path=noise)
    assert not list(photos.glob("index.html"))
