"""Images made from digits, once: by all cores, with a progress bar, and kept in the cache."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import pickle
import queue
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from tqdm import tqdm

from paddle_gan.system.cache import keep, kept
from paddle_gan.system.runtime import cores

_CHUNK = 500  # digits that a process changes at a time
_FEW = 2000  # digits that are changed sooner than processes start

Make = Callable[..., np.ndarray]  # of arrays, n each: uint8, K x n x ...; another process finds it


def build(name: str, make: Make, shape: tuple[int, ...], *arrays: np.ndarray) -> np.ndarray:
    """``make`` of arrays, N each: uint8 of ``shape``, K x N x ..., from the cache if it is there.

    name: in the cache; another for what comes out otherwise.
    """
    found = kept(name)
    if found is not None:  # packed, as the looks of 60,000 digits take 330 MB
        return np.frombuffer(zlib.decompress(found["packed"]), np.uint8).reshape(shape)
    n = shape[1]
    starts = range(0, n, _CHUNK)
    chunks = [[array[start : start + _CHUNK] for array in arrays] for start in starts]
    with tqdm(total=n, desc=f"{name.partition('-')[0]}, made once", unit=" digits") as bar:
        made = []
        for part in _each(make, chunks, n):
            made.append(part)
            bar.update(part.shape[1])
    result = np.concatenate(made, axis=1)
    keep(name, {"packed": np.frombuffer(zlib.compress(result.tobytes(), 1), np.uint8)})
    return result


def _each(make: Make, chunks: list, n: int) -> Iterator[np.ndarray]:
    if n <= _FEW or cores() == 1:
        yield from itertools.starmap(make, chunks)
        return
    free = queue.SimpleQueue()
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(cores()) as threads:
        for _ in range(cores()):
            free.put(stack.enter_context(_Process()))
        yield from threads.map(functools.partial(_made_elsewhere, free, make), chunks)


def _made_elsewhere(free: queue.SimpleQueue, make: Make, arrays: list) -> np.ndarray:
    process = free.get()
    try:
        return process(make, arrays)
    finally:
        free.put(process)


class _Process:
    """Calls functions of this package in a process of its own.

    Not of ``multiprocessing``: what it forks lacks Paddle's threads, and what it spawns runs the
    script of the user anew.
    """

    def __enter__(self):
        paths = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import _answer; _answer()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        return self

    def __exit__(self, *exception) -> None:
        self._process.stdin.close()  # which ends it
        self._process.stdout.close()
        self._process.wait()

    def __call__(self, function: Callable, arguments: list):
        pickle.dump((function, arguments), self._process.stdin)
        self._process.stdin.flush()
        return pickle.load(self._process.stdout)


def _answer() -> None:
    """Make what the other process asks for until it asks no more."""
    # With PYTHONUNBUFFERED sys.stdout writes only a part when the process is stopped meanwhile.
    answers = open(sys.stdout.fileno(), "wb", closefd=False)
    while True:
        try:
            function, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(function(*arguments), answers)
        answers.flush()
