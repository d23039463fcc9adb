"""Several batches in one pass, each with statistics of its own."""

import copy

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from tests.kernels.cases import assert_same, fast, noise, play, slow
from tests.kernels.networks import CASES


@pytest.mark.parametrize("name", ["discriminator", "generator"])
@pytest.mark.parametrize("way", [fast, slow])
def test_one_pass_of_three_batches_gives_what_three_passes_give(name, way):
    net, (n, *rest) = CASES[name]()
    twin, shape = copy.deepcopy(net), (3 * n, *rest)
    assert any(isinstance(layer, nn.BatchNorm2D) for layer in net)

    def each(net, x):
        return paddle.concat([slow(net, batch) for batch in x.split(3)])

    with kernels.batches(3):
        found = play(way, net, noise(shape))
    assert_same(found, play(each, twin, noise(shape)))


def test_batches_are_of_this_context_alone():
    net, (n, *rest) = CASES["discriminator"]()
    x = noise((2 * n, *rest))
    with kernels.batches(2):
        apart = fast(net, x).numpy()
    together = fast(net, x).numpy()
    assert np.abs(apart - together).max() > 1e-3


def test_in_eval_mode_they_are_one():
    net, (n, *rest) = CASES["discriminator"]()
    net.eval()
    x = noise((2 * n, *rest))
    with paddle.no_grad():
        expected = slow(net, x).numpy()
        with kernels.batches(2):
            assert_same({"y": fast(net, x).numpy()}, {"y": expected})


@pytest.mark.parametrize("count", [2, 3])
def test_batches_are_of_one_size(count):
    net, (_, *rest) = CASES["discriminator"]()
    with kernels.batches(count), pytest.raises(ValueError, match=f"5 images are not {count} bat"):
        kernels.run(net, noise((5, *rest)))
