"""Two sides: which images meet, in every layout that people have them in."""

from dataclasses import replace

import numpy as np
import pytest

from paddle_gan.data import PairSet, UnpairedSet, load
from paddle_gan.errors import UserError
from tests.data.files import save, save_grays, save_pair

SPLITS = ("train", "trainval", "fit", "validation", "test")


def grays(images: np.ndarray) -> list[int]:
    return images[:, 0, 0, 0].tolist()


def numbered(a: int, b: int, kind=UnpairedSet) -> UnpairedSet:
    sides = (np.arange(n, dtype=np.uint8).reshape(n, 1, 1, 1) for n in (a, b))
    return kind(*sides, f"{a} and {b}")


# Orders


@pytest.mark.parametrize(("a", "b"), [(10, 4), (4, 10), (7, 7), (10, 1)])
def test_the_larger_side_comes_once_an_epoch_and_the_smaller_in_rounds(a, b):
    one = numbered(a, b)
    order = one.order(seed=1, epoch=2)
    assert order.dtype == np.int64 and order.shape == (len(one), 2) == (max(a, b), 2)
    for n, column in zip((a, b), order.T.tolist()):
        rounds = [column[start : start + n] for start in range(0, len(column), n)]
        assert all(sorted(whole) == [*range(n)] for whole in rounds[: len(column) // n])
        assert len(set(rounds[-1])) == len(rounds[-1])
    np.testing.assert_array_equal(one.order(1, 2), order)
    for other in (one.order(1, 3), one.order(2, 2)):
        assert not np.array_equal(other, order)


def test_rounds_and_sides_are_shuffled_each_for_itself():
    smaller = numbered(60, 20).order(0, 0)[:, 1]
    first, second, third = smaller.reshape(3, 20).tolist()
    assert first != second != third != first
    a, b = numbered(20, 20).order(0, 0).T.tolist()
    assert a != b


def test_pairs_stay_together():
    order = numbered(50, 50, PairSet).order(seed=3, epoch=4)
    shuffled = np.random.default_rng([3, 4]).permutation(50)
    np.testing.assert_array_equal(order, np.stack([shuffled, shuffled], axis=1))


def test_a_batch_has_both_sides():
    batch = numbered(10, 4).batch(np.array([[9, 0], [2, 3], [2, 1]]))
    assert list(batch) == ["a", "b"]
    shown = {name: ((side.ravel() + 1) * 127.5).round().tolist() for name, side in batch.items()}
    assert shown == {"a": [9, 2, 2], "b": [0, 3, 1]}
    assert all(side.dtype == np.float32 and side.shape == (3, 1, 1, 1) for side in batch.values())


def test_examples_are_columns_of_one_length():
    shown = {name: side.ravel().tolist() for name, side in numbered(9, 4).examples(6).items()}
    assert shown == {"a": [0, 2, 4, 6], "b": [0, 1, 2, 3]}
    third = replace(numbered(9, 4), first=3).examples(1)
    assert [side.ravel().tolist() for side in third.values()] == [[3], [3]]
    shown = numbered(9, 9, PairSet).examples(3)
    assert [side.ravel().tolist() for side in shown.values()] == [[0, 3, 6]] * 2


def test_a_fingerprint_knows_where_b_begins():
    images = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
    one, other = (UnpairedSet(images[:n], images[n:], "", "here", "fit") for n in (2, 3))
    found = one.fingerprint()
    assert (found["source"], found["split"], found["images"]) == ("here", "fit", 6)
    assert found == UnpairedSet(images[:2], images[2:], "x", "here", "fit").fingerprint()
    assert found["sha256"] != other.fingerprint()["sha256"]


# Folders


def test_unpaired_folders_with_test_parts(tmp_path):
    save_grays(tmp_path, {f"trainA/{n}.png": n for n in range(12)})
    save_grays(tmp_path, {f"trainB/x{n}.png": 100 + n for n in range(6)})
    save_grays(tmp_path, {"testA/t.png": 50, "testB/t.png": 60, "readme/c.png": 70})
    sets = {split: load("unpaired", tmp_path, 8, 1, split) for split in SPLITS}
    assert all(isinstance(one, UnpairedSet) and one.classes is None for one in sets.values())
    assert sorted(grays(sets["train"].a)) == [*range(12)]
    assert sorted(grays(sets["train"].b)) == [*range(100, 106)]
    assert (grays(sets["test"].a), grays(sets["test"].b)) == ([50], [60])
    np.testing.assert_array_equal(sets["trainval"].a, sets["train"].a)
    for side, n in (("a", 12), ("b", 6)):
        parts = [grays(getattr(sets[split], side)) for split in ("fit", "validation")]
        assert [len(part) for part in parts] == [n - n // 6, n // 6]
        assert sorted(sum(parts, [])) == sorted(grays(getattr(sets["train"], side)))
    assert sets["train"].source == f"unpaired images in {tmp_path}: 12 in A and 6 in B"
    assert sets["test"].source.endswith(": 1 in A and 1 in B (split test)")
    assert (sets["test"].name, sets["test"].split) == (str(tmp_path), "test")


def test_of_sides_without_test_parts_a_fifth_is_held_out(tmp_path):
    save_grays(tmp_path, {f"A/{n}.png": n for n in range(20)})
    save_grays(tmp_path, {f"B/{n}.png": 100 + n for n in range(10)})
    sets = {split: load("unpaired", tmp_path, 8, 1, split) for split in SPLITS}
    for side, numbers in (("a", range(20)), ("b", range(100, 110))):
        found = {split: grays(getattr(one, side)) for split, one in sets.items()}
        assert found["train"] == sorted(numbers, key=lambda n: str(n % 100))
        assert len(found["test"]) == len(numbers) // 5
        assert sorted(found["fit"] + found["validation"] + found["test"]) == [*numbers]
        assert sorted(found["fit"] + found["validation"]) == sorted(found["trainval"])


@pytest.mark.parametrize(("channels", "a", "b"), [(3, (200, 10, 30), (0, 90, 60)), (1, 77, 9)])
def test_two_halves_of_a_file_are_a_pair(tmp_path, channels, a, b):
    mode = {1: "L", 3: "RGB"}[channels]
    save_pair(tmp_path / "1.png", a, b, mode=mode)
    save_pair(tmp_path / "2.png", b, a, size=7, mode=mode)
    pairs = load("pairs", tmp_path, 8, channels)
    assert pairs.a.shape == pairs.b.shape == (2, channels, 8, 8)
    assert pairs.a.transpose(0, 2, 3, 1).reshape(2, -1, channels).squeeze().tolist() == [
        [np.array(side).tolist()] * 64 for side in (a, b)
    ]
    np.testing.assert_array_equal(pairs.b, pairs.a[::-1])
    assert pairs.source == f"pairs in {tmp_path}: 2 pairs"


def test_a_loss_of_color_on_either_side_is_told(tmp_path):
    save_pair(tmp_path / "train/1.png", (9, 9, 9), (200, 0, 0), mode="RGB")
    assert load("pairs", tmp_path, 8, 1).source.endswith(
        "pairs in gray (--channels 3 keeps their color)"
    )
    assert load("pairs", tmp_path, 8, 3).source.endswith(": 1 pairs")


def test_parts_of_files_side_by_side(tmp_path):
    for number, part in enumerate(("train", "train", "val", "test")):
        save_pair(tmp_path / part / f"{number}.png", number, 100 + number)
    found = {split: load("pairs", tmp_path, 8, 1, split) for split in SPLITS}
    expected = {"train": [0, 1], "trainval": [0, 1], "fit": [0, 1], "validation": [2], "test": [3]}
    assert {split: grays(pairs.a) for split, pairs in found.items()} == expected
    assert all(np.array_equal(pairs.b, pairs.a + 100) for pairs in found.values())


@pytest.mark.parametrize("layout", ["trainA/x/{n}.png trainB/x/{n}.png", "A/{n}.bmp B/{n}.png"])
def test_two_files_of_one_name_are_a_pair(tmp_path, layout, capfd):
    for number in range(10):
        a, b = layout.format(n=number).split()
        save_grays(tmp_path, {a: number, b: 100 + number})
    pairs = load("pairs", tmp_path, 8, 1)
    assert grays(pairs.a) == [*range(10)] and grays(pairs.b) == [*range(100, 110)]
    test, trainval = (load("pairs", tmp_path, 8, 1, split) for split in ("test", "trainval"))
    assert len(test) == 2 and sorted(grays(test.a) + grays(trainval.a)) == [*range(10)]
    assert grays(test.b) == [100 + n for n in grays(test.a)]
    assert capfd.readouterr().err == ""


def test_names_pair_within_a_part_and_what_has_no_partner_is_counted(tmp_path, capfd):
    a = {"trainA/1.png": 1, "trainA/2.png": 2, "trainA/3.png": 3, "testA/1.png": 4}
    b = {"trainB/2.png": 102, "trainB/1.png": 101, "testB/1.png": 104, "testB/9.png": 109}
    save_grays(tmp_path, {**a, **b})
    train, test = (load("pairs", tmp_path, 8, 1, split) for split in ("train", "test"))
    assert (grays(train.a), grays(train.b)) == ([1, 2], [101, 102])
    assert (grays(test.a), grays(test.b)) == ([4], [104])
    line = f"skipped: 2 images in {tmp_path} that have no partner of the same name"
    assert capfd.readouterr().err.splitlines() == [line]


@pytest.mark.parametrize("broken", ["A/2.png", "B/2.png"])
def test_a_pair_of_which_one_image_is_broken_is_skipped_as_a_pair(tmp_path, broken, capfd):
    names = {f"{side}/{n}.png": 100 * (side == "B") + n for side in "AB" for n in (1, 2, 3)}
    save_grays(tmp_path, names)
    (tmp_path / broken).write_bytes(b"")
    pairs = load("pairs", tmp_path, 8, 1)
    assert (grays(pairs.a), grays(pairs.b)) == ([1, 3], [101, 103])
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"skipped: {tmp_path / broken} is damaged")


def test_a_deep_image_of_a_skipped_pair_leaves_no_trace(tmp_path):
    """The place of the pair that is skipped is that of the next one."""
    for number, side in enumerate("AB"):
        save_grays(tmp_path, {f"{side}/2.png": 50 + number, f"{side}/3.png": 60 + number})
    save(tmp_path / "A/1.png", 40_000, mode="I;16")
    save(tmp_path / "A/4.png", 65_535, mode="I;16")
    save(tmp_path / "B/4.png", 0, mode="I;16")
    (tmp_path / "B/1.png").write_bytes(b"")
    pairs = load("pairs", tmp_path, 8, 1)
    assert (grays(pairs.a), grays(pairs.b)) == ([50, 60, 255], [51, 61, 0])


# Other layouts


def told(kind: str, folder, split: str = "train") -> str:
    with pytest.raises(UserError) as caught:
        load(kind, folder, 8, 1, split)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["cat/1.png", "dog/1.png", "x.png"], "no trainA/ or A/ but cat/ dog/ x.png"),
        (["trainA/1.png", "testB/1.png"], "no trainB/ or B/ but testB/ trainA/"),
        (["train/1.png", "test/1.png"], "no trainA/ or A/ but test/ train/"),
        ([f"{n}.png" for n in range(9)], "no trainA/ or A/ but 0.png 1.png 2.png 3.png …"),
    ],
)
def test_a_folder_that_is_not_of_two_sides(tmp_path, names, found):
    save_grays(tmp_path, dict.fromkeys(names, 1))
    wanted = "give a folder with trainA/ trainB/ testA/ testB/ (images each), or with A/ B/"
    assert told("unpaired", tmp_path) == f"{tmp_path} has {found}; {wanted}"


