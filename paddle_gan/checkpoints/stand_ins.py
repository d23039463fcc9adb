"""What the functions and classes named in a checkpoint stand for: arrays, and nothing else.

NumPy writes an array as a call of ``_reconstruct`` and a state to set, Paddle a tensor as a call
of ``tuple`` or of ``eval``. None of these is ever called; the functions here take their places.
"""

from __future__ import annotations

import math

import numpy as np

# Of the array protocol: signed and unsigned integers, floating-point numbers, bool.
DTYPES = {kind + size for kind in "iu" for size in "1248"} | {"b1", "f2", "f4", "f8"}


class Rejected(Exception):
    """Why a file is no checkpoint, worded to follow the file's name."""


def refuse(why: str):
    only = "a checkpoint may hold only arrays, dicts, lists and plain values"
    raise Rejected(f"is refused: it {why[:120]}; {only}")


def check_array(shape, dtype, data):
    if type(shape) is not tuple or len(shape) > 32 or any(type(n) is not int for n in shape):
        raise TypeError("not a shape")
    if not isinstance(dtype, np.dtype) or type(data) not in (bytes, bytearray):
        raise TypeError("not an array")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError("the shape lies")


def _reconstruct(kind, shape, _typecode) -> np.ndarray:
    if kind.name != "numpy.ndarray" or type(shape) is not tuple or shape != (0,):
        raise TypeError("not an array")
    return np.empty(0, np.uint8)  # `build` fills it


def _frombuffer(data, dtype, shape, order) -> np.ndarray:
    check_array(shape, dtype, data)
    return np.ndarray(shape, dtype, data, order=order)


def _scalar(dtype, data) -> float | int | bool:
    check_array((), dtype, data)
    return np.frombuffer(data, dtype)[0].item()


def _dtype(code, _align, _copy) -> np.dtype:
    if type(code) is str and code not in DTYPES:
        refuse(f"holds an array of dtype {code}")
    return np.dtype("<" + code)


def _encode(text, encoding) -> bytes:
    if type(text) is not str or encoding != "latin1":
        raise TypeError("not the bytes of an array")
    return text.encode("latin1")


def _tensor(pair) -> np.ndarray:
    _, array = pair
    return _eval("data", {"data": array})


def _eval(expression, variables) -> np.ndarray:
    if expression != "data" or type(variables["data"]) is not np.ndarray:
        raise ValueError("not a tensor")
    return variables["data"]


STAND_INS = {
    "_codecs.encode": _encode,  # protocol 2 has no bytes
    "builtins.bytes": lambda: b"",
    "builtins.eval": _eval,  # eval("data", {"data": array}): a tensor of C++
    "builtins.tuple": _tensor,  # tuple((name, array)): a tensor
    "collections.OrderedDict": lambda: {},  # noqa: PIE807 (dict itself takes arguments)
    "numpy.core.multiarray._reconstruct": _reconstruct,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _frombuffer,  # protocol 5
    "numpy.dtype": _dtype,
    "numpy.ndarray": _reconstruct,
}
