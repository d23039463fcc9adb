"""Files from strangers read as data: checkpoints of ``paddle.save``, and ``.npy`` arrays."""

from __future__ import annotations

import math
import os
import re
import stat
from contextlib import contextmanager
from typing import Any

import numpy as np
from paddle import nn

from paddle_gan.checkpoints import unpickler
from paddle_gan.checkpoints.stand_ins import DTYPES, Rejected
from paddle_gan.errors import UserError

MAX_BYTES = 8 << 30  # of a checkpoint: two billion float32, beyond what this package trains

_NAME_TABLE = "StructuredToParameterName@@"  # structured name -> parameter name
_SLICES = "UnpackBigParamInfor@@"  # how protocols 2 and 3 cut arrays of more than 1 GiB
_NPY_HEADER = re.compile(
    r"\{'descr': '[<|](?P<dtype>\w\d)', 'fortran_order': (?P<fortran>True|False), "
    r"'shape': \((?P<shape>(\d{1,18}, ?)*(\d{1,18})?)\), ?\}\s*"
)


def read(path: str | os.PathLike, max_bytes: int = MAX_BYTES) -> Any:
    """Return what ``paddle.save`` wrote to `path`, its tensors as NumPy arrays.

    The result is made of dict, list, tuple, str, int, float, bool, None and numpy.ndarray only;
    nothing in the file is run. Like ``paddle.load``, it leaves out the table of parameter names.
    A bfloat16 tensor comes as the uint16 array that Paddle stores.

    Raises:
        UserError: the file is missing, larger than `max_bytes` bytes, truncated, damaged, no
            checkpoint, or asks for anything but arrays and plain values.
    """
    with _opened(path, max_bytes) as (file, size):
        try:
            return _finish(unpickler.load(file.read(size)))
        except Rejected as error:
            raise UserError(f"{shown(path)} {shown(error)}") from error
        except MemoryError as error:
            raise UserError(f"{shown(path)} does not fit into the memory") from error


def _finish(value: Any) -> Any:
    """Join the arrays that were cut and drop the name table."""
    if type(value) is not dict:
        return value
    try:
        for name, cut in value.pop(_SLICES, {}).items():
            parts = [value.pop(part) for part in cut["slices"]]
            if any(type(part) is not np.ndarray for part in parts):
                raise TypeError("not an array")
            value[name] = np.concatenate(parts).reshape(cut["OriginShape"])
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Rejected("is damaged: the slices of a large array do not fit") from error
    value.pop(_NAME_TABLE, None)
    return value


def shapes_of(network: nn.Layer) -> dict[str, tuple[int, ...]]:
    """Name and shape of everything a checkpoint of the network must hold."""
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def check_state(state: Any, expected: dict[str, tuple[int, ...]], path: str | os.PathLike) -> None:
    """Check what `read` gave for `path` against a network, before its parameters are set.

    Args:
        state: what the file held.
        expected: the shape of each parameter of the network, by its structured name.

    Raises:
        UserError: names, shapes or dtypes differ from the network's, or a value is not finite.
    """
    where = shown(path)
    if type(state) is not dict:
        raise UserError(f"{where} holds a {type(state).__name__}, not a network's parameters")
    names = {
        "missing": [name for name in expected if name not in state],
        "unexpected": [name for name in state if name not in expected],
    }
    if any(names.values()):
        told = "; ".join(f"{what}: {_first(found)}" for what, found in names.items() if found)
        raise UserError(f"{where} was made for another network? {told}")
    for name, shape in expected.items():
        value = state[name]
        if type(value) is not np.ndarray or value.dtype.kind != "f":
            found = getattr(value, "dtype", type(value).__name__)
            raise UserError(
                f"{where}: {name} holds {found}, not float16, float32 or float64"
                " (Paddle writes bfloat16 as uint16: cast it before saving)"
            )
        if value.shape != tuple(shape):
            sizes = f"{name} has shape {value.shape}, the network's {tuple(shape)}"
            raise UserError(f"{where} was made for another network? {sizes}")
        if not np.isfinite(value).all():
            raise UserError(f"{where}: {name} holds NaN or infinity: use an earlier checkpoint")


def read_npy(path: str | os.PathLike) -> np.ndarray:
    """Return the array of numbers in a ``.npy`` file, as a read-only memory map.

    Raises:
        UserError: the file is missing or no ``.npy`` file, its dtype is no little-endian number,
            or its length is not what its header promises.
    """
    where = shown(path)
    with _opened(path) as (file, size):
        start = file.read(10)
        if start[:7] not in (b"\x93NUMPY\x01", b"\x93NUMPY\x02"):
            raise UserError(f"{where} is not a .npy file: write it with numpy.save")
        length = int.from_bytes(start[8:] + file.read(2 if start[6] == 2 else 0), "little")
        header = file.read(min(length, 10_000)).decode("latin1")
        match = _NPY_HEADER.fullmatch(header)
        if not match or match["dtype"] not in DTYPES:
            raise UserError(f"{where} is no plain array of numbers, or its header is damaged")
        dtype = np.dtype("<" + match["dtype"])
        shape = tuple(int(n) for n in re.findall(r"\d+", match["shape"]))
        offset = file.tell()
        if math.prod(shape) * dtype.itemsize != size - offset:
            told = f"its header promises {shown(shape)} {dtype}, {size - offset} bytes follow"
            raise UserError(f"{where} is truncated or damaged: {told}")
        order = "F" if match["fortran"] == "True" else "C"
        if 0 in shape:  # nothing to map
            return np.empty(shape, dtype, order)
        return np.memmap(file, dtype, "r", offset, shape, order)


@contextmanager
def _opened(path, max_bytes=math.inf):
    """Open a regular file, neither empty nor too large; give it and its size in bytes."""
    where = shown(path)
    try:
        status = os.stat(path)  # opening a named pipe would wait for its writer
        if stat.S_ISDIR(status.st_mode):
            raise UserError(f"{where} is a directory: name a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{where} is not a regular file: copy its content into one")
        if status.st_size == 0:
            raise UserError(f"{where} is empty (0 bytes): copy or download it again")
        if status.st_size > max_bytes:
            sizes = f"{status.st_size} bytes where {max_bytes} are allowed"
            raise UserError(f"{where} is too large for a checkpoint: {sizes}")
        with open(path, "rb") as file:
            yield file, status.st_size
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{where} cannot be read: {reason}") from error


def shown(text: Any) -> str:
    """Text from outside, made fit for one line of a terminal."""
    text = "".join(char if char.isprintable() else "?" for char in str(text)[:400])
    return text if len(text) <= 300 else text[:297] + "..."


def _first(names: list) -> str:
    told = ", ".join(shown(name)[:60] for name in names[:3])
    return told if len(names) <= 3 else f"{told} and {len(names) - 3} more"
