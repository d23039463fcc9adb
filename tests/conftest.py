"""Every test runs as the scripts do: Paddle imported by the package, with all cores in use."""

import signal

import pytest

from paddle_gan.system import signals
from paddle_gan.system.runtime import import_paddle, restore_cores

import_paddle()

from tests.training.harness import heed_signals  # noqa: E402  (threads first)

heed_signals()


@pytest.fixture(autouse=True)
def threads():
    """Paddle Inference, in an exported loader that a test runs, leaves one; bits depend on it."""
    yield
    restore_cores()


@pytest.fixture(autouse=True)
def signal_handlers():
    """Handlers that a command installed in this process do not outlive its test."""
    before = {number: signal.getsignal(number) for number in signals.ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
