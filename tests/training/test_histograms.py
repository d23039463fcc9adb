"""How weights and logits are distributed: what is counted, and what of."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_gan.config import configure, game_of
from paddle_gan.training.histograms import histograms

TINY = dict(width=4, d_width=4, max_width=8, latent=6, blocks=1, image_size=16, batch_size=4)


def tiny(recipe: str):
    known = configure(recipe)
    values = {**TINY, "g_halvings": 2, "domains": 2, "classes": 0, "critic_steps": 1}
    config = configure(recipe, **{n: v for n, v in values.items() if n in known})
    paddle.seed(0)
    return game_of(config)(config)


def test_shares_of_the_weights_of_each_layer():
    game = tiny("dcgan-bce")
    weight = game.networks["Gnet"].gan[0].weight  # 6 x 16 x 4 x 4
    values = np.linspace(-3, 0, weight.size, dtype="float32")
    values[: weight.size // 4] = 12  # the last of thirty bins from -3 to 12
    weight.set_value(np.random.default_rng(0).permutation(values).reshape(weight.shape))
    found = histograms(game)
    low, high, shares = found["weights/Gnet.gan.0.weight"]
    kept = values[values < 1]
    assert (low, high) == (pytest.approx(kept.min()), 12)
    assert shares[-1] == 2500 and sum(shares) == pytest.approx(10_000, abs=15)
    wanted = np.histogram(values, 30)[0] / weight.size
    assert np.abs(np.array(shares) / 10_000 - wanted).max() < 1e-4
    names = {
        f"weights/{network}.{name}"
        for network, layer in game.networks.items()
        for name, parameter in layer.named_parameters()
        if parameter.ndim == 4
    }
    assert set(found) == names  # no biases, no BatchNorm, and no batch was judged yet


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_what_is_not_finite_has_none(value):
    """The run says so in its own words, and goes on or ends."""
    game = tiny("dcgan-bce")
    before = set(histograms(game))
    weight = game.networks["Gnet"].gan[0].weight
    weight.set_value(
        np.where(np.arange(weight.size) == 5, value, weight.numpy().ravel())
        .reshape(weight.shape)
        .astype("float32")
    )
    assert before - set(histograms(game)) == {"weights/Gnet.gan.0.weight"}


def mean(histogram) -> float:
    low, high, shares = histogram
    edges = np.linspace(low, high, len(shares) + 1)
    return float(np.average((edges[1:] + edges[:-1]) / 2, weights=shares))


@pytest.mark.parametrize(
    "recipe", ["dcgan-bce", "wgan", "pix2pix", "cyclegan", "stargan", "starganv2"]
)
def test_the_logits_are_those_of_the_last_batch(recipe):
    game, rng = tiny(recipe), np.random.default_rng(0)
    kinds = [paddle.to_tensor([0, 1, 1, 0]), paddle.to_tensor([1, 0, 1, 0])]
    size = 4, game.config["channels"], 16, 16
    images = [paddle.to_tensor(rng.uniform(-1, 1, size).astype("float32")) for _ in range(3)]
    names = ["image", "a", "b", "reference", "other_reference"]
    batch = {name: images[i % 3] for i, name in enumerate(names)}
    for step in range(2):
        scalars = game.train_step({**batch, "domain": kinds[0], "target": kinds[1]}, step)
    logits = {name: each.numpy().astype("float64") for name, each in game.logits.items()}
    if recipe == "cyclegan":
        assert len(logits) == 4
        for side in "AB":
            real, fake = logits[f"D_{side}_real"], logits[f"D_{side}_generated"]
            loss = ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2
            assert float(scalars[f"d_{side.lower()}_loss"]) == pytest.approx(loss, rel=1e-5)
    elif "wasserstein" in scalars:
        estimate = logits["Dnet_real"].mean() - logits["Dnet_generated"].mean()
        assert float(scalars["wasserstein"]) == pytest.approx(estimate, rel=1e-4)
    else:
        for name, scalar in (("Dnet_real", "d_real"), ("Dnet_generated", "d_fake")):
            share = 1 / (1 + np.exp(-logits[name]))
            assert float(scalars[scalar]) == pytest.approx(share.mean(), rel=1e-5)
    for name, histogram in histograms(game).items():
        if name.startswith("logits/"):
            wanted = logits[name[7:]]
            width = (histogram.high - histogram.low) / len(histogram.shares)
            assert mean(histogram) == pytest.approx(wanted.mean(), abs=width / 2 + 1e-6)


def test_logits_of_bfloat16_are_numbers():
    game, values = tiny("dcgan-bce"), paddle.to_tensor([-3.0, 0.5, 2.0])
    game.logits = {"Dnet_real": values.astype("bfloat16")}
    low, high, _ = histograms(game)["logits/Dnet_real"]
    assert (low, high) == (-3, 2)
