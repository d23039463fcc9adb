"""Options: what a value may be, how flags read it, and what is said where it is wrong."""

from __future__ import annotations

import argparse
from types import SimpleNamespace

import pytest

from paddle_gan.errors import UserError
from paddle_gan.options import (
    FLAG,
    POSITIVE,
    Option,
    Range,
    Row,
    check,
    checked,
    flags,
    number,
    one_of,
    renamed,
    whole,
    with_rows,
)

TABLE = {"square": 2, "round": SimpleNamespace(OPTIONS={"radius": Option(1.0, POSITIVE, "r")})}
OPTIONS = {
    "steps": Option(10, whole(1), "how many"),
    "limit": Option(None, whole(1), "at most"),
    "rate": Option(0.5, number(0, 1), "how fast, in %"),
    "shape": Option("square", Row(TABLE, {"quadratic": "square"}), "of it"),
    "sides": Option(3, one_of((3, 4)), "of it"),
    "loud": Option(False, FLAG, "noisy"),
    "pair": Option((1.0, 2.0), Range(lambda v: len(v) == 2, "two", ("A", "B"), float, 2), "both"),
}


def parsed(*words: str) -> dict:
    parser = argparse.ArgumentParser()
    flags(parser, OPTIONS, {"steps": 7})
    parser.add_argument("--strides", **renamed("steps", int))
    return vars(parser.parse_args(words))


@pytest.mark.parametrize(
    ("range_", "good", "bad"),
    [
        (whole(1), [1, 10**9], [0, 1.0, True, "1", None, [1], float("nan")]),
        (whole(2, 5), [2, 5], [1, 6]),
        (POSITIVE, [1e-9, 5, 1e300], [0, -1, float("inf"), float("nan"), "1", None]),
        (number(0), [0, 0.0, 3], [-1e-9, float("inf"), float("nan")]),
        (number(0, 1), [0, 1], [1.001]),
        (one_of((1, 3)), [1, 3], [2, 1.0, True, "1"]),
        (one_of(("stop", "retry")), ["stop"], ["Stop", 1, None]),
        (FLAG, [True, False], [0, 1, "yes", None]),
    ],
)
def test_what_a_range_holds(range_, good, bad):
    option = Option(good[0], range_, "")
    for value in good:
        assert option.checked("x", value) is value
    for value in bad:
        with pytest.raises(UserError, match="^x .*: it must be "):
            option.checked("x", value)


def test_none_is_allowed_where_it_is_the_default():
    assert OPTIONS["limit"].checked("limit", None) is None
    with pytest.raises(UserError, match="^steps None: it must be a whole number, at least 1$"):
        OPTIONS["steps"].checked("steps", None)


@pytest.mark.parametrize(
    ("range_", "told"),
    [
        (whole(1), "a whole number, at least 1"),
        (whole(2, 5), "a whole number, from 2 to 5"),
        (number(0, 1), "a number from 0 to 1"),
        (POSITIVE, "a positive number"),
        (one_of((1, 3)), "1 or 3"),
        (one_of((1, 2, 3)), "one of 1, 2, 3"),
    ],
)
def test_what_is_said_of_a_range(range_, told):
    assert range_.text == told


def test_a_row_by_its_old_name_becomes_the_new_one_and_says_so(capsys):
    assert OPTIONS["shape"].checked("shape", "quadratic") == "square"
    assert "shape 'quadratic' is now called 'square'" in capsys.readouterr().err
    for wrong in ("squar", 5, None, ["square"]):
        with pytest.raises(UserError, match="unknown shape .*square, round"):
            OPTIONS["shape"].checked("shape", wrong)


def test_flags_read_what_the_ranges_hold():
    assert set(parsed().values()) == {None}
    found = parsed(*"--steps 3 --rate 0.25 --shape round --loud --pair 3 4 --sides 4".split())
    assert found == {
        "steps": 3,
        "limit": None,
        "rate": 0.25,
        "shape": "round",
        "loud": True,
        "pair": [3.0, 4.0],
        "sides": 4,
    }
    assert parsed("--no-loud")["loud"] is False


def test_a_flag_by_its_old_name(capsys):
    assert parsed("--strides", "4")["steps"] == 4
    assert "--strides is now called --steps" in capsys.readouterr().err


def test_help_tells_meaning_names_and_the_value_in_force(capsys):
    with pytest.raises(SystemExit):
        parsed("--help")
    told = " ".join(capsys.readouterr().out.split())
    for part in ("how many (7)", "at most (none)", "how fast, in % (0.5)", "of it: square, round"):
        assert part in told
    assert "both (1.0 2.0)" in told and "strides" not in told and "--no-loud" in told


def test_a_chosen_row_brings_its_own_options():
    assert with_rows(OPTIONS, {})[0] == OPTIONS
    found, rules = with_rows(OPTIONS, {"shape": "round"})
    assert set(found) - set(OPTIONS) == {"radius"} and rules == []
    with pytest.raises(UserError, match="unknown shape 'flat'"):
        with_rows(OPTIONS, {"shape": "flat"})


def test_rules_are_asked_after_the_ranges():
    rules = [(lambda c: c["steps"] < c["sides"], "{steps} steps for {sides} sides")]
    config = {name: option.default for name, option in OPTIONS.items()}
    check(OPTIONS, rules, config)
    with pytest.raises(UserError, match="^2 steps for 3 sides$"):
        check(OPTIONS, rules, {**config, "steps": 2})
    with pytest.raises(UserError, match="^steps 'two': it must be"):
        check(OPTIONS, rules, {**config, "steps": "two"})


def test_values_that_a_few_options_are_asked_for():
    assert checked({"steps": 2, "rate": None}, OPTIONS, "it") == {"steps": 2}
    told = "^colour is no option of it; its options are steps, limit, "
    with pytest.raises(UserError, match=told):
        checked({"colour": 1}, OPTIONS, "it")
    with pytest.raises(UserError, match="^direction is no option of it; its options are class$"):
        checked({"direction": 1}, {"class_": OPTIONS["steps"]}, "it")
