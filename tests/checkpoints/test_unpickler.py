"""Hostile and broken files: nothing of them runs, and each ends soon, in one line."""

import os
import pickle
import signal
import socket
import time
import tracemalloc

import numpy as np
import pytest

from paddle_gan.checkpoints import unpickler
from paddle_gan.checkpoints.reading import read
from paddle_gan.errors import UserError
from tests import bombs, hostile
from tests.fuzz_checkpoints import FIXTURES, fuzz

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def no_hanging():
    """Turn a test that hangs into one that fails."""
    signal.alarm(60)
    yield
    signal.alarm(0)


@pytest.fixture
def canary(tmp_path):
    return tmp_path / "canary"


def refusal(path, megabytes: int = 100) -> str:
    """The line that `read` raises for a file; its time and memory are bounded on the way."""
    tracemalloc.start()
    began = time.perf_counter()
    try:
        with pytest.raises(UserError) as caught:
            read(path)
        assert time.perf_counter() - began < 10  # a tenth of that on a quiet machine
        _, peak = tracemalloc.get_traced_memory()
        allowed = megabytes * MEGABYTE + (8 * os.path.getsize(path) if os.path.isfile(path) else 0)
        assert peak < allowed, f"{peak / MEGABYTE:.0f} MB"
    finally:
        tracemalloc.stop()
    line = str(caught.value)
    assert line.isprintable() and line.startswith(str(path))
    return line


def names(corpus):
    return [file.name for file in corpus]


NOT_RUN = hostile.forbidden() + hostile.foreign() + bombs.lies() + bombs.bombs() + bombs.broken()
RUN = hostile.programs_that_run("/nowhere")


def test_the_corpus_is_large():
    assert len(names(RUN + NOT_RUN)) == len(set(names(RUN + NOT_RUN))) >= 100


@pytest.mark.parametrize("index", range(len(RUN)), ids=names(RUN))
def test_a_program_is_refused_by_name_and_not_run(index, tmp_path, canary):
    file = hostile.programs_that_run(str(canary))[index]
    path = tmp_path / "hostile.pdparams"
    path.write_bytes(file.data)
    assert file.told in refusal(path)
    assert not canary.exists()


@pytest.mark.parametrize("index", range(len(RUN)), ids=names(RUN))
def test_python_itself_would_have_run_it(index, canary):
    """The control: without it, a corpus of harmless files would pass as well."""
    try:
        pickle.loads(hostile.programs_that_run(str(canary))[index].data)
    except Exception:
        pass  # many fail, after they have run
    for _ in range(100):  # Popen does not wait
        if canary.exists():
            break
        time.sleep(0.05)
    assert canary.exists()


@pytest.mark.parametrize("file", NOT_RUN, ids=names(NOT_RUN))
def test_a_hostile_or_broken_file_is_refused(file, tmp_path, monkeypatch):
    monkeypatch.setattr(unpickler, "MAX_ITEMS", bombs.LIMIT)
    path = tmp_path / "hostile.pdparams"
    path.write_bytes(file.data)
    assert file.told in refusal(path, megabytes=25)


def test_what_a_file_may_ask_for_at_most(tmp_path):
    path = tmp_path / "hostile.pdparams"
    path.write_bytes(hostile.program(b"(" * (unpickler.MAX_ITEMS + 1)))
    assert f"more than {unpickler.MAX_ITEMS} instructions" in refusal(path)


@pytest.mark.parametrize("fixture", sorted(FIXTURES.glob("*.pd*")), ids=lambda path: path.name)
def test_a_file_cut_anywhere_is_told_to_be_truncated(fixture, tmp_path):
    whole, path = fixture.read_bytes(), tmp_path / "cut.pdparams"
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="truncated"):
            read(path)


def test_files_that_are_no_files(tmp_path, monkeypatch):
    empty, pipe, loop = tmp_path / "empty", tmp_path / "pipe", tmp_path / "loop"
    empty.touch()
    os.mkfifo(pipe)  # opening it would wait for a writer
    loop.symlink_to(loop)
    device = tmp_path / "zero"
    device.symlink_to("/dev/zero")
    server = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(tmp_path)
    server.bind("socket")  # the whole path could be too long for one
    server.close()
    told = {
        tmp_path / "absent": "No such file",
        tmp_path / ("x" * 5000): "too long",
        empty / "below": "Not a directory",
        empty: "is empty (0 bytes)",
        tmp_path: "is a directory",
        pipe: "not a regular file",
        device: "not a regular file",
        tmp_path / "socket": "not a regular file",
        loop: "symbolic links",
    }
    for path, words in told.items():
        with pytest.raises(UserError) as caught:
            read(path)
        assert words in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(UserError, match="null"):
        read("a\0b")


def test_a_name_with_a_line_break_stays_on_one_line(tmp_path):
    with pytest.raises(UserError) as caught:
        read(tmp_path / "two\nlines")
    assert str(caught.value).isprintable()


def test_a_file_too_large_is_not_read(tmp_path):
    sparse = tmp_path / "sparse.pdparams"
    with open(sparse, "wb") as file:
        file.truncate(1 << 40)
    assert "too large" in refusal(sparse)
    small = tmp_path / "small.pdparams"
    small.write_bytes(pickle.dumps([1.0] * 100, 4))
    assert read(small, max_bytes=small.stat().st_size) == [1.0] * 100
    with pytest.raises(UserError, match="too large"):
        read(small, max_bytes=small.stat().st_size - 1)


def test_one_file_of_many_arrays_is_no_bomb(tmp_path):
    """The bounds leave room: 2,000 tensors at protocol 2, its longest form."""
    state = {f"layer{n}.weight": np.full((4, 4), n, np.float32) for n in range(2000)}
    path = tmp_path / "many.pdparams"
    path.write_bytes(pickle.dumps(state, 2))
    got = read(path)
    assert list(got) == list(state)
    assert all(np.array_equal(got[name], state[name]) for name in state)


def test_mutations_of_good_files():
    counts = fuzz(1500, seed=5)
    assert counts["refused"] > 1000
    assert counts["read"] > 20  # where every file is refused, nothing was tested
