"""Functions in processes of their own: what they give, raise, and survive."""

from __future__ import annotations

import os
import pickle
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from paddle_gan.errors import UserError
from paddle_gan.system import workers
from paddle_gan.system.workers import Workers


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(workers, "cores", lambda: 2)


def test_results_come_from_as_many_processes_as_cores():
    with Workers() as call, ThreadPoolExecutor(4) as threads:
        assert call(divmod, 7, 3) == (2, 1)
        found = {*threads.map(lambda _: call(os.getpid), range(40))}
        assert os.getpid() not in found and len(found) == 2
    for process in found:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)  # they have ended, and were waited for


def test_what_a_function_raises_is_raised_here_and_its_process_goes_on():
    with Workers() as call:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                call(divmod, 1, 0)
        assert call(divmod, 7, 3) == (2, 1)


def test_a_process_that_was_killed_is_told_in_a_line():
    with Workers() as call:
        os.kill(call(os.getpid), signal.SIGKILL)
        with pytest.raises(UserError, match="has ended"):
            for _ in range(2):  # the other one is free
                call(divmod, 7, 3)


def test_an_interrupt_is_left_to_the_process_that_calls():
    with Workers() as call:
        os.kill(call(os.getpid), signal.SIGINT)
        assert [call(divmod, 7, 3) for _ in range(4)] == 4 * [(2, 1)]


def test_a_process_that_is_suspended_while_it_answers_loses_nothing(monkeypatch):
    """Its write ends early where output is unbuffered, as in many containers."""
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    with workers._Process() as process, ThreadPoolExecutor(1) as thread:
        worker = process._process
        pickle.dump((np.zeros, [5_000_000]), worker.stdin)  # 40 MB, more than a pipe holds
        worker.stdin.flush()
        time.sleep(1.0)  # until it waits for a reader
        for signum in (signal.SIGSTOP, signal.SIGCONT):
            worker.send_signal(signum)
            time.sleep(0.2)
        answer = thread.submit(pickle.load, worker.stdout)
        try:
            assert answer.result(timeout=20)[0].shape == (5_000_000,)
        finally:
            worker.kill()  # where it has lost bytes, the reader would wait for ever
