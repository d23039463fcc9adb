"""One image file of any size, in any format that OpenCV decodes and Pillow knows."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from paddle_gan.data.pixels import to_square
from paddle_gan.errors import UserError
from paddle_gan.system.opencv import import_cv2

# By content, whatever the name. Not JPEG 2000: damaged files of it crash OpenCV 4.11.
FORMATS = {"AVIF", "BMP", "DIB", "GIF", "JPEG", "MPO", "PNG", "PPM", "SUN", "TIFF", "WEBP"}
MAX_PIXELS = 64_000_000
MAX_BYTES = 2**29
HUGE = f"is larger than {MAX_PIXELS // 10**6} megapixels or {MAX_BYTES >> 20} MiB"
GROUND = "white"  # what shows through where an image is transparent, as on most pages
BITS_PER_SAMPLE = 258  # a tag of TIFF
DAMAGED = "is damaged, or in a format that this OpenCV does not read"


class Unreadable(UserError):
    """One file that cannot be read; a set can do without it."""


def read_image(path: Path, image_size: int, channels: int) -> np.ndarray:
    """One image as C x image_size x image_size: gray for 1 channel, RGB for 3.

    uint8; of a file with more than 8 bits for a value uint16, scaled to all 16 bits where the file
    says how many it uses. The center square is kept, what is transparent becomes white, and the
    orientation that a camera noted is obeyed.

    Raises Unreadable naming the file if it cannot be read or is too large.
    """
    return square(decode(path, channels), image_size)


def square(image: np.ndarray, image_size: int) -> np.ndarray:
    """The center square of an image H x W [x 3] as C x image_size x image_size."""
    return np.atleast_3d(to_square(image, image_size)).transpose(2, 0, 1)


def decode(path: Path, channels: int) -> np.ndarray:
    """An image of any size as H x W, gray, or H x W x 3; otherwise as of ``read_image``."""
    cv2 = import_cv2()
    try:
        if not path.is_file():  # a pipe would be waited for
            raise Unreadable(f"{path} is a dead link, or not an ordinary file")
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        raise Unreadable(f"{path} cannot be opened ({error.strerror})") from error
    if data is None:
        raise Unreadable(f"{path} {HUGE}")
    header = _check_header(path, data)
    try:
        if header.by_pillow:
            return _by_pillow(data, channels)
        flag = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
        # Not for all: with this flag OpenCV leaves the 10 bits of an AVIF unscaled.
        flag |= cv2.IMREAD_ANYDEPTH if header.deep else 0
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
        # Slicing None raises, too; OpenCV's colors are BGR.
        return image[:] if channels == 1 else image[..., ::-1]
    except Exception as error:  # there are as many kinds as formats
        raise Unreadable(f"{path} {DAMAGED}") from error


class _Header(NamedTuple):
    by_pillow: bool  # whether to decode with Pillow, which knows alpha and the maximum of a PGM
    deep: bool  # whether a value has more than 8 bits


def _check_header(path: Path, data: bytes) -> _Header:
    """Look at an image without decoding it; refuse what is larger than a file deserves.

    OpenCV's own limit on pixels comes from the environment when it is first imported, and Paddle
    does that; and a PNG's chunks may claim any length. Pillow reads both.
    """
    try:
        with Image.open(io.BytesIO(data)) as header:
            if header.format not in FORMATS:
                raise Unreadable(f"{path} is {header.format_description}; convert it to PNG")
            if header.mode == "F":
                raise Unreadable(f"{path} holds floating-point values; convert it to 16 bits")
            pixels = header.width * header.height
            # Of gray with 16 bits Pillow cannot mask one value.
            transparent = header.has_transparency_data and not header.mode.startswith("I")
            bits = 8
            if header.format == "PNG":
                bits = data[24]  # of the header chunk
            elif header.format == "TIFF":
                bits = max(header.tag_v2.get(BITS_PER_SAMPLE, [1]))
            header.verify()
    except Unreadable:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pixels = math.inf
    except Exception as error:  # there are as many kinds as formats
        raise Unreadable(f"{path} {DAMAGED}") from error
    if pixels > MAX_PIXELS:
        raise Unreadable(f"{path} {HUGE}")
    return _Header(transparent or header.format == "PPM", bits > 8)


def _by_pillow(data: bytes, channels: int) -> np.ndarray:
    """H x W [x 3], on white where the image is transparent."""
    with Image.open(io.BytesIO(data)) as image:
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):
            gray = np.asarray(image).astype(np.uint16)
            return gray if channels == 1 else np.stack([gray] * 3, axis=2)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, GROUND), image)
        return np.asarray(image.convert("L" if channels == 1 else "RGB"))
