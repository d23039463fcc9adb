"""Sets that stay in a file: the same as in memory, in bounded memory, made once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from paddle_gan.data import KINDS, decoding, load, load_images, loader
from paddle_gan.data.stored import Stored
from paddle_gan.errors import UserError
from paddle_gan.system import runtime, store, workers
from tests.data.files import save, save_grays


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def large(monkeypatch):
    """Call it, and every set counts as too large for memory."""
    return lambda: monkeypatch.setattr(decoding, "SMALL_FILES", 0)


@pytest.fixture
def folder(tmp_path):
    """Read as every kind: two sides that are two classes, each image of its own gray."""
    names = [f"{side}/{n:02}.png" for side in "AB" for n in range(20)]
    return save_grays(tmp_path / "photos", {name: gray for gray, name in enumerate(names)})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("split", ["train", "fit", "test"])
def test_every_kind_gives_what_it_gives_in_memory(folder, kind, split, large):
    before = load(kind, folder, 8, 3, split)
    large()
    after = load(kind, folder, 8, 3, split)
    sides = [vars(after)[name] for name in ("images", "a", "b") if name in vars(after)]
    assert all(isinstance(side, Stored) for side in sides)
    assert after.fingerprint() == before.fingerprint()
    assert after.source == before.source
    for one, other in zip(loader(before, 3, seed=1, epoch=2), loader(after, 3, seed=1, epoch=2)):
        for name, values in one.items():
            np.testing.assert_array_equal(other[name].numpy(), values.numpy())
    for name, images in before.examples(4).items():
        np.testing.assert_array_equal(after.examples(4)[name], images)


def test_an_index_gives_what_it_gives_of_an_array(folder, large):
    array = load_images(folder, 8, 3).images
    large()
    images = load_images(folder, 8, 3).images.only(np.arange(39, 3, -2))
    array = array[39:3:-2]
    assert images.shape == array.shape and len(images) == len(array)
    rows = np.array([3, 3, 0])
    for index in (2, -1, slice(1, 9, 3), rows, rows > 1, (rows, 0), (2, 1), (slice(3), 0, 1)):
        if isinstance(index, np.ndarray) and index.dtype == bool:
            index = np.resize(index, len(array))
        np.testing.assert_array_equal(images[index], array[index], err_msg=str(index))
    np.testing.assert_array_equal(np.asarray(images), array)
    np.testing.assert_array_equal(np.stack([*images]), array)
    with pytest.raises(IndexError):
        images[len(images)]


def test_one_set_serves_all_splits_and_is_decoded_once(folder, large, monkeypatch, capfd):
    (folder / "A/00.png").write_bytes(b"")
    (folder / "A/clip.heic").write_bytes(b"")
    large()
    first = load_images(folder, 8)
    lines = capfd.readouterr().err.splitlines()
    place = store.everything()[0].folder
    assert lines[0].startswith(f"skipped: 1 .heic in {folder}; convert ")
    assert lines[1].startswith(f"skipped: {folder}/A/00.png is damaged")
    assert lines[2] == (
        f"images in {folder}: prepared, 0 MiB in {place} (paddle-gan cache lists and clears)"
    )
    assert lines[3] == f"images in {folder}: 1 that cannot be read are left out"
    monkeypatch.setattr(decoding, "image_of", lambda *_: pytest.fail("decoded again"))
    parts = [load_images(folder, 8, split=split) for split in ("trainval", "test")]
    assert sum(map(len, parts)) == len(first) == 39
    assert capfd.readouterr().err == ""
    assert len(store.everything()) == 1


CHANGES = {
    "content": lambda path: save(path, 200, mode="L"),
    "name": lambda path: path.rename(path.with_name("new.png")),
    "one more": lambda path: save(path.with_name("new.png"), 200, mode="L"),
    "one less": lambda path: path.unlink(),
}


def same_size_and_time(path):
    before, content = path.stat(), bytearray(path.read_bytes())
    save(path.with_name("x.png"), 201, mode="L")
    other = path.with_name("x.png").read_bytes()
    path.with_name("x.png").unlink()
    assert len(other) == len(content)
    path.write_bytes(other)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns and path.stat().st_size == before.st_size


@pytest.mark.parametrize("change", [*CHANGES, "content alone"])
def test_a_change_is_noticed(folder, change, large):
    large()
    save(folder / "A/00.png", 200, mode="L")
    before = load_images(folder, 8).images[:]
    CHANGES.get(change, same_size_and_time)(folder / "A/00.png")
    after = load_images(folder, 8)
    assert len(store.everything()) == 2
    same = np.array_equal(after.images[:], before)
    assert same == (change == "content")  # which was written again as it was
    if change == "content alone":
        assert after.images[0].max() == 201


@pytest.mark.parametrize("how", [dict(fit="pad"), dict(ground="black"), dict(image_size=9)])
def test_another_form_is_another_set(folder, how, large):
    large()
    load_images(folder, 8)
    load_images(folder, **{"image_size": 8, **how})
    assert len(store.everything()) == 2


def test_a_folder_that_moved_is_the_same_set(folder, large, capfd):
    large()
    load_images(folder, 8)
    folder.rename(folder.with_name("moved"))
    load_images(folder.with_name("moved"), 8)
    assert len(store.everything()) == 1


@pytest.mark.parametrize("damage", ["facts.json", "images.bin", "kept.npy"])
def test_a_damaged_set_is_made_anew(folder, damage, large):
    large()
    images = load_images(folder, 8).images[:]
    path = store.everything()[0].folder / damage
    path.write_bytes(path.read_bytes()[:-5])
    np.testing.assert_array_equal(load_images(folder, 8).images[:], images)


def test_images_of_sixteen_bits_are_filled_in(tmp_path, large):
    grays = {"a.png": 1000, "b.tif": 4095, "d.png": 2048}
    for name, gray in grays.items():
        save(tmp_path / "deep" / name, gray, mode="I;16")
    save(tmp_path / "deep/c.png", 77, mode="L")
    large()
    found = load_images(tmp_path / "deep", 8).images[:, 0, 0, 0].tolist()
    assert found == [round(1000 / 4095 * 255), 255, 77, round(2048 / 4095 * 255)]


def test_processes_decode_as_threads_do(tmp_path, large, monkeypatch, capfd):
    grays = {f"{n:02}.png": 6 * n for n in range(40)}
    save_grays(tmp_path / "mixed", grays)
    (tmp_path / "mixed/13.png").write_bytes(b"no image")
    save(tmp_path / "mixed/17.png", 1000, mode="I;16")
    large()
    monkeypatch.setattr(decoding, "_CHUNK", 4)
    found = {}
    for many in (5000, 40):
        monkeypatch.setattr(decoding, "_MANY", many)
        for module in (decoding, workers):
            monkeypatch.setattr(module, "cores", lambda: 2)
        runtime._said.clear()
        images = load_images(tmp_path / "mixed", 8).images
        found[many] = images[:, 0, 0, 0].tolist(), capfd.readouterr().err
        store.remove(store.everything()[0])
    assert found[5000] == found[40] and len(found[40][0]) == 39
    assert "13.png" in found[40][1]
    assert found[40][0][:13] == [6 * n for n in range(13)]


def test_white_beside_padded_images_is_none_of_their_values(tmp_path):
    """12 bits in 16 are found although padding is as bright as 16 bits can be."""
    save(tmp_path / "deep/a.png", 2048, size=(8, 4), mode="I;16")
    found = load_images(tmp_path / "deep", 8, fit="pad").images[0, 0, :, 0].tolist()
    assert found == [255] * 2 + [round(2048 / 4095 * 255)] * 4 + [255] * 2


def test_no_space_is_one_line(folder, large, monkeypatch):
    large()
    usage = shutil.disk_usage("/")._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(UserError, match="not enough space; free some there .paddle-gan cache"):
        load_images(folder, 8)


def test_none_of_a_split_can_be_read(tmp_path, large):
    save_grays(tmp_path, {"train/1.png": 1, "train/2.png": 2})
    (tmp_path / "test").mkdir()
    (tmp_path / "test/1.png").write_bytes(b"")
    for prepare in (lambda: None, large):
        prepare()
        with pytest.raises(UserError, match=f"none of the 1 images in {tmp_path} can be read"):
            load_images(tmp_path, 8, split="test")


SCRIPT = """
import sys
from paddle_gan.data import decoding, load_images
decoding.SMALL_FILES = 0
images = load_images(sys.argv[1], 256, 3)
rows = range(len(images))
def peak():
    return int(next(line for line in open("/proc/self/status") if "VmHWM" in line).split()[1])
before = peak()
if sys.argv[2] == "read":
    for start in range(0, len(images), 16):
        images.batch(images.order(0, 0)[start : start + 16])
    images.fingerprint()
print(before, peak() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads Linux's accounts")
def test_memory_does_not_grow_with_the_set(tmp_path):
    """500 images of 192 KiB are 94 MiB."""
    path = save(tmp_path / "photos/0.jpg", size=(256, 256))
    for number in range(1, 500):
        os.link(path, tmp_path / f"photos/{number}.jpg")
    command = [sys.executable, "-c", SCRIPT, tmp_path / "photos"]
    first, grown = map(int, subprocess.check_output([*command, "no"], text=True).split())
    again, grown = map(int, subprocess.check_output([*command, "read"], text=True).split())
    assert grown < 60_000 and first - again < 80_000  # KiB
