from __future__ import annotations

import sys
from pathlib import Path

import pytest

from paddle_gan.cli import main
from tests.training import harness
from tests.training.faults.sitecustomize import Fault


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """160 digits as IDX files."""
    return harness.digits(tmp_path_factory.mktemp("data") / "digits")


@pytest.fixture(scope="session")
def few(tmp_path_factory) -> Path:
    """24 digits as IDX files: three steps an epoch."""
    return harness.digits(tmp_path_factory.mktemp("data") / "few", 24)


@pytest.fixture
def train(capsys):
    """``train.py`` in this process: train(out, *arguments) -> status, stdout, stderr."""

    def run(out, *arguments):
        capsys.readouterr()
        status = main(["--out", str(out), *map(str, arguments)], command="train")
        return (status, *capsys.readouterr())

    return run


@pytest.fixture
def faulty():
    """A bad file system for this process: faulty(kind, number, folder) -> Fault, or faulty()."""
    armed = []

    def arm(*specification):
        armed[:] = [Fault(*specification)] if specification else []
        return armed[0] if armed else None

    sys.addaudithook(lambda *event: armed[0](*event) if armed else None)  # there is no removing it
    yield arm
    armed.clear()
