"""Domains: what is translated into what."""

import numpy as np
import pytest

from paddle_gan.data import DomainSet, ReferenceSet, load, load_images
from paddle_gan.errors import UserError
from tests.data.files import save_grays, write_idx


def domain_set(labels, kind=ReferenceSet):
    labels = np.array(labels)
    images = np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1, 1)
    return kind(images, labels, "numbered", classes=("cat", "dog", "wolf"))


def shown(images: np.ndarray) -> list[int]:
    return np.rint((images.ravel() + 1) * 127.5).astype(int).tolist()


def test_a_batch_has_images_and_their_domains():
    batch = domain_set([0, 0, 2, 1], DomainSet).batch(np.array([3, 2, 0]))
    assert list(batch) == ["image", "domain"]
    assert shown(batch["image"]) == [3, 2, 0] and batch["domain"].tolist() == [1, 2, 0]
    assert batch["domain"].dtype == np.int64


def test_a_domain_without_images_is_named():
    images = domain_set([0, 2, 2])
    assert images.members(2).tolist() == [1, 2]
    with pytest.raises(UserError, match="^no image of domain dog in numbered; add images of it$"):
        images.members(1)


LABELS = [0] * 50 + [1] * 5 + [2]  # the third domain has a single image


def test_every_image_comes_once_with_two_references_of_its_target():
    one = domain_set(LABELS)
    order = one.order(seed=5, epoch=1)
    assert order.dtype == np.int64 and order.shape == (56, 4)
    image, target, reference, other = order.T
    assert sorted(image) == [*range(56)]
    labels = np.array(LABELS)
    np.testing.assert_array_equal(labels[reference], target)
    np.testing.assert_array_equal(labels[other], target)
    np.testing.assert_array_equal(reference == other, target == 2)
    np.testing.assert_array_equal(one.order(5, 1), order)
    assert not np.array_equal(one.order(5, 2), order)


def test_targets_and_references_are_drawn_alike():
    """Each domain in a third of all rows, each ordered pair of its images equally often."""
    one = domain_set(LABELS)
    rows = np.concatenate([one.order(0, epoch) for epoch in range(200)])
    n = len(rows)
    counts = np.bincount(rows[:, 1])
    assert np.abs(counts - n / 3).max() < 5 * (n * 2 / 9) ** 0.5
    dogs = rows[rows[:, 1] == 1, 2:] - 50
    pairs = np.zeros((5, 5), int)
    np.add.at(pairs, tuple(dogs.T), 1)
    apart = pairs[~np.eye(5, dtype=bool)]
    assert np.trace(pairs) == 0 and len(apart) == 20
    assert np.abs(apart - len(dogs) / 20).max() < 5 * (len(dogs) / 20) ** 0.5


def test_domains_without_images_in_a_split_are_no_targets():
    assert set(domain_set([0] * 20 + [2] * 20).order(0, 0)[:, 1]) == {0, 2}


def test_a_batch_of_references():
    one = domain_set([0, 0, 1, 1])
    batch = one.batch(np.array([[3, 0, 1, 0], [0, 1, 2, 3]]))
    images = {name: shown(v) for name, v in batch.items() if v.dtype == np.float32}
    assert images == {"image": [3, 0], "reference": [1, 2], "other_reference": [0, 3]}
    assert (batch["domain"].tolist(), batch["target"].tolist()) == ([1, 0], [0, 1])
    assert all(array.flags.c_contiguous for array in batch.values())


@pytest.mark.parametrize(("kind", "found"), [("domains", DomainSet), ("references", ReferenceSet)])
@pytest.mark.parametrize("held_out", ["val", "test"])
def test_folders_with_parts(tmp_path, kind, found, held_out):
    grays = {f"train/{name}/{n}.png": 10 * n for name in ("wolf", "cat") for n in range(12)}
    save_grays(tmp_path, {**grays, f"{held_out}/wolf/a.png": 7, f"{held_out}/lynx/b.png": 8})
    train, test, validation = (
        load(kind, tmp_path, 8, 1, split) for split in ("train", "test", "validation")
    )
    assert type(train) is found and train.classes == ("cat", "lynx", "wolf")
    assert np.bincount(train.labels).tolist() == [12, 0, 12]
    assert dict(zip(test.labels.tolist(), test.images[:, 0, 0, 0].tolist())) == {2: 7, 1: 8}
    assert np.bincount(validation.labels).tolist() == [2, 0, 2]
    assert train.source == f"images in {tmp_path}: 24 images of 3 domains"
    assert test.source == f"images in {tmp_path}: 2 images of 3 domains (split test)"
    assert test.classes == train.classes and test.name == str(tmp_path)


def test_folders_without_parts(tmp_path):
    """Of any number; one of them may even be called train."""
    names = [f"d{number:02}" for number in range(13)] + ["train"]
    save_grays(tmp_path, {f"{name}/{n}.png": n for name in names for n in range(5)})
    trainval, test = (load("domains", tmp_path, 8, 1, split) for split in ("trainval", "test"))
    assert trainval.classes == tuple(names)
    assert np.bincount(trainval.labels).tolist() == [4] * 14
    assert np.bincount(test.labels).tolist() == [1] * 14


def test_classes_of_images_may_come_in_parts_too(tmp_path):
    save_grays(tmp_path, {"train/b/1.png": 1, "train/a/1.png": 2, "test/b/1.png": 3})
    train, test = (load_images(tmp_path, 8, 1, split) for split in ("train", "test"))
    assert (train.classes, train.labels.tolist()) == (("a", "b"), [0, 1])
    assert (test.classes, test.labels.tolist()) == (("a", "b"), [1])
    assert type(train.classes[0]) is str


def test_digits_are_domains(tmp_path):
    _, labels = write_idx(tmp_path, count=40)
    domains = load("domains", tmp_path, 28, 1, "test")
    assert domains.labels.tolist() == labels.tolist() and domains.has_digits
    assert domains.classes == tuple("0123456789")
    assert load("domains", "embedded", 8, 3, "test").classes == tuple("0123456789")


def told(folder) -> str:
    with pytest.raises(UserError) as caught:
        load("domains", folder, 8, 1)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["1.png", "2.png"], "images outside of subfolders"),
        (["cat/1.png", "2.png"], "images outside of subfolders"),
        (["train/1.png", "val/1.png"], "images outside of subfolders"),
        (["cat/1.png", "cat/2.png"], "images of cat only"),
        (["train/cat/1.png", "test/cat/1.png"], "images of cat only"),
    ],
)
def test_a_folder_without_domains_is_not_read(tmp_path, names, found):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"never read")
    wanted = "a folder with a subfolder of images for each domain, two at least: train/NAME/ and "
    assert told(tmp_path) == f"{tmp_path} has {found}; give {wanted}val/NAME/, or NAME/"


def test_digits_without_labels(tmp_path):
    write_idx(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    assert told(tmp_path).startswith(f"IDX files in {tmp_path}: 20 digits without labels, which")
