"""What is run as a program, what is left to Paddle, and for how long a program lives."""

import copy
import gc
import weakref

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from tests.calculus import difference_quotient, of_parameter
from tests.kernels.cases import (
    assert_same,
    fast,
    noise,
    penalty,
    program_of,
    slow,
    statistics,
)
from tests.kernels.networks import CASES, stack
from tests.kernels.unknown import UNKNOWN
from tests.notebook import fill


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_oneDNN_does_not_do_paddle_does(name):
    net, x = fill(nn.Sequential(*UNKNOWN[name]()), seed=2), noise((3, 2, 9, 9))
    twin = copy.deepcopy(net)
    assert program_of(net, x) is None
    paddle.seed(4)
    found = kernels.run(net, x)
    paddle.seed(4)
    expected = twin(x)
    assert np.array_equal(found.numpy(), expected.numpy())


def test_a_replaced_layer_is_noticed():
    net, shape = CASES["odd sizes"]()
    fast(net, noise(shape))
    net[1] = nn.ReLU()
    net[2] = nn.Conv2D(3, 2, 3)
    assert_same({"y": fast(net, noise(shape)).numpy()}, {"y": slow(net, noise(shape)).numpy()})


def test_a_norm_replaced_in_a_container_is_noticed():
    net, shape = CASES["residual"]()
    fast(net, noise(shape))
    net[1].body[1] = nn.BatchNorm2D(4)
    twin = copy.deepcopy(net)
    fast(net, noise(shape)), slow(twin, noise(shape))
    found, expected = ({k: v.numpy() for k, v in statistics(n).items()} for n in (net, twin))
    assert_same(found, expected)


def test_one_layer_in_another_mode():
    """A BatchNorm that is kept fixed while the rest trains."""
    net, shape = CASES["discriminator"]()
    fast(net, noise(shape))
    net[1].eval()
    before = net[1]._mean.numpy().copy()
    twin = copy.deepcopy(net)
    assert_same({"y": kernels.run(net, noise(shape)).numpy()}, {"y": twin(noise(shape)).numpy()})
    assert np.array_equal(net[1]._mean.numpy(), before)


@pytest.mark.parametrize("where", ["whole", "first", "middle"])
@pytest.mark.parametrize("kind", ["pre", "post"])
def test_hooks_are_called(where, kind):
    net, shape = CASES["discriminator"]()
    layer = {"whole": net, "first": net[0], "middle": net[4]}[where]
    seen = []
    register = getattr(layer, f"register_forward_{kind}_hook")
    hook = register(lambda *arguments: seen.append(arguments[0]))
    twin = slow(copy.deepcopy(net), noise(shape)).numpy()
    seen.clear()
    assert np.array_equal(kernels.run(net, noise(shape)).numpy(), twin)
    assert seen == [layer]
    hook.remove()
    fast(net, noise(shape))


def test_other_dtypes_are_paddles():
    net, shape = CASES["odd sizes"]()
    fast(net, noise(shape))
    net.to(dtype="float64")
    x = noise(shape).astype("float64")
    assert np.array_equal(kernels.run(net, x).numpy(), net(x).numpy())
    with pytest.raises(ValueError):  # as Paddle's own layers
        kernels.run(net, noise(shape))


def test_the_default_dtype_does_not_matter():
    net, shape = CASES["odd sizes"]()
    x = noise(shape)
    paddle.set_default_dtype("float64")
    try:
        found = fast(net, x)
        found.sum().backward()
    finally:
        paddle.set_default_dtype("float32")
    assert_same({"y": found.numpy()}, {"y": slow(net, noise(shape)).numpy()})
    assert x.grad.dtype == paddle.float32


@pytest.mark.parametrize("layer", [lambda: nn.Conv2D(3, 4, 3), lambda: nn.BatchNorm2D(3)])
def test_a_wrong_number_of_channels_is_paddles_error(layer):
    with pytest.raises(ValueError):
        kernels.run(nn.Sequential(layer()), noise((2, 2, 6, 6)))


