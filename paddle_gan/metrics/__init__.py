"""How good samples are, in numbers named by their protocol and in a picture."""

from paddle_gan.metrics.choosing import only
from paddle_gan.metrics.digits import DigitNetwork, describe, digit_network, embed
from paddle_gan.metrics.evaluate import as_digits, evaluate, has_seen
from paddle_gan.metrics.images import evaluate_images
from paddle_gan.metrics.judges import (
    JUDGES,
    Judge,
    by_features,
    judge_of,
    reconstructed,
    summary,
)
from paddle_gan.metrics.modes import modes, modes_summary
from paddle_gan.metrics.reference import prepare

__all__ = [
    "JUDGES",
    "DigitNetwork",
    "Judge",
    "as_digits",
    "by_features",
    "describe",
    "digit_network",
    "embed",
    "evaluate",
    "evaluate_images",
    "has_seen",
    "judge_of",
    "modes",
    "modes_summary",
    "only",
    "prepare",
    "reconstructed",
    "summary",
]
