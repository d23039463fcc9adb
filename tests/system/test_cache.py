from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_gan.system.cache import cache_folder, keep, kept


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "paddle_gan"


def test_what_is_kept_comes_back_and_nothing_else_is_left(home):
    keep("name", {"a": np.arange(3), "b": np.array("text")})
    found = kept("name")
    assert found["a"].tolist() == [0, 1, 2]
    assert found["b"].item() == "text"
    assert [path.name for path in home.iterdir()] == ["name.npz"]


def test_the_folder_is_below_home_by_default(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert cache_folder() == Path.home() / ".cache" / "paddle_gan"


def test_nothing_kept():
    assert kept("name") is None


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[: len(b) // 2], lambda b: b"PK??"])
def test_a_damaged_file_counts_as_none(home, damage):
    keep("name", {"a": np.arange(1000)})
    path = home / "name.npz"
    path.write_bytes(damage(path.read_bytes()))
    assert kept("name") is None


def test_pickled_objects_are_not_read(home):
    keep("name", {"a": np.array([{"an": "object"}], object)})
    assert kept("name") is None


def test_a_place_that_cannot_be_written_is_told(home, capsys):
    home.write_text("a file where the folder should be")
    keep("name", {"a": np.arange(3)})
    assert "not cached" in capsys.readouterr().err
    assert kept("name") is None
