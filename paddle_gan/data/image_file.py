"""One image file of any size, in any format that OpenCV decodes and Pillow knows."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
from PIL import Image

from paddle_gan.data.pixels import to_square
from paddle_gan.errors import UserError
from paddle_gan.opencv import import_cv2

# By content, whatever the name. Not JPEG 2000: damaged files of it crash OpenCV 4.11.
FORMATS = {"AVIF", "BMP", "DIB", "GIF", "JPEG", "MPO", "PNG", "PPM", "SUN", "TIFF", "WEBP"}
MAX_PIXELS = 64_000_000
MAX_BYTES = 2**29
HUGE = f"is larger than {MAX_PIXELS // 10**6} megapixels or {MAX_BYTES >> 20} MiB"
DAMAGED = "is damaged, or in a format that this OpenCV does not read"


def read_image(path: Path, image_size: int, channels: int) -> np.ndarray:
    """One image as uint8, C x image_size x image_size: gray for 1 channel, RGB for 3.

    The center square is kept. 16 bits become 8, transparency is dropped, and the orientation that
    a camera noted is obeyed.

    Raises UserError naming the file if it cannot be read or is too large.
    """
    cv2 = import_cv2()
    try:
        if not path.is_file():  # a pipe would be waited for
            raise UserError(f"{path} is a dead link, or not an ordinary file")
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        raise UserError(f"{path} cannot be opened ({error.strerror})") from error
    if data is None:
        raise UserError(f"{path} {HUGE}")
    _check_header(path, data)
    try:
        flag = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:
        image = None
    if image is None:
        raise UserError(f"{path} {DAMAGED}")
    square = to_square(image, image_size).reshape(image_size, image_size, channels)
    return square[..., ::-1].transpose(2, 0, 1)  # OpenCV's colors are BGR


def _check_header(path: Path, data: bytes) -> None:
    """Refuse what would make OpenCV allocate more than a file deserves.

    Its own limit on pixels comes from the environment when it is first imported, and Paddle does
    that; and a PNG's chunks may claim any length. Pillow reads both without decoding.
    """
    try:
        with Image.open(io.BytesIO(data)) as header:
            if header.format not in FORMATS:
                raise UserError(f"{path} is {header.format_description}; convert it to PNG")
            pixels = header.width * header.height
            header.verify()
    except UserError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pixels = math.inf
    except Exception as error:  # there are as many kinds as formats
        raise UserError(f"{path} {DAMAGED}") from error
    if pixels > MAX_PIXELS:
        raise UserError(f"{path} {HUGE}")
