"""Reads a pickle as data. ``paddle.save`` writes pickles, and ``paddle.load`` runs what they say.

A pickle is a program for a small stack machine (PEP 307, 3154, 574). The machine here knows only
the instructions that ``paddle.save`` writes, at protocols 2 to 5, and has functions of its own for
the few globals they call. It imports nothing and calls nothing that a file names.
"""

from __future__ import annotations

import io
import pickletools
from collections import namedtuple
from typing import Any

import numpy as np

from paddle_gan.checkpoints.stand_ins import STAND_INS, Rejected, check_array, refuse

MAX_ITEMS = 500_000  # instructions, and values in the result; a tensor takes about 40
MAX_DEPTH = 100  # of containers in containers

_TRUNCATED = "is truncated: copy or download it again"
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
# What a malformed pickle makes the machine raise: an empty stack, an absent memo entry, ...
_DAMAGE = (LookupError, TypeError, ValueError, AttributeError, OverflowError)


def load(data: bytes) -> Any:
    """Return the value of a pickle: dict, list, tuple, str, int, float, bool, None and arrays.

    Time and memory stay in proportion to ``len(data)``, plus a constant.

    Raises:
        Rejected: `data` is truncated, damaged, or asks for anything else.
    """
    machine = _Machine(data)
    try:
        return machine.run()
    except _DAMAGE as error:
        where = machine.stream.tell()
        raise Rejected(f"is damaged before byte {where}: copy or download it again") from error


# What lies on the stack for a function or a class that the file names.
_Global = namedtuple("_Global", "name stand_in")


class _Machine:
    """Runs one pickle; `run` gives its value."""

    def __init__(self, data: bytes):
        if data[:1] != b"\x80" or data[1:2] not in b"\2\3\4\5":
            raise Rejected("is not a checkpoint: paddle.save did not write it")
        self.stream = io.BytesIO(data)
        self.copies = 2 * len(data)  # bytes that may be made: of a text, and of an array from it
        self.stack, self.marks, self.memo = [], [], {}

    def run(self) -> Any:
        for _ in range(MAX_ITEMS):
            name, argument = self.instruction()
            if name == "STOP":
                break
            _INSTRUCTIONS[name](self, argument)
        else:
            refuse(f"has more than {MAX_ITEMS} instructions")
        (value,) = self.stack
        if self.marks or self.stream.read(1):
            raise ValueError("something is left over")
        _check_types(value)
        return value

    def instruction(self) -> tuple[str, Any]:
        """The next instruction: its name, which the table below has, and what follows it."""
        try:
            operation = pickletools.code2op[self.stream.read(1).decode("latin1")]
            if operation.name not in _INSTRUCTIONS:
                refuse(f"uses the pickle instruction {operation.name}")
            if operation.arg and operation.arg.n != pickletools.UP_TO_NEWLINE:  # see `line`
                return operation.name, operation.arg.reader(self.stream)
            return operation.name, _CONSTANTS.get(operation.name)
        except (LookupError, ValueError) as error:
            if self.stream.read(1):
                raise
            raise Rejected(_TRUNCATED) from error

    def line(self) -> str:
        line = self.stream.readline()
        if line[-1:] != b"\n":
            raise Rejected(_TRUNCATED)
        return line[:-1].decode()

    def frame(self, length: int):
        if length > self.stream.getbuffer().nbytes - self.stream.tell():
            raise Rejected(_TRUNCATED)

    def copy(self, data: bytes):
        """Count bytes made from bytes, which a memo could give again and again."""
        self.copies -= len(data)
        if self.copies < 0:
            refuse("repeats its bytes without end")

    def push(self, value):
        self.stack.append(value)

    def put(self, index):
        self.memo[len(self.memo) if index is None else index] = self.stack[-1]

    def get(self, index):
        self.stack.append(self.memo[index])

    def mark(self, _):
        self.marks.append(self.stack)
        self.stack = []

    def since_mark(self) -> list:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def last(self, count: int) -> list:
        return [self.stack.pop() for _ in range(count)][::-1]

    def append(self, items: list):
        list.extend(self.stack[-1], items)  # a TypeError for anything but a list

    def set_items(self, items: list):
        if len(items) % 2:
            raise ValueError("a key without a value")
        for key, value in zip(items[::2], items[1::2]):
            # Hashing a deep tuple overflows the C stack; large integers can be made to collide.
            if type(key) is not str and not (type(key) is int and abs(key) < 1 << 31):
                refuse(f"has a dict key of type {type(key).__name__}")
            dict.__setitem__(self.stack[-1], key, value)

    def push_global(self, names: list):
        module, name = names
        if type(module) is not str or type(name) is not str:
            raise TypeError("a global without a name")
        known = f"{module}.{name}".replace("numpy._core.", "numpy.core.")
        stand_in = STAND_INS.get(known.replace("__builtin__.", "builtins."))
        if stand_in is None:
            refuse(f"asks to run {module}.{name}")
        self.stack.append(_Global(f"{module}.{name}", stand_in))

    def reduce(self, _):
        function, arguments = self.last(2)
        if type(function) is not _Global or type(arguments) is not tuple:
            refuse(f"asks to call a {type(function).__name__}")
        try:
            result = function.stand_in(*arguments)
        except _DAMAGE:
            refuse(f"asks to run {function.name} as paddle.save never does")
        if type(result) is bytes:
            self.copy(result)
        self.stack.append(result)

    def build(self, _):
        target, state = self.last(2)
        if isinstance(target, np.dtype):
            _, order, subdtype, names, fields, _, _, _ = state
            unstructured = subdtype is names is fields is None
            if not unstructured or type(order) is not str or order not in "<|":
                refuse("holds an array that is not made of little-endian numbers")
        elif type(target) is np.ndarray:
            _, shape, dtype, fortran, data = state
            check_array(shape, dtype, data)
            self.copy(data)
            target.__setstate__((1, shape, dtype, fortran is True, data))
        else:
            refuse(f"asks to set the state of a {type(target).__name__}")
        self.stack.append(target)


