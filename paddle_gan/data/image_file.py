"""One image file of any size, in any format that Pillow knows and it or OpenCV decodes."""

from __future__ import annotations

import io
import math
import os
import re
import stat
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from paddle_gan.data.pixels import Form, fitted
from paddle_gan.errors import UserError
from paddle_gan.system.opencv import import_cv2

# By content, whatever the name. Not JPEG 2000: damaged files of it crash OpenCV 4.11.
FORMATS = {"AVIF", "BMP", "DIB", "GIF", "JPEG", "MPO", "PNG", "PPM", "SUN", "TIFF", "WEBP"}
# Of a PGM Pillow knows the maximum; OpenCV 4.11 lacks the others, and newer ones may.
_BY_PILLOW = {"AVIF", "GIF", "PPM"}
MAX_PIXELS = 64_000_000
MAX_BYTES = 2**29
NO_FILE = "is missing, a dead link or not an ordinary file"
HUGE = f"is larger than {MAX_PIXELS // 10**6} megapixels or {MAX_BYTES >> 20} MiB"
BITS_PER_SAMPLE, MAX_SAMPLE_VALUE = 258, 281  # tags of TIFF
DAMAGED = "is damaged, or in a format that this OpenCV does not read"
CONVERT = "convert it to PNG or JPEG, for instance with ImageMagick: magick FILE FILE.png"
HEIC = re.compile(rb"....ftyp(hei[cfmsx]|hev[cmsx]|mif1|msf1)", re.S)  # phones name it .jpg, too


class Unreadable(UserError):
    """One file that cannot be read; a set can do without it."""


def read_image(path: Path, form: Form) -> np.ndarray:
    """One image file as ``image_of`` gives it; Unreadable also if it cannot be opened."""
    return image_of(read_file(path), path, form)


def image_of(data: bytes, where: Path | str, form: Form) -> np.ndarray:
    """The content of an image file as C x size x size: gray for 1 channel, RGB for 3.

    uint8; of a file with more than 8 bits for a value uint16, scaled to all 16 bits where the file
    says how many it uses. Of a rectangle the center square is kept, unless ``form`` says otherwise;
    what is transparent becomes ``form.ground``; the orientation that a camera noted is obeyed.

    Raises Unreadable, which names the file as ``where``, if it cannot be read or is too large.
    """
    return square(decode(data, where, form), form)


def square(image: np.ndarray, form: Form) -> np.ndarray:
    """An image H x W [x 3] as C x size x size."""
    return np.atleast_3d(fitted(image, form)).transpose(2, 0, 1)


def read_file(path: Path | str) -> bytes:
    """The content of an ordinary file of bearable size. Raises Unreadable naming it."""
    try:
        with io.FileIO(path, opener=_without_waiting) as file:  # a buffer would take longer
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise Unreadable(f"{path} {NO_FILE}")
            if found.st_size > MAX_BYTES:
                raise Unreadable(f"{path} {HUGE}")
            return file.read()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise Unreadable(f"{path} {NO_FILE}") from error
    except OSError as error:
        raise Unreadable(f"{path} cannot be opened ({error.strerror})") from error


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would be waited for


def decode(data: bytes, where: Path | str, form: Form) -> np.ndarray:
    """An image of any size as H x W, gray, or H x W x 3; otherwise as of ``image_of``."""
    cv2, channels = import_cv2(), form.channels
    header = _check_header(where, data)
    try:
        if header.by_pillow:
            return _by_pillow(data, channels, form.ground)
        flag = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
        flag |= cv2.IMREAD_ANYDEPTH if header.deep else 0
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
        # Slicing None raises, too; OpenCV's colors are BGR.
        image = image[:] if channels == 1 else image[..., ::-1]
    except Exception as error:  # there are as many kinds as formats
        raise Unreadable(f"{where} {DAMAGED}") from error
    if header.brightest and image.dtype == np.uint16:
        image = np.minimum(image * (65535 / header.brightest), 65535).astype(np.uint16)
    return image


class _Header(NamedTuple):
    by_pillow: bool  # whether to decode with Pillow, which knows alpha
    deep: bool  # whether a value has more than 8 bits
    brightest: int = 0  # the value that white has, where the file says so


def _check_header(where: Path | str, data: bytes) -> _Header:
    """Look at an image without decoding it; refuse what is larger than a file deserves.

    OpenCV's own limit on pixels comes from the environment when it is first imported, and Paddle
    does that; and a PNG's chunks may claim any length. Pillow reads both.
    """
    pixels = _pixels_of_jpeg(data)
    if 0 < pixels <= MAX_PIXELS:  # the most frequent case, quickly
        return _Header(by_pillow=False, deep=False)
    try:
        with Image.open(io.BytesIO(data)) as header:
            if header.format not in FORMATS:
                raise Unreadable(f"{where} is {header.format_description}; {CONVERT}")
            if header.mode == "F":
                raise Unreadable(f"{where} holds floating-point values; convert it to 16 bits")
            pixels = header.width * header.height
            # Of gray with 16 bits Pillow cannot mask one value.
            transparent = header.has_transparency_data and not header.mode.startswith("I")
            bits, brightest = 8, 0
            if header.format == "PNG":
                bits = data[24]  # of the header chunk
            elif header.format == "TIFF":
                bits = max(header.tag_v2.get(BITS_PER_SAMPLE, [1]))
                brightest = _brightest(header.tag_v2) if bits == 16 else 0
            header.verify()
    except Unreadable:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pixels = math.inf
    except Exception as error:  # there are as many kinds as formats
        reason = f"is HEIC; {CONVERT}" if HEIC.match(data) else DAMAGED
        raise Unreadable(f"{where} {reason}") from error
    if pixels > MAX_PIXELS:
        raise Unreadable(f"{where} {HUGE}")
    return _Header(transparent or header.format in _BY_PILLOW, bits > 8, brightest)


def _pixels_of_jpeg(data: bytes) -> int:
    """How many a JPEG of 8 bits has by its frame header (ITU-T T.81, B.2.2); 0 if none is found."""
    at = 2 if data[:2] == b"\xff\xd8" else len(data)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length, bits, height, width = struct.unpack_from(">BHBHH", data, at + 1)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return height * width if bits == 8 else 0
        at += 2 + length
    return 0


def _brightest(tags) -> int:
    """MaxSampleValue of a TIFF of 16 bits, if it is one that takes scaling."""
    found = np.atleast_1d(tags.get(MAX_SAMPLE_VALUE, 0))
    return int(found.max()) if 255 < found.max() < 65535 else 0


def _by_pillow(data: bytes, channels: int, ground: str) -> np.ndarray:
    """H x W [x 3], on the ground where the image is transparent."""
    with Image.open(io.BytesIO(data)) as image:
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):
            gray = np.asarray(image).astype(np.uint16)
            return gray if channels == 1 else np.stack([gray] * 3, axis=2)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, ground), image)
        return np.asarray(image.convert("L" if channels == 1 else "RGB"))
