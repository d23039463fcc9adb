"""BatchNorm folded into the convolution before it."""

import threading

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from tests.kernels.cases import assert_same, fast, noise, slow
from tests.kernels.networks import CASES
from tests.kernels.unknown import UNKNOWN
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


ODD = {name: UNKNOWN[name] for name in ("dilation", "transposed dilation", "padding by name")} | {
    "groups": lambda: [nn.Conv2D(2, 4, 3, groups=2)],
    "transposed groups": lambda: [nn.Conv2DTranspose(2, 4, 3, groups=2)],
}


@pytest.mark.parametrize("name", ODD)
def test_folding_behind_any_convolution(name):
    (convolution,) = ODD[name]()
    net = fill(nn.Sequential(convolution, nn.BatchNorm2D(4)), seed=3)
    state = {name: value.numpy().copy() for name, value in net.state_dict().items()}
    folded = kernels.folded(net)
    assert net.training and net[0].training
    for key, value in net.state_dict().items():
        assert np.array_equal(value.numpy(), state[key]), key
    net.eval()
    x = noise((3, 2, 9, 9))
    assert_same({"y": folded(x).numpy()}, {"y": net(x).numpy()})


def test_nothing_is_left_of_batch_norm_in_containers():
    net, _ = CASES["residual"]()
    assert len(net[1].body) == 5
    folded = kernels.folded(net)
    assert [type(layer) for layer in folded[1].body] == [nn.Conv2D, nn.ReLU, nn.Conv2D]
    unet = kernels.folded(CASES["U-Net"]()[0])
    norms = [layer for layer in unet.sublayers() if type(layer) is nn.BatchNorm2D]
    assert not norms and len(unet[0].inner[2].inner) == 5


@pytest.mark.parametrize("name", ["generator", "to one channel", "linear head", "groups"])
def test_threads_that_draw_first_at_the_same_moment(name):
    """The weights are packed by one of them, and by nobody again."""
    net, shape = CASES[name]()
    folded, start, found = kernels.folded(net), threading.Barrier(8), []
    x = noise(shape, needs_gradient=False)

    def draw():
        start.wait()
        with paddle.no_grad():
            found.extend(fast(folded, x).numpy() for _ in range(3))

    threads = [threading.Thread(target=draw) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    net.eval()
    with paddle.no_grad():
        expected = slow(net, x).numpy()
    assert len(found) == 24 and all(np.array_equal(y, found[0]) for y in found)
    assert_same({"y": found[0]}, {"y": expected})
