"""Every score of a set of samples, under one protocol.

The reference is the test digits, which neither the generator nor the digit network has seen: a
generator that only repeats its training digits can reach the floor, not pass below it. The floor
scores as many training digits against the same reference, the noise as many images of uniform
pixels, so that the three rows differ in nothing but the images.
"""

from __future__ import annotations

import json

import numpy as np

from paddle_gan.data import to_float
from paddle_gan.data.pixels import to_square
from paddle_gan.errors import UserError
from paddle_gan.metrics import scores
from paddle_gan.metrics.cache import keep, kept
from paddle_gan.metrics.digits import FEATURES, DigitNetwork, digit_network, digits, embed

SIZE = 32
NEIGHBORS = 1000  # samples whose nearest training digits are sought
PROTOCOL = 1  # counted up when the numbers in the cache would come out otherwise


def evaluate(samples: np.ndarray, data: str = "mnist", n: int = 10_000) -> dict:
    """Score samples, float32 N x 1 x H x W in [-1, 1], against the test digits of a source.

    Equally many samples and test digits are used: n, or as many as there are of both. The first
    samples are taken, and test and training digits drawn with a fixed seed. Other sizes than 32 x
    32 are scaled as the data is.

    Returns plain Python values: ``protocol``; ``fid``, ``kid``, ``kid_std``, ``is``, ``is_std``,
    ``precision``, ``recall`` and ``digit_shares`` (10); the same scores of ``floor`` and
    ``noise``; ``nearest``: the median distance to the nearest training digit, Euclidean over
    pixels in [-1, 1], of the ``samples`` and, to compare, of the ``held_out`` test digits;
    ``digit_network``: its ``accuracy``, ``sha256`` and what it was ``trained_on``.

    Raises UserError for samples of another form, with NaN, or not more than the 64 features.
    """
    samples = as_digits(samples[:n])
    network = digit_network(data)
    reference = _reference(network, data, min(n, len(samples)))
    samples = samples[: len(reference["features"])]
    n, sought = len(samples), len(reference["nearest"])
    train = _flat(to_float(digits(data, "trainval").images))
    distances, _ = scores.nearest(train, _flat(samples[:sought]))
    return {
        "protocol": (
            f"digit-net-{network.sha256[:8]}, {n} test digits vs {n} samples, "
            f"KID subsets of {_subset_size(n)}"
        ),
        **_row(reference["features"], *embed(network, samples)),
        "floor": json.loads(str(reference["floor"])),
        "noise": json.loads(str(reference["noise"])),
        "nearest": {
            "protocol": f"median pixel distance of {sought} to {len(train)} training digits",
            "samples": float(np.median(distances)),
            "held_out": float(np.median(reference["nearest"])),
        },
        "digit_network": facts(network),
    }


def facts(network: DigitNetwork) -> dict:
    """What a result says of the digit network behind it."""
    return {
        "accuracy": network.accuracy,
        "sha256": network.sha256,
        "trained_on": network.source,
    }


def as_digits(samples: np.ndarray, channels: int = 1) -> np.ndarray:
    """Samples in the form of the digits that the network reads: float32 N x C x 32 x 32.

    Raises UserError for what is not float N x C x H x H in [-1, 1] with C = `channels`.
    """
    samples = np.asarray(samples)
    shape, wanted = samples.shape, f"give float32 N x {channels} x 32 x 32 in [-1, 1]"
    if samples.ndim != 4 or shape[1] != channels or shape[2] != shape[3] or 0 in shape:
        raise UserError(f"samples of shape {shape} cannot be scored as digits; {wanted}")
    if samples.dtype.kind != "f":
        raise UserError(f"samples of type {samples.dtype} cannot be scored; {wanted}")
    if not np.isfinite(samples).all():
        raise UserError("some samples hold NaN or infinity; use an earlier checkpoint")
    low, high = samples.min(), samples.max()
    if low < -1.001 or high > 1.001:
        raise UserError(f"samples range over [{low:.4g}, {high:.4g}]; {wanted}")
    samples = samples.astype(np.float32)
    if shape[2] != SIZE:
        planes = [to_square(plane, SIZE) for plane in samples.reshape(-1, *shape[2:])]
        samples = np.stack(planes).reshape(*shape[:2], SIZE, SIZE)
    return samples


