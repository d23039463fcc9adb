"""Small pickles that ask for much memory, time or stack, and pickles that are merely broken."""

from __future__ import annotations

import pickle
import struct

import numpy as np

from tests.hostile import EMPTY, Hostile, array, dtype, named, program, text

LIMIT = 120_000  # of instructions and values, while these are read: a quarter of the real one
MANY = LIMIT + 10_000
HUGE = struct.pack("<Q", 1 << 62)
MEGABYTE = struct.pack("<I", 1 << 20) + b"a" * (1 << 20)
DEEP = b")" + b"\x85" * 100_000  # (((...)))
WIDE = b"(" + b"N" * 100_000 + b"t"
MEMOIZE = b"\x94"


def lies() -> list[Hostile]:
    """Lengths and shapes that the file does not have."""
    cases = {
        "BINBYTES8": (b"\x8e" + HUGE, "truncated"),
        "BINUNICODE8": (b"\x8d" + HUGE, "truncated"),
        "BYTEARRAY8": (b"\x96" + HUGE, "truncated"),
        "BINBYTES8 beyond signed": (b"\x8e" + b"\xff" * 8, "damaged"),
        "BINBYTES": (b"B\xff\xff\xff\xff", "truncated"),
        "BINUNICODE": (b"X\xff\xff\xff\xff", "truncated"),
        "LONG1": (b"\x8a\xff\x01", "truncated"),
        "FRAME": (b"\x95" + HUGE + b"N", "truncated"),
        "a wide shape": (array(WIDE), "damaged"),
        "a long shape": (array(b"\x8a\xff" + b"\x7f" * 255 + b"\x85"), "damaged"),
        "a large shape": (array(b"J\0\0\0\x40J\0\0\0\x40\x86"), "damaged"),
        "a small shape": (array(b"K\0\x85"), "damaged"),
        "a negative shape": (array(b"J\xff\xff\xff\xffJ\xff\xff\xff\xff\x86"), "damaged"),
        "a shape of floats": (array(b"G\x3f\xf0" + b"\0" * 6 + b"\x85"), "damaged"),
        "a shape of bools": (array(b"\x88\x85"), "damaged"),
        "a text for data": (array(b"K\1\x85", text("abcd")), "damaged"),
        "itself for data": (EMPTY + MEMOIZE + b"(K\1K\1\x85" + dtype() + b"\x89h\0tb", "damaged"),
        "a large scalar": (
            named("numpy.core.multiarray", "scalar") + dtype() + b"C\1a\x86R",
            "multiarray.scalar",
        ),
    }  # fmt: skip
    return [Hostile(f"lies: {name}", program(code), told) for name, (code, told) in cases.items()]


def bombs() -> list[Hostile]:
    make_dtype = named("numpy", "dtype")
    laughs = b"".join(b"(" + b"h%c" % n * 10 + b"t" + MEMOIZE for n in range(60))
    encode = named("_codecs", "encode") + MEMOIZE + b"X" + MEGABYTE + MEMOIZE + text("latin1")
    arrays = array(b"J\0\0\x10\0\x85", b"h\0", dtype("u1")) * 3_000
    keys = (b"\x8a\x14" + (n * (2**61 - 1)).to_bytes(20, "little") for n in range(1, 50_000))
    cases = {
        "many lists": (b"]" * MANY, "instructions"),
        "many dicts": (b"}" * MANY, "instructions"),
        "many marks": (b"(" * MANY, "instructions"),
        "many nothings": (b"](" + b"N" * MANY + b"e", "instructions"),
        "deep lists": (b"]" * 50_000 + b"a" * 49_999, "nests"),
        "deep tuples": (DEEP, "nests"),
        "deep dicts": (b"}" + b"\x8c\1a}" * 30_000 + b"s" * 30_000, "nests"),
        "a deep dict key": (b"}" + DEEP + b"Ns", "dict key of type tuple"),
        "a deep dtype": (make_dtype + DEEP + b"\x89\x88\x87R", "numpy.dtype"),
        "a deep global": (DEEP + text("a") + b"\x93", "damaged"),
        "a deep shape": (array(DEEP), "damaged"),
        "a deep shape at first": (EMPTY.replace(b"K\0\x85", DEEP), "_reconstruct"),
        "a list in itself": (b"]" + MEMOIZE + b"h\0a", "nests"),
        "a dict in itself": (b"}" + MEMOIZE + text("a") + b"h\0s", "nests"),
        "billion laughs": (b"()" + MEMOIZE + laughs + b"t", "nests"),
        "wide laughs": (b"(" + WIDE + MEMOIZE + b"h\0" * 10_000 + b"t", "repeats"),
        "a text encoded often": (
            b"(" + encode + MEMOIZE + b"h\0h\1h\2\x86R" * 10_000 + b"t",
            "repeats its bytes",
        ),
        "bytes in many arrays": (b"(B" + MEGABYTE + MEMOIZE + arrays + b"t", "repeats its bytes"),
        "wide arguments": (
            b"(" + make_dtype + MEMOIZE + WIDE + MEMOIZE + b"h\0h\1R" * 5_000 + b"t",
            "numpy.dtype",
        ),
        "wide states": (
            b"(" + dtype() + MEMOIZE + WIDE + MEMOIZE + b"h\0h\1b" * 5_000 + b"t",
            "damaged",
        ),
        "colliding keys": (b"}(" + b"N".join(keys) + b"Nu", "dict key of type int"),
    }
    return [Hostile(f"bomb: {name}", program(code), told) for name, (code, told) in cases.items()]


def broken() -> list[Hostile]:
    cut = {"w": {"OriginShape": (1 << 2000,), "slices": ["p"]}}
    cases = {
        "stack underflow": b"\x87",
        "no mark": b"Nt",
        "no memo": b"h\x07",
        "half an item": b"}(Nu",
        "append to a tuple": b")Na",
        "set an item of a list": b"]" + text("a") + b"Ns",
        "nothing": b"",
        "two values": b"NN",
        "an open mark": b"N(N",
        "an unknown instruction": b"\xff",
        "not utf-8": b"X\2\0\0\0\xff\xff",
        "a nameless global": b"NN\x93",
        "slices of nothing": b"}" + text("UnpackBigParamInfor@@") + b"}" + text("a") + b"}ss",
        "slices of None": b"}" + text("UnpackBigParamInfor@@") + b"Ns",
        "slices of another shape": pickle.dumps({"UnpackBigParamInfor@@": cut, "p": np.ones(2)}, 4)[
            2:-1
        ],
        "a second pickle": b"N." + program(b"N")[:-1],
    }
    return [Hostile(f"broken: {name}", program(code), "damaged") for name, code in cases.items()]
