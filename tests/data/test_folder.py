"""Folders of images as people have them: mixed, and partly broken."""

import gc
import io
import os
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from paddle_gan.data import labels, load_images
from paddle_gan.data.image_file import CONVERT
from paddle_gan.errors import UserError
from tests.data.files import png, save, save_grays, write_idx


def test_paths_sort_and_subfolders_are_classes(tmp_path):
    for name, gray in {"dog/2.png": 2, "cat/9.png": 9, "dog/deep/1.png": 1, "cat/1.bmp": 3}.items():
        save(tmp_path / name, gray, mode="L")
    (tmp_path / "README.txt").write_text("not an image")
    images = load_images(tmp_path, image_size=8)
    assert images.images[:, 0, 0, 0].tolist() == [3, 9, 2, 1]
    assert images.labels.tolist() == [0, 0, 1, 1] and images.labels.dtype == np.int64
    assert images.source == f"images in {tmp_path}: 4 images of 2 classes"
    assert images.classes == images.class_names == ("cat", "dog")


def digit_folders(folder, names):
    for gray, name in enumerate(names):
        save(folder / name / "a.png", gray, mode="L")
    return load_images(folder, image_size=8)


def test_digits_are_what_lies_in_folders_named_by_all_ten(tmp_path):
    assert digit_folders(tmp_path / "digits", "9876543210").has_digits
    some = ("012345678", "abcdefghij", "01234", ["0", *"abc"], ["00", *"123456789"])
    for number, names in enumerate(some):
        images = digit_folders(tmp_path / str(number), names)
        assert images.labels.max() < 10 and not images.has_digits, names


def test_a_set_is_named_by_its_absolute_folder(tmp_path, monkeypatch):
    save(tmp_path / "photos/a.png")
    monkeypatch.chdir(tmp_path)
    assert load_images("photos").name == str(tmp_path / "photos")


def test_images_outside_the_subfolders_leave_no_labels(tmp_path):
    save(tmp_path / "dog/1.png")
    save(tmp_path / "2.PNG")
    images = load_images(tmp_path, image_size=8, channels=3)
    assert images.images.shape == (2, 3, 8, 8) and images.labels is None


def test_files_are_listed_without_a_search_for_garbage(tmp_path, monkeypatch):
    save_grays(tmp_path, {"cat/1.png": 1, "dog/2.png": 2})
    searched, numbered = [], labels.numbered
    monkeypatch.setattr(
        labels, "numbered", lambda n: searched.append(gc.isenabled()) or numbered(n)
    )
    assert load_images(tmp_path, image_size=8).classes == ("cat", "dog")
    assert searched == [False] and gc.isenabled()


def test_hidden_files_are_passed_over(tmp_path, capfd):
    save(tmp_path / "a.png")
    save(tmp_path / ".ipynb_checkpoints" / "a.png")
    (tmp_path / "._a.png").write_bytes(b"left by a Mac")
    assert len(load_images(tmp_path)) == 1
    assert capfd.readouterr().err == ""


def test_a_fifth_is_held_out(tmp_path):
    for number in range(10):
        save(tmp_path / f"{number}.png", number, mode="L")
    splits = ("fit", "validation", "test")
    fit, validation, test = (load_images(tmp_path, 8, split=split) for split in splits)
    values = [s.images[:, 0, 0, 0].tolist() for s in (fit, validation, test)]
    assert [len(v) for v in values] == [7, 1, 2] and sorted(sum(values, [])) == list(range(10))
    assert test.source.endswith("2 images (split test)")


def test_too_few_to_hold_out(tmp_path):
    save(tmp_path / "a.png")
    for split in ("test", "validation"):
        with pytest.raises(UserError, match=f"too few images to hold some out for {split}"):
            load_images(tmp_path, split=split)


def encoded(kind: str) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, kind)
    return file.getvalue()


def chunk_that_claims_two_gigabytes() -> bytes:
    good = png(10, 10)
    at = good.index(b"IDAT") - 4
    return good[:at] + struct.pack(">I", 2**31 - 1) + good[at + 4 :]


