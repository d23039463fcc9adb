"""Pixels keep their range, their place and their meaning."""

import numpy as np
import pytest
from PIL import Image

from paddle_gan.data.pixels import to_float, to_square


def test_to_float_spans_minus_one_to_one_exactly():
    values = np.arange(256, dtype=np.uint8)
    scaled = to_float(values)
    assert scaled.dtype == np.float32
    assert scaled[0] == -1 and scaled[255] == 1
    assert np.all(np.diff(scaled) > 0)
    np.testing.assert_allclose(scaled, (values.astype(float) - 127.5) / 127.5, atol=1e-7)
    np.testing.assert_array_equal(np.rint((scaled + 1) * 127.5), values)
    assert values[255] == 255  # the argument is left as it was


def test_growing_is_the_bilinear_resize_of_the_notebook():
    image = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    expected = np.asarray(Image.fromarray(image).resize((32, 32), Image.BILINEAR))
    assert np.abs(to_square(image, 32).astype(int) - expected).max() <= 1  # rounding


def test_shrinking_averages():
    checkerboard = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    assert np.all(np.abs(to_square(checkerboard, 16).astype(int) - 127.5) < 1)


@pytest.mark.parametrize(("shape", "crop"), [((8, 14), np.s_[:, 3:11]), ((15, 8), np.s_[3:11, :])])
def test_the_central_square_is_kept(shape, crop):
    image = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    np.testing.assert_array_equal(to_square(image, 8), image[crop])


def test_one_pixel_fills_the_square():
    assert np.all(to_square(np.full((1, 1, 3), 77, np.uint8), 16) == 77)
