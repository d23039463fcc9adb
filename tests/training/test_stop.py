"""Signals at any moment: one line, the right status, nothing lost, nobody left behind."""

from __future__ import annotations

import random
import signal
import subprocess
import sys

import pytest

import paddle_gan
from paddle_gan.games.gan import GAN
from paddle_gan.system import signals
from paddle_gan.training import stop
from paddle_gan.training.stop import StopSignal
from tests.training import harness
from tests.training.interruptions import interrupt, undergo


@pytest.mark.parametrize("kind, moment", [("INT INT", 0.0), ("TERM", 0.3), ("HUP", 1.0)])
def test_a_signal_in_the_first_moments_gets_a_line(kind, moment, data, tmp_path):
    arguments = [*harness.RUN, "--data", data]
    assert interrupt(tmp_path / "out", arguments, kind, moment, random.Random(0), False)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_signals_at_random_moments_lose_nothing(workers, data, tmp_path):
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)  # pytest shows it when the test fails
    undergo(tmp_path / "out", data, 2, workers, random.Random(seed), 3.0 * workers)
    assert harness.check_whole(tmp_path / "out") == 100


def test_a_doubled_signal_counts_as_one_and_a_late_one_does_not_wait(monkeypatch):
    came, now = [], [0.0]
    monkeypatch.setattr(stop.time, "monotonic", lambda: now[0])
    before = signal.signal(signal.SIGINT, lambda *_: came.append("ends at once"))
    try:
        with StopSignal() as stopping:
            assert not stopping.asked(1)
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            assert stopping.asked(2) and came == []
            now[0] = 1.5
            signal.raise_signal(signal.SIGINT)
            assert came == ["ends at once"]
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_command_that_has_stopped_does_not_say_so_twice():
    """Its second signal may come when the first has had its line, and before the process ends."""
    script = """
import os, signal
from paddle_gan.system import signals
signals.listen()
from paddle_gan.training.stop import StopSignal
with StopSignal() as stopping:
    signal.raise_signal(signal.SIGINT)
    assert stopping.asked(1)
signal.raise_signal(signal.SIGINT)
with StopSignal() as stopping:
    assert not stopping.asked(1)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.returncode == 0 and "stopped" not in ended.stderr


@pytest.mark.parametrize("name, status", [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_stopped_run_ends_with_the_status_of_its_signal(name, status):
    with StopSignal() as stopping:
        signal.raise_signal(getattr(signal, name))
        assert stopping.asked(1)
        with pytest.raises(SystemExit) as end:
            stopping.end()
    assert end.value.code == status


def test_under_nohup_a_closed_terminal_ends_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignal() as stopping:
            signal.raise_signal(signal.SIGHUP)
            assert not stopping.asked(1)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_waits_while_an_earlier_run_is_moved():
    came = []
    before = signal.signal(signal.SIGTERM, lambda *_: came.append(1))
    try:
        with signals.blocked():
            signal.raise_signal(signal.SIGTERM)  # to this thread: the suite leaves others behind
            assert came == []
        assert came == [1]
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.slow
def test_a_reader_that_goes_away_stops_the_run_and_it_can_go_on(data, train, tmp_path):
    """As in ``train.py | head -1``."""
    process = harness.start(tmp_path, *harness.RUN, "--data", data, fault="slow:5")
    assert "160 digits" in process.stdout.readline()
    process.stdout.close()
    error = process.stderr.read()
    assert (process.wait(60), error) == (128 + signal.SIGPIPE, "")
    assert harness.check_whole(tmp_path) < 100
    assert train(tmp_path, "--resume")[0] == 0


def test_other_commands_end_quietly_without_a_reader(monkeypatch, capsys):
    class Closed:
        def write(self, text):
            raise BrokenPipeError

        flush = write

    monkeypatch.setattr(sys, "stdout", Closed())
    assert paddle_gan.cli.main(["train", "--dry-run"]) == 128 + signal.SIGPIPE
    assert capsys.readouterr().err == ""


def test_a_run_interrupted_in_a_notebook_can_be_resumed_there(few, tmp_path, monkeypatch):
    """The traceback, which a notebook keeps, does not keep the run's folder locked."""
    call = dict(out=tmp_path, data=few, width=4, latent=8, image_size=16, batch_size=8)
    played = GAN.train_step

    def interrupted(*arguments):
        signal.raise_signal(signal.SIGINT)
        return played(*arguments)

    monkeypatch.setattr(GAN, "train_step", interrupted)
    with pytest.raises(KeyboardInterrupt) as kept:
        paddle_gan.train(**call, device="cpu", max_steps=3)
    monkeypatch.setattr(GAN, "train_step", played)
    assert harness.check_whole(tmp_path) == 1
    paddle_gan.train(**call, device="cpu", max_steps=3, resume=True)
    assert harness.check_whole(tmp_path) == 3
    assert kept.traceback
