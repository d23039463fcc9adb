"""The networks whose features images of any kind are compared by."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from paddle_gan.data import ImageSet, to_float
from paddle_gan.errors import UserError
from paddle_gan.metrics.classifier import (
    FEATURES,
    Classifier,
    embed,
    fit,
    restored,
    state_of,
)
from paddle_gan.metrics.evaluate import sized
from paddle_gan.sampling.pictures import to_uint8
from paddle_gan.system.cache import keep, kept

STEPS, BATCH = 1000, 64
_LEARNED = 20_000  # images at most; bounds memory
VERSION = 1  # counted up when training gives another network
SIZES = (16, 32, 64)  # that a classifier may have


class Features(NamedTuple):
    """A feature network: how a protocol names it, what a result says of it, what it computes.

    ``embed`` takes uint8 N x C x H x H; gives features, float32 N x d, and the probabilities of
    ``classes``, N x K, or None where it has none.
    """

    name: str
    facts: dict
    embed: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
    classes: tuple[str, ...] | None = None
    least: int = 2  # images


def of_classes(load: Callable[[str], ImageSet]) -> Features:
    """Those of a classifier of the data's own classes, trained on the split "trainval".

    It is kept in the cache under the hash of its images and labels; its accuracy is that on the
    split "test". Raises UserError for images without two classes.
    """
    trainval = load("trainval")
    if unlabeled := no_classes(trainval):
        raise UserError(f"{trainval.source}: {unlabeled}; give a subfolder for each class")
    classes = trainval.class_names
    channels, size = trainval.images.shape[1:3]
    size = max([each for each in SIZES if each <= size], default=SIZES[0])

    network = Classifier(channels, size, len(classes))
    network.kind = f"classifier of {len(classes)} classes"

    def scaled(images: ImageSet) -> ImageSet:
        rows = np.sort(np.random.default_rng(0).permutation(len(images))[:_LEARNED])
        return ImageSet(sized(images.images[rows], size), images.labels[rows], images.source)

    name = f"classifier-v{VERSION}-{size}-{trainval.fingerprint()['sha256'][:16]}"
    if restored(kept(name) or {}, network) is None:
        fit(network, scaled(trainval), scaled(load("test")), STEPS, batch=BATCH)
        keep(name, state_of(network))
    facts = {
        "accuracy": network.accuracy,
        "tested_on": network.tested_on,
        "sha256": network.sha256,
        "trained_on": network.source,
        "classes": list(classes),
    }
    return Features(
        f"classifier-{network.sha256[:8]} of {len(classes)} classes",
        facts,
        lambda images: embed(network, to_float(sized(images, size))),
        classes,
        FEATURES + 1,  # for a covariance
    )


def no_classes(images: ImageSet) -> str | None:
    """Why there is nothing to classify in a set; None where there is."""
    if images.labels is None:
        return "no class of any image"
    return "no second class" if len(np.unique(images.labels)) < 2 else None


def classes_of(samples: np.ndarray, load: Callable[[str], ImageSet]) -> np.ndarray:
    """What the classifier of the data takes samples for, float N x C x H x H in [-1, 1]: N."""
    _, probabilities = of_classes(load).embed(to_uint8(samples))
    return probabilities.argmax(1)
