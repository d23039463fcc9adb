"""The pool of earlier images: what comes back, and that it resumes."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_gan.games.pool import Pool
from paddle_gan.system import distributed, draws


def numbered(*values: float) -> paddle.Tensor:
    """Images 1 x 2 x 2 that are all of one value."""
    return paddle.to_tensor(values, "float32").reshape([-1, 1, 1, 1]).tile([1, 1, 2, 2])


def values(images: paddle.Tensor) -> list[float]:
    assert images.shape[1:] == [1, 2, 2] and float(images.std(axis=[1, 2, 3]).max()) == 0
    return images[:, 0, 0, 0].tolist()


def test_the_first_images_fill_the_pool_and_come_back():
    pool = Pool(5)
    assert values(pool(numbered(1, 2, 3))) == [1, 2, 3]
    assert values(pool(numbered(4, 5, 6))) == [4, 5, 6]
    assert values(pool.images) == [1, 2, 3, 4, 5]


def test_no_image_is_lost_or_doubled():
    """Of what was in the pool and what came, each is either in the pool or given back."""
    paddle.seed(2)
    pool = Pool(8)
    pool(numbered(*range(8)))
    for start in range(8, 80, 4):
        fresh = [float(start + i) for i in range(4)]
        before = values(pool.images)
        given = values(pool(numbered(*fresh)))
        assert sorted(given + values(pool.images)) == sorted(before + fresh)


def test_half_of_what_comes_back_is_old():
    paddle.seed(3)
    pool, old = Pool(50), 0
    pool(numbered(*[-1.0] * 50))
    for step in range(400):
        fresh = [10.0 * step + i for i in range(4)]
        old += sum(value not in fresh for value in values(pool(numbered(*fresh))))
    assert abs(old / 1600 - 0.5) < 5 * 0.5 / 1600**0.5


def test_a_pool_smaller_than_the_batch():
    paddle.seed(4)
    pool = Pool(1)
    pool(numbered(1))
    given = values(pool(numbered(2, 3, 4)))
    assert given[1:] == [3, 4] and sorted([given[0], *values(pool.images)]) == [1, 2]


def test_it_keeps_no_gradient():
    images = numbered(1, 2)
    images.stop_gradient = False
    pool = Pool(1)
    assert pool(2 * images).stop_gradient and pool(2 * images).stop_gradient
    assert pool.images.stop_gradient


def test_a_pool_goes_on_where_it_was_saved():
    pool = Pool(4)
    pool(numbered(1, 2, 3, 4))
    again = Pool(4)
    again.load_state_dict({name: value.numpy() for name, value in pool.state_dict().items()})
    for step in range(5):
        fresh = numbered(10 + step, 20 + step)
        paddle.seed(step)
        expected = values(pool(fresh))
        paddle.seed(step)
        assert values(again(fresh)) == expected
    assert Pool(4).state_dict() == {}
    again.load_state_dict({})
    assert again.images is None


@pytest.mark.parametrize("rank", [0, 1])
def test_each_of_two_processes_has_its_part(rank, monkeypatch):
    for module in (distributed, draws):
        monkeypatch.setattr(module, "world", lambda: 2)
        monkeypatch.setattr(module, "rank", lambda: rank)
    pool = Pool(5)
    assert pool.size == 2
    pool.load_state_dict({"images": np.arange(4, dtype="float32").reshape(4, 1, 1, 1)})
    assert pool.images.flatten().tolist() == [[0, 1], [2, 3]][rank]
    assert pool(paddle.ones([3, 1, 1, 1])).shape == [3, 1, 1, 1]
