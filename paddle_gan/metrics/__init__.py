"""How good samples of digits are, in numbers named by their protocol and in a picture."""

from paddle_gan.metrics.choosing import only
from paddle_gan.metrics.digits import DigitNetwork, describe, digit_network, embed
from paddle_gan.metrics.evaluate import as_digits, evaluate, has_seen
from paddle_gan.metrics.judges import JUDGES, Judge, summary
from paddle_gan.metrics.modes import modes, modes_summary
from paddle_gan.metrics.reference import prepare

__all__ = [
    "JUDGES",
    "DigitNetwork",
    "Judge",
    "as_digits",
    "describe",
    "digit_network",
    "embed",
    "evaluate",
    "has_seen",
    "modes",
    "modes_summary",
    "only",
    "prepare",
    "summary",
]
