"""What a run is made of: the rows of recipes, and how one becomes a configuration."""

from paddle_gan.system.runtime import import_paddle

import_paddle()  # before the games do, which settles the number of threads

from paddle_gan.config.configure import (  # noqa: E402
    configure,
    game_of,
    games,
    no_option,
    restored,
    sections,
)
from paddle_gan.config.recipes import RECIPES  # noqa: E402

__all__ = ["RECIPES", "configure", "game_of", "games", "no_option", "restored", "sections"]
