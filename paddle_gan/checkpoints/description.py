"""What the file of a network says about itself, so that nothing beside it is needed to use it.

A description is a JSON object that is stored in the state dict as one more tensor: the bytes of its
text. So ``paddle.load`` gives tensors only, and ``set_state_dict`` of any network ignores it, as it
ignores every name that is none of its own.
"""

from __future__ import annotations

import json
import math
import os
from typing import Any

import numpy as np
import paddle

from paddle_gan.checkpoints.reading import shown
from paddle_gan.errors import UserError

KEY = "paddle_gan.json"
FORMAT = 1
MAX_BYTES = 1 << 20

_DIGITS = 20  # of a whole number; Python before 3.11 takes quadratic time for long ones


def _is_range(value: Any) -> bool:
    numbers = type(value) is list and all(type(v) in (int, float) for v in value)
    return numbers and len(value) == 2 and -math.inf < value[0] < value[1] < math.inf


_FIELDS = {
    "network": ("a name", lambda v: type(v) is str),
    "step": ("a number of steps", lambda v: type(v) is int and v >= 0),
    "pixels": ("the lowest and the highest value of a pixel", _is_range),
    "classes": (
        "a list of names or null",
        lambda v: v is None or type(v) is list and all(type(name) is str for name in v),
    ),
    "config": ("an object", lambda v: type(v) is dict),
}


def with_description(state: dict, description: dict) -> dict:
    """The state dict of a network and, under ``KEY``, what describes it.

    ``description`` has ``network`` (the name of the file, without suffix), ``step``, ``pixels``
    (lowest and highest value), ``classes`` (a list of names or None) and ``config`` (the resolved
    configuration of the run).
    """
    text = json.dumps({"format": FORMAT, **description}).encode()
    return {**state, KEY: paddle.to_tensor(np.frombuffer(text, np.uint8))}


def split(state: Any, path: str | os.PathLike) -> tuple[Any, dict | None]:
    """What `read` gave for ``path`` as weights and description, which is None where there is none.

    The fields of ``with_description`` are present and of their types. Nothing else about them is
    certain, nor about the values in ``config``: anybody may have written them.

    Raises:
        UserError: the description is damaged, larger than 1 MiB, or of a newer format.
    """
    if type(state) is not dict or KEY not in state:
        return state, None
    weights = {name: value for name, value in state.items() if name != KEY}
    try:
        return weights, _parse(state[KEY])
    except (ValueError, RecursionError) as error:
        reason = shown(error)[:100]
        raise UserError(f"{shown(path)}: its description cannot be used: {reason}") from error


def _parse(array: Any) -> dict:
    """The description in an array of bytes. Raises ValueError or RecursionError."""
    if type(array) is not np.ndarray or array.ndim != 1:
        raise ValueError("it is not a list of bytes")
    if array.size > MAX_BYTES:
        raise ValueError(f"it has {array.size} bytes where {MAX_BYTES} are allowed")
    with np.errstate(invalid="ignore"):  # NaN
        text = array.astype(np.uint8)
    if not np.array_equal(text, array):  # equal: all tensors of a file may have been cast to floats
        raise ValueError("it is not a list of bytes")
    description = json.loads(text.tobytes().decode(), parse_int=_whole, parse_constant=_refuse)
    if type(description) is not dict:
        raise ValueError("it is not a JSON object")
    if description.get("format") != FORMAT:
        raise ValueError("it is of another version of paddle_gan; install a newer one")
    for name, (wanted, holds) in _FIELDS.items():
        if name not in description or not holds(description[name]):
            raise ValueError(f"{name} must be {wanted}")
    return description


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"a number has more than {_DIGITS} digits")
    return int(digits)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number of JSON")
