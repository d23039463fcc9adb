"""What a run is made of, before anything runs."""

import json
import subprocess
import sys

import pytest

from paddle_gan.errors import UserError
from paddle_gan.gans import GAMES
from paddle_gan.init import INITS
from paddle_gan.losses import OBJECTIVES
from paddle_gan.networks import NETWORKS
from paddle_gan.recipes import RECIPES, configure


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
    for table, part in (
        (GAMES, "game"),
        (NETWORKS, "networks"),
        (INITS, "init"),
        (OBJECTIVES, "objective"),
    ):
        assert config[part] in table


@pytest.mark.parametrize("name", RECIPES)
def test_a_configuration_survives_its_file(name):
    config = configure(name, epochs=3)
    saved = json.loads(json.dumps(config))
    given = {key: value for key, value in saved.items() if key not in ("recipe", "about")}
    assert json.loads(json.dumps(configure(name, **given))) == saved


def test_overrides():
    config = configure("aistudio", lr=0.5, width=None, seed=7, max_steps=9)
    assert (config["lr"], config["width"], config["seed"], config["max_steps"]) == (0.5, 64, 7, 9)
    expected = {**configure("aistudio"), "lr": 0.5, "seed": 7, "max_steps": 9}
    assert config == expected
    assert RECIPES["aistudio"].lr == 0.003  # the table itself is untouched


@pytest.mark.parametrize(
    ("typed", "nearest"), [("dcgam", "dcgan"), ("AIStudio", "aistudio"), ("ai-studio", "aistudio")]
)
def test_an_unknown_recipe_names_the_nearest(typed, nearest):
    with pytest.raises(UserError, match=f"unknown recipe '{typed}'; did you mean '{nearest}'?"):
        configure(typed)


@pytest.mark.parametrize("typed", ["", "xyz", "999"])
def test_an_unlike_recipe_lists_what_there_is(typed):
    with pytest.raises(UserError, match="There are aistudio, .*dcgan"):
        configure(typed)


@pytest.mark.parametrize("name", ["epoch", "about", "learning_rate"])
def test_an_unknown_option(name):
    with pytest.raises(UserError, match=f"unknown option '{name}'; a run has .*batch_size"):
        configure(**{name: 1})


BAD = {
    "latent": [0, -1, "many"],
    "width": [0],
    "channels": [0, 2, 4, "gray"],
    "image_size": [0, 28, 8, 256],
    "lr": [0, -0.1, float("nan"), float("inf"), "fast"],
    "batch_size": [1, 0, -16],
    "epochs": [0, -1],
    "max_steps": [0],
    "checkpoint_every": [0, -5],
    "ema_half_life": [-1, float("nan")],
    "seed": [-1, 2**31, "luck"],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in BAD.items() for v in values])
def test_a_value_out_of_its_range(name, value):
    with pytest.raises(UserError, match=f"^{name} .*: it must be ") as caught:
        configure(**{name: value})
    assert repr(value) in str(caught.value) and "\n" not in str(caught.value)


GOOD = {
    "latent": [1, 512],
    "channels": [1, 3],
    "image_size": [16, 32, 64, 128],
    "batch_size": [2],
    "max_steps": [1],
    "checkpoint_every": [1],
    "ema_half_life": [0, 0.5],
    "seed": [0, 2**31 - 1],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in GOOD.items() for v in values])
def test_a_value_at_the_end_of_its_range(name, value):
    assert configure(**{name: value})[name] == value


def test_nothing_here_imports_paddle():
    script = "import sys, paddle_gan.recipes as r; r.configure(); print('paddle' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
