"""BatchNorm folded into the convolution before it."""

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from tests.kernels.cases import CASES, UNKNOWN, assert_same, fast, noise, slow
from tests.notebook import fill


@pytest.mark.parametrize("name", [n for n in CASES if "first" not in n and "alone" not in n])
def test_folding_batch_norm_changes_nothing_but_the_time(name):
    net, shape = CASES[name]()
    folded = kernels.folded(net)
    net.eval()
    with paddle.no_grad():
        assert_same(
            {"y": fast(folded, noise(shape)).numpy()}, {"y": slow(net, noise(shape)).numpy()}
        )


@pytest.mark.parametrize(
    "name", ["groups", "transposed groups", "dilation", "output padding", "padding by name"]
)
def test_folding_behind_any_convolution(name):
    (convolution,) = UNKNOWN[name]()
    net = fill(nn.Sequential(convolution, nn.BatchNorm2D(4)), seed=3)
    state = {name: value.numpy().copy() for name, value in net.state_dict().items()}
    folded = kernels.folded(net)
    assert net.training and net[0].training
    for key, value in net.state_dict().items():
        assert np.array_equal(value.numpy(), state[key]), key
    net.eval()
    x = noise((3, 2, 9, 9))
    assert_same({"y": folded(x).numpy()}, {"y": net(x).numpy()})
