"""What becomes of the values that a configuration is given."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from paddle_gan.config import RECIPES, configure
from paddle_gan.config.recipes import Recipe
from paddle_gan.errors import UserError
from paddle_gan.networks import NETWORKS
from paddle_gan.options import Option, whole


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("mnist", "mnist"),
        ("photos", "{here}/photos"),
        (Path("a/../photos"), "{here}/photos"),
        ("~/photos", "{home}/photos"),
    ],
)
def test_a_folder_of_data_is_kept_absolute(given, kept, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert configure(data=given)["data"] == kept.format(here=tmp_path, home="/home/me")


def test_numbers_of_numpy_are_taken_and_survive_a_file():
    given = dict(batch_size=np.int64(16), lr=np.float32(0.5), betas=np.array([0.5, 0.25]))
    config = json.loads(json.dumps(configure(**given)))
    assert [config[name] for name in given] == [16, 0.5, [0.5, 0.25]]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("augment", "noise", "instance-noise"),
        ("penalty", "gradient", "gradient-penalty"),
        ("objective", "smoothed", "one-sided-smoothing"),
    ],
)
def test_a_row_by_the_name_it_once_had(name, old, new):
    others = dict(norm="none")  # which each of them goes with
    assert configure(**{name: old}, **others) == configure(**{name: new}, **others)


def test_an_option_of_another_recipe_is_told_where_it_is(monkeypatch):
    networks = SimpleNamespace(OPTIONS={"storeys": Option(2, whole(1), "of a stage")})
    monkeypatch.setitem(NETWORKS, "deep", networks)
    monkeypatch.setitem(RECIPES, "deep", Recipe("deeper", networks="deep"))
    assert configure("deep", storeys=3)["storeys"] == 3
    with pytest.raises(UserError, match="^recipe 'dcgan' has no option 'storeys'; deep has it$"):
        configure(storeys=3)
