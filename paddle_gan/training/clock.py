"""The CPU time that a run takes, of all its processes together."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import paddle

from paddle_gan.system import distributed


class Clock:
    """Counts on from ``before`` seconds, which the run had taken when it was resumed.

    Of several processes one alone begins with those of all.
    """

    def __init__(self, before: float = 0.0):
        self._start = time.process_time() - before

    def seconds(self) -> float:
        """Those of all processes; called in every one."""
        seconds = paddle.to_tensor(time.process_time() - self._start)
        distributed.average([seconds])
        return round(float(seconds) * distributed.world(), 1)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """What is computed inside this context does not count."""
        begun = time.process_time()
        try:
            yield
        finally:
            self._start += time.process_time() - begun
