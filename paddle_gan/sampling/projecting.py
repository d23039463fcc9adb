"""The latents of an image: what a generator would have drawn it from."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import paddle
from paddle import nn

from paddle_gan import kernels
from paddle_gan.sampling import drawing
from paddle_gan.sampling.columns import joined

_CANDIDATES = 1000  # draws; the search begins with the nearest of them
_STARTS = 8
_FRAMES = 60  # of the way, at least
_RATE, _BETAS, _EPSILON = 0.1, (0.9, 0.999), 1e-8
_LONGER = 2.2  # than sqrt(latent): three standard deviations of the length of a draw from N(0, I)


class Projection(NamedTuple):
    """Of one image: ``z``, latent x 1 x 1, its class or None, the error, and the way there.

    ``error`` is the root of the mean square over pixels in [-1, 1]; ``way`` are images on the way,
    F x C x H x W, that of ``z`` the last of them.
    """

    z: np.ndarray
    label: int | None
    error: float
    way: np.ndarray


def project(
    generator: nn.Layer,
    image: np.ndarray,
    steps: int = 300,
    seed: int = 0,
    digit: int | None = None,
) -> Projection:
    """The latents from which ``generator`` comes nearest to ``image``, C x H x W in [-1, 1].

    Adam (Kingma & Ba 2015, algorithm 1) descends from the eight nearest of 1,000 draws, at a rate
    that falls along half a cosine. Latents stay where the prior has them: within [-1, 1], or no
    longer than draws from N(0, I) are. A generator with classes tries all, or ``digit`` alone; of
    one whose latents stand for classes those of ``digit`` are searched, if it is given. It is in
    eval mode. A function of its arguments.
    """
    drawn = joined(drawing.probe(generator, _CANDIDATES, seed, digit))
    errors = _errors(drawing.generate(generator, drawn["z"], drawn.get("label")), image)
    nearest = errors.argsort()[:_STARTS]
    z, labels = drawn["z"][nearest], [drawn["label"][nearest]] if generator.classes else []
    mean, square = np.zeros_like(z), np.zeros_like(z)
    best, lowest, way = z.copy(), np.full(len(z), np.inf), []
    for step in range(steps + 1):
        images, gradient = _descent(generator, z, labels, image)
        errors = _errors(images, image)
        better = errors < lowest
        best[better], lowest[better] = z[better], errors[better]
        if step % max(steps // _FRAMES, 1) == 0:
            way.append(images)
        mean += (1 - _BETAS[0]) * (gradient - mean)
        square += (1 - _BETAS[1]) * (gradient**2 - square)
        unbiased, root = (m / (1 - b ** (step + 1)) for m, b in zip((mean, square), _BETAS))
        rate = _RATE * (1 + math.cos(math.pi * step / max(steps, 1))) / 2
        z = _within(z - rate * unbiased / (np.sqrt(root) + _EPSILON), generator, digit)
    chosen = int(lowest.argmin())
    label = int(labels[0][chosen]) if labels else None
    last = drawing.generate(generator, best[chosen][None], label)
    frames = np.concatenate([np.stack([images[chosen] for images in way]), last])
    return Projection(best[chosen], label, float(lowest[chosen]) ** 0.5, frames)


def _descent(generator: nn.Layer, z: np.ndarray, labels: list[np.ndarray], image: np.ndarray):
    """The images of latents, and the gradient of their squared errors."""
    given = paddle.to_tensor(z, stop_gradient=False)
    with kernels.plain():  # the others have no gradient in eval mode
        images = generator(given, *map(paddle.to_tensor, labels))
        loss = ((images - paddle.to_tensor(image)) ** 2).mean([1, 2, 3]).sum()
        (gradient,) = paddle.grad(loss, given)
    return images.numpy(), gradient.numpy()


def _errors(images: np.ndarray, image: np.ndarray) -> np.ndarray:
    return ((images - image) ** 2).mean((1, 2, 3))


def _within(z: np.ndarray, generator: nn.Layer, digit: int | None) -> np.ndarray:
    """Latents near ``z`` that the prior may draw, of ``digit`` where some stand for it."""
    if generator.prior == "uniform":
        return z.clip(-1, 1)
    longest = z.shape[1] ** 0.5 + _LONGER
    length = np.sqrt((z**2).sum((1, 2, 3), keepdims=True))
    z = (z * np.minimum(1, longest / length)).astype("float32")
    regions = drawing.regions_of(generator)
    if digit is None or regions is None:
        return z
    return regions.kept(paddle.to_tensor(z), paddle.full([len(z)], digit, "int64")).numpy()
