"""What becomes of the values that a configuration is given."""

import json
from pathlib import Path

import numpy as np
import pytest

from paddle_gan.config import configure


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("mnist", "mnist"),
        ("stacked", "stacked"),
        ("stacked:embedded", "stacked:embedded"),
        ("", ""),
        ("photos", "{here}/photos"),
        (Path("a/../photos"), "{here}/photos"),
        ("./mnist", "{here}/mnist"),
        ("~/photos", "{home}/photos"),
        ("stacked:digits", "stacked:{here}/digits"),
        ("/data/of:mine", "/data/of:mine"),
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
