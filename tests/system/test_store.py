"""Large files kept between runs: whole or absent, made once, with room for them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import namedtuple

import pytest

from paddle_gan.errors import UserError
from paddle_gan.system import store


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "paddle_gan/prepared"


def write(text: str = "content", **facts):
    def fill(folder):
        (folder / "file").write_text(text)
        return facts

    return fill


def test_it_is_made_once(home):
    made = store.obtained("key", 7, write(of="photos"))
    assert made.folder == home / "key" and made.facts == {"of": "photos"}
    again = store.obtained("key", 7, lambda folder: pytest.fail("made again"))
    assert again == made and (again.folder / "file").read_text() == "content"
    assert [kept.state for kept in store.everything()] == ["whole"]
    store.remove(made)
    assert store.everything() == []


def test_what_failed_is_absent_and_the_next_try_makes_it(home):
    def fail(folder):
        (folder / "file").write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.obtained("key", 4, fail)
    assert store.everything() == []
    assert store.obtained("key", 4, write()).state == "whole"


SCRIPT = """
import pathlib, sys, time
from paddle_gan.system import store
def fill(folder):
    (folder / "file").write_text("half")
    pathlib.Path(sys.argv[1]).touch()
    time.sleep(60)
store.obtained("key", 4, fill)
"""


def test_a_process_that_is_killed_leaves_nothing_that_is_taken_for_whole(home, tmp_path):
    started = tmp_path / "started"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, started])
    while not started.exists():
        assert process.poll() is None
        time.sleep(0.02)
    (kept,) = store.everything()
    assert kept.state == "at work" and kept.bytes == 4
    process.send_signal(signal.SIGKILL)
    process.wait()
    (kept,) = store.everything()
    assert kept.state == "unfinished"
    assert store.obtained("key", 4, write()).state == "whole"
    assert [kept.state for kept in store.everything()] == ["whole"]


def test_the_second_waits_for_the_first(home):
    order, first_is_in = [], threading.Event()

    def slow(folder):
        first_is_in.set()
        time.sleep(0.3)
        order.append("made")
        return write()(folder)

    first = threading.Thread(target=store.obtained, args=("key", 4, slow))
    first.start()
    first_is_in.wait()
    kept = store.obtained("key", 4, lambda folder: pytest.fail("made twice"))
    order.append("found")
    first.join()
    assert order == ["made", "found"] and (kept.folder / "file").exists()


@pytest.mark.parametrize("reason", ["none", "fails"])
def test_without_locks_two_make_it_and_one_is_kept(home, reason, monkeypatch):
    """As on Windows and some network file systems."""

    def no_locks(*arguments):
        raise OSError(95, "Operation not supported")

    if reason == "none":
        monkeypatch.setattr(store, "fcntl", None)
    else:
        monkeypatch.setattr(store.fcntl, "flock", no_locks)

    def while_another_does(folder):
        store.obtained("key", 4, write("theirs"))
        return write("ours")(folder)

    kept = store.obtained("key", 4, while_another_does)
    assert (kept.folder / "file").read_text() == "theirs"
    assert [kept.state for kept in store.everything()] == ["whole"]


def test_too_little_room_is_found_before_the_work(home, monkeypatch):
    usage = namedtuple("usage", "total used free")(10, 9, 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(UserError) as caught:
        store.obtained("key", 3 * 2**20, lambda folder: pytest.fail("tried"))
    line = str(caught.value)
    assert line.startswith(f"the prepared data takes 3 MiB in {home}: not enough space; free some")
    assert "paddle-gan cache --clear" in line and "XDG_CACHE_HOME" in line and "\n" not in line


def test_a_disk_that_fills_up_is_one_line_and_leaves_nothing(home):
    def fill(folder):
        with open("/dev/full", "w") as file:
            file.write("x" * 10**5)

    with pytest.raises(UserError, match="No space left on device; free some there"):
        store.obtained("key", 4, fill)
    assert store.everything() == []


def test_a_place_that_cannot_be_written(home):
    home.parent.mkdir()
    home.write_text("a file where the folder should be")
    with pytest.raises(UserError, match="the prepared data takes 0 MiB in .* XDG_CACHE_HOME"):
        store.obtained("key", 4, write())
    assert os.path.isfile(home)