def summary(result: dict) -> str:
    """What ``evaluate`` found, as a table for people."""
    nearest = result["nearest"]
    rows = (result, result["floor"], result["noise"])

    def line(name, form):
        return f"{name:<18}" + "".join(f"{form.format(**row):>20}" for row in rows)

    shares = "  ".join(f"{digit}: {s:.1%}" for digit, s in enumerate(result["digit_shares"]))
    return "\n".join(
        [
            result["protocol"],
            judge(result),
            f"{'':<18}{'samples':>20}{'floor (train)':>20}{'noise':>20}",
            line("FID", "{fid:.2f}"),
            line("KID", "{kid:.4f} ± {kid_std:.4f}"),
            line("inception score", "{is:.3f} ± {is_std:.3f}"),
            line("precision (k = 3)", "{precision:.3f}"),
            line("recall (k = 3)", "{recall:.3f}"),
            f"digits  {shares}",
            *([f"the digit asked for: {result['agreement']:.1%}"] if "agreement" in result else []),
            f"{nearest['protocol']}: samples {nearest['samples']:.2f}, "
            f"held-out digits {nearest['held_out']:.2f}",
        ]
    )


def judge(result: dict) -> str:
    """The line of a summary that names the digit network."""
    network = result["digit_network"]
    return (
        f"digit network: {network['accuracy']:.2%} right, sha256 {network['sha256'][:16]}, "
        f"trained on {network['trained_on']}"
    )


def _row(reference: np.ndarray, features: np.ndarray, probabilities: np.ndarray) -> dict:
    kid, kid_std = scores.kid(reference, features, subset_size=_subset_size(len(features)))
    inception, inception_std = scores.inception_score(probabilities)
    precision, recall = scores.precision_recall(reference, features)
    return {
        "fid": scores.fid(reference, features),
        "kid": kid,
        "kid_std": kid_std,
        "is": inception,
        "is_std": inception_std,
        "precision": precision,
        "recall": recall,
        "digit_shares": scores.class_shares(probabilities.argmax(1)),
    }


def _subset_size(n: int) -> int:
    return min(1000, n // 2)  # subsets of all the samples would not differ from each other


def _reference(network: DigitNetwork, data: str, n: int) -> dict[str, np.ndarray]:
    """What does not depend on the samples: features of n test digits, floor, noise, distances."""
    name = f"reference-{network.sha256[:16]}-{n}-v{PROTOCOL}"
    found = kept(name)
    if found is None:
        test, fit = digits(data, "test"), digits(data, "trainval")
        n = min(n, len(test), len(fit))
        if n <= FEATURES:
            raise UserError(
                f"{n} images give no covariance of {FEATURES} features; give {FEATURES + 1} or more"
            )
        rng = np.random.default_rng(0)  # a sorted or uneven set, as MNIST's test, is no obstacle
        test_digits, train_digits = (
            to_float(s.images[np.sort(rng.permutation(len(s))[:n])]) for s in (test, fit)
        )
        features, _ = embed(network, test_digits)
        noise = rng.uniform(-1, 1, test_digits.shape).astype(np.float32)
        distances, _ = scores.nearest(_flat(to_float(fit.images)), _flat(test_digits[:NEIGHBORS]))
        rows = {
            row: np.array(json.dumps(_row(features, *embed(network, images))))
            for row, images in (("floor", train_digits), ("noise", noise))
        }
        found = {"features": features, "nearest": distances, **rows}
        keep(name, found)
    return found


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)
