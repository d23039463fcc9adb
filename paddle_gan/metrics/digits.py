"""The digit network, whose features and opinions the scores are made of.

The package brings its weights, ``digits.npz``, so that scores of any two machines mean the same.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from paddle import Tensor, nn

from paddle_gan.data import ImageSet, load_images, to_float
from paddle_gan.data.image_set import sha256
from paddle_gan.errors import UserError
from paddle_gan.kernels import run
from paddle_gan.system.cache import keep, kept

FEATURES = 64
STEPS = 3000  # of 200 digits: ten epochs of MNIST
BATCH = 200
LEARNING_RATE = 0.01
SHIFT = 2  # pixels, in each direction
BLACK, WHITE = -0.8, 0.6  # how far the ends of [-1, 1] are moved inwards at most
VERSION = 1  # counted up when training gives another network
SHIPPED = Path(__file__).with_name("digits.npz")
FACTS = ("source", "tested_on", "accuracy", "sha256")


class DigitNetwork(nn.Layer):
    """Digits, B x 1 x 32 x 32 in [-1, 1], to the logits of their ten classes, B x 10.

    ``features`` are the 64 activations before the last layer. ``source`` says what it was trained
    on, ``accuracy`` is its share of right answers on the test digits and ``tested_on`` their
    number, ``sha256`` names its weights.
    """

    kind, units = "digit network", "digits"
    source = "nothing"
    accuracy = tested_on = 0
    sha256 = ""

    def __init__(self, seed: int = 0, channels: int = 1, classes: int = 10):
        super().__init__()
        self.channels = channels
        rng = np.random.default_rng(seed)

        def stage(before, after, stride, padding):
            weight = _normal(rng, (after, before, 4, 4), before * 16)
            conv = nn.Conv2D(before, after, 4, stride, padding, weight_attr=weight, bias_attr=False)
            return [conv, nn.BatchNorm2D(after), nn.ReLU()]

        self.convolutions = nn.Sequential(
            *stage(channels, 16, 2, 1),  # B x 16 x 16 x 16
            *stage(16, 32, 2, 1),  # B x 32 x 8 x 8
            *stage(32, 64, 2, 1),  # B x 64 x 4 x 4
            *stage(64, FEATURES, 1, 0),  # B x 64 x 1 x 1
        )
        self.classes = nn.Linear(FEATURES, classes, _normal(rng, (FEATURES, classes), FEATURES))

    def features(self, images: Tensor) -> Tensor:
        """Images B x 1 x 32 x 32 in [-1, 1] to features B x 64, none below 0."""
        return run(self.convolutions, images).flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        return self.classes(self.features(images))


def _normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int):
    # Paddle's own initializers would draw from its global generator, and with that evaluating
    # would change the rest of a training run.
    values = rng.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)
    return paddle.ParamAttr(initializer=nn.initializer.Assign(values))


@functools.lru_cache(maxsize=3)  # what an evaluation during training needs
def digits(data: str, split: str) -> ImageSet:
    """The digits of a split, 32 x 32, read once in a process."""
    return load_images(data, split=split)


def digit_network(data: str = "mnist", rebuild: bool = False) -> DigitNetwork:
    """The digit network for a source of digits (see ``load_images``), in eval mode.

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


def state_of(network: DigitNetwork) -> dict[str, np.ndarray]:
    """Weights and facts, as they are kept in a file."""
    return {**_weights(network), **{fact: np.array(getattr(network, fact)) for fact in FACTS}}


