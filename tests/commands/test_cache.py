"""``paddle-gan cache``: what is kept, and deleting it."""

from __future__ import annotations

import pytest

from paddle_gan.cli import main
from paddle_gan.data import decoding, load
from paddle_gan.system import store
from tests.data.files import save_grays


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(decoding, "SMALL_FILES", 0)
    for name in ("cats", "dogs"):
        folder = save_grays(tmp_path / name, {f"{n}.png": n for n in range(6)})
        load("images", folder, 8, 1)
    return tmp_path


def told(capsys, *arguments: str) -> str:
    capsys.readouterr()
    assert main([*arguments], command="cache") == 0
    return capsys.readouterr().out


def test_it_lists_what_is_kept(home, capsys):
    *sets, total = told(capsys).splitlines()
    assert len(sets) == 2 and total == f"       0 MiB in {store.store_folder()}".strip()
    for name in ("cats", "dogs"):
        (line,) = [line for line in sets if f"6 images in {home / name}, 8 x 8 x 1, " in line]
        assert "gone" not in line
    assert told(capsys, "--where").strip() == str(home / "cache/paddle_gan/prepared")


def test_it_deletes_one_or_all(home, capsys):
    assert "dogs" not in told(capsys, "--clear", str(home / "cats"))
    assert [kept.facts["source"] for kept in store.everything()] == [str(home / "dogs")]
    assert "deleted" in told(capsys, "--clear")
    assert store.everything() == []
    assert "0 MiB in" in told(capsys)


def test_a_source_of_which_nothing_is_kept(home, capsys):
    assert main([str(home / "birds")], command="cache") == 2
    error = capsys.readouterr().err
    assert error == f"error: nothing is kept of {home}/birds; paddle-gan cache lists what is\n"


def test_a_source_that_is_gone_is_marked(home, capsys):
    (home / "cats").rename(home / "moved")
    assert f"in {home}/cats, 8 x 8 x 1, which is gone" in told(capsys)
