"""Reads mutations of good checkpoints: each ends in one clear line, or in arrays and plain values.

``python -m tests.fuzz_checkpoints 20000`` runs the long version.
"""

from __future__ import annotations

import json
import pickle
import pickletools
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from paddle_gan.checkpoints.generators import load_generator
from paddle_gan.checkpoints.reading import read
from paddle_gan.errors import UserError
from tests import descriptions

FIXTURES = Path(__file__).parent / "fixtures"
SLOWEST = 5.0  # seconds for one file of a few kilobytes, on a busy machine
INSTRUCTIONS = [code.encode("latin1") for code in pickletools.code2op]


def good_files() -> list[bytes]:
    """What both versions of Paddle wrote, and the same arrays at protocols 3 and 5."""
    fixtures = [path.read_bytes() for path in sorted(FIXTURES.glob("*.pd*"))]
    state = {"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "mean": np.float64(0.5)}
    return fixtures + [pickle.dumps(state, protocol) for protocol in (3, 5)]


def mutate(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """Change `data` in one place: a bit, a byte, a number, a span, or splice `other` into it."""
    at, span = rng.randrange(len(data)), rng.randrange(1, 40)
    before, after = data[:at], data[at + 1 :]
    return rng.choice(
        [
            lambda: before + bytes([data[at] ^ 1 << rng.randrange(8)]) + after,
            lambda: before + rng.randbytes(1) + after,
            lambda: before + rng.choice(INSTRUCTIONS) + after,
            lambda: before + rng.choice(INSTRUCTIONS) + data[at:],
            lambda: before + rng.choice([b"\xff", b"\0", b"\x7f"]) * 4 + data[at + 4 :],
            lambda: before + data[at + span :],
            lambda: before + data[at : at + span] * rng.randrange(2, 100) + data[at + span :],
            lambda: before + rng.randbytes(span) + data[at:],
            lambda: before + other[rng.randrange(len(other)) :],
            lambda: before,
        ]
    )()


def plain(value) -> bool:
    if type(value) is dict:
        return all(type(key) in (str, int) and plain(item) for key, item in value.items())
    if type(value) in (list, tuple):
        return all(plain(item) for item in value)
    if type(value) is np.ndarray:
        return value.dtype.kind in "biuf"
    return type(value) in (str, int, float, bool, type(None))


def fuzz(cases: int, seed: int = 0) -> dict[str, int]:
    """Read `cases` mutated files; return how many were read and how many were refused.

    Raises:
        AssertionError: one gave another exception, another type of value, or took too long.
    """
    rng, files = random.Random(seed), good_files()

    def mutated() -> bytes:
        data = rng.choice(files)
        for _ in range(rng.choice((1, 1, 2, 5))):
            data = mutate(data or b"\0", rng.choice(files), rng)
        return data

    return _count(cases, mutated, lambda path: plain(read(path)))


def fuzz_descriptions(cases: int, seed: int = 0) -> dict[str, int]:
    """Likewise with generators whose descriptions are mutated, each of them loaded."""
    rng, good = random.Random(seed), json.dumps(descriptions.GOOD).encode()

    def mutated() -> bytes:
        return descriptions.with_text(mutate(good, good, rng))

    return _count(cases, mutated, lambda path: not load_generator(path).training)


def _count(cases: int, mutated: Callable[[], bytes], right: Callable[[Path], bool]) -> dict:
    counts = {"read": 0, "refused": 0}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutated.pdparams"
        for case in range(cases):
            data = mutated()
            path.write_bytes(data)
            start = time.perf_counter()
            try:
                assert right(path), (case, data)
            except UserError as error:
                counts["refused"] += 1
                assert str(error).isprintable(), (case, str(error))
            except Exception as error:
                raise AssertionError(f"case {case}: {data!r}") from error
            else:
                counts["read"] += 1
            assert time.perf_counter() - start < SLOWEST, (case, data)
    return counts


if __name__ == "__main__":
    for function in (fuzz, fuzz_descriptions):
        began = time.perf_counter()
        counts = function(int(sys.argv[1]), seed=int(time.time()))
        print(function.__name__, counts, f"{time.perf_counter() - began:.1f} s")
