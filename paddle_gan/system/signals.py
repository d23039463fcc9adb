"""Signals that end a command: listened to before anything slow is imported.

Imports nothing but the standard library's smallest modules, so that a Ctrl-C a moment after the
start is already answered with a line and not with a traceback.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

# Ctrl-C, a polite kill, a closed terminal.
ENDING = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]


def listen() -> None:
    """End this process with one line and status 128 + N when an ending signal comes.

    For commands only: the process ends at once, without unwinding. Raising an exception instead
    would meet whatever happens to run, and Paddle's C++ answers that with pages of its own.
    A signal that the parent process ignores, as ``nohup`` does SIGHUP, stays ignored.
    """
    handle(_end)
    _mask(signal.SIG_UNBLOCK)  # a launcher starts its workers with the signals blocked


def handle(handler: Callable) -> dict:
    """Let ``handler`` have the ending signals that are not ignored; returns who had them before.

    Raises ValueError in any thread but the main one.
    """
    handled = [n for n in ENDING if signal.getsignal(n) is not signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in handled}


def _end(number: int, frame) -> None:
    os.write(2, b"stopped; what was saved before is whole\n")
    os._exit(128 + number)


@contextlib.contextmanager
def blocked() -> Iterator[None]:
    """Inside this context ending signals wait; they come when it is left.

    Also gives them back to Python's handlers: importing Paddle takes SIGTERM away from them. In
    the main thread only, which is the one that handles them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {n: signal.getsignal(n) for n in ENDING if callable(signal.getsignal(n))}
    for number in handlers:  # another thread, which does not block it, may take it
        signal.signal(number, lambda number, frame: came.append(number))
    before = _mask(signal.SIG_BLOCK)  # for what is started or created meanwhile
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number in came:
            signal.raise_signal(number)


def restore(handlers: dict, stopped: bool) -> None:
    """Give signals back to their handlers, those that :func:`handle` returned.

    ``stopped`` where this process was asked to end and has said that it does: a command ignores
    what still comes, or it would say so twice.
    """
    for number, handler in handlers.items():
        signal.signal(number, signal.SIG_IGN if stopped and handler is _end else handler)


def ignore() -> None:
    """Let nothing interrupt the last moments of a process that has done its work."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def _mask(how: int) -> set | None:
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        return None
    return signal.pthread_sigmask(how, ENDING)
