"""The digit network that the package brings, and a cache of the tests' own."""

from __future__ import annotations

import pytest

from paddle_gan.data import to_float
from paddle_gan.metrics import digits


@pytest.fixture(scope="package", autouse=True)
def cache(tmp_path_factory):
    """Keeps the tests out of the user's cache, and the training of digit networks short."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.setattr(digits, "STEPS", 80)
        yield folder / "paddle_gan"


@pytest.fixture(scope="package")
def network(cache):
    return digits.shipped()


@pytest.fixture(scope="package")
def test_digits():
    """The 1,000 embedded digits that are held out: float32 1000 x 1 x 32 x 32, and labels."""
    held_out = digits.digits("embedded", "test")
    return to_float(held_out.images), held_out.labels
