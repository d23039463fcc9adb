"""From image files to latents, pictures and films."""

import numpy as np
import paddle
import pytest
from PIL import Image

from paddle_gan.checkpoints.description import with_description
from paddle_gan.cli import main
from paddle_gan.commands.infer import infer
from paddle_gan.commands.project import project
from paddle_gan.config import configure, game_of
from paddle_gan.errors import UserError
from paddle_gan.networks.dcgan import Generator
from tests.notebook import fill


@pytest.fixture
def here(tmp_path):
    """A generator and a folder with two of its images, and one file that is no image."""
    network = fill(Generator(latent=3, width=4, image_size=16), seed=1)
    paddle.save(network.state_dict(), str(tmp_path / "Gnet.pdparams"))
    infer(tmp_path / "Gnet.pdparams", seeds=[5, 6], output=tmp_path / "images")
    (tmp_path / "images/broken.png").write_bytes(b"no image")
    return tmp_path


def test_latents_draw_the_images_again(here, capsys):
    output = here / "projected"
    errors = project(here / "images", here / "Gnet.pdparams", output, steps=60)
    assert list(errors) == ["seed-5.png", "seed-6.png"] and max(errors.values()) < 0.02
    assert "broken.png" in capsys.readouterr().err
    again = infer(here / "Gnet.pdparams", latents=output / "latents.npy", output=here / "again")
    for name, drawn in (("seed-5.png", "00000.png"), ("seed-6.png", "00001.png")):
        image = np.asarray(Image.open(here / "images" / name)).astype(int)
        both = np.asarray(Image.open(output / name)).astype(int)
        assert np.array_equal(both[:, :16], image)
        assert np.abs(both[:, 16:] - image).mean() < 3
        assert np.abs(both[:, 16:] - np.asarray(Image.open(again / drawn))).max() <= 1
    assert Image.open(output / "seed-5.gif").size == (32, 16)


def test_the_command_tells_the_error(here, capsys):
    image, output = str(here / "images/seed-5.png"), str(here / "new")
    given = [image, str(here / "Gnet.pdparams"), "--output", output, "--steps", "1"]
    assert main(given, command="project") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("seed-5.png: error 0.") and told[1] == f"wrote {output}"


@pytest.mark.parametrize("asked", [dict(digit=2), dict(class_="owl")])
def test_a_class_that_latents_stand_for(here, asked):
    config = configure("dcgan", latent=4, width=4, image_size=16, classes=3)
    network = fill(game_of(config).build(config)["Gnet"], seed=3)
    network.regions.set_shares(np.full(3, 1 / 3))
    about = dict(network="Gnet", step=1, pixels=[-1, 1], classes=["cat", "dog", "owl"])
    state = with_description(network.state_dict(), {**about, "config": config})
    paddle.save(state, str(here / "Gnet.pdparams"))
    project(here / "images", here / "Gnet.pdparams", here / "new", steps=3, **asked)
    z = np.load(here / "new/latents.npy")
    assert (z[:, 2] > z[:, :2].max(1) + config["margin"] - 1e-5).all()
    with pytest.raises(UserError, match="^truncation is no option of a projection"):
        project(here / "images", here / "Gnet.pdparams", here / "new", truncation=1.0)


def test_images_of_one_name_have_results_of_their_own(here):
    Image.open(here / "images/seed-6.png").save(here / "images/seed-5.bmp")
    output = here / "new"
    errors = project(here / "images", here / "Gnet.pdparams", output, steps=1)
    assert list(errors) == ["seed-5.bmp", "seed-5.png", "seed-6.png"]
    stems = "seed-5.bmp", "seed-5.png", "seed-6"
    results = {f"{stem}.{suffix}" for stem in stems for suffix in ("png", "gif")}
    assert {path.name for path in output.iterdir()} == {*results, "latents.npy"}


def test_images_are_not_overwritten_and_classes_not_invented(here):
    Image.open(here / "images/seed-5.png").save(here / "images/first.bmp")
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    for source in ("images/seed-5.png", "images"):
        with pytest.raises(UserError, match="png would be overwritten; give another --output"):
            project(here / source, here / "Gnet.pdparams", here / "images")
    assert before == {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match="has no classes"):
        project(here / "images", here / "Gnet.pdparams", here / "new", digit=3)
