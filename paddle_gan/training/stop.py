"""Ctrl-C and other ending signals as a flag, so that a run stops between steps and saves."""

from __future__ import annotations

import signal
import sys
import time

from paddle_gan.system import distributed, signals

_ASK_EVERY = 8  # steps between asking the other processes, which costs a message
_REPEATED = 1.0  # seconds in which signals count as one: a key held down, a launcher passing it on
_NO_READER = [signal.SIGPIPE] if hasattr(signal, "SIGPIPE") else []  # as of ``train.py | head``


class StopSignal:
    """Tells after each step whether a stop was asked for, in this process or another.

    A second signal, more than a second after the first, does what it would have done without this
    context: it ends a command at once and raises KeyboardInterrupt in a notebook.
    """

    def __enter__(self) -> StopSignal:
        self._came, self._when, self._agreed, self._before = 0, 0.0, 0, {}
        try:
            self._before = signals.handle(self._note)
            for number in _NO_READER:
                self._before[number] = signal.signal(number, self._note)
        except ValueError:  # only the main thread may listen to signals
            pass
        return self

    def _note(self, number: int, frame) -> None:
        if not self._came:
            self._came, self._when = number, time.monotonic()
        elif number in signals.ENDING and time.monotonic() > self._when + _REPEATED:
            signal.signal(number, self._before[number])
            signal.raise_signal(number)

    def asked(self, step: int) -> bool:
        """Whether to stop after ``step``; every process must ask after every step."""
        if distributed.world() == 1 or step % _ASK_EVERY == 0:
            self._agreed = distributed.largest(self._came)
        return self._agreed > 0

    def end(self) -> None:
        """End as the signal would have, so that no command after ``&&`` takes the run for done."""
        if self._agreed == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + self._agreed)

    def __exit__(self, *exception) -> None:
        signals.restore(self._before, stopped=self._agreed > 0)
