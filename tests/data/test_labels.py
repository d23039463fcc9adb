"""Classes from a table of files and labels."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from paddle_gan.data import load, load_images
from paddle_gan.errors import UserError
from tests.data.files import save_grays, write_idx


@pytest.fixture
def photos(tmp_path) -> Path:
    return save_grays(tmp_path / "photos", {"a.png": 1, "b.png": 2, "deep/c.png": 3, "d.png": 4})


LABELS = "cat dog cat owl".split()  # in the order a, b, d, deep/c
FORMS = {
    "plain": "a.png,cat\nb.png,dog\ndeep/c.png,owl\nd.png,cat\n",
    "titles": "file,label\na.png,cat\nb.png,dog\ndeep/c.png,owl\nd.png,cat\n",
    "titles in any place": ",breed,age,Filename\n0,cat,3,a.png\n1,dog,4,b.png\n2,owl,5,deep/c.png"
    "\n3,cat,5,d.png\n",
    "unknown titles": "name of it,what it is\na.png,cat\nb.png,dog\ndeep/c.png,owl\nd.png,cat",
    "without suffixes": "id,breed\na,cat\nb,dog\ndeep/c,owl\nd,cat\n",
    "semicolons of a spreadsheet": "\ufefffile;label\r\na.png;cat\r\nb.png; dog\r\n"
    "deep\\c.png;owl\r\n\r\n./d.png;cat\r\n",
    "tabs and quotes": 'a.png\t"cat"\nb.png\tdog\n"deep/c.png"\towl\nd.png\tcat\n',
}


@pytest.mark.parametrize("form", FORMS)
def test_as_people_write_them(photos, tmp_path, form, capfd):
    (tmp_path / "table.csv").write_text(FORMS[form], encoding="utf8", newline="")
    images = load_images(photos, 8, labels=tmp_path / "table.csv")
    assert images.classes == ("cat", "dog", "owl")
    assert [images.classes[label] for label in images.labels] == LABELS
    assert images.images[:, 0, 0, 0].tolist() == [1, 2, 4, 3]
    error = capfd.readouterr().err
    assert error == "" if form != "unknown titles" else "1 files in it" in error


def test_labels_in_the_folder_are_taken_by_themselves(photos):
    (photos / "labels.csv").write_text(FORMS["plain"])
    for source in (photos, shutil.make_archive(str(photos), "zip", photos)):
        assert load_images(source, 8).classes == ("cat", "dog", "owl")
    assert load("domains", photos, 8, 1).classes == ("cat", "dog", "owl")


@pytest.mark.parametrize("around", ["", "pets/"])
def test_labels_in_an_archive_beside_the_folder_of_its_images(tmp_path, around):
    folder = save_grays(tmp_path / "in", {f"{around}images/{n}.png": n for n in (1, 2)})
    (folder / around / "labels.csv").write_text("images/1.png,cat\nimages/2.png,dog\n")
    images = load_images(shutil.make_archive(str(tmp_path / "pets"), "zip", folder), 8)
    assert [images.classes[label] for label in images.labels] == ["cat", "dog"]


@pytest.mark.parametrize("inside", ["", "images/", "pets/images/"])
def test_a_table_may_name_the_folders_around_an_archive(tmp_path, inside):
    folder = save_grays(tmp_path / "in", {f"pets/images/{n}.png": n for n in (1, 2)})
    (tmp_path / "table.csv").write_text(f"{inside}1.png,cat\n{inside}2,dog\n")
    source = shutil.make_archive(str(tmp_path / "pets"), "zip", folder)
    images = load_images(source, 8, labels=tmp_path / "table.csv")
    assert [images.classes[label] for label in images.labels] == ["cat", "dog"]


def test_they_win_over_folders_and_hold_in_parts(tmp_path):
    grays = {f"{part}/x/{n}.png": n for part in ("train", "test") for n in (1, 2)}
    folder = save_grays(tmp_path / "photos", grays)
    lines = [f"{name},{'odd' if gray % 2 else 'even'}\n" for name, gray in grays.items()]
    (folder / "labels.csv").write_text("".join(lines))
    for split in ("train", "test"):
        images = load_images(folder, 8, split=split)
        assert (images.labels.tolist(), images.classes) == ([1, 0], ("even", "odd"))


def test_what_is_only_on_one_side_is_told_in_a_line(photos, capfd):
    (photos / "labels.csv").write_text("a.png,cat\nx.png,cat\ny.png,cat\nz.png,dog\nw.png,dog\n")
    images = load_images(photos, 8)
    assert len(images) == 1 and images.classes == ("cat",)
    assert capfd.readouterr().err.splitlines() == [
        f"skipped: {photos}/labels.csv: 4 files in it that are no images of the data "
        "(x.png, y.png, z.png, …)",
        f"skipped: {photos}/labels.csv: 3 images of the data without a label, left out "
        "(b.png, d.png, deep/c.png)",
    ]


WRONG = {
    "two labels": ("a.png,cat\na.png,dog", "gives a.png two labels, cat and dog; leave one"),
    "none of them": ("x.png,cat\n", "has no labels for the images in .*; a line has a file's name"),
    "empty": ("", "has no labels for the images"),
    "one column": ("a.png\nb.png\n", "has no labels for the images"),
    "not UTF-8": ("a.png,K\xe4fer\n".encode("latin1"), "is not text in UTF-8; save it as CSV"),
}


@pytest.mark.parametrize("name", WRONG)
def test_tables_that_cannot_be_used(photos, tmp_path, name):
    content, told = WRONG[name]
    content = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(UserError, match=told) as caught:
        load_images(photos, 8, labels=tmp_path / "table.csv")
    assert "\n" not in str(caught.value)


def test_no_table_there(photos, tmp_path):
    told = "nothing.csv is missing, a dead link or not an ordinary file; --labels takes a CSV"
    with pytest.raises(UserError, match=re.escape(told)):
        load_images(photos, 8, labels=tmp_path / "nothing.csv")


def test_data_that_takes_no_table(photos, tmp_path):
    write_idx(tmp_path / "digits")
    for source in ("embedded", tmp_path / "digits"):
        with pytest.raises(UserError, match="has labels of its own; leave --labels out"):
            load_images(source, 8, labels="table.csv")
    with pytest.raises(UserError, match="--labels are of images and domains, not of two sides"):
        load("pairs", photos, 8, 1, labels="table.csv")
