"""Who plays whom: each file here is a game, and its class is the file's ``GAME``."""

from __future__ import annotations

import importlib

from paddle_gan.games.base import Game
from paddle_gan.games.memory import check_memory, without_values

__all__ = ["Game", "check_memory", "game_named", "without_values"]


def game_named(name: str) -> type[Game]:
    """The game of the file of that name, which a recipe has named."""
    return importlib.import_module(f"paddle_gan.games.{name}").GAME
