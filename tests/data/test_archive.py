"""Zips and tars as people have them, read where they are."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from paddle_gan.data import archive, decoding, load, load_images
from paddle_gan.errors import UserError
from paddle_gan.system import store
from tests.data.files import save, save_grays

FORMATS = ["zip", "tar", "gztar", "bztar", "xztar"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def photos(tmp_path) -> Path:
    names = {f"photos/{kind}/{n}.png": n for kind in ("cat", "dog") for n in range(1, 4)}
    return save_grays(tmp_path / "in", names)


def packed(folder: Path, kind: str, inside: str = ".") -> Path:
    return Path(shutil.make_archive(str(folder.parent / "archive"), kind, folder, inside))


@pytest.mark.parametrize("kind", FORMATS)
def test_an_archive_is_what_its_folder_is(photos, kind):
    folder, found = load_images(photos / "photos", 8), load_images(packed(photos, kind), 8)
    np.testing.assert_array_equal(found.images, folder.images)
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1] and found.classes == ("cat", "dog")
    assert found.name == str(photos.parent / Path(found.name).name) and len(found) == 6


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_list_of_files_is_kept_for_the_next_time(photos, kind, monkeypatch):
    monkeypatch.setattr(archive, "_LONG", 0)
    path = packed(photos, kind)
    first = load_images(path, 8)
    assert len(first) == 6
    (kept,) = store.everything()
    assert kept.facts["told"] == f"names of 6 files in {path}"
    monkeypatch.setattr(archive.Archive, "_opened", lambda self: pytest.fail("opened again"))
    names = {f"{kind}/{n}.png" for kind in ("cat", "dog") for n in range(1, 4)}
    assert archive.Archive(path).entries().keys() == names


def test_a_large_archive_is_not_even_opened_the_next_time(photos, monkeypatch):
    monkeypatch.setattr(archive, "_LONG", 0)
    monkeypatch.setattr(decoding, "SMALL_FILES", 0)
    path = packed(photos, "gztar")
    first = load_images(path, 8)
    monkeypatch.setattr(archive.Archive, "_opened", lambda self: pytest.fail("opened again"))
    again = load_images(path, 8, split="trainval")
    assert set(again.images[:, 0, 0, 0]) <= set(first.images[:, 0, 0, 0]) and len(again) == 6


def test_parts_and_sides_in_an_archive(tmp_path):
    sides = {f"x/{part}{s}/{n}.png": n for part in ("train", "test") for s in "AB" for n in (1, 2)}
    path = packed(save_grays(tmp_path / "in", sides), "zip")
    pairs = load("pairs", path, 8, 1, "test")
    assert (pairs.a[:, 0, 0, 0].tolist(), pairs.b[:, 0, 0, 0].tolist()) == ([1, 2], [1, 2])
    parts = packed(save_grays(tmp_path / "b", {"train/1.png": 1, "train/2.png": 2}), "tar")
    assert load_images(parts, 8).labels is None


def test_what_a_mac_adds_is_no_image(tmp_path):
    save(tmp_path / "1.png", 1, mode="L")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.write(tmp_path / "1.png", "photos/1.png")
        file.writestr("__MACOSX/photos/._1.png", b"left by a Mac")
        file.writestr("photos/.DS_Store", b"")
        file.writestr("../../etc/2.png", b"")  # nothing is ever unpacked by its name
    assert load_images(tmp_path / "a.zip", 8).images[:, 0, 0, 0].tolist() == [1]


def test_a_damaged_image_in_an_archive_is_named(tmp_path, capfd):
    good = save(tmp_path / "1.png", 1, mode="L").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name in ("1.png", "2.png", "3.png"):
            file.writestr(name, good)
    content = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(content.replace(good, good[:-9] + b"?" * 9, 1))
    assert len(load_images(tmp_path / "a.zip", 8)) == 2
    told = f"skipped: {tmp_path}/a.zip/1.png is damaged, or encrypted, in the archive\n"
    assert capfd.readouterr().err == told


def test_a_tar_of_which_files_are_missing(tmp_path, capfd):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for number in (1, 2):
            tar.add(save(tmp_path / f"{number}.png", number, mode="L"), f"{number}.png")
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"2.png")])
    assert load_images(path, 8).images[:, 0, 0, 0].tolist() == [1]
    told = f"{path} has no end and may be cut short; what is there is used\n"
    assert capfd.readouterr().err == told


@pytest.mark.parametrize("kind", sorted({*FORMATS} - {"tar"}))
def test_an_archive_that_is_cut_short(photos, kind):
    path = packed(photos, kind)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])
    with pytest.raises(UserError) as caught:
        load_images(path, 8)
    assert str(caught.value) == f"{path} cannot be unpacked: it is damaged; fetch it again"


def test_what_is_no_archive(tmp_path):
    (tmp_path / "a.rar").write_bytes(b"Rar!" + bytes(600))
    with pytest.raises(UserError, match="a.rar is not a folder, a zip or a tar; data is mnist"):
        load_images(tmp_path / "a.rar")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    for name in ("empty.zip", "empty.tar"):
        with pytest.raises(UserError, match="holds no images; data is mnist, .* an archive"):
            load_images(tmp_path / name)


def test_a_file_in_an_archive_that_is_too_large_is_not_read(tmp_path, monkeypatch, capfd):
    save(tmp_path / "in/1.png", 1, mode="L")
    (tmp_path / "in/2.png").write_bytes(bytes(5000))
    path = packed(tmp_path / "in", "zip")
    monkeypatch.setattr(archive, "MAX_BYTES", 4000)
    assert len(load_images(path, 8)) == 1
    assert "2.png is larger than 64 megapixels" in capfd.readouterr().err
