"""IDX files, and files that pass for them."""

import gzip
import struct
import subprocess
import sys

import numpy as np
import pytest

from paddle_gan.data import load_images
from paddle_gan.data.idx import read_idx
from paddle_gan.errors import UserError
from tests.data.files import idx, write_idx


def test_gzip_is_read_in_a_process_that_has_imported_nothing_else(tmp_path):
    write_idx(tmp_path)
    script = (
        f"from paddle_gan.data import load_images; print(load_images({str(tmp_path)!r}).source)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.stdout.splitlines()[-1:] == [f"IDX files in {tmp_path}: 20 digits"], run.stderr


@pytest.mark.parametrize("sep", "-.")
@pytest.mark.parametrize("packed", [True, False])
def test_idx_folder(tmp_path, sep, packed):
    images, labels = write_idx(tmp_path, sep=sep)
    if not packed:
        for path in tmp_path.iterdir():
            path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
            path.unlink()
    test = load_images(str(tmp_path), image_size=28, split="test")
    np.testing.assert_array_equal(test.images[:, 0], images)
    np.testing.assert_array_equal(test.labels, labels)
    assert test.source == f"IDX files in {tmp_path}: 20 digits (split test)"
    splits = ("train", "trainval", "fit", "validation")
    train, trainval, *parts = (load_images(tmp_path, split=split) for split in splits)
    np.testing.assert_array_equal(train.images, trainval.images)
    assert not np.array_equal(train.images[:, :, 2:30, 2:30], test.images)
    assert [len(part) for part in parts] == [17, 3]
    number = {image.tobytes(): n for n, image in enumerate(train.images)}
    for part in parts:
        labels = [train.labels[number.pop(image.tobytes())] for image in part.images]
        np.testing.assert_array_equal(part.labels, labels)
    assert number == {}
    assert {s.name for s in (train, test, *parts)} == {str(tmp_path)}


def test_idx_needs_only_the_images_of_the_split(tmp_path):
    write_idx(tmp_path, stems=("train",))
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    assert load_images(tmp_path).labels is None
    parts = [load_images(tmp_path, split=split) for split in ("fit", "validation")]
    assert [len(part) for part in parts] == [17, 3] and parts[0].labels is None
    with pytest.raises(UserError, match=r"has no t10k-images-idx3-ubyte\[.gz\], needed for 'test'"):
        load_images(tmp_path, split="test")


def test_images_and_labels_of_different_number(tmp_path):
    write_idx(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(19))))
    with pytest.raises(
        UserError, match=r"train-images.* has 20 images but .*train-labels.* has 19"
    ):
        load_images(tmp_path)


def zipped(content: bytes) -> bytes:
    """Without the time: processes that share the tests have to collect the same ones."""
    return gzip.compress(content, mtime=0)


GOOD = idx(np.arange(60).reshape(5, 3, 4))
FLIPPED = bytearray(zipped(GOOD))
FLIPPED[-8] ^= 1  # in the checksum


@pytest.mark.parametrize("content", [GOOD, zipped(GOOD)])
def test_read_idx(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    np.testing.assert_array_equal(read_idx(path, 3), np.arange(60).reshape(5, 3, 4))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing, not 00000803"),
        (b"hello", "begins with 68656c6c"),
        (idx(np.zeros(3)), "begins with 00000801"),
        (b"\0\0\x0d\3" + GOOD[4:], "begins with 00000d03"),
        (GOOD[:9], "cannot be read"),
        (GOOD[:-1], "is cut short: it announces 60 bytes"),
        (GOOD + b"\0", "goes on after its end: it announces 60 bytes"),
        (zipped(GOOD)[:-9], "cannot be read"),
        (zipped(GOOD)[:5], "cannot be read"),
        (bytes(FLIPPED), "cannot be read"),
        (b"\x1f\x8bnonsense that is not gzip", "cannot be read"),
        (zipped(GOOD + bytes(10**7)), "goes on after its end"),
        (struct.pack(">4B3I", 0, 0, 8, 3, 0, 28, 28), "announces 0 digits in 0 bytes"),
        (struct.pack(">4B3I", 0, 0, 8, 3, *[2**32 - 1] * 3), "announces 4,294,967,295 digits"),
        (zipped(struct.pack(">4B3I", 0, 0, 8, 3, 10**7, 1, 1) + bytes(10**7)), "announces"),
        (struct.pack(">4B3I", 0, 0, 8, 3, 2**20, 32, 32), "is cut short"),
    ],
)
def test_read_idx_refuses(tmp_path, content, message):
    path = tmp_path / "some-file"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"some-file.*{message}.*fetch it again"):
        read_idx(path, 3)


def test_every_truncation_and_many_mutations_end_in_one_line(tmp_path):
    path = tmp_path / "file"
    rng = np.random.default_rng(0)
    packed = zipped(GOOD)
    cases = [content[:n] for content in (GOOD, packed) for n in range(len(content))]
    for _ in range(300):
        mutant = bytearray(packed)
        mutant[rng.integers(len(mutant))] = rng.integers(256)
        cases.append(bytes(mutant))
    outcomes = set()
    for content in cases:
        path.write_bytes(content)
        try:
            outcomes.add(read_idx(path, 3).shape)
        except UserError as error:
            assert "\n" not in str(error)
            outcomes.add("refused")
    assert outcomes == {(5, 3, 4), "refused"}
