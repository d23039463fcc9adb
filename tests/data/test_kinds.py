"""One call for every kind, which every set answers alike."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import paddle_gan
from paddle_gan.data import KINDS, absolute, load, load_images
from paddle_gan.errors import UserError
from tests.data.files import save_grays, write_idx


@pytest.fixture
def folder(tmp_path) -> Path:
    """Read as every kind: two sides that are two classes."""
    return save_grays(tmp_path, {f"{side}/{n}.png": n for side in "AB" for n in range(10)})


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_what_every_set_has(folder, kind, channels):
    one = load(kind, folder, 8, channels, "trainval")
    assert (one.name, one.split) == (str(folder), "trainval")
    assert "\n" not in one.source and str(len(one)) in one.source
    assert one.classes in (None, ("A", "B"))
    order = one.order(seed=0, epoch=0)
    assert order.dtype == np.int64 and len(order) == len(one)
    for name, array in one.batch(order[:4]).items():
        assert len(array) == 4 and array.flags.c_contiguous, name
        if array.ndim == 1:
            assert array.dtype == np.int64, name
        else:
            assert array.shape == (4, channels, 8, 8) and array.dtype == np.float32, name
            assert -1 <= array.min() <= array.max() <= 1, name
    columns = one.examples(3)
    for images in columns.values():
        assert images.shape == (3, channels, 8, 8) and images.dtype == np.uint8
    assert one.fingerprint().keys() == {"source", "split", "images", "sha256"}
    assert one.fingerprint() == load(kind, folder, 8, channels, "trainval").fingerprint()
    assert one.fingerprint()["sha256"] != load(kind, folder, 8, channels).fingerprint()["sha256"]


def test_images_are_what_load_images_reads(folder):
    assert load("images", folder, 8, 1).fingerprint() == load_images(folder, 8).fingerprint()


@pytest.mark.parametrize("kind", ["pairs", "unpaired"])
@pytest.mark.parametrize("source", ["mnist", "embedded", "stacked:embedded", "idx", ""])
def test_digits_have_no_two_sides(tmp_path, kind, source):
    if source == "idx":
        write_idx(tmp_path)
        source = tmp_path
    with pytest.raises(UserError) as caught:
        load(kind, source, 8, 1)
    start = (
        f"{source} has single digits, not two sides" if source else "the name of the data is empty"
    )
    assert str(caught.value).startswith(
        f"{start}; give a folder with trainA/ trainB/ testA/ testB/"
    )
    assert "\n" not in str(caught.value)


def test_a_kind_that_there_is_not():
    with pytest.raises(UserError, match="unknown kind of data 'pair'; did you mean 'pairs'?"):
        load("pair", "embedded", 8, 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [("val", 1, 8), ("train", 2, 8), ("train", 1, 0)])
def test_wrong_arguments(folder, kind, wrong):
    split, channels, size = wrong
    with pytest.raises(UserError, match="channels are 1 or 3, splits are train, trainval, fit, "):
        load(kind, folder, size, channels, split)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("mnist", "mnist"),
        ("stacked", "stacked"),
        ("stacked:embedded", "stacked:embedded"),
        ("", ""),
        ("photos", "{here}/photos"),
        ("~/photos", "{home}/photos"),
        ("stacked:digits", "stacked:{here}/digits"),
        ("/data/of:mine", "/data/of:mine"),
    ],
)
def test_a_folder_becomes_absolute(given, kept, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert absolute(given) == kept.format(here=tmp_path, home="/home/me")


def test_the_python_of_the_page_runs(tmp_path, monkeypatch, capsys):
    page = Path(paddle_gan.__file__).parents[1] / "docs/data.md"
    (code,) = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf8"), re.M | re.S)
    save_grays(tmp_path / "photos", {f"test{side}/{n}.png": n for side in "AB" for n in range(5)})
    save_grays(tmp_path / "photos", {f"train{side}/{n}.png": n for side in "AB" for n in range(5)})
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    source, batch = capsys.readouterr().out.splitlines()
    assert source == "pairs in photos: 5 pairs (split test) (5, 3, 64, 64)"
    assert batch == "['a', 'b'] (4, 3, 64, 64)"


def test_naming_data_imports_no_paddle():
    script = (
        "import sys; from paddle_gan import data; data.absolute('photos'); data.KINDS; "
        "print('paddle' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