def test_files_that_are_not_two_squares(tmp_path):
    save(tmp_path / "cat/1.png", size=(30, 20))
    line = told("pairs", tmp_path)
    assert line.startswith(
        f"{tmp_path}/cat/1.png is 30 x 20 pixels, not two squares side by side; "
    )
    assert "give a folder with trainA/ trainB/" in line and "A|B side by side" in line


def test_sides_that_share_no_name(tmp_path):
    save_grays(tmp_path, {"trainA/1.png": 1, "trainB/2.png": 2})
    line = told("pairs", tmp_path)
    assert line.startswith(f"{tmp_path} has no image in A with the name of one in B; give a folder")


@pytest.mark.parametrize("kind", ["pairs", "unpaired"])
def test_nothing_there(tmp_path, kind):
    assert f"{tmp_path}/no does not exist; data is a folder with trainA/" in told(
        kind, tmp_path / "no"
    )
    assert f"{tmp_path} holds no images; data is a folder with trainA/" in told(kind, tmp_path)
    save_grays(tmp_path, {"A/1.png": 1, "B/1.png": 2})
    assert f"{tmp_path} has too few images to hold some out for test" in told(
        kind, tmp_path, "test"
    )


def test_a_side_of_which_nothing_can_be_read(tmp_path):
    save_grays(tmp_path, {"A/1.png": 1, "B/1.png": 2})
    (tmp_path / "B/1.png").write_bytes(b"")
    start = f"none of the 1 images of B in {tmp_path} can be read; {tmp_path}/B/1.png is damaged"
    assert told("unpaired", tmp_path).startswith(start)
