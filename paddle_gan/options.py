"""What a user may set: declared once, beside what it governs.

A table of options maps a name to default, range and help. The flags of the command line, the checks
of a configuration, the table in docs/options.md and the lines of errors all come from such tables.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from paddle_gan.errors import UserError, unknown
from paddle_gan.system.runtime import say_once


class Range(NamedTuple):
    """The values of an option, and how the command line reads one."""

    holds: Callable[[Any], bool]
    text: str  # what follows "it must be"
    metavar: str | None = None
    read: Callable[[str], Any] = str
    words: int | None = None  # how many make a value, where it is not one


def whole(low: int, high: float = math.inf, text: str | None = None, metavar: str = "N") -> Range:
    """Whole numbers from ``low`` to ``high``."""
    limit = f"at least {low}" if high == math.inf else f"from {low} to {high}"
    return Range(
        lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high,
        text or f"a whole number, {limit}",
        metavar,
        int,
    )


def number(
    low: float, high: float = math.inf, text: str | None = None, over: bool = False
) -> Range:
    """Finite numbers from ``low`` to ``high``; without ``low`` itself if ``over``."""
    return Range(
        lambda v: (low < v if over else low <= v) and v <= high and v < math.inf,
        text or f"a number {'over' if over else 'from'} {low:g} to {high:g}",
        "X",
        float,
    )


def numbers(text: str) -> list[int]:
    """Whole numbers with commas between them, as a flag's value."""
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        told = f"{text!r} must be whole numbers with commas between them, such as 3,9,12"
        raise argparse.ArgumentTypeError(told) from None


POSITIVE = number(0, text="a positive number", over=True)
WEIGHT = number(0, text="a number from 0")  # of a term of a loss
NAME = Range(lambda v: isinstance(v, str), "a name", "NAME")
FLAG = Range(lambda v: isinstance(v, bool), "True or False")


def one_of(values: Collection, text: str | None = None) -> Range:
    """A few values of one type."""
    words = [str(value) for value in values]
    kind = type(next(iter(values)))
    return Range(
        lambda v: isinstance(v, kind) and not isinstance(v, bool) and v in values,
        text or (" or ".join(words) if len(words) < 3 else f"one of {', '.join(words)}"),
        "|".join(words) if len(words) < 8 else "N",
        kind,
    )


class Row:
    """The names of a table; ``formerly`` maps the names that rows once had to those of today.

    A row may have ``OPTIONS`` and ``RULES`` of its own, as the module of a pair of networks has:
    they join those of the game that chooses it.
    """

    read, words, metavar = str, None, "NAME"

    def __init__(self, table: Mapping[str, Any], formerly: Mapping[str, str] | None = None):
        self.table, self.formerly = table, formerly or {}

    @property
    def text(self) -> str:
        return f"one of {', '.join(self.table)}"

    def holds(self, value: Any) -> bool:
        return value in self.table


def spelled(value: Any) -> str:
    """A value as help and documents show it."""
    if value is None:
        return "none"
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


class Option(NamedTuple):
    """One value that a user may set. Where the default is None, None is always allowed."""

    default: Any
    range: Range | Row
    help: str

    def checked(self, name: str, value: Any) -> Any:
        """The value, under its present name if it is one of a table. Raises UserError."""
        if value is None and self.default is None:
            return None
        if isinstance(self.range, Row):
            if isinstance(value, str) and value in self.range.formerly:
                value, old = self.range.formerly[value], value
                say_once(f"{name} {old!r} is now called {value!r}")
            if not isinstance(value, str) or value not in self.range.table:
                raise unknown(name, value, self.range.table)
            return value
        try:
            good = self.range.holds(value)
        except TypeError:
            good = False
        if not good:
            raise UserError(f"{name} {value!r}: it must be {self.range.text}")
        return value

    def flag(self, default: Any) -> dict:
        """The arguments for ``argparse`` of this option's flag; None stands for not given."""
        names = f": {', '.join(self.range.table)}" if isinstance(self.range, Row) else ""
        text = f"{self.help}{names} ({spelled(default)})".replace("%", "%%")
        if self.range is FLAG:
            return dict(action=argparse.BooleanOptionalAction, default=None, help=text)
        form = dict(type=self.range.read, metavar=self.range.metavar, help=text)
        return {**form, "nargs": self.range.words} if self.range.words else form


Options = Mapping[str, Option]
Rule = tuple[Callable[[dict], Any], str]  # whether a configuration is refused, and the reason


def with_rows(options: Options, given: Mapping[str, Any]) -> tuple[dict[str, Option], list[Rule]]:
    """``options`` and those of the rows that are chosen among them, and the rules of these rows.

    ``given`` are the values that are not at their defaults. Raises UserError for an unknown row.
    """
    found, rules = dict(options), []
    for name, option in options.items():
        if isinstance(option.range, Row):
            value = given.get(name)
            row = option.checked(name, option.default if value is None else value)
            chosen = option.range.table.get(row)
            found.update(getattr(chosen, "OPTIONS", {}))
            rules += getattr(chosen, "RULES", [])
    return found, rules


def checked(given: Mapping[str, Any], options: Options, what: str) -> dict[str, Any]:
    """The values that are not None. Raises UserError for one that is wrong, or none of ``what``."""
    found = {name: value for name, value in given.items() if value is not None}
    for name, value in found.items():
        if name not in options:
            there = ", ".join(each.rstrip("_") for each in options) or "none"  # class_
            raise UserError(f"{name.rstrip('_')} is no option of {what}; its options are {there}")
        found[name] = options[name].checked(name, value)
    return found


def check(options: Options, rules: Iterable[Rule], config: dict) -> None:
    """Bring every value of ``config`` under its present name, in place.

    Raises UserError, one line long, for the first value out of its range or rule that it breaks.
    """
    for name, option in options.items():
        config[name] = option.checked(name, config[name])
    for refused, reason in rules:
        if refused(config):
            raise UserError(reason.format(**config))


def flags(group: Any, options: Options, defaults: Mapping[str, Any]) -> None:
    """Add a flag for each option to a parser or a group of one."""
    for name, option in options.items():
        group.add_argument(
            "--" + name.rstrip("_").replace("_", "-"),  # class_ is no word of Python
            dest=name,
            **option.flag(defaults.get(name, option.default)),
        )


def renamed(name: str, read: Callable) -> dict:
    """The arguments for ``argparse`` of a flag that is now called ``name``."""
    return dict(dest=name, action=_Renamed, type=read, help=argparse.SUPPRESS)


class _Renamed(argparse.Action):
    """A flag under the name it once had: works, and says the new one."""

    def __call__(self, parser, namespace, value, spelled=None):
        say_once(f"{spelled} is now called --{self.dest.replace('_', '-')}")
        setattr(namespace, self.dest, value)
