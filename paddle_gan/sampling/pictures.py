"""Arrays of images to pictures in files."""

from __future__ import annotations

import io
import math
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from paddle_gan.errors import UserError
from paddle_gan.system.files import whole_file, write_whole
from paddle_gan.system.opencv import import_cv2

_BORDER = 2  # pixels around the images of a grid
_LONGEST = 24  # letters of a name
_LEAST_MP4 = 256  # pixels high


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Float images in [-1, 1] to uint8 in 0..255, the inverse of ``data.to_float``."""
    return np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype("uint8")


def grid(images: np.ndarray, columns: int | None = None, border: int = _BORDER) -> np.ndarray:
    """Lay uint8 images N x C x H x W out in rows; returns one uint8 picture, height x width x C.

    ``columns`` defaults to the nearest square. The border and empty places are black.
    """
    n, channels, height, width = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    canvas = np.zeros(
        (rows * (height + border) + border, columns * (width + border) + border, channels), "uint8"
    )
    for i, image in enumerate(images):
        top = border + i // columns * (height + border)
        left = border + i % columns * (width + border)
        canvas[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    return canvas


def side_by_side(columns: dict[str, np.ndarray], rows: int | None = None) -> np.ndarray:
    """A grid whose cells are rows of one image of each column, uint8 N x C x H x W of one size.

    ``rows`` defaults to the nearest square.
    """
    images = np.stack(np.broadcast_arrays(*columns.values()), axis=1)  # N x columns x C x H x W
    n, across = images.shape[:2]
    cells = math.ceil(n / rows if rows else math.sqrt(n / across))
    return grid(images.reshape(-1, *images.shape[2:]), across * cells)


def by_class(
    columns: dict[str, np.ndarray], labels: np.ndarray, names: Sequence[str] | None = None
) -> np.ndarray:
    """The cells of ``side_by_side`` in a row for each class, which begins with its name.

    labels: N numbers of classes, at least two each on average; otherwise, or where all are alike,
    the grid is the plain one. Names are those of numbers 0, 1, …, or these numbers.
    """
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2 or 2 * len(classes) > len(labels):
        return side_by_side(columns)
    images = np.stack(np.broadcast_arrays(*columns.values()), axis=1)
    n, across, channels, height, width = images.shape
    cells = np.zeros((len(classes), counts.max(), *images.shape[1:]), "uint8")
    for row, label in zip(cells, classes):
        found = images[labels == label]
        row[: len(found)] = found
    picture = grid(cells.reshape(-1, channels, height, width), across * int(counts.max()))
    # Letters that the font does not have would all be the same box.
    named = [names[c] if c < len(names or ()) else "" for c in classes]
    known = [name if name and name.isascii() else str(c) for name, c in zip(named, classes)]
    margin = _written(known, (len(picture) - _BORDER) // len(classes), _BORDER)
    return np.concatenate([np.repeat(margin[..., None], channels, axis=2), picture], axis=1)


def _written(names: list[str], step: int, top: int) -> np.ndarray:
    """Names in white on black, each ``step`` pixels below the one before: height x width."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(min(16, max(8, step // 2)))
    names = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..." for name in names]
    width = math.ceil(max(font.getlength(name) for name in names)) + 4 * top
    margin = Image.new("L", (width, step * len(names) + top))
    for row, name in enumerate(names):
        at = 2 * top, top + step * row + (step - top) // 2
        ImageDraw.Draw(margin).text(at, name, 255, font, anchor="lm")
    return np.asarray(margin)


def png(picture: np.ndarray) -> bytes:
    """A picture, height x width [x C], gray or RGB, as a PNG."""
    return _encoded(picture, ".png")


def _encoded(picture: np.ndarray, suffix: str) -> bytes:
    cv2 = import_cv2()
    lossless = [cv2.IMWRITE_WEBP_QUALITY, 101] if suffix == ".webp" else []
    # OpenCV counts blue, green, red.
    _, data = cv2.imencode(suffix, np.atleast_3d(picture)[..., ::-1], lossless)
    return data.tobytes()


def write_picture(path: str | os.PathLike, picture: np.ndarray) -> None:
    """Write a picture, height x width [x C], gray or RGB, by its suffix: all of it or nothing.

    The suffix is one of ``PICTURES``; both keep every pixel.
    """
    write_whole(path, _encoded(picture, Path(path).suffix.lower()))


def write_animation(path: str | os.PathLike, frames: list[np.ndarray], seconds: float) -> None:
    """Write pictures height x width x C as an animation ``seconds`` long, by its suffix.

    The suffix is one of ``ANIMATIONS``. Raises UserError where OpenCV writes no MP4.
    """
    write_whole(path, ANIMATIONS[Path(path).suffix.lower()](frames, seconds))


def _gif(frames: list[np.ndarray], seconds: float) -> bytes:
    """It repeats for ever."""
    from PIL import Image

    pictures = [Image.fromarray(f.squeeze(-1) if f.shape[-1] == 1 else f) for f in frames]
    buffer, duration = io.BytesIO(), 1000 * seconds / len(frames)
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], duration=duration, loop=0
    )
    return buffer.getvalue()


def _mp4(frames: list[np.ndarray], seconds: float) -> bytes:
    """Small frames are enlarged, pixel by pixel: the compression takes blocks of 16."""
    cv2 = import_cv2()
    larger = math.ceil(_LEAST_MP4 / frames[0].shape[0])
    height, width = (2 * (larger * side // 2) for side in frames[0].shape[:2])  # even
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/film.mp4"
        code, rate = cv2.VideoWriter_fourcc(*"mp4v"), len(frames) / seconds
        film = cv2.VideoWriter(path, code, rate, (width, height))
        if not film.isOpened():
            raise UserError("OpenCV writes no MP4 here; take an output with the suffix .gif")
        for frame in frames:
            color = np.broadcast_to(frame[..., ::-1], (*frame.shape[:2], 3))
            large = color.repeat(larger, axis=0).repeat(larger, axis=1)[:height, :width]
            film.write(np.ascontiguousarray(large))
        film.release()
        return Path(path).read_bytes()


PICTURES = ".png", ".webp"
ANIMATIONS = {".gif": _gif, ".mp4": _mp4}


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """Read a picture that :func:`write_picture` wrote, as uint8 height x width x C."""
    cv2 = import_cv2()
    picture = cv2.imdecode(np.fromfile(path, "uint8"), cv2.IMREAD_UNCHANGED)
    return np.atleast_3d(picture)[..., ::-1]


def samples(out: Path) -> list[Path]:
    """The pictures of each save of the run in ``out``, the newest last; none of a user's own."""
    return sorted((out / "samples").glob(f"step-{'[0-9]' * 8}.png"))


def write_npy(path: str | os.PathLike, n: int, batches: Iterable[np.ndarray]) -> None:
    """Write ``n`` images that come in batches, float32 b x C x H x W, as one .npy file."""
    with whole_file(path) as file:
        for i, batch in enumerate(batches):
            if i == 0:
                shape = (n, *batch.shape[1:])
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
            file.write(np.ascontiguousarray(batch, "<f4").data)
