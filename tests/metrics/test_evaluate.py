from __future__ import annotations

import dataclasses
import importlib
import json

import cv2
import numpy as np
import paddle
import pytest

from paddle_gan.data import load_images, to_float
from paddle_gan.errors import UserError
from paddle_gan.metrics import digits, scores
from paddle_gan.metrics.digits import embed
from paddle_gan.metrics.evaluate import as_digits, evaluate, has_seen, summary
from paddle_gan.sampling.pictures import to_uint8
from tests.data.files import save_idx, write_idx

evaluate_module = importlib.import_module("paddle_gan.metrics.evaluate")

SCORES = {"fid", "kid", "kid_std", "is", "is_std", "precision", "recall", "digit_shares"}
SCORES |= {"density", "coverage"}


@pytest.fixture(scope="module")
def samples():
    """1,000 training digits, 100 a class, with noise: float32 1000 x 1 x 32 x 32."""
    images = to_float(digits.digits("embedded", "trainval").images[::4])
    noise = np.random.default_rng(1).normal(0, 0.5, images.shape)
    return np.clip(images + noise, -1, 1).astype(np.float32)


@pytest.fixture(scope="module")
def result(samples):
    return evaluate(samples, "embedded")


def test_every_score_under_its_protocol(result, network):
    assert result["protocol"] == (
        f"digit-net-{network.sha256[:8]}, 1000 test digits vs 1000 samples of 8 bits, "
        "KID subsets of 500"
    )
    assert result["digit_network"] == {
        "accuracy": network.accuracy,
        "sha256": network.sha256,
        "trained_on": network.source,
    }
    assert SCORES == set(result["floor"]) == set(result["noise"]) < set(result)
    for row in (result, result["floor"], result["noise"]):
        assert len(row["digit_shares"]) == 10
        assert sum(row["digit_shares"]) == pytest.approx(1)
    assert json.loads(json.dumps(result)) == result


def test_samples_lie_between_floor_and_noise(result):
    rows = [result["floor"], result, result["noise"]]
    for name, sign in {
        "fid": 1,
        "kid": 1,
        "is": -1,
        "precision": -1,
        "recall": -1,
        "coverage": -1,
    }.items():
        values = [sign * row[name] for row in rows]
        assert values == sorted(values), name
    assert abs(result["floor"]["kid"]) < result["floor"]["kid_std"] + 0.02
    assert result["kid_std"] > 0


def test_scores_are_those_of_the_functions(result, network, samples, test_digits):
    features, _ = embed(network, as_digits(samples))
    reference, _ = embed(network, test_digits[0])
    assert result["fid"] == pytest.approx(scores.fid(reference, features), rel=1e-6)
    found = result["precision"], result["recall"]
    assert found == pytest.approx(scores.precision_recall(reference, features), abs=0.002)


def test_copies_of_training_digits_are_nearer_than_held_out_digits():
    copies = to_float(digits.digits("embedded", "trainval").images[::40])
    nearest = evaluate(copies, "embedded")["nearest"]
    assert nearest["samples"] == 0
    assert nearest["held_out"] > 1
    assert nearest["protocol"] == "median pixel distance of 100 to 4000 training digits"


def test_as_many_test_digits_as_samples(samples):
    few = evaluate(samples, "embedded", n=100)
    assert "100 test digits vs 100 samples of 8 bits, KID subsets of 50" in few["protocol"]
    assert evaluate(samples[:100], "embedded") == few
    assert few["digit_shares"] != evaluate(samples[100:200], "embedded")["digit_shares"]


def test_the_summary_names_every_score(result, network):
    text = summary(result)
    for words in (result["protocol"], "FID", "KID", "inception score", "precision", "recall"):
        assert words in text
    for words in (f"{network.accuracy:.2%}", network.sha256[:16], network.source, "held-out"):
        assert words in text
    assert f"{result['fid']:.2f}" in text and f"{result['floor']['fid']:.2f}" in text


def blur(images, sigma):
    return np.stack([cv2.GaussianBlur(image[0], (0, 0), sigma) for image in images])[:, None]


def noise(images, sigma):
    noise = np.random.default_rng(0).normal(0, sigma, images.shape).astype(np.float32)
    return np.clip(images + noise, -1, 1)


def drop(images, classes):
    return images[400 * classes :]  # the digits come in order, 400 a class


