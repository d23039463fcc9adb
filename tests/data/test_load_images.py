"""One call for every source, and one line for every mistake."""

import numpy as np
import pytest

from paddle_gan.data import load_images
from paddle_gan.data.mnist import load_embedded
from paddle_gan.errors import UserError


def test_embedded_in_the_default_form():
    images = load_images("embedded")
    assert images.images.shape == (5000, 1, 32, 32) and images.images.dtype == np.uint8
    assert images.labels.dtype == np.int64 and len(images) == 5000
    np.testing.assert_array_equal(images.images, load_embedded(32, 1, "train").images)


def test_a_folder_may_be_given_from_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UserError, match=f"{tmp_path}/nothing does not exist; data is mnist, "):
        load_images("~/nothing")


@pytest.mark.parametrize("wrong", [{"split": "valid"}, {"channels": 4}, {"image_size": 0}])
def test_wrong_arguments(wrong):
    with pytest.raises(
        UserError, match="channels are 1 or 3, splits are train, trainval, fit, validation, test"
    ):
        load_images("embedded", **wrong)


@pytest.mark.parametrize("name", ["", "no-such", "no\0such", "x" * 5000])
def test_names_that_are_no_data(name):
    with pytest.raises(UserError, match="data is mnist, embedded"):
        load_images(name)
