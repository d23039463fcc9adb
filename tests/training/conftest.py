from __future__ import annotations

import sys
from pathlib import Path

import pytest

import paddle_gan
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


@pytest.fixture(scope="session")
def stopped(tmp_path_factory, few) -> Path:
    """A run of two steps, each of them saved; tests work on copies."""
    out = tmp_path_factory.mktemp("runs") / "stopped"
    sizes = dict(width=4, image_size=16, latent=8, batch_size=8)
    paddle_gan.train(out=out, data=str(few), device="cpu", max_steps=2, checkpoint_every=1, **sizes)
    return out


@pytest.fixture(scope="session")
def complete(tmp_path_factory, stopped) -> dict:
    """What that run should have come to after one more step, the end of its first epoch."""
    out = harness.copy(stopped, tmp_path_factory.mktemp("runs") / "complete")
    paddle_gan.train(out=out, resume=True, max_steps=3)
    return harness.snapshot(out)


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
