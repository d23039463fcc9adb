"""Samples brought to the size, the grays and the type of digits before they are scored."""

import cv2
import numpy as np

from paddle_gan.data import to_float
from paddle_gan.metrics import digits
from paddle_gan.metrics.evaluate import as_digits


def test_other_sizes_are_scaled_as_the_data_is():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    expected = to_float(cv2.resize(images[1], (32, 32), interpolation=cv2.INTER_LINEAR))
    small = to_float(images)
    assert np.array_equal(as_digits(small[:, None])[1, 0], expected)
    assert np.array_equal(as_digits(small[None], channels=3)[0, 1], expected)
    large = np.repeat(np.repeat(small[:, :16, :16], 4, axis=1), 4, axis=2)[:, None]
    assert as_digits(large).shape == (3, 1, 32, 32)
    assert np.allclose(as_digits(large)[:, 0, ::2, ::2], small[:, :16, :16], atol=1e-6)


def test_samples_are_rounded_to_the_grays_that_digits_have():
    grays = np.linspace(-1, 1, 256)
    offsets = np.random.default_rng(0).uniform(-0.49, 0.49, (100, 1, 32, 32)) / 127.5
    exact = np.resize(grays, offsets.shape)
    rounded = as_digits(np.clip(exact + offsets, -1, 1).astype(np.float32))
    assert np.array_equal(rounded, to_float(np.resize(np.arange(256), offsets.shape)))
    digits_of_8_bits = to_float(digits.digits("embedded", "test").images)
    assert np.array_equal(as_digits(digits_of_8_bits), digits_of_8_bits)


def test_a_smaller_float_type_will_do():
    assert as_digits(np.zeros((2, 1, 32, 32), np.float16)).dtype == np.float32
