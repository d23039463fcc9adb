"""Makes a Python process meet a bad file system; put this folder on PYTHONPATH to have it happen.

``FAULT="KIND:NUMBER:FOLDER"`` counts the operations on files below FOLDER, as the interpreter
reports them to its audit hooks just before they happen. At operation NUMBER, from 1:

- ``kill``: the process is gone, as after ``kill -9``;
- ``late``: it is gone some milliseconds later, and every operation is slow;
- ``tear``: from then on the first write beyond 600 bytes into any file is the last, cut off there;
- ``fail``: the operation fails with an input/output error;
- ``full``: from then on nothing can be created or opened for writing, as on a full disk;
- ``crash``: from then on every operation raises Crash, which nothing catches: ``kill`` for a test
  that has to outlive it. Here only what changes the disk counts.

``slow`` makes every operation take NUMBER milliseconds. The count reached is left in
FOLDER.operations when the process ends by itself.
"""

import atexit
import errno
import os
import random
import resource
import signal
import sys
import threading
import time

CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.truncate", "open"}
TORN_AFTER = 600  # bytes: less than any file of weights


class Crash(BaseException):
    """The end of the process, in a manner of speaking."""


def reads(event, arguments):
    return event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR)


class Fault:
    def __init__(self, kind, number, folder):
        self.kind, self.number, self.folder = kind, int(number), os.path.abspath(folder)
        self.count = 0

    def __call__(self, event, arguments):
        if event not in CHANGES or threading.current_thread() is not threading.main_thread():
            return
        if self.kind == "crash" and reads(event, arguments):
            return
        path = arguments[1 if event == "os.symlink" else 0]
        if not isinstance(path, (str, bytes, os.PathLike)):  # an open file
            return
        if os.path.abspath(os.fsdecode(path)).startswith(self.folder):
            self.count += 1
            getattr(self, self.kind)(event, arguments)

    def kill(self, event, arguments):
        if self.count == self.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def late(self, event, arguments):
        if self.count == self.number:
            moment = random.uniform(0, 0.05)
            threading.Timer(moment, os.kill, (os.getpid(), signal.SIGKILL)).start()
        time.sleep(0.003)

    def tear(self, event, arguments):
        if self.count == self.number:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (TORN_AFTER, TORN_AFTER))
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)

    def fail(self, event, arguments):
        if self.count == self.number:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def full(self, event, arguments):
        if event in ("os.remove", "os.rmdir") or reads(event, arguments):
            return
        if self.count >= self.number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def crash(self, event, arguments):
        if self.count >= self.number:
            raise Crash

    def slow(self, event, arguments):
        time.sleep(self.number / 1000)

    def leave_count(self):
        with open(self.folder + ".operations", "w") as file:
            file.write(str(self.count))


if "FAULT" in os.environ:
    fault = Fault(*os.environ["FAULT"].split(":", 2))
    atexit.register(fault.leave_count)
    sys.addaudithook(fault)
