"""A run that goes on from another current folder."""

import json
import shutil

import pytest

from tests.training import harness


@pytest.fixture
def run(few, train, tmp_path, monkeypatch):
    """A run on relative data, begun in ``first``; then in ``second``."""
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    shutil.copytree(few, tmp_path / "first/digits")
    monkeypatch.chdir(tmp_path / "first")
    status, _, stderr = train("run", *harness.TINY, "--data", "digits", "--max-steps", 2)
    assert status == 0, stderr
    monkeypatch.chdir(tmp_path / "second")
    return tmp_path / "first/run"


def test_the_data_is_found(run, train):
    status, _, stderr = train(run, "--resume", "--max-steps", 4)
    assert status == 0, stderr
    assert harness.check_whole(run) == 4


def test_relative_data_of_an_older_run_is_found_where_it_was_begun(run, train, monkeypatch):
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "data": "digits"}))
    status, _, stderr = train(run, "--resume", "--max-steps", 4)
    assert status == 2 and "second/digits does not exist" in stderr
    monkeypatch.chdir(run.parent)
    assert train(run, "--resume", "--max-steps", 4)[0] == 0
    assert harness.check_whole(run) == 4
