"""Files that a stranger could hand over as a checkpoint, each with the words that refuse it."""

from __future__ import annotations

import io
import os
import pickle
import struct
import subprocess
import timeit
import zipfile
from typing import NamedTuple

import numpy as np


class Hostile(NamedTuple):
    name: str
    data: bytes
    told: str  # what the error must say
    runs: bool = False  # pickle.loads creates the canary, so the file is truly hostile


class Call:
    """Pickles as a call of `function`."""

    def __init__(self, function, *arguments):
        self.reduced = (function, arguments)

    def __reduce__(self):
        return self.reduced


def text(string: str) -> bytes:
    return b"X" + struct.pack("<I", len(string.encode())) + string.encode()


def named(module: str, name: str) -> bytes:
    return text(module) + text(name) + b"\x93"


def program(*parts: bytes) -> bytes:
    """A pickle of protocol 4 from its instructions."""
    return b"\x80\x04" + b"".join(parts) + b"."


NDARRAY = named("numpy", "ndarray")
EMPTY = named("numpy.core.multiarray", "_reconstruct") + NDARRAY + b"K\0\x85C\1b\x87R"


def dtype(code: str = "f4", order: str = "<", inner: bytes = b"NNN") -> bytes:
    made = named("numpy", "dtype") + text(code) + b"\x89\x88\x87R"
    return made + b"(K\3" + text(order) + inner + b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"


FLOAT = dtype()


def array(shape: bytes, data: bytes = b"C\x040000", of: bytes = FLOAT) -> bytes:
    return EMPTY + b"(K\1" + shape + of + b"\x89" + data + b"tb"


ARRAY = array(b"K\1\x85")


def programs_that_run(canary: str) -> list[Hostile]:
    """Pickles that create the file `canary` when Python's own unpickler reads them."""
    command = f"touch {canary}"
    touch = f"open({canary!r}, 'w').close()"
    touch_now = program(named("os", "system") + text(command) + b"\x85R")[2:-1]
    calls = {
        "os.system": (Call(os.system, command), "posix.system"),
        "Popen": (Call(subprocess.Popen, ["touch", canary]), ".Popen"),
        "check_call": (Call(subprocess.check_call, ["touch", canary]), ".check_call"),
        "eval": (Call(eval, touch), ".eval as"),
        "eval beside an array": (Call(eval, touch, {"data": np.ones(1)}), ".eval as"),
        "exec": (Call(exec, touch), ".exec"),
        "timeit": (Call(timeit.timeit, touch, "pass", timeit.default_timer, 1), "timeit.timeit"),
        "open": (Call(open, canary, "w"), "open"),
        "getattr chain": (Call(Call(getattr, os, "system"), command), "getattr"),
        "object array": (np.array([Call(os.system, command)], dtype=object), "dtype O8"),
        "in a state dict": ({"weight": np.ones(2), "bias": Call(os.system, command)}, "system"),
        "as a slice": ({"UnpackBigParamInfor@@": Call(os.system, command)}, "posix.system"),
        "as a name table": ({"StructuredToParameterName@@": Call(exec, touch)}, "exec"),
        "as a dict key": ({Call(os.system, command): 1}, "posix.system"),
        "in ndarray's state": ((np.ones(3), Call(os.system, command)), "posix.system"),
    }
    found = []
    for protocol in (2, 4):
        for name, (value, told) in calls.items():
            if name != "getattr chain":  # a module does not pickle; written below
                data = pickle.dumps(value, protocol)
                found.append(Hostile(f"{name}, protocol {protocol}", data, told, True))
    chain = named("builtins", "getattr") + named("builtins", "__import__") + text("os") + b"\x85R"
    written = {
        "getattr chain": (chain + text("system") + b"\x86R" + text(command) + b"\x85R", "getattr"),
        "GLOBAL": (b"cos\nsystem\n" + text(command) + b"\x85R", "os.system"),
        "INST": (b"(" + text(command) + b"ios\nsystem\n", "os.system"),
        "OBJ": (b"(cos\nsystem\n" + text(command) + b"o", "os.system"),
        "dotted name": (named("os", "path.os.system") + text(command) + b"\x85R", "path.os"),
        "BUILD": (
            named("functools", "partial") + named("builtins", "print") + b"\x85R("
            + named("os", "system") + text(command) + b"\x85}Ntb)R",
            "functools.partial",
        ),
        "NEWOBJ": (named("subprocess", "Popen") + b")\x810" + touch_now, "subprocess.Popen"),
        "in _reconstruct": (EMPTY.replace(b"C\1b", touch_now), "os.system"),
        "in a dtype": (dtype(inner=touch_now + b"NN"), "os.system"),
        "in a shape": (array(touch_now + b"\x85"), "os.system"),
        "in a tuple": (named("builtins", "tuple") + touch_now + b"\x85R", "os.system"),
        "under POP": (touch_now + b"0" + ARRAY, "os.system"),
        "after a good array": (b"(" + ARRAY + touch_now + b"t", "os.system"),
        "methodcaller": (
            named("operator", "methodcaller") + text("touch") + b"\x85R"
            + named("pathlib", "Path") + text(canary) + b"\x85R\x85R",
            "operator.methodcaller",
        ),
    }  # fmt: skip
    return found + [
        Hostile(name, program(code), told, True) for name, (code, told) in written.items()
    ]


