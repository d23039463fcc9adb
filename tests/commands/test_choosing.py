"""Chosen drawings: of several seeds, by their numbers, of a file of latents; and truncated ones."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from PIL import Image

from paddle_gan.checkpoints.description import with_description
from paddle_gan.checkpoints.generators import open_checkpoint
from paddle_gan.commands.choosing import Choice
from paddle_gan.commands.infer import infer
from paddle_gan.config import configure, game_of
from paddle_gan.errors import UserError
from paddle_gan.networks.dcgan import Generator
from paddle_gan.sampling.columns import joined
from paddle_gan.sampling.drawing import generate, latents, slerp
from tests.data.files import save_grays
from tests.notebook import fill


@pytest.fixture(scope="module")
def generator() -> Generator:
    network = fill(Generator(latent=10, width=4, image_size=16), seed=1)
    network.eval()
    return network


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, generator) -> str:
    path = str(tmp_path_factory.mktemp("checkpoint") / "Gnet.pdparams")
    paddle.save(generator.state_dict(), path)
    return path


@pytest.fixture
def raw(checkpoint, tmp_path):
    """raw(...) -> the images that infer writes."""

    def draw(**arguments) -> np.ndarray:
        return np.load(infer(checkpoint, output=tmp_path / "raw.npy", **arguments))

    return draw


def near(a, b) -> bool:
    return a.shape == b.shape and np.abs(a - b).max() < 1e-5


def test_seeds_give_the_first_image_of_each(raw):
    wanted = np.concatenate([raw(num=1, seed=seed) for seed in (3, 9, 3)])
    assert near(raw(seeds=[3, 9, 3]), wanted)


def test_an_index_gives_these_images_of_the_grid_in_the_order_asked(raw):
    wanted = raw(num=300, seed=2)
    assert near(raw(seed=2, index=[299, 0, 17]), wanted[[299, 0, 17]])


def test_a_walk_goes_through_the_chosen(raw, generator):
    z = np.concatenate([latents(generator, 1, seed) for seed in (3, 9)])
    walked = raw(seeds=[3, 9], interpolation=4)
    wanted = [z[0], slerp(z[0], z[1], 0.5), z[1], slerp(z[1], z[0], 0.5)]
    assert near(walked, generate(generator, np.stack(wanted).astype("float32")))
    assert near(walked[[0, 2]], raw(seeds=[3, 9]))


def test_latents_of_a_file_are_drawn(raw, generator, tmp_path):
    z = latents(generator, 5, seed=4)
    np.save(tmp_path / "z.npy", z.reshape(5, 10))
    assert near(raw(latents=tmp_path / "z.npy"), generate(generator, z))
    assert near(raw(latents=tmp_path / "z.npy", interpolation=10)[::2], generate(generator, z))
    np.save(tmp_path / "other.npy", z[:, :9])
    with pytest.raises(UserError, match="latents have shape"):
        raw(latents=tmp_path / "other.npy")


def test_truncated_latents_are_nearer_and_keep_their_order(raw, generator):
    """Of the latents, their cumulative shares: Φ(t) = ½ + (2Φ(T) - 1)(Φ(z) - ½)."""
    from scipy.stats import norm, truncnorm

    from paddle_gan.sampling.latents import truncated

    z = np.linspace(-4, 4, 33, dtype="float32")
    wanted = truncnorm.ppf(norm.cdf(z.astype("float64")), -0.7, 0.7)
    assert np.allclose(truncated("normal", z, 0.7), wanted, atol=1e-5)
    assert np.allclose(truncated("normal", z, 9.0), z, atol=1e-3)
    assert np.allclose(truncated("uniform", z / 4, 0.5), z / 8)
    found = raw(seeds=[3], truncation=0.5)
    moved = truncated("normal", latents(generator, 1, 3), 0.5)
    assert near(found, generate(generator, moved))


def test_no_suffix_means_a_folder_of_single_images(checkpoint, raw, tmp_path):
    single = infer(checkpoint, seeds=[3, 12], output=tmp_path / "single")
    assert sorted(path.name for path in single.iterdir()) == ["seed-12.png", "seed-3.png"]
    found = np.asarray(Image.open(single / "seed-12.png")) / 127.5 - 1
    assert np.abs(found - raw(seeds=[12])[0, 0]).max() < 1 / 127
    several = infer(checkpoint, num=2, output=tmp_path / "several")
    assert sorted(path.name for path in several.iterdir()) == ["00000.png", "00001.png"]


def test_an_autoencoder_draws_chosen_codes_too(tmp_path):
    config = configure("autoencoder", latent=3, width=4, components=0)
    network = fill(game_of(config).build(config)["Gnet"], seed=1)
    about = dict(network="Gnet", step=1, pixels=[-1, 1], classes=None, config=config)
    paddle.save(with_description(network.state_dict(), about), str(tmp_path / "Gnet.pdparams"))
    np.save(tmp_path / "z.npy", latents(network, 1, seed=8)[:, :, 0, 0])
    drawn = [
        np.load(infer(tmp_path / "Gnet.pdparams", output=tmp_path / "raw.npy", **chosen))
        for chosen in (dict(seeds=[8]), dict(latents=tmp_path / "z.npy"), dict(seed=8, index=[0]))
    ]
    assert near(drawn[0], drawn[1]) and near(drawn[0], drawn[2])


def test_an_index_of_a_translator_is_that_of_its_test_images(tmp_path):
    """Of sides of nine and of four images in the test set."""
    counts = {"trainA": 1, "trainB": 1, "testA": 9, "testB": 4}
    grays = {f"{side}/{n}.png": 20 * n for side, count in counts.items() for n in range(count)}
    folder = save_grays(tmp_path / "sides", grays)
    config = configure("cyclegan", data=str(folder), width=2, blocks=1, image_size=16)
    for name, network in game_of(config).build(config).items():
        about = dict(network=name, step=1, pixels=[-1, 1], classes=None, config=config)
        path = str(tmp_path / f"{name}.pdparams")
        paddle.save(with_description(network.state_dict(), about), path)
    opened = open_checkpoint(tmp_path / "G_AB.pdparams")
    for direction in ("AtoB", "BtoA"):
        drawn = joined(Choice(64, 0, index=[3, 1]).drawings(opened, {"direction": direction}))
        assert drawn["input"][:, 0, 0, 0].tolist() == pytest.approx(
            [60 / 127.5 - 1, 20 / 127.5 - 1]
        )
    told = "--index 4: there are fewer, counted from 0; .*: 9 in A and 4 in B .split test."
    with pytest.raises(UserError, match=told):
        infer(tmp_path / "G_AB.pdparams", index=[0, 4], output=tmp_path / "raw.npy")


@pytest.mark.parametrize(
    "wrong, told",
    [
        (dict(seeds=[1], index=[2]), "--seeds and --index choose both"),
        (dict(seeds=[-1]), "at least 0"),
        (dict(index=[]), "must name a number"),
        (dict(index=[3, 10**6]), "--index 1000000: it must be below 1,000,000"),
        (dict(latents="gone.npy"), "gone.npy cannot be read"),
    ],
)
def test_wrong_choices(raw, wrong, told):
    with pytest.raises(UserError, match=told):
        raw(**wrong)
