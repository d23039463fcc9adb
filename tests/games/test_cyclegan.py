"""CycleGAN: its losses against numbers worked out beside it, its pools, and drawing by one half."""

from __future__ import annotations

import copy

import numpy as np
import paddle
import pytest

from paddle_gan.config import configure
from paddle_gan.games.cyclegan import CycleGAN
from tests.games.games import real, weights

SIZES = dict(width=2, d_width=4, blocks=1, image_size=16, batch_size=3, pool_size=4)


def game(seed=1, **overrides) -> CycleGAN:
    paddle.seed(seed)
    return CycleGAN(configure("cyclegan", **{**SIZES, **overrides}))


@pytest.fixture
def batch() -> dict:
    return {"a": real(3, 16, seed=1), "b": real(3, 16, seed=2)}


def distance(x, y) -> float:
    return float((x - y).abs().mean())


def test_the_losses_are_those_of_the_paper(batch):
    ours = game()
    networks = copy.deepcopy(ours.networks)
    ab, ba, d_a, d_b = (networks[name] for name in ("G_AB", "G_BA", "D_A", "D_B"))
    scalars = {name: float(value) for name, value in ours.train_step(batch, 0).items()}
    a, b = batch["a"], batch["b"]
    fake_a, fake_b = ba(b), ab(a)
    expected = {
        "g_loss": sum(float(((d(x) - 1) ** 2).mean()) for d, x in ((d_a, fake_a), (d_b, fake_b))),
        "cycle_loss": distance(ba(fake_b), a) + distance(ab(fake_a), b),
        "identity_loss": distance(ba(a), a) + distance(ab(b), b),
        **{
            f"d_{side}_loss": float(((d(x) - 1) ** 2).mean() + (d(fake) ** 2).mean()) / 2
            for side, d, x, fake in (("a", d_a, a, fake_a), ("b", d_b, b, fake_b))
        },
    }
    assert scalars == {name: pytest.approx(value, rel=1e-4) for name, value in expected.items()}


@pytest.mark.parametrize("of", ["cycle", "identity"])
def test_a_weight_draws_its_distance_down(batch, of):
    others = {"lambda_cycle": 0.0, "lambda_identity": 0.0}
    ours = game(lr=0.005, **{**others, f"lambda_{of}": 30.0})
    found = [float(ours.train_step(batch, step)[f"{of}_loss"]) for step in range(15)]
    assert found[-1] < 0.9 * found[0]


def test_what_weighs_nothing_is_not_worked_out(batch):
    ours = game(lambda_identity=0.0)
    assert "identity_loss" not in ours.train_step(batch, 0)


def test_a_direction_is_drawn_alone():
    class Pair:
        def examples(self, n):
            rng = np.random.default_rng(0)
            return {side: rng.integers(0, 256, (n, 1, 16, 16), np.uint8) for side in "ab"}

    networks = {name: each for name, each in game().networks.items() if name[0] == "G"}
    (both,) = CycleGAN.stream(networks, 2, 0, Pair())
    (found,) = CycleGAN.stream(networks, 2, 0, Pair(), direction="BtoA")
    assert list(both) == ["input", "output", "back", "target", "reverse_output", "reverse_back"]
    assert list(found) == ["input", "output", "back"]
    assert np.array_equal(found["output"], both["reverse_output"])


def test_a_step_moves_all_networks_and_leaves_no_gradient(batch):
    ours = game()
    before = [weights(network) for network in ours.networks.values()]
    ours.train_step(batch, 0)
    assert list(ours.networks) == ["G_AB", "G_BA", "D_A", "D_B"]
    for start, network in zip(before, ours.networks.values()):
        assert any(not np.array_equal(*pair) for pair in zip(start, weights(network)))
        assert all(p.grad is None for p in network.parameters())


def test_the_pools_are_of_a_side_each_and_come_back(batch):
    ours, other = game(), game(seed=2)
    fake_b = ours.networks["G_AB"](batch["a"]).numpy()
    for step in range(2):
        ours.train_step(batch, step)
    state = ours.state_dict()
    state = {side: {"images": np.asarray(state[side]["images"])} for side in "AB"}
    assert {side: state[side]["images"].shape for side in "AB"} == dict.fromkeys(
        "AB", (4, 1, 16, 16)
    )
    first = np.abs(state["B"]["images"][:, None] - fake_b).max((2, 3, 4)).min(1)
    assert (first < 1e-4).sum() == 3  # what G_AB drew at first lies in the pool of B
    other.load_state_dict(state)
    for side, pool in other.pools.items():
        assert np.array_equal(pool.images.numpy(), state[side]["images"])


def test_the_columns_of_a_picture_and_of_one_network_alone():
    networks = {name: each for name, each in game().networks.items() if name[0] == "G"}
    inputs = {"input": real(2, 16, seed=1).numpy(), "target": real(2, 16, seed=2).numpy()}
    both = CycleGAN.draw(networks, inputs)
    assert list(both) == ["input", "output", "back", "target", "reverse_output", "reverse_back"]
    back = networks["G_BA"](networks["G_AB"](paddle.to_tensor(inputs["input"]))).numpy()
    np.testing.assert_allclose(both["back"], back, atol=1e-5)
    turned = CycleGAN.draw(dict(reversed(networks.items())), inputs)
    assert np.array_equal(turned["output"], both["reverse_output"])
    assert np.array_equal(turned["reverse_back"], both["back"])
    alone = CycleGAN.draw({"G_BA": networks["G_BA"]}, inputs)
    assert list(alone) == ["input", "output"]
    assert np.array_equal(alone["input"], inputs["target"])
    np.testing.assert_allclose(alone["output"], both["reverse_output"], atol=1e-5)
