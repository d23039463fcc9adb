"""Reading .npy files from anywhere."""

import io
import os
import pickle
import struct

import numpy as np
import pytest

from paddle_gan.checkpoints.reading import read_npy
from paddle_gan.errors import UserError


@pytest.mark.parametrize(
    "array",
    [
        np.random.default_rng(0).standard_normal((3, 1, 4, 4)).astype(np.float32),
        np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 2),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(5)[::2],
        np.array(1.5, np.float16),
        np.array([True, False]),
        np.zeros((0, 1, 4, 4), np.float32),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_what_numpy_saves(array, tmp_path):
    np.save(tmp_path / "images.npy", array)
    got = read_npy(tmp_path / "images.npy")
    assert got.dtype == array.dtype and got.shape == array.shape
    assert np.array_equal(got, array)


def test_version_2_of_the_format(tmp_path):
    array = np.arange(4.0)
    with open(tmp_path / "images.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=(2, 0))
    assert np.array_equal(read_npy(tmp_path / "images.npy"), array)


def test_a_large_array_is_mapped_and_not_read(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros(10, np.float32))
    got = read_npy(tmp_path / "images.npy")
    assert isinstance(got, np.memmap) and not got.flags.writeable


def npy(header: str, data: bytes = b"\0" * 16, length=None) -> bytes:
    length = len(header) if length is None else length
    return b"\x93NUMPY\x01\0" + struct.pack("<H", length) + header.encode() + data


def header(descr: str = "'<f4'", shape: str = "(4,)", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def pickled(path) -> bytes:
    class Touch:
        def __reduce__(self):
            return os.system, (f"touch {path}",)

    file = io.BytesIO()
    np.save(file, np.array([Touch()], dtype=object))
    return file.getvalue()


def test_the_files_below_differ_from_a_good_one_in_one_thing(tmp_path):
    (tmp_path / "good.npy").write_bytes(npy(header()))
    assert np.array_equal(read_npy(tmp_path / "good.npy"), np.zeros(4, np.float32))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"\x93NUMP", "not a .npy file"),
        (b"\x93NUMPY\x03\0" + npy(header())[8:], "not a .npy file"),
        (b"PK\x03\x04" + b"\0" * 100, "not a .npy file"),
        (pickle.dumps([1]), "not a .npy file"),
        (b"\x93NUMPY\x01\0", "header is damaged"),
        (b"\x93NUMPY\x02\0" + struct.pack("<I", 2**32 - 1) + header().encode(), "truncated"),
        (npy(header(), length=65535), "header is damaged"),
        (npy(header(), length=20), "header is damaged"),
        (npy(header(shape="(-4,)")), "header is damaged"),
        (npy(header(shape="(-2, -2)")), "header is damaged"),
        (npy(header(shape="(4.0,)")), "header is damaged"),
        (npy(header(shape="4")), "header is damaged"),
        (npy(header(shape="(" * 5000 + ")" * 5000)), "header is damaged"),
        (npy(header(shape="(__import__('os').getpid(),)")), "header is damaged"),
        (npy(header(shape="(" + "9" * 5000 + ",)")), "header is damaged"),
        (npy(header(shape="(99999999999, 99999999999)")), "promises"),
        (npy(header(shape="(4294967296, 4294967296, 4294967296)")), "promises"),
        (npy(header(shape="(" + "2, " * 1000 + ")")), "promises"),
        (npy(header(shape="(" + "1, " * 1000 + "4)")), "cannot be read"),
        (npy(header(shape="(0, 999999999999999999, 9999)"), data=b""), "cannot be read"),
        (npy(header(shape="(3,)")), "truncated or damaged"),
        (npy(header(shape="()")), "truncated or damaged"),
        (npy(header(), data=b"\0" * 15), "truncated or damaged"),
        (npy(header(), data=b""), "truncated or damaged"),
        (npy(header(descr="'|O'")), "no plain array"),
        (npy(header(descr="'|S4'")), "no plain array"),
        (npy(header(descr="'<U1'")), "no plain array"),
        (npy(header(descr="'>f4'")), "no plain array"),
        (npy(header(descr="'<f3'")), "no plain array"),
        (npy(header(descr="'<c8'")), "no plain array"),
        (npy(header(descr="[('a', '<f4')]")), "no plain array"),
        (npy(header(order="1")), "header is damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "bytes",
)
def test_a_broken_or_hostile_file(data, told, tmp_path):
    path = tmp_path / "images.npy"
    path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        read_npy(path)
    assert told in str(caught.value)
    assert str(caught.value).startswith(str(path)) and str(caught.value).isprintable()


def test_a_pickle_inside_is_not_run(tmp_path):
    path, canary = tmp_path / "images.npy", tmp_path / "canary"
    path.write_bytes(pickled(canary))
    with pytest.raises(UserError, match="no plain array"):
        read_npy(path)
    assert not canary.exists()
    np.load(path, allow_pickle=True)  # the control: the file is truly hostile
    assert canary.exists()


def test_a_file_cut_anywhere(tmp_path):
    np.save(tmp_path / "whole.npy", np.arange(30, dtype=np.float32))
    whole, path = (tmp_path / "whole.npy").read_bytes(), tmp_path / "cut.npy"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError):
            read_npy(path)


def test_other_places(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read_npy(tmp_path / "absent.npy")
    with pytest.raises(UserError, match="is a directory"):
        read_npy(tmp_path)
