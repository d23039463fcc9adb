"""Scores of translations against SciPy, numbers by hand, and digits that are kept or not."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from paddle_gan.data import PairSet, UnpairedSet, load, to_float
from paddle_gan.errors import UserError
from paddle_gan.metrics import pairs, summary


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """Where the network of the outlines is in no other test's way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("pairs")))
        yield


def pictures(seed: int, n: int = 4, channels: int = 1, size: int = 32) -> np.ndarray:
    """Smooth pictures, uint8."""
    rng = np.random.default_rng(seed)
    rough = rng.normal(128, 200, (n, channels, size, size))
    return np.clip(gaussian_filter(rough, (0, 0, 2, 2)), 0, 255).astype(np.uint8)


def ssim_of_scipy(a, b) -> float:
    """Of two planes, as scikit-image computes it with Gaussian weights."""
    mean = functools.partial(gaussian_filter, sigma=1.5, radius=5)
    a, b = a.astype(float), b.astype(float)
    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b, both = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2, mean(a * b)
    c1, c2 = 6.5025, 58.5225
    found = (2 * mean_a * mean_b + c1) * (2 * (both - mean_a * mean_b) + c2)
    found /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return found[5:-5, 5:-5].mean()


def test_ssim_is_scipys():
    a, b = pictures(0, channels=3, size=40), pictures(1, channels=3, size=40)
    near = (0.7 * a + 0.3 * b).astype(np.uint8)
    for other in (b, near):
        expected = [
            np.mean([ssim_of_scipy(*planes) for planes in zip(x, y)]) for x, y in zip(a, other)
        ]
        np.testing.assert_allclose(pairs.ssim(a, other), expected, rtol=1e-6)
    np.testing.assert_allclose(pairs.ssim(a, a), 1)
    assert pairs.ssim(a[..., :8, :8], b[..., :8, :8]).shape == (4,)  # smaller than the window


def plain_set(kind=PairSet, **values):
    a, b = pictures(0), pictures(1)
    return kind(a, b, "a source", "a name", "test", **values)


def test_distances_by_hand():
    images = plain_set()
    truth = to_float(images.b)
    output = to_float(np.where(images.b < 128, images.b + 51, images.b - 51))  # 51 / 127.5 = 0.4
    columns = {"input": to_float(images.a), "output": output, "target": truth}
    result = pairs.score(columns, images, None)
    assert result["l1"] == result["error"] == pytest.approx(0.4)
    assert result["psnr"] == pytest.approx(20 * np.log10(255 / 51))
    assert result["true"] == {"l1": 0, "psnr": pytest.approx(78.13, abs=0.01), "ssim": 1}
    distance = np.abs(images.a.astype(float) - images.b).mean() / 127.5
    assert result["copied"]["l1"] == pytest.approx(distance)
    assert "kept" not in result and result["protocol"] == "4 pairs of a name (test), 8 bits"


def test_both_ways():
    images = plain_set(UnpairedSet, aligned=True)
    a, b = to_float(images.a), to_float(images.b)
    columns = {"input": a, "output": b, "target": b, "reverse_output": b}
    result = pairs.score(columns, images, None)
    assert (result["l1"], result["reverse_l1"]) == (0, result["copied"]["l1"])
    assert result["error"] == pytest.approx(result["reverse_l1"] / 2)
    told = summary(result)
    assert "B to A: PSNR, dB" in told and "78.13" in told and told.count("\n") == 7


@pytest.fixture(scope="module")
def read():
    """Splits of the outlines of the embedded digits, both ways."""
    return functools.lru_cache(lambda split: load("unpaired", "edges:embedded", 32, 1, split))


def test_digits_are_kept_where_the_truth_is_drawn(read):
    images = read("test")
    found = {name: to_float(each) for name, each in images.examples(300).items()}
    columns = {"input": found["a"], "output": found["b"], "target": found["b"]}
    others = {"reverse_output": found["a"], "back": found["a"]}
    others["reverse_back"] = np.roll(found["b"], 37, axis=0)
    result = pairs.score({**columns, **others}, images, read)
    assert result["kept"] == result["true"]["kept"] > 0.8  # of networks trained for seconds
    assert result["reverse_kept"] == result["true"]["reverse_kept"] > 0.7
    assert result["back_kept"] == result["reverse_kept"] and result["back_l1"] == 0
    assert result["reverse_back_kept"] < 0.3 and result["reverse_back_l1"] > 0.1
    assert result["fid"] == pytest.approx(0, abs=1e-6) and result["reverse_fid"] < 1e-6
    assert 0 < result["true"]["fid"] < 0.2 * result["copied"]["fid"]  # real, but other digits
    wrong = pairs.score({**columns, "output": np.roll(found["b"], 37, axis=0)}, images, read)
    assert wrong["kept"] < 0.3 and wrong["fid"] == pytest.approx(0, abs=1e-6)  # of all together
    told = summary(result)
    assert "digits read by" in told and "FID, digit features" in told and "and back" in told


def test_the_digits_of_the_target_are_read_by_the_network_of_the_digits(read, network):
    assert pairs.digit_network(read, "b").sha256 == network.sha256
    assert pairs.digit_network(read, "a").sha256 != network.sha256


def test_colors_and_other_sizes_are_read_in_gray():
    gray = pictures(0, size=32)
    assert np.array_equal(pairs.as_gray(gray), gray)
    assert np.array_equal(pairs.as_gray(np.repeat(gray, 3, axis=1)), gray)
    assert pairs.as_gray(pictures(0, channels=3, size=16)).shape == (4, 1, 32, 32)


def test_sides_that_do_not_belong_together_have_no_scores():
    images = plain_set(UnpairedSet)
    with pytest.raises(UserError, match="a source: nothing tells how a translation should look"):
        pairs.prepare(lambda split: images)
    with pytest.raises(UserError, match="nothing tells how a translation should look"):
        pairs.score({"input": images.a}, images, None)
