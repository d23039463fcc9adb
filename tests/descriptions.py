"""Generators beside descriptions that a stranger could have written, each with what refuses it."""

from __future__ import annotations

import json
import pickle

import numpy as np

from paddle_gan.checkpoints.description import KEY
from paddle_gan.networks.dcgan import Generator
from tests.hostile import Hostile

GOOD = {
    "format": 1,
    "network": "Gnet",
    "step": 3,
    "pixels": [-1, 1],
    "classes": None,
    "config": {"recipe": "dcgan", "latent": 2, "width": 1, "image_size": 16},
}
LONG = "n" * 900_000


def with_text(text: str | bytes) -> bytes:
    """The file of a generator with such a text for a description."""
    text = text.encode() if isinstance(text, str) else text
    return with_value(np.frombuffer(text, np.uint8))


def with_value(value: object) -> bytes:
    weights = {name: array.numpy() for name, array in Generator(2, 1, 1, 16).state_dict().items()}
    return pickle.dumps({**weights, KEY: value}, 4)


def hostile() -> list[Hostile]:
    """Good weights beside a description that is broken, or asks for too much."""
    arrays = {
        "a text": json.dumps(GOOD),
        "nothing": None,
        "rows": np.zeros((2, 2), np.uint8),
        "a number": np.array(1, np.uint8),
        "large numbers": np.array([123 + 256]),
        "fractions": np.array([123.5]),
        "not numbers": np.array([np.nan, np.inf]),
    }
    texts = {
        "empty": ("", "Expecting value"),
        "cut": (json.dumps(GOOD)[:-1], "Expecting"),
        "followed": (json.dumps(GOOD) * 2, "Extra data"),
        "not UTF-8": (b"\xff", "decode"),
        "too large": (b" " * (1 << 20) + b"1", "1048577 bytes where 1048576 are allowed"),
        "deep lists": ("[" * 1_000_000, "recursion"),
        "deep objects": ('{"a":' * 200_000, "recursion"),
        "a long number": ("9" * 1_000_000, "more than 20 digits"),
        "a long negative number": ("[-" + "9" * 1_000_000 + "]", "more than 20 digits"),
        "not a number": ("NaN", "NaN is not a number"),
        "a list": ("[]", "not a JSON object"),
        "an empty object": ("{}", "another version"),
    }
    fields = {
        "format": ([2, None, "1", [1]], "another version of paddle_gan"),
        "network": ([None, 3, ["Gnet"]], "network must be"),
        "step": ([None, -1, 1.5, True, "1"], "step must be"),
        "pixels": (
            [None, 1, [], [1, -1], [0, 0], ["a", "b"], [True, 2], [-1, 1, 1]],
            "pixels must",
        ),
        "classes": (["abc", [1], [None], {}], "classes must be"),
        "config": ([None, [], "dcgan", 1], "config must be"),
    }
    values = {
        "recipe": ([None, 1, [], {}, "gone", "two\nlines", LONG, "\ud800"], "cannot be built"),
        "networks": ([[], {}, 1, "gone", LONG], "cannot be built"),
        "latent": ([0, -1, 1.5, "a", [], LONG], "latent"),
        "width": ([0, -1, 1.5, "a", {"a": [1]}], "width"),
        "channels": ([0, 2, "1", [1]], "channels"),
        "image_size": ([0, 33, 1 << 40, 16.0], "image_size"),
        "lr": (["fast", [], {}], "lr"),
        "data": (["~a\0b", 1], "cannot be built"),
        LONG: ([1], "unknown option"),
    }
    sizes = {"latent": 10**19, "width": 10**9, "channels": 3, "image_size": 128}
    found = [Hostile(name, with_value(value), "list of bytes") for name, value in arrays.items()]
    found += [Hostile(name, with_text(text), told) for name, (text, told) in texts.items()]
    for name, (wrong, told) in fields.items():
        changed = [{**GOOD, name: value} for value in wrong]
        changed.append({key: value for key, value in GOOD.items() if key != name})
        found += written(name, changed, told)
    for name, (wrong, told) in values.items():
        changed = [{**GOOD, "config": {**GOOD["config"], name: value}} for value in wrong]
        found += written(f"config {name[:10]}", changed, told)
    for name, size in sizes.items():
        changed = {**GOOD, "config": {**GOOD["config"], name: size}}
        found += written(f"huge {name}", [changed], "network")
    found += written("another network", [{**GOOD, "network": "Dnet"}], "holds no generator")
    return found


def written(name: str, changed: list[dict], told: str) -> list[Hostile]:
    texts = [json.dumps(description) for description in changed]
    return [Hostile(f"{name} {i}", with_text(text), told) for i, text in enumerate(texts)]
