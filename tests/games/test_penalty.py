"""Penalties as a part of the game: their weight, images, classes; which passes of D there are."""

import numpy as np
import paddle
import pytest

from paddle_gan import kernels
from paddle_gan.networks import dcgan
from tests.games.games import BATCH, game, real, twins, weights


def test_the_penalty_is_part_of_the_loss():
    """With its weight and on the images that D judges."""
    ours, theirs = twins(
        "wgan-gp",
        batch_size=2 * BATCH,
        critic_steps=2,
        penalty_weight=3.0,
        lr=1e-30,
        augment="none",
    )
    images = real(2 * BATCH)
    paddle.seed(7)
    found = ours.train_step({"image": images}, 0)
    paddle.seed(7)
    critic = theirs.discriminator
    for half in images.split(2):  # the report is of the last
        fake = theirs.generator(paddle.randn([BATCH, 5, 1, 1])).detach()
        epsilon = paddle.rand([BATCH, 1, 1, 1])
        between = epsilon * half + (1 - epsilon) * fake
    between.stop_gradient = False
    with kernels.plain():
        (gradient,) = paddle.grad(critic.logits(between).sum(), between)
    slopes = np.sqrt((gradient.numpy() ** 2).sum((1, 2, 3)))
    estimate = float(critic.logits(half).mean() - critic.logits(fake).mean())
    assert float(found["wasserstein"]) == pytest.approx(estimate, rel=1e-4)
    expected = 3 * ((slopes - 1) ** 2).mean() - estimate
    assert float(found["d_loss"]) == pytest.approx(expected, rel=1e-4)


def test_clipping_follows_each_step():
    ours = game("wgan", batch_size=10, penalty_weight=0.003)
    ours.train_step({"image": real(10)}, 0)
    largest = max(np.abs(values).max() for values in weights(ours.discriminator))
    assert largest == np.float32(0.003)
    assert max(np.abs(values).max() for values in weights(ours.generator)) > 0.003


@pytest.mark.parametrize(("penalty", "at"), [("r1", [0]), ("r2", [1]), ("r1-r2", [0, 1])])
def test_the_penalty_of_a_network_with_classes_is_of_the_class_asked_for(penalty, at):
    own = dict(penalty=penalty, penalty_weight=4.0, norm="none", lr=1e-30)
    ours, theirs = twins("cdcgan-bce", **own)
    images, labels = real(), paddle.to_tensor([2, 2, 5, 5, 5, 9])
    paddle.seed(7)
    found = ours.train_step({"image": images, "label": labels}, 0)
    paddle.seed(7)
    critic = theirs.discriminator
    fake = theirs.generator(paddle.randn([BATCH, 5, 1, 1]), labels).detach()
    loss = ours.objective.discriminator(critic.logits(images, labels), critic.logits(fake, labels))
    expected = float(loss)
    for judged in ([images, fake][i] for i in at):
        judged.stop_gradient = False
        with kernels.plain():
            (gradient,) = paddle.grad(critic.logits(judged, labels).sum(), judged)
        slope = 2 * (gradient.numpy() ** 2).sum((1, 2, 3)).mean()
        assert slope > 0.01 * float(loss)
        expected += slope
    assert float(found["d_loss"]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("given", "passes"),
    [
        (dict(recipe="dcgan", latent=12), 1),
        (dict(recipe="cr3gan"), 1),
        (dict(recipe="hinge"), 1),  # with BatchNorm
        (dict(recipe="conv", objective="relativistic"), 2),  # of dropout
    ],
)
def test_both_kinds_of_images_are_judged_in_one_pass_unless_there_is_dropout(given, passes):
    ours = game(**given)
    logits, judged = ours.discriminator.logits, []

    def counted(images, *labels):
        judged.append(len(images))
        return logits(images, *labels)

    ours.discriminator.logits = counted
    labels = paddle.to_tensor([i % 10 for i in range(BATCH)])
    size = ours.config["image_size"]
    ours.train_step({"image": real(size=size), "label": labels}, 1)
    assert judged[:passes] == [2 * BATCH // passes] * passes


def test_two_passes_where_nothing_keeps_the_batches_of_a_norm_apart(monkeypatch):
    """A discriminator of one's own, whose BatchNorm Paddle runs, would mix both kinds of images."""
    monkeypatch.setattr(dcgan.Discriminator, "keeps_batches_apart", False)
    assert not game("hinge").one_pass
    assert game("cr3gan").one_pass and game(objective="relativistic", norm="instance").one_pass
    assert not game("mlp").one_pass  # two workers then end as one process does, to rounding


@pytest.mark.parametrize("given", [dict(recipe="cr3gan", penalty_weight=4.0), dict(recipe="hinge")])
def test_one_pass_gives_what_two_give(given):
    """To rounding: the losses, with a penalty on both kinds of images, and with BatchNorm."""
    found = []
    for one_pass in (True, False):
        (ours, _) = twins(**given)
        ours.one_pass = one_pass
        labels = paddle.to_tensor([i % 10 for i in range(BATCH)])
        paddle.seed(7)
        scalars = ours.train_step({"image": real(), "label": labels}, 0)
        found.append({name: float(value) for name, value in scalars.items()})
        for name, value in ours.discriminator.named_buffers():  # the running statistics
            found[-1].update({f"{name} {i}": float(each) for i, each in enumerate(value.flatten())})
    assert found[0] == pytest.approx(found[1], rel=1e-4)