@pytest.mark.parametrize(
    "harm, amounts", [(blur, (0.8, 1.2, 2)), (noise, (0.2, 0.4, 0.6)), (drop, (2, 4, 6))]
)
def test_fid_and_kid_grow_with_harm(network, test_digits, harm, amounts):
    images = to_float(digits.digits("embedded", "trainval").images)
    reference, _ = embed(network, test_digits[0])
    found = []
    for harmed in (images, *(harm(images, amount) for amount in amounts)):
        even = np.linspace(0, len(harmed) - 1, 1000).astype(int)
        found.append(embed(network, harmed[even])[0])
    for score in (scores.fid, lambda *pair: scores.kid(*pair, subset_size=500)[0]):
        values = [score(reference, features) for features in found]
        assert all(later > 1.2 * earlier for earlier, later in zip(values, values[1:])), values


GOOD = np.zeros((100, 1, 32, 32), np.float32)


@pytest.mark.parametrize(
    "bad, why",
    [
        (GOOD[0], "shape"),
        (np.zeros((100, 3, 32, 32), np.float32), "shape"),
        (np.zeros((100, 1, 32, 16), np.float32), "shape"),
        (np.zeros((0, 1, 32, 32), np.float32), "shape"),
        (GOOD.astype(np.uint8), "type uint8"),
        (np.where(np.arange(32) == 5, np.nan, GOOD), "NaN"),
        (GOOD + 1.01, r"\[1.01, 1.01\]"),
        (GOOD - 255, "-255"),
        (GOOD[:64], "samples: 64 give no covariance of 64 features; 65 are needed"),
    ],
)
def test_what_is_no_set_of_digits_is_refused_in_one_line(bad, why, monkeypatch):
    monkeypatch.setattr(evaluate_module, "digit_network", None)  # not even loaded for these
    with pytest.raises(UserError, match=why) as caught:
        evaluate(bad, "embedded")
    assert "\n" not in str(caught.value)


def test_the_fewest_samples(samples):
    assert evaluate(samples[:65], "embedded")["fid"] > 0


def test_rounded_samples_score_the_same(samples, result):
    rounded = to_float(to_uint8(samples))
    assert not np.array_equal(samples, rounded)
    assert evaluate(rounded, "embedded") == result


def test_validation_fid_is_against_the_validation_digits(samples, result, network):
    real, _ = embed(network, to_float(digits.digits("embedded", "validation").images))
    features, _ = embed(network, as_digits(samples[:666]))
    assert result["validation_fid"] == pytest.approx(scores.fid(real, features), rel=1e-5)


@pytest.mark.parametrize(
    ("source", "split", "seen"),
    [
        ("embedded", "train", True),
        ("embedded", "fit", False),
        ("mnist", "train", True),
        ("mnist", "fit", True),
        ("/no/such/folder", "train", False),
        ("edges:embedded", "train", True),  # whose digits are the same
        ("edges:embedded", "fit", False),
    ],
)
@pytest.mark.parametrize("judge", ["embedded", "edges:embedded"])
def test_who_has_seen_the_embedded_digits(source, split, seen, judge):
    def load(split):
        return load_images("embedded", split=split)

    test = dataclasses.replace(load("test"), name=judge)
    assert has_seen({"source": source, "split": split}, test, load) == seen


def as_folder(folder, real):
    """A set as an image folder with a subfolder for each class."""
    for number, (image, label) in enumerate(zip(real.images, real.labels)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / str(label) / f"{number}.png"), image[0])
    return str(folder)


def test_who_has_seen_which_test_set(tmp_path, monkeypatch):
    """A set that brings its own test digits, or is another, hides nothing."""
    monkeypatch.setattr(paddle.dataset.common, "DATA_HOME", str(tmp_path))
    some = load_images("embedded", image_size=28)
    folder = as_folder(tmp_path / "folder", dataclasses.replace(some, images=some.images[::50]))
    write_idx(tmp_path / "mnist")
    write_idx(tmp_path / "foreign")
    for stem in ("train", "t10k"):
        save_idx(tmp_path / "same", stem, some.images[:, 0], some.labels)
    sets = {"embedded": "embedded", "mnist": "mnist", "folder": folder}
    sets.update({name: str(tmp_path / name) for name in ("foreign", "same")})
    tests = {name: load_images(source, split="test") for name, source in sets.items()}
    seen = {
        (trained, split, judge)
        for trained in sets
        for split in ("train", "fit")
        for judge in sets
        if has_seen(
            {"source": tests[trained].name, "split": split},
            tests[judge],
            lambda split, source=sets[judge]: load_images(source, split=split),
        )
    }
    assert seen == {
        ("embedded", "train", "embedded"),
        ("mnist", "train", "embedded"),
        ("mnist", "fit", "embedded"),
        ("same", "train", "embedded"),
        ("same", "fit", "embedded"),
        ("folder", "train", "folder"),
    }
