"""StarGAN: its losses against numbers worked out beside it, and what is drawn of whom."""

from __future__ import annotations

import copy

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from paddle_gan import kernels
from paddle_gan.config import configure
from paddle_gan.data import DomainSet, to_float
from paddle_gan.errors import UserError
from paddle_gan.games.base import Game
from paddle_gan.games.stargan import StarGAN
from paddle_gan.system import draws
from tests.games.games import real, weights

SIZES = dict(width=2, d_width=4, blocks=1, halvings=2, image_size=16, domains=3, critic_steps=1)
NAMES = "thin", "thick", "left"


def game(seed=1, **overrides) -> StarGAN:
    paddle.seed(seed)
    return StarGAN(configure("stargan", **{**SIZES, "batch_size": 4, **overrides}))


@pytest.fixture
def batch() -> dict:
    return {"image": real(4, 16, seed=1), "domain": paddle.to_tensor([0, 2, 1, 1])}


@pytest.fixture
def images() -> DomainSet:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 1, 16, 16), np.uint8)
    return DomainSet(pixels, np.repeat(np.arange(3), 10), "some", classes=NAMES)


def test_the_losses_are_those_of_the_paper(batch):
    ours = game()
    before = copy.deepcopy(ours.networks)
    paddle.seed(7)
    scalars = {name: float(value) for name, value in ours.train_step(batch, 0).items()}
    paddle.seed(7)
    x, own = batch["image"], batch["domain"]
    target, share = draws.randint(0, 3, [4]), draws.uniform([4, 1, 1, 1])
    generator, critic, moved = before["Gnet"], before["Dnet"], ours.discriminator
    fake = generator(x, target)
    between = (share * x + (1 - share) * fake).detach()
    between.stop_gradient = False
    with kernels.plain():
        (slope,) = paddle.grad(critic(between)[0].sum(), between)
    wasserstein = float(critic(x)[0].mean() - critic(fake)[0].mean())
    expected = {
        "d_loss": -wasserstein,
        "wasserstein": wasserstein,
        "d_class_loss": float(F.cross_entropy(critic(x)[1], own)),
        "penalty_loss": float(((slope.square().sum([1, 2, 3]).sqrt() - 1) ** 2).mean()),
        "g_loss": -float(moved(fake)[0].mean()),  # D has moved before G
        "g_class_loss": float(F.cross_entropy(moved(fake)[1], target)),
        "reconstruction_loss": float((generator(fake, own) - x).abs().mean()),
    }
    assert scalars == {n: pytest.approx(v, rel=1e-3, abs=1e-6) for n, v in expected.items()}


@pytest.mark.parametrize(
    ("weight", "name"),
    [("lambda_reconstruction", "reconstruction_loss"), ("lambda_class", "d_class_loss")],
)
def test_a_weight_draws_its_loss_down(batch, weight, name):
    others = {"lambda_reconstruction": 0.0, "lambda_class": 0.0}
    ours = game(lr=0.005, **{**others, weight: 30.0})
    found = [float(ours.train_step(batch, step)[name]) for step in range(15)]
    assert found[-1] < 0.9 * found[0]


def test_a_step_moves_both_networks_and_leaves_no_gradient(batch):
    ours = game(critic_steps=2)
    before = [weights(network) for network in ours.networks.values()]
    ours.train_step(batch, 0)
    for start, network in zip(before, ours.networks.values()):
        assert any(not np.array_equal(*pair) for pair in zip(start, weights(network)))
        assert all(p.grad is None for p in network.parameters())


def test_the_columns_of_a_picture(images):
    networks = {"Gnet": game().generator}
    (inputs,) = StarGAN.probe(networks, 14, 0, images)
    drawn = StarGAN.draw(networks, inputs)
    assert list(drawn) == ["input", "to thin", "to thick", "to left", "back"]
    given = images.examples(5)["image"]
    assert np.array_equal(drawn["input"], to_float(given))  # 15 drawings, three of each
    generator = networks["Gnet"]
    for number, name in enumerate(NAMES):
        expected = generator(paddle.to_tensor(to_float(given)), paddle.full([5], number, "int64"))
        np.testing.assert_allclose(drawn[f"to {name}"], expected.numpy(), atol=1e-5)
    own, target = images.ways(5)
    assert (own != target).all() and own.tolist() == [0, 0, 1, 1, 2]
    there = np.stack([drawn[f"to {NAMES[k]}"][i] for i, k in enumerate(target)])
    back = generator(paddle.to_tensor(there), paddle.to_tensor(own))
    np.testing.assert_allclose(drawn["back"], back.numpy(), atol=1e-5)
    outputs = StarGAN.outputs(drawn)
    assert np.array_equal(outputs, np.concatenate([drawn[f"to {name}"] for name in NAMES]))


def test_one_domain_alone(images):
    networks = {"Gnet": game().generator}
    (inputs,) = StarGAN.probe(networks, 4, 0, images, domain="left")
    drawn = StarGAN.draw(networks, inputs)
    assert list(drawn) == ["input", "to left"] and len(drawn["input"]) == 4
    networks["Gnet"].class_names = list(NAMES)
    found = StarGAN.translate(networks, "Gnet", drawn["input"], domain="left")
    np.testing.assert_allclose(found, drawn["to left"], atol=1e-5)
    with pytest.raises(UserError, match="did you mean 'thick'. There are thin, thick, left"):
        StarGAN.translate(networks, "Gnet", drawn["input"], domain="thik")
    with pytest.raises(UserError, match="to which domain. Give --domain and one of thin, thick"):
        StarGAN.translate(networks, "Gnet", drawn["input"])


def test_the_domains_are_those_of_the_data(images):
    config = configure("stargan", **{**SIZES, "domains": "data"})
    assert StarGAN.with_data(config, images)["domains"] == 3
    assert Game.outputs({"input": 1, "output": np.ones(2)}).tolist() == [1, 1]
    with pytest.raises(UserError, match="2 domains are known, and there are 3 in some"):
        game(domains=2).check_data(images)
    with pytest.raises(UserError, match="domains 1: a translation takes two"):
        configure("stargan", domains=1)
    with pytest.raises(UserError, match="halvings 5 leave nothing of images of 16 pixels"):
        configure("stargan", image_size=16, halvings=5)
