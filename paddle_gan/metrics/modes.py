"""How many of the 1,000 modes of stacked digits a generator draws, and how evenly."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from paddle_gan.data import to_float
from paddle_gan.data.stacked import MODES, mode, orders
from paddle_gan.metrics.digits import DigitNetwork, digit_network, digits, embed
from paddle_gan.metrics.evaluate import SIZE, as_digits, facts, judge


def modes(batches: Iterable[np.ndarray], data: str = "mnist") -> dict:
    """Count the modes in samples of stacked digits, batches of float32 B x 3 x H x H in [-1, 1].

    A sample's mode is what the digit network of ``data``, a source of single digits, takes its
    three channels for. Lin et al. 2018, "PacGAN: The power of two samples in generative
    adversarial networks": the number of modes seen, and KL(samples || real), which is
    the reverse of what maximum likelihood makes small. Real are the labels of the training stacks.

    Returns plain Python values: ``protocol``; ``modes``, up to 1,000; ``kl`` in nats (see
    ``reverse_kl``); the same of the ``floor``: as many stacks of test digits drawn at random with
    a fixed seed, judged by the same network; ``digit_network`` as ``evaluate`` has it.

    Raises UserError for samples of another form, with NaN, or for data without labels 0 to 9.
    """
    checked = (as_digits(batch, 3) for batch in batches)
    first = next(checked)  # which is refused before a digit network is trained
    network = digit_network(data)
    batches = itertools.chain([first], checked)
    found = np.concatenate([mode(_shown(network, batch).reshape(-1, 3)) for batch in batches])
    test = _shown(network, to_float(digits(data, "test").images))
    floor = mode(np.random.default_rng(0).choice(test, (len(found), 3)))
    labels = digits(data, "train").labels
    real = mode(labels[orders(len(labels))])
    return {
        "protocol": (
            f"digit-net-{network.sha256[:8]}, {len(found)} samples, "
            f"{MODES} modes of {len(real)} training stacks"
        ),
        **_row(found, real),
        "floor": _row(floor, real),
        "digit_network": facts(network),
    }


def reverse_kl(found: np.ndarray, real: np.ndarray) -> float:
    """KL(found || real) in nats of the frequencies of two sets of modes, int64 N and M.

    A mode that is not among the real counts as if it had been met there once, so that the
    divergence stays finite. All 1,000 are among the stacks of MNIST's training digits.
    """
    p = np.bincount(found, minlength=MODES) / len(found)
    q = np.maximum(np.bincount(real, minlength=MODES), 1)
    q = q / q.sum()
    seen = p > 0  # 0 log 0 is 0
    return float(np.sum(p[seen] * np.log(p[seen] / q[seen])))


def modes_summary(result: dict) -> str:
    """What ``modes`` found, as a table for people."""
    rows = {"samples": result, "floor (test)": result["floor"]}
    return "\n".join(
        [
            result["protocol"],
            judge(result),
            f"{'':<18}" + "".join(f"{name:>20}" for name in rows),
            f"{'modes':<18}" + "".join(f"{row['modes']:>20}" for row in rows.values()),
            f"{'reverse KL':<18}" + "".join(f"{row['kl']:>20.3f}" for row in rows.values()),
        ]
    )


def _row(found: np.ndarray, real: np.ndarray) -> dict:
    return {"modes": len(np.unique(found)), "kl": reverse_kl(found, real)}


def _shown(network: DigitNetwork, images: np.ndarray) -> np.ndarray:
    """The digits that N x C x 32 x 32 images show, channel by channel: int64, N * C."""
    _, probabilities = embed(network, images.reshape(-1, 1, SIZE, SIZE))
    return probabilities.argmax(1)
