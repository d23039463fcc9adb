"""Scores of translations among domains, by images of which it is known what they are."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest

from paddle_gan.data import load, load_images, to_float
from paddle_gan.data.morpho import Morphology
from paddle_gan.metrics import domains, scores, styles, summary
from paddle_gan.metrics.digits import embed
from paddle_gan.sampling.pictures import to_uint8
from tests.data.files import save_idx


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Splits of the looks of some digits, and a network that is trained a little to tell them."""
    folder, digits = tmp_path_factory.mktemp("domains"), load_images("embedded", image_size=28)
    for stem, first, n in (("train", 0, 90), ("t10k", 7, 20)):
        some = slice(first, first + 50 * n, 50)
        save_idx(folder, stem, digits.images[some, 0], digits.labels[some])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(domains, "STEPS", 50)
        patch.setattr(domains, "_known", {})
        yield functools.lru_cache(functools.partial(load, "domains", f"morpho:{folder}", 32, 1))


N = 70


def reader(read):
    """The network that reads the digits, from the cache."""
    return domains.networks(read("trainval"), lambda: read("test"))[1]


def real(images, domain_of) -> np.ndarray:
    """For each of the first images the same digit in the domain ``domain_of(row)``, as drawn."""
    own, _ = images.ways(N)
    each = len(images) // 7
    rows = np.arange(0, len(images), len(images) // N)[:N]
    return to_float(images.images[[domain_of(i) * each + row % each for i, row in enumerate(rows)]])


@pytest.fixture(scope="module")
def columns(read):
    """Perfect drawings: of every domain, and the way back."""
    images = read("test")
    given = to_float(images.examples(N)["image"])
    to = {f"to {name}": real(images, lambda i, k=k: k) for k, name in enumerate(images.classes)}
    own, target = images.ways(N)
    return {"input": given, "domain": own, "target": target, **to, "back": given}


def test_perfect_drawings_score_as_real_images_and_the_floors_are_floors(read, columns, capsys):
    images = read("test")
    found = domains.score(columns, images, read)
    told = capsys.readouterr().err
    assert "training the domain network" in told and "test images right" in told
    assert (
        found["judge"] == "domains" and f"{6 * N} translations of {N} images" in found["protocol"]
    )
    for name in ("accuracy", "kept", "fid", "error"):
        assert found[name] == found["real"][name]
    assert found["back_kept"] == 1 and found["kept"] > 0.5
    assert found["accuracy"] > 0.6 > 0.2 > max(found[n]["accuracy"] for n in ("copied", "wrong"))
    assert found["copied"]["kept"] == 1
    assert found["wrong"]["fid"] > found["fid"]
    assert found["error"] == pytest.approx(1 - found["accuracy"] * found["kept"])
    assert set(found["fids"]) == set(images.classes)
    told = summary(found)
    assert "digits kept there and back: 100.00%" in told and "to fractured" in told


def test_a_score_is_what_it_says(read, columns):
    """Everything drawn thick, whatever was asked for."""
    images, network = read("test"), reader(read)
    thick = columns["to thick"]
    found = domains.score({**columns, **{f"to {n}": thick for n in images.classes}}, images, read)
    own, _ = images.ways(N)
    asked = {k: (own != k).sum() for k in range(7)}
    given = {name: columns[name] for name in ("input", "domain", "target")}
    right = domains.score({**given, "to thick": thick}, images, read)
    share = right["accuracy"] * asked[2]
    assert share / sum(asked.values()) <= found["accuracy"] < 0.5
    train = read("trainval")
    features = [
        embed(network, to_float(some))[0]
        for some in (train.images[train.labels == 2], to_uint8(thick[own != 2]))
    ]
    assert right["fids"] == {"thick": pytest.approx(scores.fid(*features), rel=1e-4)}


def test_other_digits_are_not_kept(read, columns):
    images = read("test")
    moved = {name: np.roll(each, 3, axis=0) for name, each in columns.items() if each.ndim == 4}
    found = domains.score({**columns, **moved, "input": columns["input"]}, images, read)
    assert found["kept"] < 0.5 and found["back_kept"] < 0.5


@pytest.fixture(scope="module")
def styled(read) -> dict:
    """Two outputs of each input, the image itself and another, and a reference that is followed."""
    images = read("test")
    own, target = images.ways(N)
    drawn = real(images, lambda i: target[i])
    outputs = {"output 1": drawn, "output 2": np.roll(drawn, 1, axis=0)}
    given = {"input": drawn, "domain": own, "target": target}
    return {**given, **outputs, "reference": drawn, "guided": drawn}


def test_diversity_and_references_that_are_followed(read, styled):
    images, network = read("test"), reader(read)
    found = domains.score(styled, images, read)
    one, other = (embed(network, to_float(to_uint8(styled[f"output {i}"])))[0] for i in (1, 2))
    expected = np.linalg.norm(one - other, axis=1).mean()
    assert found["diversity"] == pytest.approx(expected, rel=1e-5)
    assert found["real_diversity"] > found["real_diversity_of_digit"] > 0
    for name in ("slant", "thickness", "slant_within", "thickness_within"):
        assert found[name] == pytest.approx(1)
    same = domains.score({**styled, "output 2": styled["output 1"]}, images, read)
    assert same["diversity"] == 0
    assert "correlation of slant with the reference's: 1.000, within" in summary(found)


def test_a_correlation_is_that_of_the_measures(read, styled):
    images = read("test")
    other = {**styled, "guided": np.roll(styled["guided"], 7, axis=0)}
    found = domains.score(other, images, read)
    slants = [
        [Morphology(image).slant for image in to_uint8(other[name])[:, 0]]
        for name in ("guided", "reference")
    ]
    assert found["slant"] == pytest.approx(np.corrcoef(slants)[0, 1])
    assert found["slant"] < 0.9 and found["thickness"] < 0.99
    assert styles._correlation(np.zeros((2, 5))) == 0


def test_domains_that_are_no_digits(read, columns):
    """Features are the domain network's, and nothing is told of digits."""
    plain = functools.lru_cache(lambda split: replace(read(split), digits=None, name="looks"))
    found = domains.score(columns, plain("test"), plain)
    assert "kept" not in found and "back_kept" not in found and "digits" not in summary(found)
    assert found["error"] == pytest.approx(1 - found["accuracy"])
