"""What samples are scored against: of the right test set, and refused where it is too little."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from paddle_gan.data import ImageSet, load_images, to_float
from paddle_gan.errors import UserError
from paddle_gan.metrics import digits, evaluate, prepare
from paddle_gan.metrics import reference as module
from paddle_gan.metrics.digits import embed
from paddle_gan.metrics.reference import reference, row
from paddle_gan.sampling.pictures import to_uint8
from tests.data.files import save, save_idx


@pytest.fixture(scope="module")
def real():
    return load_images("embedded", image_size=28)


@pytest.fixture
def folder(tmp_path, real):
    """Makes IDX files: each tenth digit from ``train`` on, and ``n`` for testing from ``first``."""

    def make(n=200, first=1, labels=real.labels, train=0):
        save_idx(tmp_path, "train", real.images[train::10, 0], labels[train::10])
        chosen = slice(first, None, 10)
        save_idx(tmp_path, "t10k", real.images[chosen, 0][:n], labels[chosen][:n])
        digits.digits.cache_clear()  # which outlives no change of files but in these tests
        return str(tmp_path)

    yield make
    digits.digits.cache_clear()


@pytest.mark.parametrize(
    ("other", "score"), [({"first": 2}, "fid"), ({"train": 2}, "validation_fid")]
)
def test_another_test_or_training_set_has_another_reference(other, score, folder, network, cache):
    """Under the same digit network."""
    samples = to_float(load_images("embedded").images[5::25])
    found = [evaluate(samples, folder(**each)) for each in ({}, other)]
    assert found[0]["digit_network"] == found[1]["digit_network"]
    for path in cache.glob("reference-*"):
        path.unlink()
    assert evaluate(samples, folder(**other)) == found[1]  # computed anew
    assert found[0][score] != found[1][score] and found[0]["floor"] != found[1]["floor"]


def test_floor_and_noise_have_the_grays_of_digits(network):
    """As many training digits, and uniform pixels rounded to 8 bits, in a fixed order of draws."""
    found, rng = reference(network, "embedded", 300), np.random.default_rng(0)
    test, trainval = (digits.digits("embedded", split).images for split in ("test", "trainval"))
    test = test[np.sort(rng.permutation(1000)[:300])]
    floor = trainval[np.sort(rng.permutation(4000)[:300])]
    noise = to_uint8(rng.uniform(-1, 1, test.shape))
    features, _ = embed(network, to_float(test))
    assert np.allclose(found["features"], features, atol=1e-5)
    for name, images in (("floor", floor), ("noise", noise)):
        expected = row(features, *embed(network, to_float(images)))
        scored = json.loads(str(found[name]))
        assert scored.pop("digit_shares") == expected.pop("digit_shares")
        assert scored == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.fixture
def no_training(monkeypatch):
    monkeypatch.setattr(module, "digit_network", None)


def test_what_can_be_scored_is_made_ready(folder, network, cache, monkeypatch):
    data = folder()
    prepare(data)
    before = sorted(cache.iterdir())
    samples = to_float(load_images("embedded").images[5::25])
    assert evaluate(samples, data)["validation_fid"] > 0
    assert sorted(cache.iterdir()) == before


def test_too_few_digits_are_refused_before_a_network_is_trained(folder, no_training):
    with pytest.raises(UserError, match="64 digits .split test.: 64 give no .* 65 are needed"):
        prepare(folder(n=64))
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (384, 28, 28)), rng.integers(0, 10, 384)
    path = folder()
    save_idx(Path(path), "train", images, labels)
    digits.digits.cache_clear()
    with pytest.raises(UserError, match="64 digits .split validation.: 64 give no covariance"):
        prepare(path)


def test_photographs_are_refused_before_a_network_is_trained(tmp_path, no_training):
    for name in ("birds", "cats", "dogs", "fish", "mice"):
        for number in range(100):
            save(tmp_path / name / f"{number}.png", size=(8, 8))
    for call in (prepare, lambda data: evaluate(np.zeros((65, 1, 32, 32), np.float32), data)):
        with pytest.raises(
            UserError, match="100 images .*split test.: .* all ten subfolders, 0 to 9"
        ):
            call(str(tmp_path))


def test_every_second_of_2500_digits_is_read():
    """Those between have wrong labels."""
    images = digits.digits("embedded", "test").images[:500]
    _, probabilities = embed(digits.shipped(), to_float(images))
    labels = np.tile(probabilities.argmax(1), 5)
    labels[1::2] = (labels[1::2] + 1) % 10
    found = ImageSet(np.tile(images, (5, 1, 1, 1)), labels, "2,500 digits")
    assert module.reads(digits.shipped(), found) == 1.0


def test_digits_that_the_network_cannot_read_are_not_judged_by_it(folder, real):
    with pytest.raises(UserError, match=r"reads only \d% of the test digits in .* --rebuild"):
        prepare(folder(labels=(real.labels + 1) % 10))
