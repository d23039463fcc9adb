"""Functions called in processes of their own, where the interpreter's lock would hold threads up.

Not of ``multiprocessing``: what it forks lacks Paddle's threads, and what it spawns runs the script
of the user anew.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from paddle_gan.errors import UserError
from paddle_gan.system.runtime import cores


class Workers:
    """As many processes as there are cores, within ``with``; several threads may call them.

    ``workers(function, *arguments)`` gives what the function does in a process that is free.
    Everything is pickled; a process finds the function by its name. Raises what the function
    raises, and UserError where a process was killed.
    """

    def __enter__(self):
        self._free = queue.SimpleQueue()
        with contextlib.ExitStack() as stack:
            for _ in range(cores()):
                self._free.put(stack.enter_context(_Process()))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception) -> None:
        self._stack.close()

    def __call__(self, function: Callable, *arguments) -> Any:
        process = self._free.get()
        try:
            return process(function, arguments)
        finally:
            self._free.put(process)


class _Process:
    def __enter__(self):
        # With -c the current folder is on the path of modules, which here it may not be.
        start = (
            "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); del sys.path[0]; "
            f"from {__name__} import _answer; _answer()"
        )
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        return self

    def __exit__(self, *exception) -> None:
        with contextlib.suppress(OSError):  # it has died
            self._process.stdin.close()  # which ends it
        self._process.stdout.close()
        self._process.wait()

    def __call__(self, function: Callable, arguments: tuple):
        try:
            pickle.dump((function, arguments), self._process.stdin)
            self._process.stdin.flush()
            result, error = pickle.load(self._process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as gone:
            raise UserError(
                "a process that prepares images has ended, maybe for want of memory; try again"
            ) from gone
        if error is not None:
            raise error
        return result


def _answer() -> None:
    """Call what the other process asks for until it asks no more.

    An interrupt is ignored from the start: the other process gets it as well.
    """
    # With PYTHONUNBUFFERED sys.stdout writes only a part when the process is stopped meanwhile.
    answers = open(sys.stdout.fileno(), "wb", closefd=False)
    while True:
        try:
            function, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = function(*arguments), None
        except Exception as error:  # whatever it may be, the other process knows what to do
            answer = None, error
        pickle.dump(answer, answers)
        answers.flush()
