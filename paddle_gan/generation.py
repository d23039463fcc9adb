"""From a checkpoint to images."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import paddle
from paddle import nn

from paddle_gan import images, metrics
from paddle_gan.errors import UserError
from paddle_gan.latents import DRAWING
from paddle_gan.networks import NETWORKS
from paddle_gan.serialization import check_state, read

_BATCH = 256  # as fast as any: larger ones leave the cache, smaller ones pack the weights oftener
_PATIENCE = 5000  # images drawn in vain
_STOPS, _FRAMES_PER_SECOND = 4, 20  # of a walk


def load_generator(path: str | os.PathLike) -> nn.Layer:
    """The generator saved in ``path``, in eval mode, whoever saved it.

    The architecture is read off the names and shapes of the weights, so a checkpoint of this
    package or of the notebook needs nothing beside it. Raises UserError for a file that is
    missing, damaged, hostile or not a generator's.
    """
    state = read(path)
    arrays = state.items() if isinstance(state, dict) else ()
    shapes = {name: tuple(array.shape) for name, array in arrays if hasattr(array, "shape")}
    if any(0 in shape for shape in shapes.values()):
        shapes = {}  # no network has a layer without weights, and Paddle may not build it
    for generator_class, _ in NETWORKS.values():
        arguments = generator_class.arguments(shapes)
        if arguments is not None:
            generator = generator_class(**arguments)
            check_state(state, shapes_of(generator), path)
            generator.set_state_dict({name: state[name].astype("float32") for name in state})
            generator.eval()
            return generator
    raise UserError(f"{path} holds no generator that this package knows; give a Gnet.pdparams")


def shapes_of(network: nn.Layer) -> dict[str, tuple[int, ...]]:
    """Name and shape of everything a checkpoint of the network must hold."""
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def latents(generator: nn.Layer, n: int, seed: int) -> np.ndarray:
    """``n`` latents of its prior, float32, n x latent x 1 x 1; the same for a seed everywhere."""
    return _latents(np.random.default_rng(seed), generator, n)


def generate(
    generator: nn.Layer, z: np.ndarray, digit: int | None = None, batch: int = _BATCH
) -> np.ndarray:
    """Images for latents ``z``, ``batch`` at a time: float32, N x C x H x W in [-1, 1].

    ``z`` are N x latent x 1 x 1 numbers of any type, as :func:`latents` draws them. A generator
    with classes draws ``digit``, or all its classes in turn. Raises UserError for latents of
    another shape, and for a digit that the generator cannot be asked for.
    """
    try:
        z = np.asarray(z, "float32")
    except (TypeError, ValueError) as error:  # lists of unequal lengths, or of no numbers
        raise UserError(f"latents must be an array of numbers: {error}") from error
    if z.shape[1:] != (generator.latent, 1, 1) or not len(z):
        wanted = f"N x {generator.latent} x 1 x 1"
        raise UserError(f"latents have shape {z.shape}; this generator draws from {wanted}")
    if digit is not None and digit not in range(generator.classes):
        there = f"classes 0 to {generator.classes - 1}" if generator.classes else "no classes"
        raise UserError(f"digit {digit!r}: this generator was trained with {there}")
    starts = range(0, len(z), batch)
    return np.concatenate([_draw(generator, z[i : i + batch], i, digit) for i in starts])


def stream(
    generator: nn.Layer, n: int, seed: int, digit: int | None = None
) -> Iterator[np.ndarray]:
    """The images of ``latents(generator, n, seed)``, a batch at a time, in bounded memory."""
    rng = np.random.default_rng(seed)
    for start in range(0, n, _BATCH):
        z = _latents(rng, generator, min(_BATCH, n - start))
        yield _draw(generator, z, start, digit)


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


def classes_drawn(generator: nn.Layer, n: int) -> np.ndarray:
    """The classes of ``n`` images that a generator with classes draws in turn, int64, n."""
    return np.arange(n) % generator.classes


def _draw(generator: nn.Layer, z: np.ndarray, start: int, digit: int | None) -> np.ndarray:
    labels = []
    if generator.classes and digit is None:
        labels = [paddle.to_tensor(classes_drawn(generator, start + len(z))[start:])]
    elif generator.classes:
        labels = [paddle.to_tensor(np.full(len(z), digit))]
    with paddle.no_grad():  # as a decorator it would mix up the modes of several threads
        return generator(paddle.to_tensor(z), *labels).numpy()


def _latents(rng: np.random.Generator, generator: nn.Layer, n: int) -> np.ndarray:
    return DRAWING[generator.prior](rng, [n, generator.latent, 1, 1])


def slerp(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """Spherical interpolation from ``a`` (t = 0) to ``b`` (t = 1); Shoemake 1985, eq. 2.

    Gaussian latents lie near a sphere; a straight line would cut through its empty inside.
    """
    cosine = np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1, 1))
    if angle < 1e-6:
        return (1 - t) * a + t * b
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def walk(ends: np.ndarray, frames: int) -> np.ndarray:
    """``frames`` latents on a closed spherical walk through ``ends``, K x latent x 1 x 1."""
    stops = np.arange(frames) * len(ends) / frames
    return np.stack(
        [
            slerp(ends[int(s)], ends[(int(s) + 1) % len(ends)], s - int(s)).astype("float32")
            for s in stops
        ]
    )


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
        images.write_npy(output, interpolate or num, batches)
        return output
    drawn = images.to_uint8(np.concatenate(list(batches)) * (-1 if inverted else 1))
    if suffix == ".gif":
        frames = [image.transpose(1, 2, 0) for image in drawn]
        images.write_animation(output, frames, len(frames) / _FRAMES_PER_SECOND)
    else:
        columns = None if interpolate is None else len(drawn)
        images.write_picture(output, images.grid(drawn, columns))
    return output
