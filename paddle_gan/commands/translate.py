"""A user's own images through a translator: a PNG for each, and a page that shows them."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np
from tqdm import tqdm

from paddle_gan.checkpoints.generators import Opened, open_checkpoint
from paddle_gan.commands.naming import check_outputs, names_of
from paddle_gan.data import to_float
from paddle_gan.data.inputs import Input, padded, read_inputs
from paddle_gan.data.listing import is_image
from paddle_gan.data.pixels import form_of
from paddle_gan.errors import UserError
from paddle_gan.options import checked
from paddle_gan.sampling.columns import numbers
from paddle_gan.sampling.pictures import png, to_uint8, write_picture
from paddle_gan.system.files import write_whole
from paddle_gan.system.opencv import import_cv2

_PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 14px sans-serif; margin: 2em; background: #fff; color: #222 }}
figure {{ display: inline-block; margin: 0 1.5em 1.5em 0 }}
img {{ height: 192px; max-width: 384px; object-fit: contain; background: #eee }}
figcaption {{ max-width: 400px; overflow-wrap: anywhere; color: #666 }}
</style>
<h1>{title}</h1><p>Each input as the network saw it, and its translation.</p>
{figures}
</html>
"""
_FIGURE = '<figure><img src="{given}" alt="input">{made}<figcaption>{name}</figcaption></figure>'
_MADE = ' <img src="{}" alt="output">'


def translate_files(
    opened: Opened,
    source: str | os.PathLike,
    output: str | os.PathLike,
    styles: int = 1,
    seed: int = 0,
    **asked,
) -> Path:
    """Translate an image, or all below a folder, into the folder ``output``; returns that path.

    ``asked`` is what the game can be asked for, such as ``direction``.

    Each gives a PNG of the same name and size, in the same subfolder; ``index.html`` shows them
    beside the inputs. Of a game with ``styles`` each gives so many, NAME-1.png and so on. The
    network sees all of an image, the short side as long as in training.

    Raises UserError for a source without images, a checkpoint that does not translate, an output
    with the name of an image, and where an input would be overwritten.
    """
    if opened.config is None:
        raise UserError("this checkpoint translates nothing; leave --input out")
    source, output = Path(source), Path(output)
    if is_image(output.name) and not output.is_dir():
        raise UserError(f"output {output}: with --input it is a folder; name one")
    inputs = read_inputs(source, form_of(opened.config))
    made = [[name] for name in names_of([each.inside for each in inputs])]
    if opened.game.styles and styles > 1:
        endings = [f"-{i + 1}" for i in range(styles)]
        made = [[name.with_stem(name.stem + ending) for ending in endings] for [name] in made]
    check_outputs(source, (output / path for paths in made for path in paths))
    figures = []
    for each, paths in zip(tqdm(inputs, unit=" images", disable=None), made):
        for i, path in enumerate(paths):
            write_picture(output / path, _translated(opened, each, seed + i, asked))
        figures.append(
            _FIGURE.format(
                given=_embedded(each.pixels),
                made="".join(_MADE.format(quote(path.as_posix())) for path in paths),
                name=html.escape(each.inside.as_posix()),
            )
        )
    title = html.escape(f"{opened.config['recipe']}: {len(inputs):,} images of {source.name}")
    page = _PAGE.format(title=title, figures="\n".join(figures))
    write_whole(output / "index.html", page.encode())
    return output


def translate(
    checkpoint: str | os.PathLike, images: Sequence | np.ndarray, seed: int = 0, **asked
) -> np.ndarray:
    """What a translator makes of images, float32 N x C x H x W in [-1, 1], all of one size.

    ``seed`` and ``asked``, such as ``domain``, are of games that translate in several ways.
    ``images`` are N x C x H x W numbers of any type in [-1, 1]. Sizes that are no multiples of that
    trained on are padded by reflection, and cut off again. Raises UserError for images of another
    shape, and for a checkpoint that does not translate.
    """
    opened = open_checkpoint(checkpoint)
    if opened.config is None:
        raise UserError("this checkpoint translates nothing")
    given, size = numbers(images, "images"), opened.config["image_size"]
    if given.ndim != 4 or given.shape[1] != opened.config["channels"] or 0 in given.shape:
        wanted = f"N x {opened.config['channels']} x H x W"
        raise UserError(f"images have shape {given.shape}; this checkpoint takes {wanted}")
    height, width = given.shape[2:]
    whole = np.stack([padded(i.transpose(1, 2, 0), size).transpose(2, 0, 1) for i in given])
    opened.fold()
    asked = checked(asked, opened.game.asked, "this checkpoint")
    found = opened.game.translate(opened.networks, opened.name, whole, seed, **asked)
    return found[..., :height, :width]


def _translated(opened: Opened, each: Input, seed: int, asked: dict) -> np.ndarray:
    """The translation as a picture of the input's size, height x width x C."""
    cv2 = import_cv2()
    small = made_of(opened, opened.name, each.pixels, seed, **asked)
    grows = min(each.size) > min(each.pixels.shape[:2])
    method = cv2.INTER_CUBIC if grows else cv2.INTER_AREA
    return np.atleast_3d(cv2.resize(small, each.size[::-1], interpolation=method))


def made_of(opened: Opened, name: str, pixels: np.ndarray, seed: int = 0, **asked) -> np.ndarray:
    """What the network of file ``name`` makes of a picture, uint8 h x w [x C], of the same size."""
    pixels = np.atleast_3d(pixels)
    whole = padded(pixels, opened.config["image_size"])
    images = to_float(whole.transpose(2, 0, 1)[None])
    found = to_uint8(opened.game.translate(opened.networks, name, images, seed, **asked))
    return found[0].transpose(1, 2, 0)[: pixels.shape[0], : pixels.shape[1]]


def _embedded(pixels: np.ndarray) -> str:
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"
