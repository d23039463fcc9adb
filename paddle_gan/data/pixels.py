"""Pixels: to a square of the wanted size, and to the range that the networks see."""

from __future__ import annotations

import numpy as np

from paddle_gan.system.opencv import import_cv2


def to_square(image: np.ndarray, size: int) -> np.ndarray:
    """Cut the central square out of H x W [x 3] and scale it to size x size [x 3].

    Shrinking averages over areas, which leaves no aliasing; growing is bilinear, as the notebook's
    ``Resize`` does from 28 to 32.
    """
    cv2 = import_cv2()
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = image[top : top + side, left : left + side]
    method = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(square, (size, size), interpolation=method)


def to_float(images: np.ndarray) -> np.ndarray:
    """Map uint8 0..255 to float32 [-1, 1]: x / 127.5 - 1, both ends exact."""
    scaled = np.divide(images, 127.5, dtype=np.float32)
    scaled -= 1
    return scaled
