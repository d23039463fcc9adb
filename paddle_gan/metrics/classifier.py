"""Classifiers of images, whose features and opinions scores are made of: training, keeping."""

from __future__ import annotations

import sys
import time

import numpy as np
import paddle
import paddle.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from paddle import Tensor, nn

from paddle_gan.data import ImageSet, to_float
from paddle_gan.data.image_set import sha256
from paddle_gan.kernels import run

FEATURES = 64
BATCH = 200
LEARNING_RATE = 0.01
SHIFT = 16  # at most one in so many pixels, in each direction
BLACK, WHITE = -0.8, 0.6  # how far the ends of [-1, 1] are moved inwards at most
FACTS = ("source", "tested_on", "accuracy", "sha256")


class Classifier(nn.Layer):
    """Images, B x C x size x size in [-1, 1], to the logits of their classes, B x K.

    size is 16, 32 or 64. ``features`` are the 64 activations before the last layer. ``source`` says
    what it was trained on, ``accuracy`` is its share of right answers on held-out images and
    ``tested_on`` their number, ``sha256`` names its weights.
    """

    kind, units = "classifier", "images"
    source = "nothing"
    accuracy = tested_on = 0
    sha256 = ""

    def __init__(self, channels: int, size: int, classes: int, seed: int = 0):
        super().__init__()
        self.channels, self.size = channels, size
        rng = np.random.default_rng(seed)

        def stage(before, after, stride, padding):
            weight = _normal(rng, (after, before, 4, 4), before * 16)
            conv = nn.Conv2D(before, after, 4, stride, padding, weight_attr=weight, bias_attr=False)
            return [conv, nn.BatchNorm2D(after), nn.ReLU()]

        layers, width = [], 16
        while size > 4:
            layers += stage(channels, width, 2, 1)  # B x width x size / 2 x size / 2
            channels, width, size = width, min(2 * width, FEATURES), size // 2
        layers += stage(channels, FEATURES, 1, 0)  # B x 64 x 1 x 1
        self.convolutions = nn.Sequential(*layers)
        self.classes = nn.Linear(FEATURES, classes, _normal(rng, (FEATURES, classes), FEATURES))

    def features(self, images: Tensor) -> Tensor:
        """Images B x C x size x size in [-1, 1] to features B x 64, none below 0."""
        return run(self.convolutions, images).flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        return self.classes(self.features(images))


def _normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int):
    # Paddle's own initializers would draw from its global generator, and with that evaluating
    # would change the rest of a training run.
    values = rng.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)
    return paddle.ParamAttr(initializer=nn.initializer.Assign(values))


def fit(
    network: Classifier,
    fit: ImageSet,
    test: ImageSet,
    steps: int,
    seed: int = 0,
    batch: int = BATCH,
) -> Classifier:
    """Train a network on one set of images and take its accuracy on another; in eval mode.

    Images are of the network's size; what is done is told on stderr. Cross-entropy, Adam, a
    learning rate that falls along a cosine to 0, images shifted and their grays changed. The same
    seed gives the same weights, bit for bit, under one version of Paddle with one number of
    threads.
    """
    _tell(f"training the {network.kind} on {fit.source}; this takes a minute or so")
    start = time.monotonic()
    rate = paddle.optimizer.lr.CosineAnnealingDecay(LEARNING_RATE, steps)
    adam = paddle.optimizer.Adam(rate, parameters=network.parameters())
    rng = np.random.default_rng([seed, 1])
    for chosen in batches(len(fit), steps, rng, batch):
        images = other_grays(shifted(fit.images[chosen], rng), rng)
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


def describe(network: Classifier) -> str:
    """One line: accuracy, hash and training images."""
    return (
        f"{network.kind} {network.sha256[:8]}: {network.accuracy:.2%} of {network.tested_on:,} "
        f"test {network.units} right; trained on {network.source}"
    )


def embed(
    network: Classifier, images: np.ndarray, batch_size: int = 500
) -> tuple[np.ndarray, np.ndarray]:
    """Features, N x 64, and probabilities, N x K, of images N x C x size x size in [-1, 1]."""
    features, probabilities = [], []
    for start in range(0, len(images), batch_size):
        batch = np.asarray(images[start : start + batch_size], np.float32)
        with paddle.no_grad():
            found = network.features(paddle.to_tensor(batch))
            features.append(found.numpy())
            probabilities.append(F.softmax(network.classes(found)).numpy())
    return np.concatenate(features), np.concatenate(probabilities)


def batches(size: int, steps: int, rng: np.random.Generator, batch: int = BATCH):
    """Indices of `steps` batches; each epoch in another order, its remainder left out."""
    batch = min(batch, size)
    order = np.empty(0, np.int64)
    for _ in range(steps):
        if len(order) < batch:
            order = rng.permutation(size)
        yield order[:batch]
        order = order[batch:]


def shifted(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """B x C x H x W images, each moved by up to a sixteenth in both directions; black comes in."""
    reach = max(1, images.shape[2] // SHIFT)
    wide = np.pad(images, ((0, 0), (0, 0), (reach, reach), (reach, reach)))
    windows = sliding_window_view(wide, images.shape[2:], axis=(2, 3))  # B x C x 5 x 5 x 32 x 32
    down, right = rng.integers(2 * reach + 1, size=(2, len(images)))
    return windows[np.arange(len(images)), :, down, right]


def other_grays(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """uint8 B x C x H x W to float32 in [-1, 1]; each with an even chance of a brighter black,
    up to BLACK, and of a darker white, down to WHITE.

    A network that never saw anything but black takes a hint of gray behind the digits for another
    class, and the scores of a generator's first epochs would tell of little else.
    """
    brighter, darker = np.maximum(rng.uniform(-1, 1, (2, len(images), 1, 1, 1)), 0)
    black, white = -1 + brighter * (BLACK + 1), 1 + darker * (WHITE - 1)
    return (black + images / 255 * (white - black)).astype(np.float32)


def state_of(network: Classifier) -> dict[str, np.ndarray]:
    """Weights and facts, as they are kept in a file."""
    return {**_weights(network), **{fact: np.array(getattr(network, fact)) for fact in FACTS}}


def restored(state: dict[str, np.ndarray], network: Classifier) -> Classifier | None:
    """The network as it was kept, or None if that is not what this version would write."""
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


def _weights(network: Classifier) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in network.state_dict().items()}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
