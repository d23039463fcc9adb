"""Several processes training one game: Paddle's own engine, gloo on CPUs and NCCL on GPUs.

Each process takes its share of every batch, gradients are averaged in one all-reduce per
half-step, and rank 0 alone writes. A single process runs through the same calls, which then do
nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

from paddle_gan.errors import UserError
from paddle_gan.system import signals
from paddle_gan.system.runtime import cores

_PARENT_DEATH_SIGNAL = 1  # of Linux's prctl(2)
_GRACE = 20.0  # seconds for the others to end by themselves once one worker is gone
_OTHER_ENDED = "another worker ended; go on from the last checkpoint with --resume"
_waits = 0  # so far; the same number in all processes
_REFUSED = 2  # the status of a command that told the user what was wrong


def world() -> int:
    """How many processes train together."""
    return int(os.environ.get("PADDLE_TRAINERS_NUM", 1))


def rank() -> int:
    """Which of them this is, from 0."""
    return int(os.environ.get("PADDLE_TRAINER_ID", 0))


def join() -> None:
    """Meet the other processes, started by ``launch`` or ``paddle.distributed.launch``."""
    if world() > 1:
        import paddle

        if stop_with_launcher := _stop_with_parent():
            stop_with_launcher()  # Paddle's, unlike ours, has not arranged for it
        with contextlib.redirect_stderr(io.StringIO()):  # it tells of the flags it changes
            paddle.distributed.init_parallel_env()


def average(tensors: list) -> None:
    """Replace every tensor, in place, by its mean over all processes: one message for all."""
    if world() == 1 or not tensors:
        return
    import paddle

    with paddle.no_grad():
        flat = _all_reduce(paddle.concat([t.reshape([-1]) for t in tensors])) / world()
        for tensor, part in zip(tensors, flat.split([t.size for t in tensors])):
            paddle.assign(part.reshape(tensor.shape), output=tensor)


def broadcast(tensors: list) -> None:
    """Give every process rank 0's values."""
    if world() > 1:
        import paddle

        for tensor in tensors:
            paddle.distributed.broadcast(tensor, src=0)


def gathered(tensor):
    """The rows of all processes, rank 0's first; each brings equally many."""
    if world() == 1:
        return tensor
    import paddle

    zeros = paddle.zeros_like(tensor)
    return _all_reduce(paddle.concat([tensor if r == rank() else zeros for r in range(world())]))


def wait() -> None:
    """Go on when every process has come here, however long one of them takes.

    By the store at which the processes have met: an all-reduce of gloo gives up after 30 s.
    """
    global _waits
    if world() == 1:
        return
    import paddle

    _waits += 1
    store = paddle.base.core.create_or_get_global_tcp_store()
    try:
        _count_to(store, f"came-{_waits}", world())
        # Rank 0 has the store and takes it along when it ends.
        _count_to(store, f"went-{_waits}", world() if rank() == 0 else 0)
    except (RuntimeError, OSError) as error:
        raise UserError(_OTHER_ENDED) from error


def _count_to(store, name: str, n: int) -> None:
    """Count one more process at a name, and go on when ``n`` have been counted."""
    store.add(name, 1)
    while store.add(name, 0) < n:
        time.sleep(0.05)


def any_of(flag: bool) -> bool:
    """Whether the flag is set in any process; the same answer in all of them."""
    return largest(int(flag)) > 0


def largest(number: int) -> int:
    """The largest of the processes' numbers; the same answer in all of them."""
    if world() == 1:
        return number
    import paddle

    largest_of_all = paddle.distributed.ReduceOp.MAX
    return int(_all_reduce(paddle.to_tensor([float(number)]), largest_of_all).item())


def first_then_others(action):
    """What ``action()`` returns; rank 0 is through with it before the others begin."""
    if rank() > 0:
        wait()
        return action()
    try:
        return action()
    finally:
        wait()


def _all_reduce(tensor, operation=None):
    """Reduce in place, to the sum by default; a UserError where another process is gone."""
    import paddle

    try:
        paddle.distributed.all_reduce(tensor, operation or paddle.distributed.ReduceOp.SUM)
    except (RuntimeError, OSError) as error:
        raise UserError(_OTHER_ENDED) from error
    return tensor


def launch(command: list[str], workers: int, device: str) -> None:
    """Run ``command`` as ``workers`` processes here, with a share of the cores or a GPU each.

    ``device`` is "cpu" or "gpu:N", the first of the GPUs. Returns when all have finished. When one
    dies the others are ended too, and a UserError says so: gloo would wait half an hour for it.
    After an ending signal this process exits with status 128 + N.
    """
    if workers < 1:
        raise UserError(f"workers {workers}: it must be at least 1")
    first = int(device.partition(":")[2] or 0)
    threads = max(1, cores() // workers)
    endpoints = [f"127.0.0.1:{port}" for port in _free_ports(workers)]
    processes, came = [], []

    def pass_on(number, frame):
        came.append(number)
        for process in processes:
            process.send_signal(number)

    before = signals.handle(pass_on)
    with signals.blocked():  # in the workers too, until they listen
        for number, endpoint in enumerate(endpoints):
            environment = {
                **os.environ,
                "PADDLE_TRAINER_ID": str(number),
                "PADDLE_TRAINERS_NUM": str(workers),
                "PADDLE_TRAINER_ENDPOINTS": ",".join(endpoints),
                "PADDLE_CURRENT_ENDPOINT": endpoint,
                "PADDLE_MASTER": endpoints[0],
                "PADDLE_DISTRI_BACKEND": "gloo" if device == "cpu" else "nccl",
                "FLAGS_selected_gpus": str(first + number),
                "OMP_NUM_THREADS": str(threads),
            }
            output = None if number == 0 else subprocess.DEVNULL
            processes.append(
                subprocess.Popen(
                    command,
                    env=environment,
                    stdout=output,
                    stderr=output,
                    preexec_fn=_stop_with_parent(),
                )
            )
    try:
        _wait(processes, came)
    finally:
        signals.restore(before, stopped=bool(came))
        for process in processes:
            process.kill()
            process.wait()


def _stop_with_parent() -> Callable | None:
    """What a process has to call to get SIGTERM when its parent is gone, even by SIGKILL."""
    if sys.platform != "linux":
        return None
    return functools.partial(ctypes.CDLL(None).prctl, _PARENT_DEATH_SIGNAL, int(signal.SIGTERM))


def _wait(processes: list[subprocess.Popen], came: list[int]) -> None:
    deadline = None
    while any(process.poll() is None for process in processes):
        time.sleep(0.1)
        gone = [n for n, process in enumerate(processes) if process.poll()]
        if gone and deadline is None:
            refused = processes[0].poll() == _REFUSED
            deadline = time.monotonic() + (0 if refused else _GRACE)
        if deadline is not None and time.monotonic() > deadline:
            break
    failed = {n: process.poll() for n, process in enumerate(processes) if process.poll()}
    if not failed:
        return
    told = failed.get(0)
    if told == _REFUSED or told in {128 + number for number in signals.ENDING}:
        sys.exit(told)  # rank 0 has told the user what was wrong, or that it was stopped
    if came:
        print("stopped; the workers did not end by themselves", file=sys.stderr)
        sys.exit(128 + came[0])
    # The one that was killed (a negative status) before those that lost it.
    number, status = min(failed.items(), key=lambda item: item[1])
    raise UserError(
        f"worker {number} of {len(processes)} ended with status {status}; "
        "go on from the last checkpoint with --resume"
    )


def _free_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()
