"""A game whose generator is judged beside real images: which they are, and that it learns."""

import numpy as np
import paddle
import pytest

from tests.games.games import BATCH, game, real, weights


class Watched:
    """What a game shows to D and asks its objective for, in order."""

    def __init__(self, ours):
        self.shown, self.generator = [], []
        logits, objective = ours.discriminator.logits, ours.objective

        def watched_logits(images, *labels):
            self.shown.append([t.numpy() for t in (images, *labels)])
            return logits(images, *labels)

        def watched_generator(real, fake):
            self.generator.append((real, fake))
            return objective.generator(real, fake)

        ours.discriminator.logits = watched_logits
        ours.objective = objective._replace(generator=watched_generator)


def test_no_pass_is_spent_on_real_images_that_the_objective_does_not_compare():
    ours = game(objective="hinge")
    watched = Watched(ours)
    ours.train_step({"image": real()}, 0)
    [(logits_of_real, logits_of_fake)] = watched.generator
    assert logits_of_real is None and logits_of_fake.shape[0] == BATCH
    assert [len(images) for [images] in watched.shown] == [2 * BATCH, BATCH]


@pytest.mark.parametrize("fresh_noise", [0, 1, 3])
@pytest.mark.parametrize(("critic_steps", "pack"), [(1, 1), (2, 1), (2, 3)])
def test_each_generated_image_has_a_real_one_of_the_last_part(fresh_noise, critic_steps, pack):
    ours = game(
        objective="relativistic", fresh_noise=fresh_noise, critic_steps=critic_steps, pack=pack
    )
    watched, images = Watched(ours), real()
    ours.train_step({"image": images}, 0)
    [(logits_of_real, logits_of_fake)] = watched.generator
    n = max(1, fresh_noise) * BATCH // critic_steps // pack
    assert logits_of_real.shape == logits_of_fake.shape == [n, 1, 1, 1]
    assert logits_of_real.stop_gradient and not logits_of_fake.stop_gradient
    [shown] = watched.shown[-2]
    last = images.numpy()[-BATCH // critic_steps :]
    expected = np.concatenate([last] * max(1, fresh_noise))
    assert np.array_equal(shown.reshape(expected.shape), expected)


def test_pairs_are_of_one_class():
    ours = game("cdcgan", objective="relativistic", fresh_noise=2, critic_steps=2)
    watched, images, labels = Watched(ours), real(), paddle.to_tensor([2, 2, 5, 7, 8, 9])
    ours.train_step({"image": images, "label": labels}, 0)
    (real_images, real_labels), (_, fake_labels) = watched.shown[-2:]
    assert np.array_equal(real_images, np.concatenate([images.numpy()[3:]] * 2))
    assert real_labels.tolist() == fake_labels.tolist() == [7, 8, 9] * 2


def test_real_images_are_augmented_anew():
    """By noise of 0.1, so that two pictures of one image differ by 0.1 times the root of 2."""
    ours = game(objective="relativistic", augment="instance-noise")
    watched, images = Watched(ours), real()
    ours.train_step({"image": images}, 0)
    first, again = watched.shown[0][0][:BATCH], watched.shown[1][0]
    for shown in (first, again):
        assert (shown - images.numpy()).std() == pytest.approx(0.1, rel=0.05)
    assert (first - again).std() == pytest.approx(0.1 * 2**0.5, rel=0.05)


@pytest.mark.parametrize("penalty", ["none", "r2", "r1-r2"])
def test_thirty_steps(penalty):
    ours = game(objective="relativistic", penalty=penalty, norm="instance", image_size=16)
    before = weights(ours.generator), weights(ours.discriminator)
    for step in range(30):
        scalars = ours.train_step({"image": real(size=16, seed=step)}, 0)
        assert all(np.isfinite(float(value)) for value in scalars.values())
    assert float(scalars["d_real"]) + float(scalars["d_fake"]) == pytest.approx(1)
    after = weights(ours.generator), weights(ours.discriminator)
    *moved, bias = [
        np.abs(new - old).max() for a, b in zip(before, after) for old, new in zip(a, b)
    ]
    assert min(moved) > 1e-3
    assert bias < 30 * 0.001 / 2  # D's last cancels in every difference; Adam enlarges what rounds
