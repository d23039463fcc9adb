"""Translations in many styles: how they differ, and how they follow a reference."""

from __future__ import annotations

import numpy as np

from paddle_gan.data import DomainSet, to_float
from paddle_gan.data.image_set import spread
from paddle_gan.data.morpho import Morphology
from paddle_gan.metrics.digits import DigitNetwork, embed
from paddle_gan.metrics.evaluate import as_gray, sized
from paddle_gan.sampling.columns import Columns
from paddle_gan.sampling.pictures import to_uint8

_MEASURES = "slant", "thickness"  # of a ``Morphology``


def score(columns: Columns, images: DomainSet, target: np.ndarray, reader: DigitNetwork) -> dict:
    """Score ``output 1`` and so on, and ``guided``, whose style is that of ``reference``.

    ``diversity`` is the mean distance of the features of two outputs of one input, and
    ``real_diversity`` that of as many real images of the domain; of digits ``..._of_digit`` that of
    those that show the digit of the input, and the correlation of slant and thickness of outputs
    and references, over all and ``_within`` domains.
    """
    outputs = [to_uint8(each) for name, each in columns.items() if name.startswith("output")]
    rng = np.random.default_rng(0)

    def real(members: list[np.ndarray]) -> float:
        """Of images that are drawn for each input among its members."""
        rows = np.stack([rng.choice(each, len(outputs)) for each in members], axis=1)
        return _diversity([images.images[each] for each in rows], reader)

    alike = [np.flatnonzero(images.labels == k) for k in target]
    found = {"diversity": _diversity(outputs, reader), "real_diversity": real(alike)}
    if images.digits is None:
        return found
    shown = spread(images.digits, len(target))
    alike = [rows[images.digits[rows] == digit] for rows, digit in zip(alike, shown)]
    found["real_diversity_of_digit"] = real(alike)
    sides = (as_gray(to_uint8(columns[name]))[:, 0] for name in ("guided", "reference"))
    sides = [[Morphology(image) for image in side] for side in sides]
    for name in _MEASURES:
        pair = np.array([[getattr(each, name) for each in side] for side in sides])
        found[name] = _correlation(pair)
        for k in np.unique(target):
            pair[:, target == k] -= pair[:, target == k].mean(1, keepdims=True)
        found[f"{name}_within"] = _correlation(pair)
    return found


def _correlation(pair: np.ndarray) -> float:
    """Of 2 x N numbers; 0 where a side does not vary."""
    return float(np.corrcoef(pair)[0, 1]) if (pair.std(1) > 0).all() else 0.0


def _diversity(sets: list[np.ndarray], reader: DigitNetwork) -> float:
    """Of K sets of N images: the mean distance of the features of two that have one index."""
    features = np.stack([embed(reader, seen(each, reader))[0] for each in sets])  # K x N x d
    distances = [np.linalg.norm(features - each, axis=2).mean() for each in features]
    return float(np.sum(distances) / (len(sets) - 1))


def seen(images: np.ndarray, network: DigitNetwork) -> np.ndarray:
    """Images of 8 bits, N x C x H x H, as a network reads them: float32 in [-1, 1]."""
    return to_float(as_gray(images) if network.channels == 1 else sized(images))


def summary(result: dict) -> list[str]:
    """What ``score`` found, as lines for people."""
    lines = [
        f"distance of outputs of an input: {result['diversity']:.2f}; of real images of the domain "
        f"{result['real_diversity']:.2f}"
    ]
    if "slant" in result:
        lines[0] += f", of those with its digit {result['real_diversity_of_digit']:.2f}"
    for name in _MEASURES:
        if name in result:
            r, within = result[name], result[f"{name}_within"]
            told = f"{r:.3f}, within domains {within:.3f}"
            lines.append(f"correlation of {name} with the reference's: {told}")
    return lines
