"""Files of a run that was never trained."""

from __future__ import annotations

from pathlib import Path

import paddle

from paddle_gan.checkpoints.description import with_description
from paddle_gan.config import game_of


def save_checkpoint(folder: Path, config: dict) -> Path:
    """What the game of a configuration draws with, with random weights; returns the folder."""
    paddle.seed(3)
    game = game_of(config)(config)
    description = {"step": 1, "pixels": [-1, 1], "classes": None, "config": config}
    for name in game.drawn_with:
        state = with_description(game.networks[name].state_dict(), {**description, "network": name})
        paddle.save(state, str(folder / f"{name}.pdparams"))
    return folder
