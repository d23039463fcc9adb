"""The average of the generator: how fast it follows, and that it holds no random start."""

from __future__ import annotations

import paddle
import pytest
from paddle import nn

from paddle_gan.training.ema import Ema

BATCH = 4


def follow(half_life: float):
    """An average of a single weight, and a function that lets steps pass with a value of it."""
    source = nn.Linear(1, 1, bias_attr=False)
    ema, step = Ema(source, BATCH), 0

    def stay(value: float, until: int) -> float:
        nonlocal step
        source.weight.set_value(paddle.full([1, 1], value))
        while step < until:
            step += 1
            ema.update(step, half_life)
        return ema.network.weight.item()

    return stay


def test_half_of_the_average_is_newer_than_a_half_life():
    stay = follow(half_life=16 * BATCH)
    assert stay(0.0, until=400) == pytest.approx(0, abs=1e-6)
    assert stay(1.0, until=408) == pytest.approx(1 - 0.5**0.5, rel=1e-5)
    assert stay(1.0, until=416) == pytest.approx(0.5, rel=1e-5)
    assert stay(1.0, until=448) == pytest.approx(0.875, rel=1e-5)


def test_at_first_the_half_life_is_a_twentieth_of_the_images_seen():
    stay = follow(half_life=1e9)
    stay(0.0, until=800)
    # Eight steps at a time, of which the half-life is 0.05 times the steps until then.
    left = 0.5 ** sum(8 / (0.05 * step) for step in range(808, 881, 8))
    assert stay(1.0, until=880) == pytest.approx(1 - left, rel=1e-4)


@pytest.mark.parametrize("steps", [1, 2, 7, 8])
def test_a_run_of_a_few_steps_ends_with_its_own_weights(steps):
    stay = follow(half_life=1e9)
    for step in range(1, steps + 1):
        average = stay(float(step), until=step)
    assert average == pytest.approx(steps, rel=1e-5)


def test_a_network_of_another_type_is_averaged_in_it():
    source = nn.Linear(1, 1, bias_attr=False)
    source.to(dtype="float64")
    ema = Ema(source, BATCH)
    source.weight.set_value(paddle.full([1, 1], 1.0, "float64"))
    ema.network.weight.set_value(paddle.zeros([1, 1], "float64"))
    ema.update(800, 16 * BATCH)
    assert ema.network.weight.dtype == paddle.float64
    assert ema.network.weight.item() == pytest.approx(1 - 0.5**0.5, rel=1e-12)


def test_statistics_are_averaged_too_and_the_average_is_in_eval_mode():
    source = nn.BatchNorm2D(2)
    ema = Ema(source, BATCH)
    source._mean.set_value(paddle.to_tensor([3.0, -4.0]))
    ema.update(8, 1e9)
    assert ema.network._mean.tolist() == pytest.approx([3.0, -4.0], rel=1e-5)
    assert not ema.network.training and source.training


def test_buffers_are_copied():
    """Such as the vector of spectral normalization, without which the average would draw noise."""
    source = nn.Linear(1, 1)
    source.register_buffer("vector", paddle.zeros([3]))
    ema = Ema(source, BATCH)
    source.vector.set_value(paddle.to_tensor([1.0, 2.0, 3.0]))
    ema.update(8, 1e9)
    assert ema.network.vector.tolist() == [1, 2, 3]
    source.vector.set_value(paddle.zeros([3]))
    assert ema.network.vector.tolist() == [1, 2, 3]  # a copy of its own
