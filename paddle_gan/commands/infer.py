"""From a checkpoint to pictures and arrays in files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from paddle_gan.checkpoints.generators import Opened, open_checkpoint
from paddle_gan.commands.translate import translate_files
from paddle_gan.errors import UserError
from paddle_gan.options import checked
from paddle_gan.sampling import pictures
from paddle_gan.sampling.columns import Columns, joined, labels_of

_FRAMES_PER_SECOND = 20  # of a walk


def infer(
    checkpoint: str | os.PathLike,
    num: int | None = None,
    seed: int = 0,
    output: str | os.PathLike | None = None,
    interpolation: int | None = None,
    inverted: bool = False,
    source: str | os.PathLike | None = None,
    **asked,
) -> Path:
    """Draw ``num`` images, or a walk of ``interpolation`` frames, and write them to ``output``.

    ``num`` is 64 unless given. With ``source``, an image or a folder of them, translate these into
    the folder ``output`` instead (see ``translate_files``), in ``num`` styles where there are many.

    ``asked`` is what the game of the checkpoint can be asked for, such as ``digit``: all images
    show that digit; a generator with classes is asked for it, of another's images the digit network
    of ``data`` keeps those it takes for one.

    The suffix decides: ``.png`` a grid (of a walk: a strip), ``.npy`` raw float32 N x C x H x W in
    [-1, 1], ``.gif`` the walk as an animation; ``inverted`` pictures are black on white. Returns
    the path.
    """
    if source is not None:
        opened = open_checkpoint(checkpoint)
        asked = checked(asked, opened.game.asked, "this checkpoint")
        return translate_files(opened, source, output or "work/translated", num or 1, seed, **asked)
    num = 64 if num is None else num
    output = Path(output or "work/generated.png")
    suffix = output.suffix.lower()
    allowed = (".png", ".npy", ".gif") if interpolation is not None else (".png", ".npy")
    if suffix not in allowed:
        raise UserError(f"output {output}: the suffix must be one of {', '.join(allowed)}")
    if num < 1 or seed < 0 or (interpolation is not None and interpolation < 2):
        raise UserError("--num must be at least 1, --interpolation 2 and --seed 0")
    opened = open_checkpoint(checkpoint)
    asked = checked(asked, opened.game.asked, "this checkpoint")
    opened.fold()
    if interpolation is not None:
        batches = iter([opened.game.walk(opened.networks, interpolation, seed, **asked)])
    else:
        batches = opened.game.stream(opened.networks, num, seed, opened.images(), **asked)
    if suffix == ".npy":
        images, n = (opened.game.outputs(columns) for columns in batches), interpolation or num
        if opened.game.watched:  # and there may be fewer to translate
            images = list(images)
            n = sum(map(len, images))
        pictures.write_npy(output, n, images)
        return output
    drawn = joined(batches)
    for name, images in drawn.items():
        drawn[name] = pictures.to_uint8(images * (-1 if inverted else 1))
    if suffix == ".gif":
        frames = [image.transpose(1, 2, 0) for image in drawn[opened.game.judged]]
        pictures.write_animation(output, frames, len(frames) / _FRAMES_PER_SECOND)
    elif interpolation is not None:
        pictures.write_picture(output, pictures.side_by_side(drawn, rows=1))
    else:
        pictures.write_picture(output, _by_class(opened, drawn, num, seed, asked))
    return output


def _by_class(opened: Opened, drawn: Columns, num: int, seed: int, asked: dict) -> np.ndarray:
    """The grid of what was drawn; with a row for each class where a generator drew all of its."""
    network = opened.networks[opened.name]
    if asked or not getattr(network, "classes", 0):
        return pictures.side_by_side(drawn)
    labels = labels_of(opened.game.probe(opened.networks, num, seed))
    return pictures.by_class(drawn, labels, network.class_names)