def train(
    fit: ImageSet, test: ImageSet, steps: int, seed: int = 0, network: DigitNetwork | None = None
) -> DigitNetwork:
    """A network trained on one set of digits, its accuracy taken on another; in eval mode.

    Or ``network``, on images of its own classes.

    Cross-entropy, Adam, a learning rate that falls along a cosine to 0, digits shifted and their
    grays changed. Says on stderr what it does. The same seed gives the same weights, bit for
    bit, under one version of Paddle with one number of threads.
    """
    if network is None:
        check_labels(fit)
        check_labels(test)
        network = DigitNetwork(seed)
    _tell(f"training the {network.kind} on {fit.source}; this takes a minute or so")
    start = time.monotonic()
    rate = paddle.optimizer.lr.CosineAnnealingDecay(LEARNING_RATE, steps)
    adam = paddle.optimizer.Adam(rate, parameters=network.parameters())
    rng = np.random.default_rng([seed, 1])
    for chosen in _batches(len(fit), steps, rng):
        images = _other_grays(_shifted(fit.images[chosen], rng), rng)
        logits = network(paddle.to_tensor(images))
        loss = F.cross_entropy(logits, paddle.to_tensor(fit.labels[chosen]))
        loss.backward()
        adam.step()
        adam.clear_grad()
        rate.step()
    network.eval()
    _, probabilities = embed(network, to_float(test.images))
    network.source, network.tested_on = fit.source, len(test)
    network.accuracy = float(np.mean(probabilities.argmax(1) == test.labels))
    network.sha256 = sha256(*_weights(network).values())
    _tell(f"{describe(network)}; {time.monotonic() - start:.0f} s")
    return network


def embed(
    network: DigitNetwork, images: np.ndarray, batch_size: int = 500
) -> tuple[np.ndarray, np.ndarray]:
    """Features, N x 64, and probabilities, N x 10, of images N x 1 x 32 x 32 in [-1, 1]."""
    features, probabilities = [], []
    for start in range(0, len(images), batch_size):
        batch = np.asarray(images[start : start + batch_size], np.float32)
        with paddle.no_grad():
            found = network.features(paddle.to_tensor(batch))
            features.append(found.numpy())
            probabilities.append(F.softmax(network.classes(found)).numpy())
    return np.concatenate(features), np.concatenate(probabilities)


def describe(network: DigitNetwork) -> str:
    """One line: accuracy, hash and training digits."""
    return (
        f"{network.kind} {network.sha256[:8]}: {network.accuracy:.2%} of {network.tested_on:,} "
        f"test {network.units} right; trained on {network.source}"
    )


def _batches(size: int, steps: int, rng: np.random.Generator):
    """Indices of `steps` batches; each epoch in another order, its remainder left out."""
    batch = min(BATCH, size)
    order = np.empty(0, np.int64)
    for _ in range(steps):
        if len(order) < batch:
            order = rng.permutation(size)
        yield order[:batch]
        order = order[batch:]


def _shifted(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """B x 1 x 32 x 32 images, each moved by up to SHIFT pixels in both directions."""
    wide = np.pad(images, ((0, 0), (0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
    windows = sliding_window_view(wide, images.shape[2:], axis=(2, 3))  # B x 1 x 5 x 5 x 32 x 32
    down, right = rng.integers(2 * SHIFT + 1, size=(2, len(images)))
    return windows[np.arange(len(images)), :, down, right]


def _other_grays(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """uint8 B x 1 x 32 x 32 to float32 in [-1, 1]; each with an even chance of a brighter
    black, up to BLACK, and of a darker white, down to WHITE.

    A network that never saw anything but black takes a hint of gray behind the digits for another
    class, and the scores of a generator's first epochs would tell of little else.
    """
    brighter, darker = np.maximum(rng.uniform(-1, 1, (2, len(images), 1, 1, 1)), 0)
    black, white = -1 + brighter * (BLACK + 1), 1 + darker * (WHITE - 1)
    return (black + images / 255 * (white - black)).astype(np.float32)


def check_labels(digits: ImageSet) -> None:
    """Raise UserError for images that are not labeled 0 to 9."""
    if not digits.has_digits:
        raise UserError(
            f"{digits.source}: the digit network needs labels 0 to 9 (in a folder of images all "
            "ten subfolders, 0 to 9); use mnist"
        )


def _weights(network: DigitNetwork) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in network.state_dict().items()}


def restored(
    state: dict[str, np.ndarray], network: DigitNetwork | None = None
) -> DigitNetwork | None:
    """The network that was kept, or None if it is not what this version would write."""
    network = network or DigitNetwork()
    facts = {name: state.pop(name).item() for name in FACTS if name in state}
    expected = {name: value.shape for name, value in _weights(network).items()}
    found = {name: value.shape for name, value in state.items()}
    if found != expected or sha256(*state.values()) != facts.get("sha256"):
        return None
    network.set_state_dict(state)
    for name, fact in facts.items():
        setattr(network, name, fact)
    network.eval()
    return network


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
