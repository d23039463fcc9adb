"""From a checkpoint to images."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import paddle
from paddle import nn

from paddle_gan import images
from paddle_gan.errors import UserError
from paddle_gan.networks import NETWORKS
from paddle_gan.serialization import check_state, read

_BATCH = 64  # activations of so many images stay within a core's cache


def load_generator(path: str | os.PathLike) -> nn.Layer:
    """The generator saved in ``path``, in eval mode, whoever saved it.

    The architecture is read off the names and shapes of the weights, so a checkpoint of this
    package or of the notebook needs nothing beside it. Raises UserError for a file that is
    missing, damaged, hostile or not a generator's.
    """
    state = read(path)
    arrays = state.items() if isinstance(state, dict) else ()
    shapes = {name: tuple(array.shape) for name, array in arrays if hasattr(array, "shape")}
    for generator_class, _ in NETWORKS.values():
        arguments = generator_class.arguments(shapes)
        if arguments is not None:
            generator = generator_class(**arguments)
            check_state(state, shapes_of(generator), path)
            generator.set_state_dict(state)
            generator.eval()
            return generator
    raise UserError(f"{path} holds no generator that this package knows; give a Gnet.pdparams")


def shapes_of(network: nn.Layer) -> dict[str, tuple[int, ...]]:
    """Name and shape of everything a checkpoint of the network must hold."""
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def latents(generator: nn.Layer, n: int, seed: int) -> np.ndarray:
    """``n`` latents from N(0, I), float32, n x latent x 1 x 1; the same for a seed everywhere."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, generator.latent, 1, 1), dtype="float32")


@paddle.no_grad()
def generate(generator: nn.Layer, z: np.ndarray) -> np.ndarray:
    """Images for latents ``z``: float32, N x C x H x W in [-1, 1]."""
    batches = [
        generator(paddle.to_tensor(z[i : i + _BATCH])).numpy() for i in range(0, len(z), _BATCH)
    ]
    return np.concatenate(batches)


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
) -> Path:
    """Draw ``num`` images, or a walk of ``interpolate`` frames, and write them to ``output``.

    The suffix decides: ``.png`` a grid (of a walk: a strip), ``.npy`` raw float32 N x C x H x W in
    [-1, 1], ``.gif`` the walk as an animation. Returns the path.
    """
    output = Path(output)
    allowed = (".png", ".npy", ".gif") if interpolate else (".png", ".npy")
    if output.suffix not in allowed:
        raise UserError(f"output {output}: the suffix must be one of {', '.join(allowed)}")
    generator = load_generator(checkpoint)
    if interpolate:
        z = walk(latents(generator, 4, seed), interpolate)
    else:
        z = latents(generator, num, seed)
    drawn = generate(generator, z)
    if output.suffix == ".npy":
        output.parent.mkdir(parents=True, exist_ok=True)
        np.save(output, drawn)
    elif output.suffix == ".gif":
        frames = [image.transpose(1, 2, 0) for image in images.to_uint8(drawn)]
        images.write_animation(output, frames, seconds=len(frames) / 20)
    else:
        columns = len(drawn) if interpolate else None
        images.write_picture(output, images.grid(images.to_uint8(drawn), columns))
    return output
