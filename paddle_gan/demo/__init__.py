"""A page in the browser to play with a checkpoint."""

from paddle_gan.demo.page import serve

__all__ = ["serve"]
