"""Memory for the activations of one pass, reused by later passes."""

from __future__ import annotations

import math
import threading

import numpy as np


class Pool:
    """Float32 arrays that are reused, by any thread.

    Free and used arrays together never take more bytes than were in use at the same time before;
    the least recently used free arrays are dropped first. But before one is dropped to make a
    smaller one it is used for that: a step would drop and make anew the largest of its arrays.
    """

    def __init__(self):
        # Reentrant, because garbage collection within ``take`` may call ``give``.
        self._lock = threading.RLock()
        self._free: list[np.ndarray] = []  # the least recently used first
        self._used = self._peak = 0  # bytes

    def take(self, floats: int) -> np.ndarray:
        """An array of ``floats`` elements or more, uninitialized."""
        with self._lock:
            has_room = self._used + self.free() + 4 * floats <= self._peak
            most = 2 * floats if has_room else math.inf
            fitting = [a for a in reversed(self._free) if floats <= a.size <= most]
            array = min(fitting, key=len, default=None)
            self._free = [a for a in self._free if a is not array]
            used = self._used + (4 * floats if array is None else array.nbytes)
            peak = max(self._peak, used)
            while self._free and used + self.free() > peak:
                self._free.pop(0)
            array = np.empty(floats, "float32") if array is None else array
            self._used, self._peak = used, peak
            return array

    def give(self, array: np.ndarray) -> None:
        with self._lock:
            self._used -= array.nbytes
            self._free.append(array)

    def free(self) -> int:
        """How many bytes are kept for reuse."""
        return sum(array.nbytes for array in self._free)


pool = Pool()  # of the whole process


class Memory:
    """``floats`` float32 at ``address``, a multiple of 64; returned to the pool when released.

    Fresh pages from the system would cost as much as the arithmetic on them.
    """

    def __init__(self, floats: int):
        self._pool, self._array = pool, pool.take(floats + 16)
        self.address = (self._array.ctypes.data + 63) // 64 * 64

    def __del__(self):
        self._pool.give(self._array)
