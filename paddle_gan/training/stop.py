"""Ctrl-C and SIGTERM as a flag, so that a run stops between steps and saves."""

from __future__ import annotations

import signal
import sys

from paddle_gan import distributed

_ASK_EVERY = 8  # steps between asking the other processes, which costs a message


class StopSignal:
    """True once a stop was asked for in any process; a second signal does not wait."""

    def __enter__(self) -> StopSignal:
        self._came, self._agreed = None, False
        try:
            self._before = {
                s: signal.signal(s, self._note) for s in (signal.SIGINT, signal.SIGTERM)
            }
        except ValueError:  # only the main thread may listen to signals
            self._before = {}
        return self

    def _note(self, number, frame) -> None:
        if self._came:
            raise KeyboardInterrupt
        self._came = number

    def asked(self, step: int) -> bool:
        """Whether to stop after ``step``; every process must ask after every step."""
        if distributed.world() == 1 or step % _ASK_EVERY == 0:
            self._agreed = distributed.any_of(self._came is not None)
        return self._agreed

    def end(self) -> None:
        """End as the signal would have, so that no command after ``&&`` takes the run for done."""
        if self._came == signal.SIGTERM:
            sys.exit(128 + signal.SIGTERM)
        raise KeyboardInterrupt

    def __exit__(self, *exception) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
