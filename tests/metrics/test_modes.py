from __future__ import annotations

import json
from math import log

import numpy as np
import paddle
import pytest

import paddle_gan
from paddle_gan.cli import main
from paddle_gan.data import load_images, to_float
from paddle_gan.errors import UserError
from paddle_gan.metrics import digits
from paddle_gan.metrics.digits import embed
from paddle_gan.metrics.modes import modes, modes_summary, reverse_kl


@pytest.fixture(scope="module")
def clear(network):
    """Of each digit the training image that the network is surest of: 10 x 32 x 32."""
    images = to_float(digits.digits("embedded", "trainval").images)
    _, probabilities = embed(network, images)
    best = probabilities.argmax(0)
    assert (probabilities[best].argmax(1) == np.arange(10)).all()
    return images[best, 0]


@pytest.fixture(scope="module")
def samples(clear):
    """The modes 123, three times, and 703, once."""
    return clear[[[1, 2, 3], [1, 2, 3], [7, 0, 3], [1, 2, 3]]]


def test_modes_and_divergence_of_known_stacks(network, samples):
    result = modes([samples], "embedded")
    assert result["protocol"] == (
        f"digit-net-{network.sha256[:8]}, 4 samples, 1000 modes of 5000 training stacks"
    )
    real = load_images("stacked:embedded", 32, 3, "train").labels.tolist()
    missing = 1000 - len(set(real))
    assert missing > 0 and 123 in real and 703 in real
    a, b = (real.count(mode) / (5000 + missing) for mode in (123, 703))
    expected = 3 / 4 * log(3 / 4 / a) + 1 / 4 * log(1 / 4 / b)
    assert (result["modes"], result["kl"]) == (2, pytest.approx(expected))
    assert result["digit_network"]["sha256"] == network.sha256
    assert json.loads(json.dumps(result)) == result


def test_the_order_of_the_channels_counts(clear):
    assert modes([clear[[[1, 2, 3], [3, 2, 1], [2, 2, 2]]]], "embedded")["modes"] == 3


def test_batches_do_not_matter(samples):
    batches = iter([samples[:1], samples[1:]])
    assert modes(batches, "embedded") == modes([samples], "embedded")


def test_the_floor_is_that_of_random_stacks(network, clear):
    n = 3000
    result = modes([clear[np.full((n, 3), 4)]], "embedded")
    assert result["modes"] == 1
    # Of 1,000 even modes, 1,000 exp(-3) are expected to be missed, give or take 6.
    assert abs(result["floor"]["modes"] - 1000 * (1 - np.exp(-n / 1000))) < 30
    assert 0 < result["floor"]["kl"] < 0.5 < result["kl"]


@pytest.mark.parametrize(
    "found, real, expected",
    [
        (range(1000), range(1000), 0),
        (range(99), range(1000), log(1000 / 99)),
        ([5], range(1000), log(1000)),
        ([0, 0, 0, 999], [*range(1000), 0, 0], 3 / 4 * log(3 / 4 * 1002 / 3) + log(1002 / 4) / 4),
        ([7, 7], [0, 0, 1], log(1001)),  # 7 counts as met once, so do 998 modes; 1 was, 0 twice
    ],
)
def test_reverse_kl_by_hand(found, real, expected):
    assert reverse_kl(np.array(found), np.array(real)) == pytest.approx(expected, abs=1e-12)


def test_samples_of_one_channel_are_refused(samples):
    with pytest.raises(UserError, match=r"\(4, 1, 32, 32\) .* give float32 N x 3 x 32 x 32"):
        modes([samples[:, :1]], "embedded")
    with pytest.raises(UserError, match="NaN"):
        modes([samples, samples * np.nan], "embedded")


def test_the_summary_names_every_number(samples):
    result = modes([samples], "embedded")
    text = modes_summary(result)
    for words in (result["protocol"], "floor", result["digit_network"]["sha256"][:16]):
        assert words in text
    for row in (result, result["floor"]):
        assert f"{row['modes']:>20}" in text and f"{row['kl']:.3f}" in text


def test_the_command_counts_a_file_and_a_checkpoint(samples, tmp_path, capsys):
    np.save(tmp_path / "samples.npy", np.concatenate([samples] * 200))  # more than a batch
    generator = paddle_gan.Generator(latent=8, width=4, channels=3, image_size=16)
    paddle.save(generator.state_dict(), str(tmp_path / "Gnet.pdparams"))

    def run(name, *arguments):
        assert main(["modes", str(tmp_path / name), "--data", "embedded", *arguments]) == 0
        return capsys.readouterr().out

    once = modes([samples], "embedded")
    result = json.loads(run("samples.npy", "--json"))
    assert "800 samples" in result["protocol"]
    assert (result["modes"], result["kl"]) == (2, pytest.approx(once["kl"]))
    first = json.loads(run("samples.npy", "--json", "--num", "2"))
    assert "2 samples" in first["protocol"] and first["modes"] == 1
    assert "reverse KL" in run("Gnet.pdparams", "--num", "300")
