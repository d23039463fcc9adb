"""Translations against the truth: how far they are from it, and whether digits stay what they are.

Images are rounded to 8 bits first. Of two sides made of digits a network that reads the digits of
the target's side (see ``digits``) tells which translations still show the digit of the input.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np

from paddle_gan.data import ImageSet, UnpairedSet, to_float
from paddle_gan.data.image_set import spread
from paddle_gan.errors import UserError
from paddle_gan.metrics import scores
from paddle_gan.metrics.digits import FEATURES, DigitNetwork, embed, network_of, shipped
from paddle_gan.metrics.evaluate import as_gray
from paddle_gan.metrics.reference import LEAST_READ, reads
from paddle_gan.sampling.columns import Columns
from paddle_gan.sampling.pictures import to_uint8

# Prefix of a way's names; columns of its input, its output, the truth and the way back; the sides
# of input and truth.
WAYS = {
    "": ("input", "output", "target", "back", "ab"),
    "reverse_": ("target", "reverse_output", "input", "reverse_back", "ba"),
}
_WINDOW, _SIGMA = 11, 1.5  # of SSIM, in pixels
_FORMS = {
    "l1": ("L1", ".4f"),
    "psnr": ("PSNR, dB", ".2f"),
    "ssim": ("SSIM", ".4f"),
    "kept": ("digits kept", ".2%"),
    "fid": ("FID, digit features", ".2f"),
    "back_l1": ("L1, there and back", ".4f"),
    "back_kept": ("digits kept, and back", ".2%"),
}

Load = Callable[[str], UnpairedSet]


def prepare(load: Load) -> None:
    """Make ready all that scores take. Raises UserError for data without a truth."""
    found = load("validation")
    if not found.aligned:
        raise UserError(
            f"{found.source}: nothing tells how a translation should look, so there are no scores; "
            "leave --evaluate-every out, or give pairs or a task such as edges"
        )
    if found.labels is not None:
        for side in "ab":
            digit_network(load, side)


def score(columns: Columns, images: UnpairedSet, load: Load) -> dict:
    """Score what a game drew of the first images of a set, whose sides belong together.

    Returns plain Python values: ``l1``, the mean distance of pixels in [-1, 1]; ``psnr`` in dB and
    ``ssim``, means over images; where the set has labels ``kept``, the share of outputs that show
    the digit of the input, and ``fid``, that of the outputs to the truth in the features of the
    network that reads them (for more images than features). Of a way there and back ``back_l1``
    and ``back_kept`` are what comes back of the inputs. Both ways there are also ``reverse_l1``
    and so on. ``error`` is the mean L1 of the ways.

    The same is in ``copied`` of the inputs taken for outputs, and in ``true`` of the truth, but
    that ``fid`` is there that of as many real images of training, the least to be expected.

    Raises UserError for sides that do not belong together.
    """
    if not images.aligned:
        raise UserError(f"{images.source}: nothing tells how a translation should look; give pairs")
    n = len(columns["input"])
    labels = None if images.labels is None else spread(images.labels, n)
    rows, told = {"own": {}, "copied": {}, "true": {}}, []
    read = load and functools.lru_cache(load)

    @functools.lru_cache
    def reader(side: str) -> Reader | None:
        return None if labels is None else Reader(read, side, labels)

    for way, (given, output, target, back, (before, after)) in WAYS.items():
        if output not in columns:
            continue
        told += [] if labels is None else [reader(after).name]
        truth = columns[target]
        for row, column in (("own", output), ("copied", given), ("true", target)):
            found = dict(_row(columns[column], truth, reader(after), real=row == "true"))
            if back in columns:
                returned = columns[back if row == "own" else given]
                found.update(_back(returned, columns[given], reader(before)))
            rows[row].update({way + name: value for name, value in found.items()})
    own = rows.pop("own")
    errors = [own[way + "l1"] for way in WAYS if way + "l1" in own]
    read = f", digits read by {' and '.join(told)}" if told else ""
    return {
        "judge": "pairs",
        "protocol": f"{n} pairs of {images.name} ({images.split}), 8 bits{read}",
        **own,
        "error": float(np.mean(errors)),
        **rows,
    }


def _row(
    images: np.ndarray, truth: np.ndarray, reader: Reader | None, real: bool
) -> Iterator[tuple[str, float]]:
    yield "l1", _distance(images, truth)
    squares = ((_eight_bits(images) - _eight_bits(truth)) ** 2).mean((1, 2, 3))
    yield "psnr", float((10 * np.log10(255**2 / np.maximum(squares, 1e-3))).mean())  # 78 at most
    yield "ssim", float(ssim(to_uint8(images), to_uint8(truth)).mean())
    if reader is None:
        return
    features, kept = reader(images)
    yield "kept", kept
    if len(images) > FEATURES:
        drawn = reader.real(len(images)) if real else features
        yield "fid", scores.fid(reader(truth)[0], drawn)


def _back(
    images: np.ndarray, given: np.ndarray, reader: Reader | None
) -> Iterator[tuple[str, float]]:
    yield "back_l1", _distance(images, given)
    if reader is not None:
        yield "back_kept", reader(images)[1]


def _distance(images: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(_eight_bits(images) - _eight_bits(truth)).mean() / 127.5)


def _eight_bits(images: np.ndarray) -> np.ndarray:
    return to_uint8(images).astype(np.float64)


class Reader:
    """Reads the digits of a side, whose ``labels`` are known, by the network for them."""

    def __init__(self, load: Load, side: str, labels: np.ndarray):
        self.load, self.side, self.labels = load, side, labels
        self.network = digit_network(load, side)
        self.name = self.network.sha256[:8]

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, float]:
        """Features of images, N x C x H x W in [-1, 1], and the share that shows its label."""
        features, probabilities = embed(self.network, to_float(as_gray(to_uint8(images))))
        return features, float((probabilities.argmax(1) == self.labels).mean())

    def real(self, n: int) -> np.ndarray:
        """Features of ``n`` training images of the side, or of all."""
        images = getattr(self.load("trainval"), self.side)
        # At random: in MNIST each second digit is of other writers.
        chosen = np.random.default_rng(0).permutation(len(images))[:n]
        return embed(self.network, to_float(as_gray(images[np.sort(chosen)])))[0]


def ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The structural similarity of images of 8 bits, N x C x H x W: N; Wang et al. 2004, eq. 13.

    A Gaussian window of 11 x 11 pixels, or as large as the image, where it fits in; the mean over
    places and channels.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    down, across = (_windows(size) for size in a.shape[2:])

    def mean(x: np.ndarray) -> np.ndarray:
        return down @ x @ across.T

    mean_a, mean_b = mean(a), mean(b)
    variance_a, variance_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similar = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return (similar / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))).mean(
        (1, 2, 3)
    )


def _windows(size: int) -> np.ndarray:
    """A row of weights for each place of the window within ``size`` pixels."""
    width = min(_WINDOW, size)
    offsets = np.arange(width) - (width - 1) / 2
    weights = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    places = np.zeros((size - width + 1, size))
    for row, place in enumerate(places):
        place[row : row + width] = weights / weights.sum()
    return places


def digit_network(load: Load, side: str) -> DigitNetwork:
    """The network that reads the digits of a side, from the cache if it is there."""

    def read(split: str) -> ImageSet:
        found = load(split)
        images = as_gray(getattr(found, side))
        where = f"side {side.upper()} of {found.source}"
        return ImageSet(images, found.labels, where, found.name, split)

    trainval, test = read("trainval"), read("test")
    network = network_of(trainval, lambda: test)
    if network is shipped() and reads(network, test) < LEAST_READ:  # such as outlines
        return network_of(trainval, lambda: test, rebuild=True)
    return network


def summary(result: dict) -> str:
    """What ``score`` found, as a table for people."""
    lines = [result["protocol"], f"{'':<28}{'output':>12}{'input copied':>14}{'truth':>12}"]
    for way, told in (("", ""), ("reverse_", "B to A: ")):
        for name, (title, form) in _FORMS.items():
            values = (row.get(way + name) for row in (result, result["copied"], result["true"]))
            own, copied, true = (
                value if value is None else format(value, form) for value in values
            )
            if own is not None:
                lines.append(f"{told + title:<28}{own:>12}{copied:>14}{true:>12}")
    if "fid" in result:
        lines.append("FID under truth: of as many training images of the side")
    return "\n".join(lines)
