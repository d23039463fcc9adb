"""From a generator and latents to images."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator

import numpy as np
import paddle
from paddle import nn

from paddle_gan.errors import UserError
from paddle_gan.sampling.columns import numbers
from paddle_gan.sampling.latents import DRAWING, truncated
from paddle_gan.sampling.regions import Regions

_BATCH = 256  # as fast as any: larger ones leave the cache, smaller ones pack the weights oftener


@contextlib.contextmanager
def in_eval_mode(networks: Collection[nn.Layer]) -> Iterator[None]:
    """The networks in eval mode; afterwards in the mode they had, whatever happened."""
    training = [network for network in networks if network.training]
    for network in training:
        network.eval()
    try:
        yield
    finally:
        for network in training:
            network.train()


def regions_of(generator: nn.Layer) -> Regions | None:
    """Where among its latents the classes are of a generator that is taught them by latents."""
    return getattr(generator, "regions", None)


def latents(generator: nn.Layer, n: int, seed: int) -> np.ndarray:
    """``n`` latents of its prior, float32, n x latent x 1 x 1; the same for a seed everywhere."""
    return _latents(np.random.default_rng(seed), generator, n)


def generate(
    generator: nn.Layer,
    z: np.ndarray,
    digit: int | np.ndarray | None = None,
    batch: int = _BATCH,
) -> np.ndarray:
    """Images for latents ``z``, ``batch`` at a time: float32, N x C x H x W in [-1, 1].

    ``z`` are N x latent x 1 x 1 numbers of any type, as :func:`latents` draws them. A generator
    with classes draws ``digit``, one for all or one for each, or all its classes in turn; one whose
    latents stand for classes draws from ``z`` moved to those of ``digit``, if it is given. Raises
    UserError for latents of another shape, and for a digit that it cannot be asked for.
    """
    z = numbers(z, "latents")
    if z.shape[1:] != (generator.latent, 1, 1) or not len(z):
        wanted = f"N x {generator.latent} x 1 x 1"
        raise UserError(f"latents have shape {z.shape}; this generator draws from {wanted}")
    if digit is not None and not generator.classes and regions_of(generator) is None:
        raise UserError(f"digit {digit!r}: this generator was trained with no classes")
    told, images = _told(generator, z, digit), []
    for i in range(0, len(z), batch):
        inputs = [paddle.to_tensor(each[i : i + batch]) for each in told.values()]
        with paddle.no_grad():  # as a decorator it would mix up the modes of several threads
            images.append(generator(*inputs).numpy())
    return np.concatenate(images)


def probe(
    generator: nn.Layer,
    n: int,
    seed: int,
    digit: int | None = None,
    truncation: float | None = None,
) -> Iterator[dict[str, np.ndarray]]:
    """``latents(generator, n, seed)`` a batch at a time, as ``z``, and the classes as ``label``.

    With ``truncation`` they are ``truncated`` there.
    """
    rng = np.random.default_rng(seed)
    for start in range(0, n, _BATCH):
        count = min(_BATCH, n - start)
        yield _told(generator, _latents(rng, generator, count, truncation), digit, start)


def given(
    generator: nn.Layer,
    z: np.ndarray,
    digit: int | None = None,
    truncation: float | None = None,
) -> dict[str, np.ndarray]:
    """Latents as inputs: ``z``, ``truncated`` if at all, and the classes."""
    return _told(generator, _truncated(generator, z, truncation), digit)


def _told(
    generator: nn.Layer, z: np.ndarray, digit: int | np.ndarray | None, start: int = 0
) -> dict[str, np.ndarray]:
    if generator.classes:
        return {"z": z, "label": _labels(generator.classes, digit, len(z), start)}
    regions = regions_of(generator)
    if digit is None or regions is None:
        return {"z": z}
    labels = paddle.to_tensor(_labels(regions.number, digit, len(z)))
    with paddle.no_grad():
        return {"z": regions.moved(paddle.to_tensor(z), labels).numpy()}


def stream(
    generator: nn.Layer,
    n: int,
    seed: int,
    digit: int | None = None,
    truncation: float | None = None,
) -> Iterator[np.ndarray]:
    """The images of ``latents(generator, n, seed)``, a batch at a time, in bounded memory."""
    for inputs in probe(generator, n, seed, digit, truncation):
        yield generate(generator, inputs["z"], inputs.get("label"))


def _labels(classes: int, digit: int | np.ndarray | None, n: int, start: int = 0) -> np.ndarray:
    """The classes of ``n`` images, int64; unless told, all in turn from image ``start`` on."""
    if digit is None:
        return np.arange(start, start + n) % classes
    labels = np.broadcast_to(digit, n)
    if not np.isin(labels, range(classes)).all():
        there = f"classes 0 to {classes - 1}"
        raise UserError(f"digit {digit!r}: this generator was trained with {there}")
    return labels.astype("int64")


def _latents(rng, generator: nn.Layer, n: int, truncation: float | None = None) -> np.ndarray:
    z = DRAWING[generator.prior](rng, [n, generator.latent, 1, 1])
    z, regions = _truncated(generator, z, truncation), regions_of(generator)
    if regions is None:
        return z
    with paddle.no_grad():
        return regions(paddle.to_tensor(z)).numpy()


def _truncated(generator: nn.Layer, z: np.ndarray, limit: float | None) -> np.ndarray:
    return z if limit is None else truncated(generator.prior, z, limit)


def slerp(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """Spherical interpolation from ``a`` (t = 0) to ``b`` (t = 1); Shoemake 1985, eq. 2.

    Gaussian latents lie near a sphere; a straight line would cut through its empty inside.
    """
    cosine = np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1, 1))
    if angle < 1e-6:
        return lerp(a, b, t)
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def lerp(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """Linear interpolation from ``a`` (t = 0) to ``b`` (t = 1)."""
    return (1 - t) * a + t * b


def walk(ends: np.ndarray, frames: int, between: Callable = slerp) -> np.ndarray:
    """``frames`` latents on a closed walk through ``ends``, K x latent x 1 x 1."""
    stops = np.arange(frames) * len(ends) / frames
    return np.stack(
        [
            between(ends[int(s)], ends[(int(s) + 1) % len(ends)], s - int(s)).astype("float32")
            for s in stops
        ]
    )
