"""Draws of several processes together are those of one."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_gan.system import draws

DRAWS = {
    "randn": draws.randn,
    "uniform": lambda shape: draws.uniform(shape, -3, 5),
    "randint": lambda shape: draws.randint(2, 9, shape),
    "dropout": lambda shape: draws.dropout(shape, 0.3),
}


def drawn(name: str, n: int, monkeypatch, rank: int = 0, world: int = 1) -> np.ndarray:
    monkeypatch.setenv("PADDLE_TRAINER_ID", str(rank))
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", str(world))
    paddle.seed(3)
    return DRAWS[name]([n, 5, 4]).numpy()


@pytest.mark.parametrize("name", DRAWS)
def test_three_processes_draw_the_parts_of_what_one_does(name, monkeypatch):
    parts = [drawn(name, 2, monkeypatch, rank, world=3) for rank in range(3)]
    whole = drawn(name, 6, monkeypatch)
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert len(np.unique(whole)) > 1


def test_ranges(monkeypatch):
    values = {name: drawn(name, 2000, monkeypatch) for name in DRAWS}
    assert abs(values["randn"].mean()) < 0.02 and abs(values["randn"].std() - 1) < 0.02
    assert -3 <= values["uniform"].min() < -2.99 and 4.99 < values["uniform"].max() < 5
    assert {*np.unique(values["dropout"])} == {0, np.float32(1 / 0.7)}
    assert abs(values["dropout"].mean() - 1) < 0.02
    assert set(np.unique(values["randint"])) == {*range(2, 9)}
