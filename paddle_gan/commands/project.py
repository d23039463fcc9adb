"""From images to the latents that a generator draws them from, and a film of the way."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import paddle
from paddle import nn
from tqdm import tqdm

from paddle_gan.checkpoints.generators import open_network
from paddle_gan.commands.naming import check_outputs, names_of
from paddle_gan.data import to_float
from paddle_gan.data.decoding import image_of_each, read_all
from paddle_gan.data.listing import image_paths, listing_of
from paddle_gan.data.pixels import Form, form_of
from paddle_gan.errors import UserError
from paddle_gan.options import checked
from paddle_gan.sampling import drawing, pictures
from paddle_gan.sampling.columns import Columns
from paddle_gan.sampling.projecting import project as find

_FRAMES_PER_SECOND = 20


def project(
    source: str | os.PathLike,
    checkpoint: str | os.PathLike,
    output: str | os.PathLike = "work/projected",
    steps: int = 300,
    seed: int = 0,
    **asked,
) -> dict[str, float]:
    """Find latents of an image, or of all below a folder; returns the error of each by its path.

    Images are brought to the size and the channels of the generator. The folder ``output`` gets
    ``latents.npy`` (a row for each image, in the order of their paths, for ``infer --latents``),
    and of each image ``NAME.png``, the image beside what is drawn from its latents, and
    ``NAME.gif``, the way there; NAME has the old suffix only where names would be the same. Errors
    are as of ``sampling.projecting.project``; ``asked`` may be ``digit`` or ``class_``, where the
    generator has classes.

    Raises UserError for a checkpoint that does not draw from latents, a source without images, and
    where one of them would be overwritten.
    """
    if steps < 1 or seed < 0:
        raise UserError("--steps must be at least 1 and --seed 0")
    opened = open_network(checkpoint)
    game, (generator,) = opened.game, opened.networks.values()
    if game.takes.get(opened.name, ())[:1] != ("z",) or opened.name in game.gives:
        raise UserError(f"{checkpoint} draws no images from latents; give another Gnet.pdparams")
    options = {name: game.asked[name] for name in ("digit", "class_") if name in game.asked}
    asked = checked(asked, options, "a projection by this checkpoint")
    opened.fold()
    one = game.given(opened.networks, drawing.latents(generator, 1, 0), **asked)
    digit = _class_of(generator, one) if asked else None
    channels, size = drawing.generate(generator, one["z"], one.get("label")).shape[1:3]
    source, output = Path(source), Path(output)
    paths = image_paths(source) if source.is_dir() else [source]
    folder = source if source.is_dir() else source.parent
    inside = [path.relative_to(folder) for path in paths]
    stills = [output / name for name in names_of(inside)]
    films = [path.with_suffix(".gif") for path in stills]
    check_outputs(source, [*stills, *films])
    files = listing_of(paths)
    form = form_of(opened.config) if opened.config else Form(size, channels)
    items = [[name] for name in files.names]
    found = read_all(files, items, image_of_each, 1, form, f"images in {source}")
    errors, rows = {}, []
    for i, pixels in zip(found.kept, tqdm(found.sides[0], unit=" images", disable=None)):
        image = to_float(pixels)
        projected = find(generator, image, steps, seed, digit)
        rows.append(projected.z)
        errors[str(inside[i])] = projected.error
        way = projected.way
        both = np.concatenate([np.broadcast_to(image, way.shape), way], axis=3)
        frames = list(pictures.to_uint8(both).transpose(0, 2, 3, 1))
        pictures.write_picture(stills[i], frames[-1])
        pictures.write_animation(films[i], frames, len(frames) / _FRAMES_PER_SECOND)
    pictures.write_npy(output / "latents.npy", len(rows), [np.stack(rows)])
    return errors


def _class_of(generator: nn.Layer, inputs: Columns) -> int:
    """The class that inputs of ``generator`` ask for. Raises UserError where there are none."""
    if "label" in inputs:
        return int(inputs["label"][0])
    regions = drawing.regions_of(generator)
    if regions is None:
        raise UserError("this generator has no classes; leave --digit and --class out")
    return int(regions.classes(paddle.to_tensor(inputs["z"]))[0])
