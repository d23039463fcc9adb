"""Values that change over a run: numbers worked out by hand, and what they do to a step."""

import numpy as np
import paddle
import pytest

from paddle_gan.config import configure
from paddle_gan.games.optimizers import OPTIMIZERS, anneal
from paddle_gan.games.schedules import annealed
from tests.games.games import BATCH, game, real, twins, weights


@pytest.mark.parametrize(
    ("images", "value"),
    # 0.1 + 0.9 (1 + cos(45°)) / 2 = 0.1 + 0.9 x 0.8535534 after a quarter.
    [(0, 1), (50, 0.868198), (100, 0.55), (150, 0.231802), (200, 0.1), (201, 0.1), (1e9, 0.1)],
)
def test_half_a_cosine(images, value):
    assert annealed(1.0, 0.1, images, 200) == pytest.approx(value, rel=1e-6)


def test_it_may_rise_from_0_and_is_never_0_after_an_image():
    assert annealed(0, 8, 50, 100) == pytest.approx(4)
    assert 0 < annealed(0, 8, 1, 1e12) < 1e-20


def test_without_an_end_it_stays():
    assert annealed(0.3, None, 500, 0) == 0.3


def rates(optimizer, images: int, **values) -> tuple[float, float]:
    """The rate of an optimizer that began with 0.004, and its beta2, after so many images."""
    config = configure(lr=0.002, betas=(0.0, 0.9), **values)
    anneal(optimizer, 0.004, config, images, whole=10**6)
    return optimizer.get_lr(), optimizer._beta2


def test_rate_and_beta2_after_so_many_images():
    weight = paddle.create_parameter([1], "float32")
    optimizer = OPTIMIZERS["adam"]([weight], 0.004, (0.0, 0.9))
    half = dict(lr_half=100)
    assert rates(optimizer, 50, **half) == pytest.approx((0.004 / 1.5, 0.9))
    assert rates(optimizer, 0, **half) == pytest.approx((0.004, 0.9))
    ends = dict(lr_half=0, lr_end=0.0005, beta2_end=0.99, burn_in=100)
    # The rate keeps its proportion to `lr`, here 2.
    assert rates(optimizer, 50, **ends) == pytest.approx(((0.004 + 0.001) / 2, 0.945))
    assert rates(optimizer, 300, **ends) == pytest.approx((0.001, 0.99))
    assert rates(optimizer, 0, **ends) == pytest.approx((0.004, 0.9))


def test_adam_with_a_beta2_that_changes_written_out():
    weight = paddle.create_parameter([3], "float32")
    value = np.array([1.0, -2.0, 0.5])
    weight.set_value(paddle.to_tensor(value.astype("float32")))
    config = configure(lr=0.01, lr_half=0, betas=(0.0, 0.5), beta2_end=0.9, burn_in=40)
    optimizer, square, power = OPTIMIZERS["adam"]([weight], 0.01, (0.0, 0.5)), 0.0, 0.5
    for images, beta2 in ((0, 0.5), (20, 0.7), (40, 0.9), (60, 0.9)):
        anneal(optimizer, 0.01, config, images, whole=10**6)
        weight.square().sum().backward()
        optimizer.step()
        optimizer.clear_grad()
        square = beta2 * square + (1 - beta2) * (2 * value) ** 2
        value = value - 0.01 * 2 * value / (np.sqrt(square / (1 - power)) + 1e-8)
        power *= beta2  # that of the first step counts twice, the newest not yet
        np.testing.assert_allclose(weight.numpy(), value, rtol=1e-5)


def test_the_weight_of_the_penalty_follows_the_images():
    ours, _ = twins(
        norm="none",
        penalty="r1-r2",
        **dict(penalty_weight=3.0, penalty_weight_end=1.0, burn_in=4 * BATCH, lr=1e-30),
    )
    batch, losses = {"image": real()}, {}
    for step in (0, 1, 2, 4, 9):
        paddle.seed(7)
        losses[step] = float(ours.train_step(batch, step)["d_loss"])
    slope = (losses[0] - losses[4]) / 2
    assert slope > 0.01 and losses[9] == pytest.approx(losses[4], rel=1e-6)
    assert losses[2] == pytest.approx(losses[4] + slope, rel=1e-4)
    # 1 + 2 (1 + cos(45°)) / 2
    assert losses[1] == pytest.approx(losses[4] + 1.7071068 * slope, rel=1e-4)


def test_a_penalty_of_every_third_step_weighs_three_times_as_much():
    losses = {}
    for every in (1, 3):
        ours, _ = twins(
            norm="none", penalty="r1", penalty_weight=2.0, penalty_every=every, lr=1e-30
        )
        for step in range(5):
            paddle.seed(7)
            losses[every, step] = float(ours.train_step({"image": real()}, step)["d_loss"])
    without, once = losses[3, 1], losses[1, 0] - losses[3, 1]
    assert once > 0.01
    expected = [without + (0 if step % 3 else 3 * once) for step in range(5)]
    assert [losses[3, step] for step in range(5)] == pytest.approx(expected, rel=1e-4)


def test_where_to_clip_follows_the_images():
    ours = game("wgan", batch_size=10, penalty_weight=0.004, penalty_weight_end=0.002, burn_in=40)
    for step, bound in ((0, 0.004), (2, 0.003), (4, 0.002)):
        ours.train_step({"image": real(10)}, step)
        largest = max(np.abs(values).max() for values in weights(ours.discriminator))
        assert largest == pytest.approx(bound, rel=1e-6)
