"""Two machines, as far as one can play both: a launcher of Paddle's for each, on one address."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paddle_gan.system import distributed
from tests.training import harness
from tests.training.interruptions import in_session


@pytest.fixture
def machines(tmp_path):
    """start(*arguments) -> two launchers of two processes each, ended with all they started."""
    launchers = []
    [port] = distributed._free_ports(1)

    def start(*arguments) -> list[subprocess.Popen]:
        for rank in range(2):
            launch = f"-m paddle.distributed.launch --master 127.0.0.1:{port} --rank {rank}"
            shape = f"--nnodes 2 --nproc_per_node 2 --log_dir {tmp_path}/logs-{rank}"
            script = [str(harness.REPOSITORY / "train.py"), *map(str, arguments)]
            launchers.append(
                subprocess.Popen(
                    [sys.executable, *launch.split(), *shape.split(), *script],
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
        return launchers

    yield start
    for launcher in launchers:
        if in_session(launcher.pid):
            os.killpg(launcher.pid, 9)
        launcher.wait()


def is_held(out: Path) -> bool:
    """Whether a process of a run still has the folder."""
    with open(out / ".lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.slow
def test_a_machine_that_is_lost_ends_the_run_on_the_other_and_one_goes_on(
    machines, data: Path, train, tmp_path
):
    out = tmp_path / "out"
    lost, left = machines(*harness.RUN, "--epochs", "4000", "--data", data, "--out", out)
    harness.wait_for((out / "Gnet.pdparams").exists, left, 120)
    lost.kill()
    assert left.wait(60) != 0
    deadline = time.monotonic() + 30
    while in_session(lost.pid) or in_session(left.pid):
        assert time.monotonic() < deadline, "a process outlived its launcher"
        time.sleep(0.2)
    deadline = time.monotonic() + 120  # on a busy machine one may take long to notice
    while is_held(out) and time.monotonic() < deadline:
        time.sleep(0.2)
    step = harness.check_whole(out)
    assert step >= 7
    status, _, said = train(out, "--resume", "--max-steps", step + 3)  # one process
    assert status == 0, said
    assert harness.check_whole(out) == step + 3
