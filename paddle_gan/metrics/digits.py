"""The digit network, whose features and opinions the scores of digits are made of.

The package brings its weights, ``digits.npz``, so that scores of any two machines mean the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from paddle_gan.data import ImageSet, load_images
from paddle_gan.errors import UserError
from paddle_gan.metrics import classifier
from paddle_gan.metrics.classifier import (
    FACTS,
    FEATURES,
    Classifier,
    describe,
    embed,
    fit,
    state_of,
)
from paddle_gan.system.cache import keep, kept

__all__ = ["FACTS", "FEATURES", "DigitNetwork", "describe", "digit_network", "embed", "state_of"]

STEPS = 3000  # of 200 digits: ten epochs of MNIST
VERSION = 1  # counted up when training gives another network
SHIPPED = Path(__file__).with_name("digits.npz")

Load = Callable[..., ImageSet]  # reads a split, of a size if it is given ``image_size``


class DigitNetwork(Classifier):
    """Digits, B x 1 x 32 x 32 in [-1, 1], to the logits of their ten classes, B x 10."""

    kind, units = "digit network", "digits"

    def __init__(self, seed: int = 0, channels: int = 1, classes: int = 10):
        super().__init__(channels, 32, classes, seed)


@functools.lru_cache(maxsize=3)  # what an evaluation during training needs
def digits(data: str | Load, split: str) -> ImageSet:
    """The digits of a split, 32 x 32, read once in a process.

    ``data`` is a source of digits (see ``load_images``), or what reads them as a run does.
    """
    load = data if callable(data) else functools.partial(load_images, data)
    return load(split=split, image_size=32)


def digit_network(data: str | Load = "mnist", rebuild: bool = False) -> DigitNetwork:
    """The digit network for ``data`` (see ``digits``), in eval mode.

    It is the one that the package brings, unless one was trained for this source: with `rebuild`,
    on the split "trainval", tested on "test". That is kept in the cache under the hash of the
    digits it was trained on, and used for them from then on.

    Raises UserError if the source has no labels 0 to 9.
    """
    return network_of(digits(data, "trainval"), lambda: digits(data, "test"), rebuild)


def network_of(
    trainval: ImageSet, test: Callable[[], ImageSet], rebuild: bool = False
) -> DigitNetwork:
    """The same for images, N x 1 x 32 x 32, whose labels are those of digits."""
    check_labels(trainval)
    name = f"own-digit-network-v{VERSION}-{trainval.fingerprint()['sha256'][:16]}"
    if rebuild:
        network = train(trainval, test(), STEPS)
        keep(name, state_of(network))
        return network
    state = kept(name)
    return state and restored(state) or shipped()


@functools.lru_cache(maxsize=1)
def shipped() -> DigitNetwork:
    """The digit network that comes with the package, trained on MNIST's 60,000 training digits."""
    with np.load(SHIPPED, allow_pickle=False) as arrays:
        return restored(dict(arrays))


def train(
    digits: ImageSet, test: ImageSet, steps: int, seed: int = 0, network: DigitNetwork | None = None
) -> DigitNetwork:
    """A network trained on one set of digits, its accuracy taken on another (see ``fit``).

    Or ``network``, on images of its own classes.
    """
    if network is None:
        check_labels(digits)
        check_labels(test)
        network = DigitNetwork(seed)
    return fit(network, digits, test, steps, seed)


def restored(
    state: dict[str, np.ndarray], network: DigitNetwork | None = None
) -> DigitNetwork | None:
    """The network that was kept, or None if it is not what this version would write."""
    return classifier.restored(state, network or DigitNetwork())


def check_labels(digits: ImageSet) -> None:
    """Raise UserError for images that are not labeled 0 to 9."""
    if not digits.has_digits:
        raise UserError(
            f"{digits.source}: the digit network needs labels 0 to 9 (in a folder of images all "
            "ten subfolders, 0 to 9); use mnist"
        )
