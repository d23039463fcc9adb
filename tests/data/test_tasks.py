"""Tasks made of digits: what they show, who may have them, and that files hold the same."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from paddle_gan.commands.prepare import prepare
from paddle_gan.data import absolute, load, load_images
from paddle_gan.errors import UserError
from tests.data.files import save_idx

KIND = {"edges": "pairs", "colors": "pairs", "morpho": "domains"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A folder of 30 training and 10 test digits."""
    folder = tmp_path_factory.mktemp("data") / "digits"
    real = load_images("embedded", image_size=28)
    for stem, first, n in (("train", 0, 30), ("t10k", 100, 10)):
        chosen = slice(first, first + 160 * n, 160)
        save_idx(folder, stem, real.images[chosen, 0], real.labels[chosen])
    return folder


def test_edges_are_worked_by_hand(tmp_path):
    digit = np.zeros((1, 28, 28), np.uint8)
    digit[0, 10, 10], digit[0, 10, 11] = 200, 50
    save_idx(tmp_path, "train", digit)
    pair = load("pairs", f"edges:{tmp_path}", 28, 1)
    expected = np.zeros((28, 28), int)
    expected[9:12, 9:12] = 200
    expected[9:12, 12] = 50
    expected[10, 10], expected[10, 11] = 0, 150
    expected[9:12, 11] = 200
    expected[10, 11] = 150
    assert np.array_equal(pair.a[0, 0], expected)
    assert np.array_equal(pair.b[0, 0], digit[0])


def test_edges_lead_to_the_digits_as_they_are_scored(digits):
    pair, real = load("pairs", f"edges:{digits}", 32, 1), load_images(digits, 32)
    assert np.array_equal(pair.b, real.images)
    assert np.array_equal(pair.labels, real.labels)
    assert pair.name == f"edges:{digits}" and "30 digits" in pair.source


@pytest.mark.parametrize(("split", "n"), [("train", 30), ("fit", 25), ("test", 10)])
def test_the_parts_are_those_of_the_digits(digits, split, n):
    assert len(load("pairs", f"edges:{digits}", 28, 1, split)) == n
    assert len(load("domains", f"morpho:{digits}", 28, 1, split)) == 7 * n


def test_unpaired_sides_are_shuffled_apart_and_may_be_scored(digits):
    sides, pairs = (load(kind, f"edges:{digits}", 28, 1) for kind in ("unpaired", "pairs"))
    order = sides.order(seed=0, epoch=0)
    assert (order[:, 0] == order[:, 1]).sum() < 8  # of 30; one is expected by chance
    assert sorted(order[:, 0]) == sorted(order[:, 1]) == [*range(30)]
    assert sides.aligned and np.array_equal(sides.b, pairs.b)
    assert (pairs.order(0, 0)[:, 0] == pairs.order(0, 0)[:, 1]).all()


def test_the_color_tells_the_class(digits):
    pair = load("pairs", f"colors:{digits}", 28, 3)
    for gray, colored, label in zip(pair.a, pair.b, pair.labels):
        assert (gray == gray[:1]).all()
        white, black = (
            np.unravel_index(pick(gray[0]), (28, 28)) for pick in (np.argmax, np.argmin)
        )
        ink, ground = (colorsys.rgb_to_hsv(*colored[:, y, x] / 255) for y, x in (white, black))
        assert abs(ink[0] - label / 10) < 0.02 or abs(ink[0] - label / 10) > 0.98
        assert abs((ground[0] - label / 10) % 1 - 0.5) < 0.02
        assert ink[2] > 0.9 and abs(ground[2] - 0.4) < 0.01


def test_the_domains_of_morpho(digits):
    found = load("domains", f"morpho:{digits}", 28, 1)
    assert found.classes == ("plain", "thin", "thick", "left", "right", "swollen", "fractured")
    assert np.bincount(found.labels).tolist() == [30] * 7
    thin, thick = (found.images[found.labels == label].mean() for label in (1, 2))
    assert thin < found.images[found.labels == 0].mean() / 1.5 < thick
    references = load("references", f"morpho:{digits}", 28, 1)
    batch = references.batch(references.order(0, 0)[:5])
    assert batch["reference"].shape == (5, 1, 28, 28)


@pytest.mark.parametrize("task", KIND)
def test_a_folder_that_was_prepared_is_the_task(task, digits, tmp_path):
    channels = 3 if task == "colors" else 1
    folder = prepare(f"{task}:{digits}", tmp_path / "new")
    parts = {"pairs": ["testA", "testB", "trainA", "trainB"], "domains": ["test", "train"]}
    assert sorted(path.name for path in folder.iterdir()) == parts[KIND[task]]
    names = {
        tuple(sorted(p.name for p in f.glob("*.png"))) for f in folder.rglob("*") if f.is_dir()
    }
    names -= {()}
    assert {len(each) for each in names} == {30, 10} and len(names) == 2
    assert any(each[3] == f"00003_{load_images(digits, 28).labels[3]}.png" for each in names)
    for split in ("trainval", "test"):
        made, read = (
            load(KIND[task], source, 32, channels, split) for source in (f"{task}:{digits}", folder)
        )
        if KIND[task] == "pairs":
            assert np.array_equal(made.a, read.a) and np.array_equal(made.b, read.b)
            continue
        for label, name in enumerate(made.classes):
            same = read.images[read.labels == read.classes.index(name)]
            assert np.array_equal(made.images[made.labels == label], same)


def test_prepare_writes_into_no_folder_with_something_in_it(tmp_path, digits):
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(UserError, match="is not empty"):
        prepare(f"edges:{digits}", tmp_path)
    with pytest.raises(UserError, match="unknown task 'edge'; did you mean 'edges'?"):
        prepare("edge", tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("kind", "source", "channels", "told"),
    [
        ("images", "edges", 1, "the task edges does not give images; take mnist"),
        ("domains", "edges:embedded", 1, "the task edges does not give domains; take morpho"),
        ("pairs", "morpho", 1, "the task morpho does not give pairs; take edges or colors"),
        ("unpaired", "colors:embedded", 1, "the task colors is in color: --channels 3"),
        ("pairs", "edges:", 1, "the name of the data is empty"),
        ("pairs", "edges:stacked", 1, "data stacked has three channels"),
    ],
)
def test_what_a_task_does_not_give(kind, source, channels, told):
    with pytest.raises(UserError, match=f"^{told}") as caught:
        load(kind, source, 28, channels)
    assert "\n" not in str(caught.value)


def test_colors_need_labels(tmp_path):
    save_idx(tmp_path, "train", np.zeros((3, 28, 28), np.uint8))
    with pytest.raises(UserError, match="colors follow from the labels"):
        load("pairs", f"colors:{tmp_path}", 28, 3)


def test_the_digits_of_a_task_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ("edges", "edges:embedded", "morpho:digits")
    assert [absolute(each) for each in given] == [*given[:2], f"morpho:{tmp_path}/digits"]
