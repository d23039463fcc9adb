"""Every test runs as the scripts do: Paddle imported by the package, with all cores in use."""

import signal

import pytest

from paddle_gan.system import signals
from paddle_gan.system.runtime import import_paddle

import_paddle()

# A suite in the background or under nohup ignores some, and so would every run that it starts.
for number in signals.ENDING:
    if signal.getsignal(number) is signal.SIG_IGN:
        as_ever = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, as_ever)


@pytest.fixture(autouse=True)
def signal_handlers():
    """Handlers that a command installed in this process do not outlive its test."""
    before = {number: signal.getsignal(number) for number in signals.ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
