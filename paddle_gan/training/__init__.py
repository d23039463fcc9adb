"""Training: the loop and what it writes."""

from paddle_gan.training.loop import train

__all__ = ["train"]
