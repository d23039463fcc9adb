"""Dropout takes the masks that Paddle would draw."""

import copy

import numpy as np
import paddle
import pytest
from paddle import nn
from paddle.nn import functional as F

from paddle_gan import kernels
from paddle_gan.networks.blocks import Residual
from tests.kernels.cases import assert_same, fast, noise, penalty, play, program_of, slow
from tests.kernels.networks import stack


def network(p: float = 0.4):
    body = nn.Sequential(nn.Conv2D(4, 4, 3, 1, 1), nn.Dropout(0.5), nn.Dropout(0.2))
    return stack(
        nn.Dropout(0.1),
        nn.Conv2D(2, 4, 3, 1, 1),
        nn.LeakyReLU(0.2),
        nn.Dropout(p),
        Residual(body, nn.Sequential(nn.Dropout(0.3), nn.Conv2D(4, 4, 1))),
        nn.LeakyReLU(0.2),
        nn.Conv2D(4, 3, 3),
        nn.Flatten(),
        nn.Dropout(0.25),
        shape=(3, 2, 7, 6),
    )


@pytest.mark.parametrize("p", [0.4, 0, 1])
def test_the_masks_are_those_of_paddle(p):
    net, shape = network(p)
    twin, seen, next_draws = copy.deepcopy(net), [], []
    for run, layers in ((fast, net), (slow, twin)):
        paddle.seed(3)
        seen.append(play(run, layers, noise(shape), times=3))
        next_draws.append(paddle.rand([4]).numpy())
    assert_same(*seen)
    assert 0.1 < (seen[0]["y"] == 0).mean() < 0.4
    assert np.array_equal(*next_draws)


def test_in_eval_mode_it_does_nothing():
    net, shape = network()
    net.eval()
    state = paddle.get_rng_state()
    with paddle.no_grad():
        assert_same({"y": fast(net, noise(shape)).numpy()}, {"y": slow(net, noise(shape)).numpy()})
        assert len(program_of(net, noise(shape)).operations) == 5
    paddle.set_rng_state(state)


class Masked(nn.Layer):
    """Dropout as a product, since Paddle does not differentiate its own twice."""

    def __init__(self, p: float):
        super().__init__()
        self.p = p

    def forward(self, x):
        return x * F.dropout(paddle.ones_like(x), self.p)


def test_the_gradient_of_a_penalty():
    net, shape = stack(
        nn.Conv2D(2, 6, 3),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.5),
        nn.Conv2D(6, 4, 3),
        nn.Dropout(0.3),
        nn.ReLU(),
        nn.Conv2D(4, 1, 3),
        shape=(3, 2, 8, 8),
    )
    twin = nn.Sequential(*(Masked(m.p) if type(m) is nn.Dropout else m for m in copy.deepcopy(net)))
    paddle.seed(5)
    loss = penalty(kernels.input_gradient(net, noise(shape)))
    paddle.seed(5)
    x = noise(shape)
    expected = penalty(paddle.grad(twin(x).sum(), x, create_graph=True)[0])
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
    loss.backward()
    expected.backward()
    weights = [0, 3, 6]
    found, wanted = ({str(i): n[i].weight.grad.numpy() for i in weights} for n in (net, twin))
    assert all(np.abs(value).max() > 1e-3 for value in wanted.values())
    assert_same(found, wanted)
