"""Who scores what, from the columns that a game draws."""

import numpy as np
import pytest

from paddle_gan.data import load_images, to_float
from paddle_gan.metrics import JUDGES, embed, evaluate
from paddle_gan.metrics.digits import digits
from paddle_gan.sampling.pictures import to_uint8

SCORES = {"fid", "validation_fid", "kid", "is", "precision", "recall"}


def load(split, image_size=16):
    """The embedded digits as a run of 16 pixels has them, or of another size."""
    return load_images("embedded", image_size, split=split)


def test_digits_are_scored_by_their_samples(network, test_digits):
    images, _ = test_digits
    found = JUDGES["digits"].score({"samples": images[:100]}, None, load)
    assert found == evaluate(images[:100], "embedded")


def test_digits_that_were_asked_for_are_counted(network, test_digits):
    images, labels = test_digits
    for asked, share in ((labels, 1.0), (np.where(labels < 5, labels, 0), (labels < 5).mean())):
        columns = {"samples": images, "label": asked}
        found = JUDGES["digits"].score(columns, None, load)
        assert found["agreement"] == pytest.approx(share, abs=0.03)


def test_reconstructions_are_compared_with_their_images(network, test_digits):
    images, _ = test_digits
    samples = to_float(digits("embedded", "trainval").images[:100])
    given = images[::10]  # ten of each digit, one after another
    other = np.concatenate([given[1:41], given[:-61:-1]])  # 36 of the same digit
    columns = {"input": given, "output": 0.9 * other, "sample": samples}
    found = JUDGES["reconstructed-digits"].score(columns, None, load)
    apart = columns["output"].astype(np.float64) - columns["input"]
    assert found["error"] == pytest.approx((apart**2).mean(), rel=1e-5)
    kinds, drawn = (
        embed(network, to_float(to_uint8(each)))[1].argmax(1) for each in (given, 0.9 * other)
    )
    assert found["kept"] == np.mean(kinds == drawn) == pytest.approx(0.36, abs=0.15)
    expected = evaluate(samples, "embedded")
    assert SCORES <= expected.keys() and all(found[name] == expected[name] for name in SCORES)


def test_a_perfect_reconstruction(network, test_digits):
    images, _ = test_digits
    columns = dict.fromkeys(("input", "output", "sample"), images[:100])
    found = JUDGES["reconstructed-digits"].score(columns, None, load)
    assert (found["error"], found["kept"]) == (0, 1)
    assert (
        JUDGES["reconstructed-digits"].line.format(**found).startswith("error 0.0000, 100.00% of")
    )
