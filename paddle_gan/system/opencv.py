"""The one door to OpenCV, so that a machine on which it does not load is told so in one line."""

from __future__ import annotations

from types import ModuleType

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
