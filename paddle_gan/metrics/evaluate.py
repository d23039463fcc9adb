"""Every score of a set of samples, under one protocol.

The reference is the test digits, which the digit network has not seen: a generator that only
repeats its training digits can reach the floor, not pass below it. Whether the generator has seen
them depends on what it was trained on, which ``has_seen`` tells.
The floor scores as many training digits against the same reference, the noise as many images of
uniform pixels. Samples and noise are rounded to 8 bits, as the digits are, so that the three rows
differ in nothing but the images.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from paddle_gan.data import DataSet, of_digits, to_float
from paddle_gan.data.idx import is_idx_folder
from paddle_gan.data.pixels import to_square
from paddle_gan.errors import UserError
from paddle_gan.metrics import scores
from paddle_gan.metrics.digits import DigitNetwork, Load, digit_network, digits, embed
from paddle_gan.metrics.reference import check_count, flat, reference, row, scorable, subset_size
from paddle_gan.sampling.pictures import to_uint8

SIZE = 32


def evaluate(
    samples: np.ndarray,
    data: str | Load = "mnist",
    n: int = 10_000,
    labels: np.ndarray | None = None,
) -> dict:
    """Score samples, float32 N x 1 x H x W in [-1, 1], against the test digits of ``data``.

    Equally many samples and test digits are used: n, or as many as there are of both. The first
    samples are taken, and test and training digits drawn with a fixed seed. Samples are rounded to
    8 bits, other sizes than 32 x 32 scaled as the data is. ``labels`` are the digits that samples
    were asked to be.

    Returns plain Python values: ``protocol``; ``fid``, ``kid``, ``kid_std``, ``is``, ``is_std``,
    ``precision``, ``recall``, ``density``, ``coverage`` and ``digit_shares`` (10); the same scores
    of ``floor`` and ``noise``; ``nearest``: the median distance to the nearest training digit,
    Euclidean over pixels in [-1, 1], of the ``samples`` and, to compare, of the ``held_out`` test
    digits;
    ``digit_network``: its ``accuracy``, ``sha256`` and what it was ``trained_on``;
    ``validation_fid``, against as many digits of the split "validation" or all; with ``labels``
    ``agreement``, the share of samples that the digit network takes for the digit asked for.

    Raises UserError for samples of another form, with NaN, or not more than the 64 features.
    """
    samples = as_digits(samples[:n])
    check_count(len(samples), "samples")
    scorable(data, "test")
    network = digit_network(data)
    found = reference(network, data, len(samples))
    samples = samples[: len(found["features"])]
    n, sought = len(samples), len(found["nearest"])
    train = flat(to_float(digits(data, "trainval").images))
    distances, _ = scores.nearest(train, flat(samples[:sought]))
    features, probabilities = embed(network, samples)
    real = found["validation"]
    result = {
        "protocol": (
            f"digit-net-{network.sha256[:8]}, {n} test digits vs {n} samples of 8 bits, "
            f"KID subsets of {subset_size(n)}"
        ),
        **row(found["features"], features, probabilities),
        "floor": json.loads(str(found["floor"])),
        "noise": json.loads(str(found["noise"])),
        "nearest": {
            "protocol": f"median pixel distance of {sought} to {len(train)} training digits",
            "samples": float(np.median(distances)),
            "held_out": float(np.median(found["nearest"])),
        },
        "digit_network": facts(network),
        "validation_fid": scores.fid(real, features[: len(real)]),
    }
    if labels is not None:
        result["agreement"] = float((probabilities.argmax(1) == labels[:n]).mean())
    return result


def has_seen(trained_on: dict, test: DataSet, load: Callable[[str], DataSet]) -> bool:
    """Whether networks have seen a test set, by the fingerprint of what they were trained on.

    ``load`` reads another split of it. A source that brings no test set has it among its split
    "train". The embedded digits are training digits of MNIST, which a run may have had as "mnist"
    or as a folder of its files; a task has seen the digits that it was made of.
    """
    source, tested = of_digits(trained_on["source"]), of_digits(test.name)
    if source == tested:
        return trained_on["split"] == "train" and len(load("train")) > len(load("trainval"))
    if tested != "embedded" or not (source == "mnist" or is_idx_folder(Path(source))):
        return False
    if source == "mnist":
        return True
    trained = {image.tobytes() for image in digits(source, trained_on["split"]).images}
    return any(image.tobytes() in trained for image in digits(tested, "test").images)


def facts(network: DigitNetwork) -> dict:
    """What a result says of the digit network behind it."""
    return {
        "accuracy": network.accuracy,
        "sha256": network.sha256,
        "trained_on": network.source,
    }


def as_digits(samples: np.ndarray, channels: int = 1) -> np.ndarray:
    """Samples in the form of the digits that the network reads: float32 N x C x 32 x 32, of 8 bits.

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
    return to_float(sized(to_uint8(samples)))


def sized(images: np.ndarray, size: int = SIZE) -> np.ndarray:
    """Images of 8 bits, N x C x H x W, as squares N x C x size x size."""
    n, channels, *before = images.shape
    if before == [size, size]:
        return images
    planes = [to_square(plane, size) for plane in images.reshape(-1, *before)]
    return np.stack(planes).reshape(n, channels, size, size)


def as_gray(images: np.ndarray) -> np.ndarray:
    """Images of 8 bits, N x C x H x H, as networks of one channel read them: N x 1 x 32 x 32."""
    gray = images if images.shape[1] == 1 else np.rint(images.mean(1, keepdims=True))
    return sized(gray.astype(np.uint8))


def summary(result: dict) -> str:
    """What ``evaluate`` found, as a table for people."""
    nearest = result["nearest"]
    rows = (result, result["floor"], result["noise"])

    def line(name, form):
        return f"{name:<18}" + "".join(f"{form.format(**row):>20}" for row in rows)

    fractions = "  ".join(f"{digit}: {s:.1%}" for digit, s in enumerate(result["digit_shares"]))
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
            line("density (k = 5)", "{density:.3f}"),
            line("coverage (k = 5)", "{coverage:.3f}"),
            f"digits  {fractions}",
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
