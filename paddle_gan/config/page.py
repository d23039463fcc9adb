"""docs/options.md, written from the options as they are declared: ``make options``."""

from __future__ import annotations

from paddle_gan.config.configure import games
from paddle_gan.config.recipes import RECIPES
from paddle_gan.config.run import RUN
from paddle_gan.options import FLAG, Options, Row, spelled

_HEAD = """# Options

Every value of a recipe has a flag. From Python they are arguments of `paddle_gan.train`, under the
same names with `_` for `-`. The defaults below are those of the game; a recipe has others, which
`python train.py --recipe NAME --help` shows. The flags of a command, such as `--out`, are in its
`--help`. This page is made by `make options` from where the options are declared.
"""


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD, "## Of any run\n", _table(RUN)]
    for game in games():
        name = game.__module__.rpartition(".")[2]
        recipes = ", ".join(f"`{recipe}`" for recipe, row in RECIPES.items() if row.game == name)
        parts += [f"## Of the game `{name}`\n", f"Recipes: {recipes}.\n", _table(game.options)]
        for option in game.options.values():
            for row, chosen in option.range.table.items() if isinstance(option.range, Row) else ():
                if hasattr(chosen, "OPTIONS"):
                    parts += [f"### Of the networks `{row}`\n", _table(chosen.OPTIONS)]
    return "\n".join(parts)


def _table(options: Options) -> str:
    lines = ["| flag | default | values | |", "|-|-|-|-|"]
    for name, option in options.items():
        flags, values = f"`--{name.replace('_', '-')}`", option.range.text
        if option.range is FLAG:
            flags, values = f"{flags}, {flags.replace('--', '--no-')}", ""
        lines.append(f"| {flags} | {spelled(option.default)} | {values} | {option.help} |")
    return "\n".join(lines) + "\n"
