"""Who scores a run while it trains, and what of."""

from __future__ import annotations

from paddle import nn

from paddle_gan.data import DataSet
from paddle_gan.games import Game
from paddle_gan.metrics import judge_of

_SCORED = 10_000


class Scoring:
    """The judge of a run, chosen by its game and its data, with all made ready that it takes.

    ``watched`` is what the game's pictures are made from. Raises UserError where nothing scores it.
    """

    def __init__(self, game: Game, config: dict, watched: DataSet | None):
        self._game, self._config, self._watched = game, config, watched
        self._load = game.reader(config)
        self.judge, self.why = judge_of(game.judge, config["data"], self._load)
        self.judge.prepare(self._load)
        shown = {name: f"score/{name}" for name in self.judge.shown}
        self.tags = {**shown, **self.judge.tags}  # where the dashboard shows scores

    def __call__(self, drawers: dict[str, nn.Layer]) -> dict:
        """The scores of what networks in eval mode draw."""
        judge, load = self.judge, self._load
        images = load(judge.split) if judge.split else self._watched
        n = min(_SCORED, judge.most(load))
        drawn = self._game.cases(drawers, n, self._config["seed"], images)
        return judge.score(drawn, images, load)