def test_an_input_smaller_than_the_kernel():
    """Of which Paddle makes 2 x 4 x -1 x -1 outputs."""
    with pytest.raises(ValueError, match=r"\(3, 3\) pixels are too small for Conv2D\(2, 4"):
        kernels.run(nn.Sequential(nn.Conv2D(2, 4, 5)), noise((2, 2, 3, 3)))


def test_programs_die_with_their_network():
    net, shape = CASES["generator"]()
    program = weakref.ref(program_of(net, noise(shape)))
    y = fast(net, noise(shape))
    del net
    gc.collect()
    y.sum().backward()  # a graph keeps what it needs
    del y
    gc.collect()
    assert program() is None


def test_deepcopy_gives_an_independent_network():
    net, shape = CASES["generator"]()
    fast(net, noise(shape))
    twin = copy.deepcopy(net)
    state = {name: value.numpy().copy() for name, value in net.state_dict().items()}
    y = fast(twin, noise(shape, 3))
    y.sum().backward()
    for parameter in twin.parameters():
        parameter.set_value(paddle.zeros_like(parameter))
    for name, value in net.state_dict().items():
        assert np.array_equal(value.numpy(), state[name]), name
    assert all(parameter.grad is None for parameter in net.parameters())
    assert float(fast(twin, noise(shape)).abs().max()) == 0
    assert float(fast(net, noise(shape)).abs().max()) > 0


def gradient_of(net, x):
    return paddle.grad(kernels.run(net, x).sum(), x, create_graph=True)[0]


def test_a_second_derivative_in_plain_mode():
    # Smooth throughout, for a difference quotient to hold.
    layers = nn.Conv2D(1, 4, 4, 2, 1), nn.Tanh(), nn.Conv2D(4, 1, 4), nn.Tanh()
    net, shape = stack(*layers, shape=(3, 1, 8, 8))
    x, weight = noise(shape), net[0].weight
    with kernels.plain():
        penalty(gradient_of(net, x)).backward()
        gradient = weight.grad.numpy().copy()
        direction = gradient / np.linalg.norm(gradient)
        value = of_parameter(weight, lambda: penalty(gradient_of(net, x)))
        slope = difference_quotient(value, weight.numpy().copy(), direction, step=1e-2)
    assert np.linalg.norm(gradient) > 1e-2
    assert slope == pytest.approx(np.linalg.norm(gradient), rel=1e-2)


def test_a_second_derivative_elsewhere_is_refused_and_not_silently_zero():
    net, shape = CASES["odd sizes"]()
    with pytest.raises((RuntimeError, OSError), match=r"kernels\.plain\(\)"):
        penalty(gradient_of(net, noise(shape)))


def test_the_gradient_of_a_part_in_plain_mode():
    net, shape = CASES["odd sizes"]()
    x = noise(shape)
    with kernels.plain():
        (found,) = paddle.grad(kernels.run(net, x).sum(), x)
    fast(net, x).sum().backward()
    assert_same({"dx": x.grad.numpy()}, {"dx": found.numpy()})


def test_backward_twice_in_plain_mode():
    net, shape = CASES["discriminator"]()
    x = noise(shape)
    y = slow(net, x).sum()
    y.backward(retain_graph=True)
    once = x.grad.numpy().copy()
    y.backward()
    assert_same({"dx": x.grad.numpy()}, {"dx": 2 * once})


def test_plain_ends_with_its_context():
    net, shape = CASES["odd sizes"]()
    with pytest.raises(KeyError), kernels.plain():
        with kernels.plain():
            kernels.run(net, noise(shape))
        kernels.run(net, noise(shape))
        assert net not in kernels._programs
        raise KeyError
    kernels.run(net, noise(shape))
    assert len(kernels._programs[net]) == 1
