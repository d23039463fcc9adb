"""Programs in bfloat16, beside Paddle's own kernels in float32."""

from __future__ import annotations

import threading

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from paddle_gan.kernels import correlation
from tests.kernels.cases import (
    NOTHING,
    assert_same,
    fast,
    noise,
    penalty,
    play,
    program_of,
    slow,
)
from tests.kernels.linear import LINEAR, twin_of
from tests.kernels.networks import CASES, stack

# Numbers are rounded to 8 binary digits, of which a few layers leave some hundredths. The norms of
# a few pixels have more, and so have images in which a value crosses the corner of a ReLU.
OF_ONE, OF_MOST = 0.35, 0.12

pytestmark = pytest.mark.skipif(
    not kernels.has_bfloat16(), reason="the processor does not compute in bfloat16"
)


def narrow(net, x):
    with kernels.bfloat16():
        return fast(net, x)


def errors(found: dict, expected: dict) -> dict[str, float]:
    """The distance of each array to what is expected, as a share of its length."""
    assert found.keys() == expected.keys()
    lengths = {k: np.linalg.norm(v) for k, v in expected.items() if v is not None}
    return {
        name: float(np.linalg.norm(found[name] - expected[name]) / length)
        for name, length in lengths.items()
        if length > 100 * NOTHING
    }


def assert_close(found: dict, expected: dict) -> None:
    far = errors(found, expected)
    assert max(far.values()) < OF_ONE, far
    assert np.median([*far.values()]) < OF_MOST, far


@pytest.fixture(params=[32, 1])
def fewest(request, monkeypatch):
    """From how many images and channels on gradients of weights are convolutions forward."""
    monkeypatch.setattr(correlation, "_FEWEST", request.param)


@pytest.mark.parametrize("name", CASES)
def test_forward_backward_and_statistics(name, fewest):
    net, shape = CASES[name]()
    twin, _ = CASES[name]()
    found, expected = play(narrow, net, noise(shape)), play(slow, twin, noise(shape))
    assert_close(found, expected)
    assert not np.allclose(found["y"], expected["y"], rtol=1e-4, atol=0)  # it was bfloat16
    assert {a.dtype for a in found.values() if a is not None} == {np.dtype("float32")}


@pytest.mark.parametrize("name", LINEAR)
def test_penalties(name, fewest):
    """The first derivative, and that of a penalty on it."""
    net, shape = LINEAR[name]()
    twin, x = twin_of(net), noise(shape)
    with kernels.bfloat16():
        found = kernels.input_gradient(net, x)
    expected = paddle.grad(twin(x).sum(), x, create_graph=True)[0]
    seen = []
    for network, gradient in ((net, found), (twin, expected)):
        penalty(gradient).backward()
        weights = [p for p in network.parameters() if p.ndim > 1]
        of_weights = {
            str(i): None if p.grad is None else p.grad.numpy() for i, p in enumerate(weights)
        }
        seen.append({"gradient": gradient.numpy(), **of_weights})
    assert_close(*seen)


@pytest.mark.parametrize("layer", [nn.Conv2D, nn.Conv2DTranspose])
def test_both_ways_to_the_weights_are_the_same(layer, monkeypatch):
    """The same products, summed in float32."""
    found = []
    for fewest in (32, 64):
        monkeypatch.setattr(correlation, "_FEWEST", fewest)
        net, shape = stack(layer(32, 48, 4, 2, 1), shape=(34, 32, 8, 8))
        with kernels.bfloat16():
            [operation] = program_of(net, noise(shape)).operations
        assert isinstance(operation._to_weights, correlation.Correlation) == (fewest == 32)
        found.append(play(narrow, net, noise(shape)))
    assert_same(*found)


def test_what_is_rounded():
    """Inputs and weights to 8 digits; products are summed, and biases added, in float32."""
    net = nn.Sequential(nn.Linear(4096, 1))
    net[0].weight.set_value(paddle.full([4096, 1], 1 + 2**-9))  # rounded to 1
    net[0].bias.set_value(paddle.to_tensor([2.0**-2]))
    x = paddle.full([2, 4096], 1 + 2**-7)  # 8 digits
    with kernels.bfloat16(), paddle.no_grad():
        net.eval()
        y = kernels.run(net, x)
    exact = 4096 * (1 + 2**-7) + 2**-2  # 4128.25; its neighbors in bfloat16 are 4128 and 4160
    assert y.numpy().ravel().tolist() == [4128.0, 4128.0] and exact == 4128.25


def test_backward_outside_the_context_is_in_the_same_type():
    grads = []
    for inside in (True, False):
        net, shape = CASES["discriminator"]()
        x = noise(shape)
        with kernels.bfloat16():
            y = kernels.run(net, x)
            if inside:
                y.sum().backward()
        if not inside:
            y.sum().backward()
        grads.append(x.grad.numpy())
    assert np.array_equal(*grads)


def test_a_thread_computes_as_it_was_told_itself():
    net, shape = CASES["generator"]()
    x = noise(shape, needs_gradient=False)
    net.eval()
    found = {}

    def draw():
        with paddle.no_grad():
            found["thread"] = kernels.run(net, x).numpy()

    with paddle.no_grad():
        found["float32"] = kernels.run(net, x).numpy()
        with kernels.bfloat16():
            other = threading.Thread(target=draw)
            other.start()
            other.join()
            found["bfloat16"] = kernels.run(net, x).numpy()
    assert np.array_equal(found["thread"], found["float32"])
    assert not np.array_equal(found["bfloat16"], found["float32"])