BROKEN = {
    "cut.jpg": encoded("JPEG")[:-500],
    "cut.png": png(50, 50)[:-30],
    "empty.png": b"",
    "greedy.png": chunk_that_claims_two_gigabytes(),
    "huge.png": png(9000, 9000),
    "jpeg2000.png": encoded("JPEG2000"),
    "liar.png": png(10, 10).replace(struct.pack(">II", 10, 10), b"\x7f\xff\xff\xff" * 2),
    "text.jpg": b"<html>404 Not Found</html>",
}
REASONS = {
    "huge.png": "is larger than 64 megapixels or 512 MiB",
    "jpeg2000.png": f"is JPEG 2000 (ISO 15444); {CONVERT}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_image_is_skipped_and_named_in_one_line(tmp_path, name, capfd):
    save(tmp_path / "a.png", (1, 2, 3))
    save(tmp_path / "z.png", (4, 5, 6))
    (tmp_path / name).write_bytes(BROKEN[name])
    images = load_images(tmp_path, image_size=8, channels=3)
    assert images.images[:, :, 0, 0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert images.source.endswith(": 2 images")
    (line,) = capfd.readouterr().err.splitlines()
    reason = REASONS.get(name, "is damaged, or in a format that this OpenCV does not read")
    assert line == f"skipped: {tmp_path / name} {reason}"


def test_labels_stay_with_their_images_when_some_are_skipped(tmp_path):
    for name, gray in {"a/1.png": 1, "b/2.png": 2, "c/3.png": 3}.items():
        save(tmp_path / name, gray, mode="L")
    (tmp_path / "b/1.png").write_bytes(b"")
    images = load_images(tmp_path, image_size=8)
    assert images.images[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert images.labels.tolist() == [0, 1, 2]


def test_after_five_they_are_counted(tmp_path, capfd):
    save(tmp_path / "z.png")
    for number in range(12):
        (tmp_path / f"{number:02}.png").write_bytes(b"")
    assert len(load_images(tmp_path)) == 1
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 6 and lines[5] == f"skipped: 7 more of the images in {tmp_path}"


def test_images_of_other_kinds_are_counted(tmp_path, capfd):
    save(tmp_path / "a.png")
    for name in ("b.heic", "c.HEIC", "deep/d.jp2", ".hidden.heic", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert len(load_images(tmp_path)) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"skipped: 2 .heic, 1 .jp2 in {tmp_path}; convert them to PNG or JPEG, ")
    assert line.endswith("magick mogrify -format png FILES, to use them")


def test_a_folder_of_nothing_but_other_kinds(tmp_path):
    (tmp_path / "a.heic").write_bytes(b"")
    with pytest.raises(UserError, match=r"no images but 1 \.heic, which are not .* PNG or JPEG, "):
        load_images(tmp_path)


def test_idx_files_one_folder_further_down(tmp_path):
    write_idx(tmp_path / "MNIST/raw")
    with pytest.raises(UserError, match=f"for the IDX files below it give {tmp_path}/MNIST/raw$"):
        load_images(tmp_path)


def test_a_loss_of_color_is_told(tmp_path):
    save(tmp_path / "a.png", (200, 100, 0))
    told = f"images in {tmp_path}: 1 images in gray (--channels 3 keeps their color)"
    assert load_images(tmp_path).source == told
    judged = load_images(tmp_path, split="trainval").source
    assert judged == f"images in {tmp_path}: 1 images (split trainval)"
    assert load_images(tmp_path, channels=3).source == f"images in {tmp_path}: 1 images"
    save(tmp_path / "a.png", (77, 77, 77))
    assert load_images(tmp_path).source == f"images in {tmp_path}: 1 images"


def save_deep(path, *grays):
    cv2.imwrite(str(path), np.repeat(np.array(grays, np.uint16), 4).reshape(4, 4))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_become_eight(tmp_path, suffix, capfd):
    save_deep(tmp_path / f"a.{suffix}", 0, 0x40FF, 0x8000, 0xFFFF)
    save_deep(tmp_path / f"b.{suffix}", 0, 257, 514, 1028)  # the darker one of the two stays so
    save(tmp_path / "c.png", 77, size=(4, 4), mode="L")
    bright, dark, even = load_images(tmp_path, 4).images[:, 0, :, 0].tolist()
    assert bright == pytest.approx([0, 64.75, 127.5, 255], abs=0.51)
    assert (dark, even) == ([0, 1, 2, 4], [77] * 4)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("channels", [1, 3])
def test_twelve_bits_in_sixteen_are_found_over_the_whole_set(tmp_path, channels, capfd):
    save_deep(tmp_path / "a.tif", 0, 1000, 2048, 4095)
    save_deep(tmp_path / "b.png", 0, 0, 0, 803)
    bright, dark = load_images(tmp_path, 4, channels).images[:, -1, :, 0].tolist()
    assert bright == pytest.approx([0, 62.3, 127.5, 255], abs=0.51)
    assert dark == [0, 0, 0, 50]
    (line,) = capfd.readouterr().err.splitlines()
    told = "no value of the 2 with 16 bits exceeds 4,095: read as 12 bits"
    assert line == f"images in {tmp_path}: {told}"


def test_links_and_pipes_do_not_stop_it(tmp_path, capfd):
    save(tmp_path / "a.png")
    (tmp_path / "dead.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    assert len(load_images(tmp_path)) == 1
    assert len(capfd.readouterr().err.splitlines()) == 3


def test_no_image_can_be_read(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(UserError, match=r"none of the 2 images in .* can be read; .*a\.png is dam"):
        load_images(tmp_path)


def test_folders_that_are_none(tmp_path):
    with pytest.raises(
        UserError, match=r"holds no images; data is mnist, .* a folder or an archive .*idx3"
    ):
        load_images(tmp_path)
    with pytest.raises(UserError, match="nowhere does not exist; data is mnist, .* a fold"):
        load_images(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"a\.png is not a folder, a zip or a tar; data is"):
        load_images(save(tmp_path / "a.png"))
