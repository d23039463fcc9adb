"""Who plays whom. ``GAMES`` names the games for the recipes.

A game is built from a run's configuration and has ``networks`` and ``optimizers`` (name of the
file they are saved in -> object), ``generator``, ``latents(n)`` and ``train_step(batch)``.
"""

from paddle_gan.games.gan import GAN, TABLES, rows

__all__ = ["GAMES", "rows"]

GAMES = {"gan": GAN}
TABLES["game"] = GAMES  # here, as games are built upon what ``gan`` holds
