"""From a checkpoint to pictures and arrays in files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from paddle import nn

from paddle_gan import metrics
from paddle_gan.checkpoints.generators import load_generator
from paddle_gan.errors import UserError
from paddle_gan.sampling import pictures
from paddle_gan.sampling.drawing import generate, latents, stream, walk

_PATIENCE = 5000  # images drawn in vain
_STOPS, _FRAMES_PER_SECOND = 4, 20  # of a walk


def infer(
    checkpoint: str | os.PathLike,
    num: int = 64,
    seed: int = 0,
    output: str | os.PathLike = "work/generated.png",
    interpolate: int | None = None,
    digit: int | None = None,
    data: str = "mnist",
    inverted: bool = False,
) -> Path:
    """Draw ``num`` images, or a walk of ``interpolate`` frames, and write them to ``output``.

    With ``digit`` all of them show that digit: a generator with classes is asked for it, of
    another's images the digit network of ``data`` keeps those it takes for one.

    The suffix decides: ``.png`` a grid (of a walk: a strip), ``.npy`` raw float32 N x C x H x W in
    [-1, 1], ``.gif`` the walk as an animation; ``inverted`` pictures are black on white. Returns
    the path.
    """
    output = Path(output)
    suffix = output.suffix.lower()
    allowed = (".png", ".npy", ".gif") if interpolate is not None else (".png", ".npy")
    if suffix not in allowed:
        raise UserError(f"output {output}: the suffix must be one of {', '.join(allowed)}")
    if num < 1 or seed < 0 or (interpolate is not None and interpolate < 2):
        raise UserError("--num must be at least 1, --interpolate 2 and --seed 0")
    if digit is not None and digit not in range(10):
        raise UserError(f"--digit {digit}: choose 0 to 9")
    generator = load_generator(checkpoint)
    generator.fold()
    if interpolate is not None:
        if digit is not None and not generator.classes:
            raise UserError("--digit with --interpolate needs a generator with classes (cdcgan)")
        z = walk(latents(generator, _STOPS, seed), interpolate)
        batches = iter([generate(generator, z, (digit or 0) if generator.classes else None)])
    elif digit is None or generator.classes:
        batches = stream(generator, num, seed, digit)
    else:
        batches = choose(generator, num, seed, digit, data)
    if suffix == ".npy":
        pictures.write_npy(output, interpolate or num, batches)
        return output
    drawn = pictures.to_uint8(np.concatenate(list(batches)) * (-1 if inverted else 1))
    if suffix == ".gif":
        frames = [image.transpose(1, 2, 0) for image in drawn]
        pictures.write_animation(output, frames, len(frames) / _FRAMES_PER_SECOND)
    else:
        columns = None if interpolate is None else len(drawn)
        pictures.write_picture(output, pictures.grid(drawn, columns))
    return output


def choose(
    generator: nn.Layer, n: int, seed: int, digit: int, data: str = "mnist"
) -> Iterator[np.ndarray]:
    """The first ``n`` images of a stream that the digit network takes for ``digit``, in batches.

    Prints at the end how many were drawn for them. Raises UserError where hardly any is.
    """
    network, found, drawn = metrics.digit_network(data), 0, 0
    for batch in stream(generator, sys.maxsize, seed):
        _, probabilities = metrics.embed(network, metrics.as_digits(batch))
        chosen = batch[probabilities.argmax(1) == digit][: n - found]
        found, drawn = found + len(chosen), drawn + len(batch)
        yield chosen
        if found == n:
            print(f"{found:,} of {drawn:,} images drawn were a {digit} ({found / drawn:.1%})")
            return
        if drawn > _PATIENCE * (found + 1):
            raise UserError(f"only {found} of {drawn:,} images show a {digit}; train longer")
