"""Training: the loop and what it writes."""

from paddle_gan.training.loop import train
from paddle_gan.training.trained import Trained

__all__ = ["Trained", "train"]
