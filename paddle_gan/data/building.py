"""Images made from digits, once: by all cores, with a progress bar, and kept in the cache."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from tqdm import tqdm

from paddle_gan.system.cache import keep, kept
from paddle_gan.system.runtime import cores
from paddle_gan.system.workers import Workers

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
    with Workers() as workers, ThreadPoolExecutor(cores()) as threads:
        yield from threads.map(lambda arrays: workers(make, *arrays), chunks)
