"""The held-out fifth is fixed, balanced and apart."""

import numpy as np
import pytest

from paddle_gan.data.image_set import split_indices


def test_fit_and_test_part_the_set():
    labels = np.random.default_rng(1).integers(0, 4, 200)
    fit, test = split_indices(labels, "fit"), split_indices(labels, "test")
    np.testing.assert_array_equal(np.sort(np.concatenate([fit, test])), np.arange(200))
    np.testing.assert_array_equal(split_indices(labels, "train"), np.arange(200))


def test_every_class_gives_a_fifth_the_same_each_time():
    labels = np.repeat([0, 1, 2], [10, 50, 4])
    test = split_indices(labels, "test")
    assert np.bincount(labels[test], minlength=3).tolist() == [2, 10, 0]
    np.testing.assert_array_equal(split_indices(labels, "test"), test)


@pytest.mark.parametrize("split", ["train", "fit", "test"])
def test_indices_ascend(split):
    assert np.all(np.diff(split_indices(np.arange(100) % 7, split)) > 0)