def forbidden() -> list[Hostile]:
    """Pickles that reach for something without running it here."""
    system = named("os", "system")
    cases = {
        "copyreg._reconstructor": (named("copyreg", "_reconstructor") + b")R", "copyreg._reconst"),
        "defaultdict": (named("collections", "defaultdict") + system + b"\x85R", "defaultdict"),
        "os.environ": (named("os", "environ") + text("A") + text("B") + b"s", "os.environ"),
        "marshal": (named("marshal", "loads") + b"C\1N\x85R", "marshal.loads"),
        "importlib": (
            named("importlib", "import_module") + text("antigravity") + b"\x85R",
            "import",
        ),
        "paddle.load": (named("paddle", "load") + text("/dev/zero") + b"\x85R", "paddle.load"),
        "numpy.load": (named("numpy", "load") + text("/dev/zero") + b"\x85R", "numpy.load"),
        "numpy.zeros": (named("numpy", "zeros") + b"J\xff\xff\xff\x7f\x85R", "numpy.zeros"),
        "bytes of a size": (
            named("builtins", "bytes") + b"J\xff\xff\xff\x7f\x85R",
            "builtins.bytes",
        ),
        "tuple of a text": (named("builtins", "tuple") + text("ab") + b"\x85R", "builtins.tuple"),
        "OrderedDict of items": (named("collections", "OrderedDict") + b"]\x85R", "OrderedDict"),
        "rot13": (named("_codecs", "encode") + text("a") + text("rot13") + b"\x86R", "encode"),
        "eval of other data": (
            named("builtins", "eval") + text("data") + b"}" + text("data") + text("1") + b"s\x86R",
            "builtins.eval",
        ),
        "huge _reconstruct": (EMPTY.replace(b"K\0", b"J\xff\xff\xff\x7f"), "_reconstruct"),
        "ndarray of a size": (NDARRAY + b"J\xff\xff\xff\x7f\x85\x85R", "numpy.ndarray"),
        "NEWOBJ of an array": (NDARRAY + b")\x81", "NEWOBJ"),
        "NEWOBJ_EX of an array": (NDARRAY + b")}\x92", "NEWOBJ_EX"),
        "EXT1": (b"\x82\1", "EXT1"),
        "EXT2": (b"\x83\1\0", "EXT2"),
        "EXT4": (b"\x84\1\0\0\0", "EXT4"),
        "PERSID": (b"Pevil\n", "PERSID"),
        "BINPERSID": (text("evil") + b"Q", "BINPERSID"),
        "next buffer": (b"\x97", "NEXT_BUFFER"),
        "LONG as text": (b"L" + b"9" * 200_000 + b"L\n", "LONG"),
        "INT as text": (b"I" + b"9" * 200_000 + b"\n", "INT"),
        "LONG4": (b"\x8b\xff\xff\xff\x7f", "LONG4"),
        "set": (b"\x8f", "EMPTY_SET"),
        "DUP": (b"N2\x86", "DUP"),
        "a function left over": (NDARRAY, "numpy.ndarray"),
        "a dtype left over": (dtype(), "DType"),
        "bytes left over": (b"C\1a", "bytes"),
        "a call of a list": (b"])R", "call a list"),
        "the state of a dict": (b"}}b", "state of a dict"),
        "lines in the name": (named("os\nsystem\x1b[2J", "a\u202eb"), "asks to run os?system?[2J"),
        "a long name": (named("o" * 100_000, "s"), "asks to run ooo"),
        "a text dtype": (array(b"K\1\x85", of=dtype("U1")), "dtype U1"),
        "a big-endian dtype": (array(b"K\1\x85", of=dtype(order=">")), "little-endian"),
        "a structured dtype": (dtype(inner=b"N" + text("a") + b"\x85}"), "little-endian"),
    }
    return [Hostile(name, program(code), told) for name, (code, told) in cases.items()]


def foreign() -> list[Hostile]:
    """Files of other kinds."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps([]))
    npy = io.BytesIO()
    np.save(npy, np.array([{}], dtype=object))
    files = {
        "zip": archive.getvalue(),
        "safetensors": struct.pack("<Q", 2) + b"{}",
        "text": b"epoch 1\n",
        "npy": npy.getvalue(),
        "gzip": b"\x1f\x8b\x08" + b"\0" * 20,
        "zeros": b"\0" * 4096,
        "protocol 0": pickle.dumps(Call(os.system, "false"), 0),
        "protocol 9": b"\x80\x09N.",
        "paddle's binary form": b"\0" * 16 + struct.pack("<I", 6) + b"\x08\x05\x10\x02\x10\x03",
    }
    return [Hostile(name, data, "not a checkpoint") for name, data in files.items()]
