"""The networks of any checkpoint."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, NamedTuple

from paddle import nn

from paddle_gan import kernels
from paddle_gan.checkpoints.description import split
from paddle_gan.checkpoints.guessing import guess
from paddle_gan.checkpoints.pretrained import located
from paddle_gan.checkpoints.reading import check_state, read, shapes_of, shown
from paddle_gan.config import game_of, restored
from paddle_gan.errors import UserError
from paddle_gan.games import Game, game_named, without_values

_OF_RECIPES = ("about", "game")  # values of a configuration that follow from its recipe


class Opened(NamedTuple):
    """A game and the networks it draws with, in eval mode.

    ``name`` is the network of the file that was opened; ``config`` is None if not described.
    """

    name: str
    game: type[Game]
    networks: dict[str, nn.Layer]
    config: dict | None

    def fold(self) -> None:
        """Fold BatchNorm into convolutions where that can be done; ends training."""
        for name, network in self.networks.items():
            if hasattr(network, "fold"):
                network.fold()
            else:
                self.networks[name] = kernels.folded(network)

    def images(self):
        """The data set that drawings are made from, as in training; None for noise."""
        if self.config is None or self.game.watched is None:
            return None
        if self.name in self.game.draws_alone:
            return None
        return self.game.load(self.config, self.game.watched)


def open_checkpoint(path: str | os.PathLike) -> Opened:
    """What the file of a network, or ``pretrained:NAME``, is drawn with, whoever saved it.

    A checkpoint of this package describes itself; of one that does not, such as the notebook's,
    names and shapes of the weights tell the generator. Further networks that its game draws with
    are read from beside it, unless it draws alone; where any of them will do, those that are there.
    Raises UserError for a file that is missing, damaged, hostile, or of a network that nothing is
    drawn with.
    """
    path = located(path)
    opened = open_network(path)
    name, game, networks, config = opened
    for other in () if config is None or name in game.draws_alone else game.drawn_with:
        file = beside(path, name, other)
        if other != name and not (game.any_draws and not file.exists()):
            networks[other] = _load(file)[1]
    return opened


def open_network(path: str | os.PathLike) -> Opened:
    """The network of a file alone; otherwise as ``open_checkpoint``."""
    name, network, config = _load(path)
    return Opened(name, game_of(config) if config else game_named("gan"), {name: network}, config)


def beside(path: Path, name: str, other: str) -> Path:
    """Where network ``other`` of the file ``path`` of network ``name`` is."""
    if name in path.name:  # Enet.pdparams, Enet_raw.pdparams, epoch-010-Enet.pdparams
        return path.with_name(path.name.replace(name, other))
    return path.with_name(f"{other}.pdparams")


def load_generator(path: str | os.PathLike) -> nn.Layer:
    """The network saved in ``path``, in eval mode, whoever saved it; as ``open_checkpoint``."""
    return _load(path)[1]


def _load(path: str | os.PathLike) -> tuple[str, nn.Layer, dict | None]:
    """Name, network and configuration of a file."""
    path = located(path)
    state, description = split(read(path), path)
    if description is None and isinstance(state, dict):
        # Weights that were saved again by themselves: with which margin it draws is not in them.
        state = {name: value for name, value in state.items() if name != "regions.offsets"}
    # Without values until it is known that those of the file fill it: anybody may have written it,
    # and a few bytes may describe terabytes.
    with without_values():
        name, network, config = _described(description, path) if description else _guessed(state)
    if network is None:
        found = f" but {shown(name)}" if description else ""
        raise UserError(
            f"{path} holds no generator that this package knows{found}; give a Gnet.pdparams"
        )
    needed = sum(math.prod(parameter.shape) for parameter in network.parameters())
    held = sum(math.prod(getattr(array, "shape", ())) for array in state.values())
    if needed > held:
        raise UserError(
            f"{path} describes another network: one of {needed:,} numbers, and it holds {held:,}"
        )
    check_state(state, shapes_of(network), path)
    for parameter in network.parameters():
        parameter.initialize()
    network.set_state_dict({key: value.astype("float32") for key, value in state.items()})
    network.eval()
    network.class_names = description and description["classes"]
    return name, network, config


def _guessed(state: Any) -> tuple[str, nn.Layer | None, None]:
    arrays = state.items() if isinstance(state, dict) else ()
    found = guess({name: tuple(array.shape) for name, array in arrays if hasattr(array, "shape")})
    return "Gnet", found and found[0](**found[1]), None


def _described(description: dict, path: str | os.PathLike) -> tuple[str, nn.Layer | None, dict]:
    values = dict(description["config"])
    recipe, name = values.pop("recipe", None), description["network"].removesuffix("_raw")
    try:
        config = restored(recipe, **{n: v for n, v in values.items() if n not in _OF_RECIPES})
        game = game_of(config)
        return name, game.build(config)[name] if name in game.drawn_with else None, config
    except Exception as error:  # whatever values of another type or size may cause
        known = isinstance(error, UserError)
        reason = shown(error) if known else "a value of its configuration cannot be used"
        raise UserError(f"{path} describes a network that cannot be built: {reason}") from error
