"""What the tests of the fast kernels share."""

import pytest

from paddle_gan.kernels import memory
from paddle_gan.kernels.onednn import library


@pytest.fixture(autouse=True, scope="session")
def fast_kernels():
    """Without oneDNN the tests would compare Paddle with itself."""
    assert library() is not None, "no oneDNN (libdnnl.so.3) in this Paddle: nothing is tested here"


@pytest.fixture
def pool(monkeypatch) -> memory.Pool:
    """A pool of this test's own."""
    monkeypatch.setattr(memory, "pool", memory.Pool())
    return memory.pool