def _check_types(value: Any):
    """Refuse other types, cycles, and containers that unfold without end."""
    todo, count = [(value, 0)], 0
    while todo:
        item, depth = todo.pop()
        count += 1
        if count > MAX_ITEMS or depth > MAX_DEPTH:
            refuse("nests or repeats its containers without end")
        if type(item) in (dict, list, tuple):
            inner = item.values() if type(item) is dict else item  # keys: see set_items
            todo.extend((child, depth + 1) for child in inner)
        elif type(item) not in (str, int, float, bool, type(None), np.ndarray):
            refuse(f"holds {item.name if type(item) is _Global else type(item).__name__}")


_INSTRUCTIONS = {
    **dict.fromkeys(("PROTO", "STOP"), lambda machine, _: None),
    "FRAME": _Machine.frame,
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"), _Machine.push),
    **dict.fromkeys(("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"), _Machine.push),
    **dict.fromkeys(("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"), _Machine.push),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.put),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _Machine.get),
    **dict.fromkeys(_CONSTANTS, _Machine.push),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "TUPLE1": lambda machine, _: machine.push((machine.stack.pop(),)),
    "TUPLE2": lambda machine, _: machine.push(tuple(machine.last(2))),
    "TUPLE3": lambda machine, _: machine.push(tuple(machine.last(3))),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.since_mark())),
    "MARK": _Machine.mark,
    "APPEND": lambda machine, _: machine.append(machine.last(1)),
    "APPENDS": lambda machine, _: machine.append(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.set_items(machine.last(2)),
    "SETITEMS": lambda machine, _: machine.set_items(machine.since_mark()),
    "GLOBAL": lambda machine, _: machine.push_global([machine.line(), machine.line()]),
    "STACK_GLOBAL": lambda machine, _: machine.push_global(machine.last(2)),
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
    # Never written; here so that the refusal says what it would have run.
    "INST": lambda machine, _: refuse(f"asks to run {machine.line()}.{machine.line()}"),
}
