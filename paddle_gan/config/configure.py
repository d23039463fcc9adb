"""From a recipe and what a user changes of it to a configuration that holds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from paddle_gan import data
from paddle_gan.config.recipes import RECIPES, Recipe
from paddle_gan.config.run import RULES, RUN, has_end
from paddle_gan.errors import UserError, unknown
from paddle_gan.games import Game, game_named
from paddle_gan.options import Options, Row, Rule, check, with_rows


def configure(recipe: str = "dcgan", **overrides) -> dict:
    """The resolved configuration of a run: the recipe's values, then what ``overrides`` gives.

    An override of None leaves the recipe's value, and with another penalty what the recipe says of
    its own, such as the weight, falls away; the paths of data, labels and weights become
    absolute. Raises UserError for an unknown recipe or option (naming the nearest one), a value out
    of its range or values that exclude each other.
    """
    return _resolved(recipe, find(recipe), overrides)


def restored(recipe: str, **saved) -> dict:
    """The configuration that ``saved`` was, of a run or a checkpoint of any version.

    What it does not name had its option's default, whatever the recipe says today. Raises as
    ``configure`` does.
    """
    row = find(recipe)
    return _resolved(recipe, Recipe(row.about, row.game), saved)


def _resolved(recipe: str, row: Recipe, overrides: Mapping[str, Any]) -> dict:
    given = {name: _as_json(value) for name, value in overrides.items() if value is not None}
    options, rules = options_of(row, given)
    for name in overrides:
        if name not in options:
            raise no_option(recipe, name, given)
    given = {**_values(row, given), **given}
    config = {name: given.get(name, option.default) for name, option in options.items()}
    check(options, rules, config)
    config["data"] = data.absolute(config["data"])
    for name in ("labels", "init_from"):
        if config[name]:
            config[name] = os.path.abspath(os.path.expanduser(config[name]))
    return {"recipe": recipe, "about": row.about, "game": row.game, **config}


def find(recipe: str) -> Recipe:
    """The row of a recipe. Raises UserError, naming the nearest, where there is none."""
    if recipe not in RECIPES:
        raise unknown("recipe", recipe, sorted(RECIPES))
    return RECIPES[recipe]


def game_of(config: Mapping[str, Any]) -> type[Game]:
    """The game of a configuration."""
    return game_named(config["game"])


def games() -> list[type[Game]]:
    """Every game that a recipe names."""
    return [game_named(name) for name in sorted({row.game for row in RECIPES.values()})]


def options_of(row: Recipe, given: Mapping[str, Any]) -> tuple[Options, list[Rule]]:
    """Every option there is for a recipe, given what is changed of it, and the rules of them."""
    game = game_named(row.game)
    own, rules = with_rows(game.options, {**row.values, **given})
    return {**RUN, **own}, [*RULES, *game.rules, *rules]


def sections(recipe: str, given: Mapping[str, Any]) -> dict[str, tuple[Options, dict]]:
    """What ``--help`` lists: title -> options and the values that the recipe gives them."""
    row = find(recipe)
    options, _ = options_of(row, given)
    own = {name: option for name, option in options.items() if name not in RUN}
    own_values = _values(row, given)
    values = {name: own_values.get(name, option.default) for name, option in options.items()}
    return {"any run": (RUN, values), f"the recipe {recipe}": (own, values)}


def _values(row: Recipe, given: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's values, without those that are of a choice which ``given`` makes otherwise.

    What it says of its penalty, as ``penalty_weight``, is not of another one; nor is its burn-in of
    values that have no end any more.
    """
    table, values = game_named(row.game).options, row.values
    others = tuple(
        f"{name}_"
        for name, value in given.items()
        if name in table
        and isinstance(table[name].range, Row)
        and value not in (None, values.get(name))
    )
    values = {name: value for name, value in values.items() if not name.startswith(others)}
    if not has_end({**values, **given}):
        values.pop("burn_in", None)
    return values


def _as_json(value: Any) -> Any:
    """Paths as text; NumPy's numbers and arrays as Python's, which a file of JSON can hold."""
    value = os.fspath(value) if isinstance(value, os.PathLike) else value
    return value.tolist() if hasattr(value, "tolist") else value


def no_option(
    recipe: str, name: str, given: Mapping[str, Any] | None = None, besides: Iterable[str] = ()
) -> UserError:
    """The error for an option that a recipe does not have: which have it, or which is nearest.

    ``besides`` are names that are no options of a recipe but may be meant.
    """
    name = name.replace("-", "_")
    having = [other for other, row in RECIPES.items() if name in options_of(row, {})[0]]
    if having:
        there = f"{', '.join(having)} {'has' if len(having) == 1 else 'have'} it"
        return UserError(f"recipe {recipe!r} has no option {name!r}; {there}")
    return unknown("option", name, sorted({*options_of(find(recipe), given or {})[0], *besides}))
