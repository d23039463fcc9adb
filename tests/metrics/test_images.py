"""Scores of images that are no digits: who scores them, by what, and what is refused."""

from __future__ import annotations

import functools
import json
from dataclasses import replace

import numpy as np
import pytest

from paddle_gan.data import ImageSet, to_float
from paddle_gan.data.image_set import split_indices
from paddle_gan.errors import UserError
from paddle_gan.metrics import JUDGES, evaluate_images, features, judge_of, scores, summary

NAMES = ("bars", "dots")


def photographs(n: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Color images, n x 3 x 16 x 16, of bars (class 0) or dots (class 1), in any colors."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 90, (n, 3, 16, 16))
    labels = np.arange(n) * classes // n
    for image, label in zip(images, labels):
        color, place = rng.integers(150, 256, (3, 1, 1)), rng.integers(2, 10)
        if label == 0:
            image[:, place : place + 3] = color
        else:
            image[:, place : place + 4, place : place + 4] = color
    return images.astype(np.uint8), labels


def loader(n: int, classes: int | None):
    images, labels = photographs(n, classes or 1)

    def load(split: str) -> ImageSet:
        chosen = split_indices(labels, split)
        own = None if classes is None else labels[chosen]
        names = None if classes is None else NAMES[:classes]
        return ImageSet(images[chosen], own, f"{split} photographs", "photographs", split, names)

    return load


@pytest.fixture(scope="module", autouse=True)
def quick(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(features, "STEPS", 60)
        yield


@pytest.fixture(scope="module")
def load():
    return loader(500, 2)


@pytest.fixture(scope="module")
def samples(load):
    """Training images with noise, the first 100 all of bars and asked to be of both classes."""
    images = to_float(load("trainval").images[:100])
    noise = np.random.default_rng(1).normal(0, 0.3, images.shape)
    return np.clip(images + noise, -1, 1).astype(np.float32)


@pytest.fixture(scope="module")
def result(load, samples):
    judge, why = judge_of("samples", "photographs", load)
    assert why == (
        "scored by features of a classifier of its own classes: there is no digit network for it "
        "(labels 0 to 9, gray)"
    )
    labels = np.arange(100) % 2
    return judge.score({"samples": samples, "label": labels}, None, load)


def test_photographs_with_classes_are_scored_by_a_classifier_of_these(result, load):
    found = features.of_classes(load)
    assert found.facts["accuracy"] > 0.9 and found.facts["tested_on"] == 100
    assert found.facts["classes"] == ["bars", "dots"]
    assert result["protocol"] == (
        f"classifier-{found.facts['sha256'][:8]} of 2 classes, 100 test images vs 100 samples of 8 "
        "bits, KID subsets of 50, SWD of 128 patches of an image and level"
    )
    assert result["class_shares"][0] > 0.9 and result["agreement"] == pytest.approx(0.5, abs=0.1)
    assert json.loads(json.dumps(result)) == result


def test_samples_lie_between_floor_and_noise(result):
    for name, sign in {"fid": 1, "swd": 1, "precision": -1, "coverage": -1}.items():
        values = [sign * row[name] for row in (result["floor"], result, result["noise"])]
        assert values == sorted(values), name
    assert result["swd"] == result["swd_16"]
    assert result["nearest"]["samples"] < result["nearest"]["held_out"]


def test_scores_are_those_of_the_functions(result, load, samples):
    embed = features.of_classes(load).embed
    given, _ = embed(np.rint((samples + 1) * 127.5).astype(np.uint8))
    for split, name in (("test", "fid"), ("validation", "validation_fid")):
        real, _ = embed(load(split).images)
        assert result[name] == pytest.approx(scores.fid(real, given[: len(real)]), rel=1e-4)


def test_another_validation_part_has_another_reference(result, load, samples):
    def other(split: str) -> ImageSet:
        found = load(split)
        return found if split != "validation" else replace(found, images=255 - found.images)

    found = evaluate_images(samples, other, features.of_classes(load))
    assert found["fid"] == result["fid"]
    assert found["validation_fid"] > 2 * result["validation_fid"]


def test_a_classifier_is_trained_once(load, result, monkeypatch, capsys):
    monkeypatch.setattr(features, "fit", None)
    assert features.of_classes(load).facts == result["network"]
    assert capsys.readouterr().err == ""


def test_the_table_has_what_there_is(result):
    lines = summary({**result, "why": "because"}).splitlines()
    assert lines[:2] == [result["protocol"], "because"]
    for start in (
        "FID",
        "KID",
        "density (k = 5)",
        "coverage (k = 5)",
        "SWD x 1000",
        "  of 16 pixels",
    ):
        assert sum(line.startswith(start) for line in lines) == 1
    assert f"bars: {result['class_shares'][0]:.1%}" in "\n".join(lines)
    assert f"the class asked for: {result['agreement']:.1%}" in lines


@pytest.mark.parametrize(
    ("n", "classes", "reason"),
    [
        (500, None, "no class of any image"),
        (500, 1, "no second class"),
        (200, 2, "no more than 26 images held out, where a classifier needs 65"),
    ],
)
def test_without_features_patches_score(n, classes, reason):
    load = loader(n, classes)
    judge, why = judge_of("samples", "photographs", load)
    assert judge is JUDGES["patches"] and why.startswith(
        "scored by patches alone: there is no digit"
    )
    assert why.endswith(reason)
    judge.prepare(load)
    images = to_float(load("trainval").images[: judge.most(load)])
    found = judge.score({"samples": images}, None, load)
    assert "fid" not in found and 0 < found[judge.best] < found["noise"]["swd"] / 2
    assert judge.line.format(**found).startswith(f"SWD {found['swd']:.1f}, validation SWD")
    assert "SWD x 1000" in summary(found) and "FID" not in summary(found)


def test_what_has_no_scores_at_all_is_refused():
    with pytest.raises(
        UserError, match="photographs gives no scores: .* 5 images held out, .* 10; add images"
    ):
        judge_of("samples", "photographs", loader(40, None))
    assert judge_of("pairs", "", None) == (JUDGES["pairs"], "")


def test_reconstructions_of_photographs(load, samples):
    judge, _ = judge_of("reconstructions", "photographs", load)
    given = to_float(load("test").images)
    columns = {"input": given, "output": np.roll(given, 50, axis=0), "sample": samples}
    found = judge.score(columns, None, load)
    assert found["error"] == pytest.approx(((np.roll(given, 50, axis=0) - given) ** 2).mean())
    assert found["kept"] < 0.2  # bars for dots
    assert {"error", "kept", "fid", "validation_fid"} <= found.keys()


GOOD = np.zeros((100, 3, 16, 16), np.float32)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (
            GOOD[:, :1],
            r"samples of shape \(100, 1, 16, 16\) cannot be compared with test photographs",
        ),
        (GOOD.astype(np.uint8), "type uint8"),
        (GOOD * np.nan, "NaN"),
        (GOOD + 1.5, r"\[1.5, 1.5\]"),
        (GOOD[:9], "9 are too few"),
    ],
)
def test_other_samples_are_refused_in_one_line(bad, why, load):
    with pytest.raises(UserError, match=why) as caught:
        evaluate_images(bad, functools.partial(load))
    assert "\n" not in str(caught.value)
