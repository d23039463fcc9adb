"""Scores of images of any kind, gray or color, against held-out images of the data.

As for digits (see ``evaluate``): the reference is the split "test", the floor scores as many images
of "trainval" against it, the noise as many images of uniform pixels, all of 8 bits. Patches are
compared always, features where there is a network for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from paddle_gan.data import ImageSet, to_float
from paddle_gan.errors import UserError
from paddle_gan.metrics import scores, wasserstein
from paddle_gan.metrics.classifier import FEATURES
from paddle_gan.metrics.evaluate import sized
from paddle_gan.metrics.features import Features, no_classes
from paddle_gan.metrics.reference import flat, subset_size
from paddle_gan.sampling.pictures import to_uint8
from paddle_gan.system.cache import keep, kept

LEAST = 10  # images
_NEIGHBORS, _SOUGHT, _SHRUNK = 1000, 10_000, 32  # samples, training images, pixels
_PROTOCOL = 1  # counted up when the numbers in the cache would come out otherwise

Load = Callable[[str], ImageSet]


class _Set(NamedTuple):
    """Images, uint8 N x C x H x H, and what a feature network makes of them, if there is one."""

    images: np.ndarray
    features: np.ndarray | None = None
    probabilities: np.ndarray | None = None


def evaluate_images(
    samples: np.ndarray,
    load: Load,
    features: Features | None = None,
    labels: np.ndarray | None = None,
) -> dict:
    """Score samples, float32 N x C x H x H in [-1, 1], against the split "test" of the data.

    As many samples, from the first on, are used as there are test and training images. `load` reads
    a split, at the size of the samples; `labels` are the classes that samples were asked to be of.

    Returns plain Python values: ``protocol``; ``swd``, the mean of the patch distances of all
    levels, and each as ``swd_SIZE`` (see ``patch_distances``); with `features` ``fid``, ``kid``,
    ``kid_std``, ``precision``, ``recall``, ``density``, ``coverage``, and where these know classes
    ``is``, ``is_std`` and ``class_shares``; the same of ``floor`` and ``noise``;
    ``validation_fid``, or without features ``validation_swd``, against as many images of the split
    "validation" or all; ``nearest`` as ``evaluate`` has it, of images shrunk to 32 x 32;
    ``network``: facts of the feature network; with `labels` ``agreement``, the share of samples
    that it takes for their class.

    Raises UserError for samples of another form than the data, with NaN, or too few.
    """
    test, trainval = load("test"), load("trainval")
    n = min(len(samples), len(test), len(trainval))
    images = as_images(samples[:n], test)
    check_count(n, features, "images")
    found = _reference(test, trainval, load("validation"), features, n)
    fake = _described(images, features)
    patches = f"SWD of {wasserstein.patches_per_image(n)} patches of an image and level"
    told = [f"{n} test images vs {n} samples of 8 bits"]
    if features:
        told = [features.name, *told, f"KID subsets of {subset_size(n)}"]
    result = {
        "judge": "classes" if features else "patches",
        "protocol": ", ".join([*told, patches]),
        **_row(found["test"], fake),
        "floor": json.loads(str(found["floor"])),
        "noise": json.loads(str(found["noise"])),
        "nearest": _nearest(trainval, images, found["test"].images),
        "network": features and features.facts,
    }
    some = _Set(
        *(part if part is None else part[: len(found["validation"].images)] for part in fake)
    )
    name = "fid" if features else "swd"
    result[f"validation_{name}"] = _row(found["validation"], some)[name]
    if labels is not None and fake.probabilities is not None:
        result["agreement"] = float((fake.probabilities.argmax(1) == labels[:n]).mean())
    return result


def prepare(load: Load, features: Features | None, n: int = 10_000) -> None:
    """Make ready all that scoring n samples takes, validation included.

    Raises UserError for data that gives no scores.
    """
    test, trainval, validation = (load(split) for split in ("test", "trainval", "validation"))
    n = min(n, len(test), len(trainval))
    check_count(n, features, test.source)
    check_count(len(validation), features, validation.source)
    _reference(test, trainval, validation, features, n)


def unfit(load: Load, classes: bool) -> str | None:
    """Why data gives no scores, by features of its own classes or without; None where it does."""
    test, validation = load("test"), load("validation")
    least = FEATURES + 1 if classes else LEAST
    if classes and (reason := no_classes(test)):
        return reason
    fewest = min(len(test), len(validation))
    if fewest < least:
        needs = "a classifier needs" if classes else "patches need"
        return f"no more than {fewest} images held out, where {needs} {least}"
    return None


def most(load: Load) -> int:
    """How many samples are compared at most."""
    return max(len(load("test")), len(load("validation")))


def check_count(n: int, features: Features | None, what: str) -> None:
    """Raise UserError where n images are too few for the scores."""
    least = max(LEAST, features.least if features else 0)
    if n < least:
        raise UserError(f"{what}: {n} are too few for scores; {least} are needed")


def as_images(samples: np.ndarray, like: ImageSet) -> np.ndarray:
    """Samples as images of 8 bits. Raises UserError for what is not float in [-1, 1] like a set."""
    samples = np.asarray(samples)
    wanted = " x ".join(map(str, like.images.shape[1:]))
    if samples.shape[1:] != like.images.shape[1:]:
        raise UserError(
            f"samples of shape {samples.shape} cannot be compared with {like.source}; give float32 "
            f"N x {wanted} in [-1, 1]"
        )
    if samples.dtype.kind != "f":
        raise UserError(f"samples of type {samples.dtype} cannot be scored; give float32")
    if not np.isfinite(samples).all():
        raise UserError("some samples hold NaN or infinity; use an earlier checkpoint")
    if len(samples) and (samples.min() < -1.001 or samples.max() > 1.001):
        low, high = samples.min(), samples.max()
        raise UserError(f"samples range over [{low:.4g}, {high:.4g}]; give float32 in [-1, 1]")
    return to_uint8(samples)


def _reference(
    test: ImageSet, trainval: ImageSet, held_out: ImageSet, features: Features | None, n: int
) -> dict:
    """What does not depend on the samples; all but images is kept in the cache.

    ``test`` and ``validation``, the latter of ``held_out``: sets of n images or fewer; ``floor``
    and ``noise``: scores as JSON.
    """
    rng = np.random.default_rng(0)
    test_images, train_images = _drawn(test, n, rng), _drawn(trainval, n, rng)
    validation_images = _drawn(held_out, n, rng)
    network = features.facts["sha256"][:16] if features else "patches"
    sets = [each.fingerprint()["sha256"][:12] for each in (test, trainval, held_out)]
    name = f"images-{network}-{'-'.join(sets)}-{n}-v{_PROTOCOL}"
    found = kept(name)
    if found is None:
        real, validation = (_described(each, features) for each in (test_images, validation_images))
        noise = rng.integers(256, size=test_images.shape, dtype=np.uint8)
        found = {
            each: np.array(json.dumps(_row(real, _described(images, features))))
            for each, images in (("floor", train_images), ("noise", noise))
        }
        for each, described in (("test", real), ("validation", validation)):
            if features:
                found[each] = described.features
        keep(name, found)
    return {
        "floor": found["floor"],
        "noise": found["noise"],
        "test": _Set(test_images, found.get("test")),
        "validation": _Set(validation_images, found.get("validation")),
    }


def _described(images: np.ndarray, features: Features | None) -> _Set:
    return _Set(images, *features.embed(images)) if features else _Set(images)


def _row(real: _Set, fake: _Set) -> dict:
    """All scores of images."""
    found = _patches(real.images, fake.images)
    if fake.features is not None:
        pair = real.features, fake.features
        found["fid"] = scores.fid(*pair)
        size = subset_size(len(fake.features))
        found["kid"], found["kid_std"] = scores.kid(*pair, subset_size=size)
        found["precision"], found["recall"] = scores.precision_recall(*pair)
        found["density"], found["coverage"] = scores.density_coverage(*pair)
    if fake.probabilities is not None:
        p = fake.probabilities
        found["is"], found["is_std"] = scores.inception_score(p)
        found["class_shares"] = scores.class_fractions(p.argmax(1), p.shape[1])
    return found


def _patches(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    levels = wasserstein.patch_distances(real, fake)
    mean = float(np.mean(list(levels.values())))
    return {"swd": mean, **{f"swd_{size}": value for size, value in levels.items()}}


def _nearest(trainval: ImageSet, samples: np.ndarray, test: np.ndarray) -> dict:
    """How near samples and, to compare, held-out images come to training images."""
    size = min(_SHRUNK, samples.shape[2])

    def rows(images: np.ndarray) -> np.ndarray:
        return flat(to_float(sized(images, size)))

    train = rows(_drawn(trainval, _SOUGHT, np.random.default_rng(0)))
    found = [scores.nearest(train, rows(each[:_NEIGHBORS]))[0] for each in (samples, test)]
    return {
        "protocol": f"median pixel distance of {len(found[0])} to {len(train)} training images, "
        f"{size} x {size}",
        "samples": float(np.median(found[0])),
        "held_out": float(np.median(found[1])),
    }


def _drawn(images: ImageSet, n: int, rng: np.random.Generator) -> np.ndarray:
    """n images, or all, drawn from all over a set, which may be sorted."""
    return images.images[np.sort(rng.permutation(len(images))[:n])]
