"""Pixels keep their range, their place and their meaning."""

import numpy as np
import pytest
from PIL import Image

from paddle_gan.data.pixels import FITS, Form, fitted, to_float, to_square


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


WIDE = np.repeat(np.array([[10, 20, 30, 40]], np.uint8), 2, axis=0).repeat(4, 0).repeat(4, 1)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    "form, row",
    [
        (Form(4, 1), [20, 20, 30, 30]),  # of 8 x 16 pixels the middle half
        (Form(4, 1, "stretch"), [10, 20, 30, 40]),
        (Form(4, 1, "pad"), [10, 20, 30, 40]),
    ],
)
def test_what_becomes_of_rectangles(form, row, turned):
    image = WIDE.T if turned else WIDE
    found = fitted(image, form)
    found = found.T if turned else found
    ground = [255] * 4
    padded = form.fit == "pad"
    assert found.tolist() == ([ground, row, row, ground] if padded else [row] * 4)


@pytest.mark.parametrize("ground, value", [("white", 1), ("black", 0)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_padding_has_the_color_of_the_ground(ground, value, dtype):
    form = Form(6, 3, "pad", ground)
    found = fitted(np.full((2, 6, 3), 77, dtype), form)
    assert found.dtype == dtype and found.shape == (6, 6, 3)
    assert np.all(found[2:4] == 77)
    assert np.all(found[[0, 1, 4, 5]] == value * np.iinfo(dtype).max)


def test_padding_of_a_line_leaves_a_line():
    found = fitted(np.zeros((1, 1000), np.uint8), Form(10, 1, "pad"))
    assert (found == 0).all(1).sum() == 1 and (found == 255).all(1).sum() == 9


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [1, 32, 256])
def test_squares_are_the_same_by_any_fit(fit, size):
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_array_equal(fitted(image, Form(size, 3, fit)), to_square(image, size))
