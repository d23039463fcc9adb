"""What a run is made of, before anything runs."""

import json

import pytest

from paddle_gan.config import RECIPES, configure, game_of
from paddle_gan.config.configure import games, options_of
from paddle_gan.errors import UserError
from paddle_gan.networks import NETWORKS


def test_aistudio_has_the_notebooks_numbers():
    config = configure("aistudio")
    numbers = dict(batch_size=16, lr=0.003, betas=(0.5, 0.999), epochs=40, fresh_noise=1)
    sizes = dict(latent=100, width=64, channels=1, image_size=32)
    assert {name: config[name] for name in (*numbers, *sizes)} == {**numbers, **sizes}
    assert (config["init"], config["objective"]) == ("conv", "non-saturating")


def test_the_default_recipe():
    assert configure() == configure("dcgan")
    assert configure()["epochs"] == 40 and configure()["data"] == "mnist"


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_resolves_to_things_that_exist(name):
    config = configure(name)
    assert config["recipe"] == name and config["about"]
    assert game_of(config) in games()
    unknown = RECIPES[name].values.keys() - config.keys()
    assert not unknown  # what a row names is an option


def test_every_value_of_a_recipe_has_a_flag():
    for name, row in RECIPES.items():
        options, _ = options_of(row, {})
        assert options.keys() == configure(name).keys() - {"recipe", "about", "game"}
        assert row.values.keys() <= options.keys()


@pytest.mark.parametrize("name", RECIPES)
def test_a_configuration_survives_its_file(name):
    config = configure(name, epochs=3)
    saved = json.loads(json.dumps(config))
    given = {key: value for key, value in saved.items() if key not in ("recipe", "about", "game")}
    assert json.loads(json.dumps(configure(name, **given))) == saved


def test_overrides():
    config = configure("aistudio", lr=0.5, width=None, seed=7, max_steps=9)
    assert (config["lr"], config["width"], config["seed"], config["max_steps"]) == (0.5, 64, 7, 9)
    expected = {**configure("aistudio"), "lr": 0.5, "seed": 7, "max_steps": 9}
    assert config == expected
    assert RECIPES["aistudio"].values["lr"] == 0.003  # the table itself is untouched


@pytest.mark.parametrize("name", ["epoch", "about", "learning_rate"])
def test_an_unknown_option(name):
    with pytest.raises(UserError, match=f"unknown option '{name}'; .*here are amp, .*batch_size"):
        configure(**{name: 1})


BAD = {
    "latent": [0, -1, "many", 1.5],
    "width": [0, 1.5, 8.0, float("inf"), "wide"],
    "channels": [0, 2, 4, "gray"],
    "image_size": [0, 28, 8, 512, 32.0],
    "lr": [0, -0.1, float("nan"), float("inf"), "fast"],
    "batch_size": [1, 0, -16, 2.5, 64.0],
    "epochs": [0, -1, 0.5],
    "max_steps": [0, 1.5, float("inf")],
    "checkpoint_every": [0, -5],
    "keep_every": [0, -1, 0.5, "never"],
    "canvas": [0, 2.5],
    "pack": [0, -2, 1.5],
    "critic_steps": [0, 2.5],
    "fresh_noise": [-1, 0.5],
    "penalty_weight": [0, -1, float("nan"), float("inf"), "heavy"],
    "lr_ratio": [0, -1, float("nan"), "two"],
    "lr_end": [0, -1, float("inf"), "slow"],
    "beta2_end": [1, -0.1, float("nan"), "ab"],
    "penalty_weight_end": [0, -1, "light"],
    "ema_half_life_end": [0, -1, float("nan")],
    "burn_in": [-1, float("inf"), "long"],
    "betas": [(0.5,), (0.5, 1.0), (-0.1, 0.9), (0.1, 0.2, 0.3), 0.5, "ab"],
    "ema_half_life": [-1, float("nan")],
    "seed": [-1, 2**31, "luck", 7.0],
    "data": [5, ["a.png"]],
    "inverted": ["no", 1],
    "amp": ["yes"],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in BAD.items() for v in values])
def test_a_value_out_of_its_range(name, value):
    with pytest.raises(UserError, match=f"^{name} .*: it must be ") as caught:
        configure(**{name: value})
    assert repr(value) in str(caught.value) and "\n" not in str(caught.value)


GOOD = {
    "latent": [1, 512],
    "channels": [1, 3],
    "image_size": [16, 32, 64, 128, 256],
    "batch_size": [2],
    "max_steps": [1],
    "checkpoint_every": [1],
    "keep_every": [1],
    "canvas": [1],
    "pack": [1, 32],
    "critic_steps": [1, 32],
    "fresh_noise": [0, 5],
    "lr_ratio": [0.1, 4],
    "betas": [(0, 0), (0.0, 0.999), [0.5, 0.9]],
    "ema_half_life": [0, 0.5],
    "seed": [0, 2**31 - 1],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in GOOD.items() for v in values])
def test_a_value_at_the_end_of_its_range(name, value):
    assert configure(**{name: value})[name] == value


@pytest.mark.parametrize("value", [1e-6, 1000])
def test_a_weight_at_the_end_of_its_range(value):
    assert configure("wgan", penalty_weight=value)["penalty_weight"] == value


SIZES = {
    "dcgan": {16, 32, 64, 128, 256},
    "cdcgan": {16, 32, 64, 128, 256},
    "sngan": {28},
    "mlp": set(range(8, 257, 4)),
    "conv": set(range(8, 257, 4)),
    "r3gan": {16, 32, 64, 128, 256},
}


def test_image_sizes_of_each_pair_of_networks():
    assert SIZES.keys() == NETWORKS.keys()
    for networks, sizes in SIZES.items():
        for size in range(1, 140):
            values = dict(networks=networks, image_size=size, norm="none")
            if size in sizes:
                assert configure(**values)["image_size"] == size
            else:
                with pytest.raises(UserError, match=f"^image_size {size}: it must be "):
                    configure(**values)
