"""OpenCV: imported, with one line where it does not load, and its libraries kept silent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TextIO

from paddle_gan.errors import UserError


def import_cv2() -> ModuleType:
    """Return the module ``cv2``; UserError if it is missing or lacks a system library.

    Paddle tries the same import first and swallows the failure, after which OpenCV reports a
    "recursion" in place of the missing libGL. So the advice does not depend on the message.
    """
    try:
        import cv2
    except ImportError as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"OpenCV does not load here ({reason}); the build without a window system does: "
            "python -m pip uninstall -y opencv-python && python -m pip install "
            "opencv-python-headless"
        ) from error
    return cv2


@contextmanager
def silent_libraries() -> Iterator[TextIO]:
    """Keep libpng, libjpeg and libtiff, which write past Python, from talking on stderr.

    Inside, the stream that is given leads there.
    """
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        with open(saved, "w", closefd=False) as stderr:
            yield stderr
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
