"""What samples are scored against: real digits, and the scores of more of those and of noise."""

from __future__ import annotations

import json

import numpy as np

from paddle_gan.data import ImageSet, to_float
from paddle_gan.errors import UserError
from paddle_gan.metrics import scores
from paddle_gan.metrics.digits import (
    FEATURES,
    DigitNetwork,
    Load,
    check_labels,
    digit_network,
    digits,
    embed,
)
from paddle_gan.sampling.pictures import to_uint8
from paddle_gan.system.cache import keep, kept

NEIGHBORS = 1000  # samples whose nearest training digits are sought
_READ, LEAST_READ = 1000, 0.9  # test digits; the share that a network must read to judge
PROTOCOL = 3  # counted up when the numbers in the cache would come out otherwise


def prepare(data: str | Load, n: int = 10_000) -> None:
    """Make ready all that scoring n samples by digits takes, validation included.

    Raises UserError for digits that give no scores, before a digit network is trained.
    """
    for split in ("test", "validation"):
        scorable(data, split)
    reference(digit_network(data), data, n)


def unfit(load: Load) -> str | None:
    """Why digits' scores cannot be had of the data behind ``load``; None where they can."""
    test = load("test")
    if test.images.shape[1] != 1 or not test.has_digits:
        return "no digit network for it (labels 0 to 9, gray)"
    fewest = min(len(test), len(load("validation")))
    if fewest <= FEATURES:
        return f"no covariance of {FEATURES} features of {fewest} digits"
    right = reads(digit_network(load), digits(load, "test"))
    return None if right >= LEAST_READ else f"no digit network for it (ours reads {right:.0%})"


def scorable(data: str | Load, split: str) -> ImageSet:
    """The digits of a split. Raises UserError if they are unlabeled or too few to score by."""
    found = digits(data, split)
    check_labels(found)
    check_count(len(found), found.source)
    return found


def check_count(n: int, what: str) -> None:
    """Raise UserError where n images are too few for the scores."""
    if n <= FEATURES:
        raise UserError(
            f"{what}: {n} give no covariance of {FEATURES} features; {FEATURES + 1} are needed"
        )


def reference(network: DigitNetwork, data: str | Load, n: int) -> dict[str, np.ndarray]:
    """What does not depend on the samples, kept in the cache.

    ``features`` of n test digits, or as many as there are, and of as many ``validation`` digits;
    the scores of ``floor`` and ``noise`` as JSON; ``nearest``, the distances of test digits to
    the nearest training digits.
    """
    test, trainval = scorable(data, "test"), digits(data, "trainval")
    held_out = digits(data, "validation")
    n = min(n, len(test), len(trainval))
    # Two sources may share the network and the digits of a split.
    sets = [each.fingerprint()["sha256"][:12] for each in (test, trainval, held_out)]
    name = f"reference-{network.sha256[:16]}-{'-'.join(sets)}-{n}-v{PROTOCOL}"
    found = kept(name)
    if found is None:
        rng = np.random.default_rng(0)
        test_digits, train_digits = _drawn(test, n, rng), _drawn(trainval, n, rng)
        noise = to_float(to_uint8(rng.uniform(-1, 1, test_digits.shape)))
        features, _ = embed(network, test_digits)
        _check_reading(network, test)
        validation, _ = embed(network, _drawn(held_out, n, rng))
        train = flat(to_float(trainval.images))
        distances, _ = scores.nearest(train, flat(test_digits[:NEIGHBORS]))
        rows = {
            name: np.array(json.dumps(row(features, *embed(network, images))))
            for name, images in (("floor", train_digits), ("noise", noise))
        }
        found = {"features": features, "validation": validation, "nearest": distances, **rows}
        keep(name, found)
    return found


def row(real: np.ndarray, features: np.ndarray, probabilities: np.ndarray) -> dict:
    """All scores of images, by their features, N x 64, and probabilities, N x 10."""
    kid, kid_std = scores.kid(real, features, subset_size=subset_size(len(features)))
    inception, inception_std = scores.inception_score(probabilities)
    precision, recall = scores.precision_recall(real, features)
    density, coverage = scores.density_coverage(real, features)
    return {
        "fid": scores.fid(real, features),
        "kid": kid,
        "kid_std": kid_std,
        "is": inception,
        "is_std": inception_std,
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
        "digit_shares": scores.class_fractions(probabilities.argmax(1)),
    }


def reads(network: DigitNetwork, test: ImageSet) -> float:
    """The share of digits, N x 1 x 32 x 32, that a network reads right, by some of them."""
    some = slice(0, None, max(1, len(test) // _READ))
    _, probabilities = embed(network, to_float(test.images[some]))
    return float(np.mean(probabilities.argmax(1) == test.labels[some]))


def _check_reading(network: DigitNetwork, test: ImageSet) -> None:
    """Raise UserError where the network cannot read the digits of a source."""
    right = reads(network, test)
    if right < LEAST_READ:
        raise UserError(
            f"the digit network reads only {right:.0%} of the test digits in {test.source}; "
            f"paddle-gan digits --data {test.name} --rebuild trains one for them"
        )


def subset_size(n: int) -> int:
    """How many of n samples make a subset for KID."""
    return min(1000, n // 2)  # subsets of all the samples would not differ from each other


def flat(images: np.ndarray) -> np.ndarray:
    """Images as rows of pixels."""
    return images.reshape(len(images), -1)


def _drawn(images: ImageSet, n: int, rng: np.random.Generator) -> np.ndarray:
    """n images, or all, drawn from all over a set, which may be sorted: float32 in [-1, 1]."""
    return to_float(images.images[np.sort(rng.permutation(len(images))[:n])])
