"""pix2pix: its losses against numbers worked out beside it, its direction and its drawings."""

from __future__ import annotations

import copy

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from paddle_gan.config import configure, game_of
from paddle_gan.errors import UserError
from paddle_gan.games.pix2pix import Pix2Pix
from tests.data.files import save_grays
from tests.games.games import real, weights

SIZES = dict(width=4, d_width=4, image_size=16, batch_size=3)


def game(seed=1, **overrides) -> Pix2Pix:
    paddle.seed(seed)
    return Pix2Pix(configure("pix2pix", **{**SIZES, "dropout": False, **overrides}))


@pytest.fixture
def batch() -> dict:
    return {"a": real(3, 16, seed=1), "b": real(3, 16, seed=2)}


def test_the_losses_are_those_of_the_paper(batch):
    ours = game()
    g, d = (copy.deepcopy(ours.networks[name]) for name in ("Gnet", "Dnet"))
    scalars = ours.train_step(batch, 0)
    translated = g(batch["a"])
    logits = [d(paddle.concat([batch["a"], b], axis=1)) for b in (batch["b"], translated)]
    ones, zeros = paddle.ones_like(logits[0]), paddle.zeros_like(logits[0])
    halves = [
        F.binary_cross_entropy_with_logits(each, target)
        for each, target in zip(logits, (ones, zeros))
    ]
    assert float(scalars["d_loss"]) == pytest.approx(float(sum(halves)) / 2, rel=1e-4)
    distance = np.abs(translated.numpy() - batch["b"].numpy()).mean()
    assert float(scalars["l1_loss"]) == pytest.approx(distance, rel=1e-5)
    # G is judged by the discriminator that has just moved.
    judge = copy.deepcopy(ours.networks["Dnet"])
    logit = judge(paddle.concat([batch["a"], translated], axis=1))
    expected = float(F.binary_cross_entropy_with_logits(logit, ones))
    assert float(scalars["g_loss"]) == pytest.approx(expected, rel=1e-4)
    assert {"d_real", "d_fake"} <= scalars.keys()


@pytest.mark.parametrize("weight", [0.0, 100.0])
def test_l1_draws_the_output_to_the_truth(batch, weight):
    ours = game(lambda_l1=weight, lr=0.002)
    distances = [float(ours.train_step(batch, step)["l1_loss"]) for step in range(12)]
    assert (distances[-1] < 0.9 * distances[0]) == (weight > 0)


def test_the_l1_distance_alone_leaves_d_as_it_is(batch):
    ours = game(lambda_gan=0, lr=0.002)
    before = weights(ours.networks["Dnet"])
    found = [ours.train_step(batch, step) for step in range(12)]
    assert float(found[-1]["l1_loss"]) < 0.9 * float(found[0]["l1_loss"])
    assert all(map(np.array_equal, before, weights(ours.networks["Dnet"])))
    assert list(found[0]) == ["l1_loss"]


@pytest.mark.parametrize("recipe", ["pix2pix", "cyclegan"])
@pytest.mark.parametrize(("size", "channels"), [(16, 3), (32, 1)])
def test_batches_of_one(recipe, size, channels):
    config = configure(recipe, **{**SIZES, "image_size": size, "channels": channels})
    one = {side: real(1, size, channels, seed=2) for side in "ab"}
    found = game_of(config)(config).train_step(one, 0)
    assert all(np.isfinite(float(value)) for value in found.values())


def test_training_sees_crops_and_the_rest_whole_images(tmp_path):
    grays = {f"{side}/{n}.png": 10 * n for side in "AB" for n in range(9)}
    source = str(save_grays(tmp_path, grays))
    config = configure("pix2pix", data=source, image_size=16, load_size=20, flip=True)
    for split, stored in (("train", 20), ("fit", 20), ("test", 16), ("validation", 16)):
        images = Pix2Pix.load(config, split)
        assert images.a.shape[-1] == stored
        assert images.batch(images.order(0, 0)[:1])["a"].shape == (1, 1, 16, 16)
    assert Pix2Pix.load({**config, "load_size": None}, "train").a.shape[-1] == 16
    assert Pix2Pix.load({**config, "direction": "BtoA"}, "train").crop.flip


def test_a_step_moves_both_networks_and_leaves_no_gradient(batch):
    ours = game(dropout=True)
    before = [weights(network) for network in ours.networks.values()]
    ours.train_step(batch, 0)
    for start, network in zip(before, ours.networks.values()):
        assert any(not np.array_equal(*pair) for pair in zip(start, weights(network)))
        assert all(p.grad is None for p in network.parameters())


def test_the_direction_swaps_the_sides(tmp_path):
    grays = {
        f"{side}/{n}.png": 10 * n + shift for side, shift in (("A", 0), ("B", 5)) for n in range(9)
    }
    source = str(save_grays(tmp_path, grays))
    forth, back = (
        Pix2Pix.load(configure("pix2pix", data=source, direction=direction), "trainval")
        for direction in ("AtoB", "BtoA")
    )
    assert np.array_equal(forth.a, back.b) and np.array_equal(forth.b, back.a)
    assert int(forth.a[0, 0, 0, 0]) % 10 == 0 and int(back.a[0, 0, 0, 0]) % 10 == 5
    assert forth.fingerprint() != back.fingerprint()


def test_the_columns_of_a_picture():
    ours = game(dropout=True)
    network = ours.networks["Gnet"]
    network.eval()

    class Images:
        def examples(self, n):
            shades = np.random.default_rng(0).integers(0, 256, (2, n, 1, 16, 16), np.uint8)
            return {"a": shades[0], "b": shades[1]}

    batches = list(Pix2Pix.stream({"Gnet": network}, 70, 0, Images()))
    assert [len(batch["output"]) for batch in batches] == [64, 6]
    assert list(batches[0]) == ["input", "output", "target"]
    expected = network(paddle.to_tensor(batches[1]["input"])).numpy()
    np.testing.assert_allclose(batches[1]["output"], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (dict(depth=6), "depth 6 halves images of 32 pixels too often"),
        (dict(image_size=16, patch_layers=3), "patch_layers 3 leaves nothing of images of 16"),
        (dict(direction="a2b"), "direction 'a2b': it must be AtoB or BtoA"),
        (dict(lambda_l1=-1), "lambda_l1 -1: it must be a number from 0"),
        (dict(load_size=24), "load_size 24 leaves nothing to cut images of 32 pixels out of"),
        (dict(image_size=48), "image_size 48: it must be one of 16, 32"),
    ],
)
def test_what_is_refused(values, told):
    with pytest.raises(UserError, match=f"^{told}"):
        configure("pix2pix", **values)


@pytest.mark.parametrize(("size", "depth", "levels"), [(16, None, 4), (32, None, 5), (32, 3, 3)])
def test_the_depth_goes_down_to_one_pixel_unless_given(size, depth, levels):
    config = configure("pix2pix", **{**SIZES, "image_size": size, "depth": depth})
    found = Pix2Pix.build(config)["Gnet"].sublayers()
    assert sum(type(layer).__name__ == "Conv2D" for layer in found) == levels
