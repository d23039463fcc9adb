"""What is held out is fixed, balanced and apart; a fingerprint tells sets from each other."""

import dataclasses
import hashlib

import numpy as np
import pytest

from paddle_gan.data import ImageSet, load_images
from paddle_gan.data.image_set import part_indices, split_indices, training_indices

MNIST = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)  # training digits, 0 to 9


def test_all_classes_have_names_whichever_a_split_has_images_of():
    images, labels = np.zeros((2, 1, 4, 4), np.uint8), np.array([0, 2])
    assert ImageSet(images, None, "unknown").class_names == ()
    assert ImageSet(images, labels, "digits").class_names == ("0", "1", "2")
    pets = ImageSet(images, labels, "pets", classes=("cat", "dog", "owl", "yak"))
    assert pets.class_names == ("cat", "dog", "owl", "yak")


def test_fit_validation_and_test_part_the_set():
    labels = np.random.default_rng(1).integers(0, 4, 200)
    parts = [split_indices(labels, split) for split in ("fit", "validation", "test")]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(200))
    trainval = np.sort(np.concatenate(parts[:2]))
    np.testing.assert_array_equal(split_indices(labels, "trainval"), trainval)
    np.testing.assert_array_equal(split_indices(labels, "train"), np.arange(200))


def test_every_class_gives_a_fifth_the_same_each_time():
    labels = np.repeat([0, 1, 2], [10, 50, 4])
    test = split_indices(labels, "test")
    assert np.bincount(labels[test], minlength=3).tolist() == [2, 10, 0]
    np.testing.assert_array_equal(split_indices(labels, "test"), test)


def test_validation_is_a_sixth_of_every_class():
    """Of MNIST exactly as many digits as its test set has."""
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(10), MNIST))
    validation = training_indices(labels, "validation")
    assert len(validation) == 10_000
    kept = np.bincount(labels[validation])
    assert all(count // 6 <= n <= count // 6 + 1 for count, n in zip(MNIST, kept))
    np.testing.assert_array_equal(training_indices(labels, "validation"), validation)
    fit = training_indices(labels, "fit")
    np.testing.assert_array_equal(np.sort(np.concatenate([fit, validation])), np.arange(60_000))


def test_validation_is_from_all_over_a_class():
    validation = training_indices(np.zeros(600), "validation")
    assert all(10 < np.sum(validation // 200 == third) < 60 for third in range(3))
    assert len(np.unique(np.diff(validation))) > 5  # not every sixth, which may mean something


@pytest.mark.parametrize("split", ["train", "trainval", "fit", "validation", "test"])
def test_indices_ascend(split):
    assert np.all(np.diff(split_indices(np.arange(100) % 7, split)) > 0)


PARTS = [*["test"] * 3, *["train"] * 30, *["val"] * 4]


@pytest.mark.parametrize(
    ("kept", "sizes"),
    [  # train, trainval, fit, validation, test
        (("train", "test"), (30, 30, 25, 5, 3)),
        (("train", "val"), (30, 30, 25, 5, 4)),
        (("train", "val", "test"), (30, 30, 30, 4, 3)),
        (("train",), (30, 24, 20, 4, 6)),
        (("",), (30, 24, 20, 4, 6)),
    ],
)
def test_parts_of_the_data_are_its_splits(kept, sizes):
    parts = [part for part in PARTS if part in kept] or [""] * 30
    labels = np.zeros(len(parts))
    splits = ("train", "trainval", "fit", "validation", "test")
    chosen = {split: part_indices(parts, labels, split).tolist() for split in splits}
    assert tuple(map(len, chosen.values())) == sizes
    assert all(indices == sorted(set(indices)) for indices in chosen.values())
    assert not {*chosen["test"]} & {*chosen["trainval"]}
    assert not {*chosen["validation"]} & {*chosen["fit"]}
    assert {*chosen["fit"]} <= {*chosen["trainval"]} <= {*chosen["train"]}
    if len(kept) > 1:
        assert {parts[index] for index in chosen["train"]} == {"train"}
        assert {parts[index] for index in chosen["test"]} == {kept[-1]}


def test_an_item_is_an_image_with_its_label():
    images = np.arange(24, dtype=np.uint8).reshape(6, 1, 2, 2)
    one = ImageSet(images, np.arange(6) * 10, "a line")
    order = one.order(seed=2, epoch=7)
    assert order.dtype == np.int64
    assert order.tolist() == np.random.default_rng([2, 7]).permutation(6).tolist()
    batch = one.batch(np.array([5, 1]))
    assert batch["image"].dtype == np.float32 and batch["label"].tolist() == [50, 10]
    values = (batch["image"].ravel() + 1) * 127.5
    assert values.tolist() == pytest.approx([20, 21, 22, 23, 4, 5, 6, 7], abs=1e-4)
    assert dataclasses.replace(one, labels=None).batch(np.array([0])).keys() == {"image"}


@pytest.mark.parametrize(("n", "shown"), [(3, [0, 3, 6]), (4, [0, 2, 4, 6]), (20, range(10))])
def test_examples_are_from_all_over_the_set(n, shown):
    images = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
    assert ImageSet(images, None, "").examples(n)["image"].ravel().tolist() == [*shown]
    assert ImageSet(images, None, "", first=5).examples(1)["image"].ravel().tolist() == [5]


def test_cached_digit_networks_stay_valid():
    """They are kept under the hash of their training digits; 28 x 28, which OpenCV leaves alone."""
    found = load_images("embedded", image_size=28, split="trainval").fingerprint()
    assert found["images"] == 4000
    assert found["sha256"].startswith("86259e5425e0701c")


def test_a_fingerprint_is_of_images_and_labels():
    images, labels = np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 2), np.array([3, 4])
    one = ImageSet(images, labels, "a line", name="embedded", split="fit")
    expected = hashlib.sha256(bytes(range(24)) + b"\3" + bytes(7) + b"\4" + bytes(7)).hexdigest()
    assert one.fingerprint() == {
        "source": "embedded",
        "split": "fit",
        "images": 2,
        "sha256": expected,
    }
    for change in (
        {"images": images + np.uint8(1)},
        {"images": images[::-1]},
        {"labels": labels[::-1]},
        {"labels": None},
    ):
        assert dataclasses.replace(one, **change).fingerprint()["sha256"] != expected
    again = dataclasses.replace(one, images=np.asfortranarray(images), source="another line")
    assert again.fingerprint()["sha256"] == expected
