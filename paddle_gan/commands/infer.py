"""From a checkpoint to pictures and arrays in files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paddle_gan.checkpoints.generators import Opened, open_checkpoint
from paddle_gan.commands.choosing import Choice
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
    seeds: Sequence[int] | None = None,
    index: Sequence[int] | None = None,
    latents: str | os.PathLike | None = None,
    **asked,
) -> Path:
    """Draw ``num`` images, or a walk of ``interpolation`` frames, and write them to ``output``.

    In place of ``num`` images of ``seed``, 64 unless given: the first of each of ``seeds``; those
    numbered ``index`` of ``seed``, from 0, or of a translator's test set; or of the ``latents`` in
    a .npy file, N x latent. A walk goes through those as well. With ``source``, an image or a
    folder of them, translate these into the folder ``output`` instead (see ``translate_files``), in
    ``num`` styles where there are many.

    ``asked`` is what the game of the checkpoint can be asked for, such as ``digit``: all images
    show that digit; a generator with classes is asked for it, of another's images the digit network
    of ``data`` keeps those it takes for one.

    The suffix decides: ``.png`` and ``.webp`` a grid (of a walk: a strip), ``.npy`` raw float32
    N x C x H x W in [-1, 1], ``.gif`` and ``.mp4`` the walk as an animation, none a folder with a
    PNG of each; ``inverted`` pictures are black on white. Returns the path.
    """
    if source is not None:
        chosen = dict(seeds=seeds, index=index, latents=latents, interpolation=interpolation)
        if given := [f"--{name}" for name, value in chosen.items() if value is not None]:
            raise UserError(f"{given[0]} chooses among drawings, and --input gives what is drawn")
        opened = open_checkpoint(checkpoint)
        asked = checked(asked, opened.game.asked, "this checkpoint")
        return translate_files(opened, source, output or "work/translated", num or 1, seed, **asked)
    num = 64 if num is None else num
    output = Path(output or "work/generated.png")
    suffix = output.suffix.lower()
    if suffix in pictures.ANIMATIONS and interpolation is None:
        raise UserError(f"output {output} shows a walk; add --interpolation N for one of N frames")
    allowed = [*pictures.PICTURES, ".npy", *pictures.ANIMATIONS]
    if suffix not in allowed and suffix:
        raise UserError(
            f"output {output}: the suffix must be one of {', '.join(allowed)}, or none for a folder"
        )
    if interpolation is not None and interpolation < 2:
        raise UserError("--interpolation must be at least 2")
    choice = Choice(num, seed, seeds, index, latents)
    choice.check()
    opened = open_checkpoint(checkpoint)
    asked = checked(asked, opened.game.asked, "this checkpoint")
    opened.fold()
    game, networks = opened.game, opened.networks
    if interpolation is not None:
        ends = choice.ends(opened, asked)
        batches = iter([game.walk(networks, interpolation, seed, ends, **asked)])
    else:
        batches = choice.drawings(opened, asked)
    if suffix == ".npy":
        images, n = (game.outputs(columns) for columns in batches), interpolation or num
        if game.watched or choice.chosen:  # and there may be fewer to translate
            images = list(images)
            n = sum(map(len, images))
        pictures.write_npy(output, n, images)
        return output
    drawn = joined(batches)
    for name, images in drawn.items():
        drawn[name] = pictures.to_uint8(images * (-1 if inverted else 1))
    frames = list(game.outputs(drawn).transpose(0, 2, 3, 1))
    if suffix in pictures.ANIMATIONS:
        pictures.write_animation(output, frames, len(frames) / _FRAMES_PER_SECOND)
    elif not suffix:
        names = Choice(num, seed).names if interpolation else choice.names
        for name, frame in zip(names, frames):
            pictures.write_picture(output / f"{name}.png", frame)
    elif interpolation is not None or choice.chosen:
        rows = None if interpolation is None else 1
        pictures.write_picture(output, pictures.side_by_side(drawn, rows))
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
