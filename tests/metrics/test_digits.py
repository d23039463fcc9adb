from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_gan.data import ImageSet, load_images
from paddle_gan.errors import UserError
from paddle_gan.metrics import classifier, digits
from paddle_gan.metrics.digits import SHIPPED, describe, digit_network, embed, train

HASH = "e464f01e"  # of the weights in the package: whoever changes them changes every score


@pytest.fixture(scope="module")
def few():
    fit, test = (digits.digits("embedded", split) for split in ("trainval", "test"))
    return [ImageSet(s.images[::20], s.labels[::20], "a few digits") for s in (fit, test)]


def test_the_network_reads_held_out_digits(network, test_digits):
    images, labels = test_digits
    features, probabilities = embed(network, images)
    assert features.shape == (1000, 64) and features.min() == 0
    assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
    accuracy = np.mean(probabilities.argmax(1) == labels)
    assert accuracy > 0.99
    assert "60,000 digits" in describe(network) and "10,000 test digits" in describe(network)


def test_the_package_brings_the_network():
    assert digit_network("embedded") is digit_network("embedded") is digits.shipped()
    assert SHIPPED.stat().st_size < 500_000
    network = digits.shipped()
    assert network.sha256.startswith(HASH) and 0.99 < network.accuracy < 1
    assert not network.training


def test_features_do_not_hang_on_the_batch_size(network, test_digits):
    images = test_digits[0][:50]
    features, probabilities = embed(network, images)
    for batch_size in (1, 7):
        again = embed(network, images, batch_size)
        assert np.abs(again[0] - features).max() < 1e-4
        assert np.abs(again[1] - probabilities).max() < 1e-5


def test_the_seed_decides(few):
    first, again, other = (train(*few, steps=3, seed=seed).sha256 for seed in (0, 0, 1))
    assert first == again != other


def test_training_and_restoring_leave_the_global_generator_alone(few, network):
    paddle.seed(1)
    expected = paddle.randn([4]).numpy()
    paddle.seed(1)
    train(*few, steps=1)
    digit_network("embedded")
    assert paddle.randn([4]).numpy().tolist() == expected.tolist()


@pytest.fixture
def own(cache, monkeypatch, capsys):
    """A network trained for the embedded digits, one step long; its file goes afterwards."""
    monkeypatch.setattr(digits, "STEPS", 1)
    network = digit_network("embedded", rebuild=True)
    assert "training the digit network" in capsys.readouterr().err
    (path,) = cache.glob("own-digit-network-*.npz")
    yield network, path
    path.unlink()


def test_a_network_of_ones_own_is_kept_for_its_digits(own, test_digits, capsys):
    network, _ = own
    assert network.sha256 != digits.shipped().sha256
    again = digit_network("embedded")
    assert capsys.readouterr().err == ""
    for fact in digits.FACTS:
        assert getattr(again, fact) == getattr(network, fact)
    assert np.array_equal(embed(again, test_digits[0])[0], embed(network, test_digits[0])[0])


@pytest.mark.parametrize("change", [{"classes.bias": np.zeros(10)}, {"sha256": np.array("other")}])
def test_a_network_changed_in_the_cache_is_not_used(own, change):
    _, path = own
    with np.load(path) as arrays:
        changed = {**arrays, **change}
    np.savez(path, **changed)
    assert digit_network("embedded") is digits.shipped()


def test_shifted_digits_are_the_same_ones_elsewhere():
    images = np.zeros((100, 1, 32, 32), np.uint8)
    images[:, :, 10, 20] = np.arange(1, 101)[:, None]
    moved = classifier.shifted(images, np.random.default_rng(0))
    assert moved.shape == images.shape and moved.dtype == np.uint8
    where, _, rows, columns = np.nonzero(moved)
    assert where.tolist() == list(range(100))
    assert moved.max(axis=(1, 2, 3)).tolist() == list(range(1, 101))
    assert set(rows) == {8, 9, 10, 11, 12} and set(columns) == {18, 19, 20, 21, 22}


def test_every_digit_comes_once_an_epoch():
    batches = list(classifier.batches(1000, 10, np.random.default_rng(0)))
    first, second = np.concatenate(batches[:5]), np.concatenate(batches[5:])
    assert sorted(first) == sorted(second) == list(range(1000))
    assert first.tolist() != second.tolist()


def test_grays_change_within_their_bounds():
    images = np.tile(np.array([0, 51, 255], np.uint8), (1000, 1, 1, 1))
    black, gray, white = classifier.other_grays(images, np.random.default_rng(0)).reshape(-1, 3).T
    assert black.min() == -1 and -0.81 < black.max() <= -0.8
    assert white.max() == 1 and 0.6 <= white.min() < 0.61
    for end, as_it_was in ((black, -1), (white, 1)):
        assert 0.4 < np.mean(end == as_it_was) < 0.6
    assert np.allclose(gray, black + (white - black) / 5, atol=1e-6)


@pytest.mark.parametrize("labels", [None, np.full(4000, 10)])
def test_digits_without_their_labels_are_refused(labels):
    images = load_images("embedded", split="trainval").images
    with pytest.raises(UserError, match="needs labels 0 to 9"):
        train(ImageSet(images, labels, "a set"), ImageSet(images, labels, "a set"), steps=1)


def test_plain_paddle_gives_the_same_features(network, test_digits):
    images = test_digits[0][:20]
    with paddle.no_grad():
        plain = network.convolutions(paddle.to_tensor(images)).flatten(1).numpy()
    assert np.abs(embed(network, images)[0] - plain).max() < 1e-4
