"""Layers and weights that change between two calls, or between forward and backward."""

import copy

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from paddle_gan.games.gan import trainable
from tests.kernels.cases import assert_same, fast, noise, penalty, play, program_of, slow
from tests.kernels.linear import LINEAR
from tests.kernels.networks import CASES, stack


def layers():
    return stack(
        nn.Conv2D(3, 6, 3, bias_attr=False),
        nn.LeakyReLU(0.2),
        nn.Conv2DTranspose(6, 4, 3, bias_attr=False),
        nn.BatchNorm2D(4),
        nn.Tanh(),
        shape=(2, 3, 7, 7),
    )


def parameter(*shape: int) -> paddle.Tensor:
    """A tensor with a gradient that is no ``Parameter``."""
    return noise(shape, seed=len(shape))


def replace(layer: nn.Layer, name: str, tensor: paddle.Tensor) -> None:
    for place in (layer._parameters, layer._buffers):
        place.pop(name, None)
    vars(layer).pop(name, None)
    object.__setattr__(layer, name, tensor)


CHANGES = {
    "a bias added": lambda net: replace(net[0], "bias", parameter(6)),
    "a bias added behind": lambda net: replace(net[2], "bias", parameter(4)),
    "another slope": lambda net: setattr(net[1], "_negative_slope", 0.7),
    "another epsilon": lambda net: setattr(net[3], "_epsilon", 0.5),
    "another momentum": lambda net: setattr(net[3], "_momentum", 0.3),
    "another stride": lambda net: setattr(net[0], "_stride", [2, 2]),
    "other weights": lambda net: replace(net[0], "weight", parameter(6, 3, 3, 3)),
    "a larger kernel": lambda net: replace(net[0], "weight", parameter(6, 3, 5, 5)),
    "transposed weights": lambda net: replace(
        net[0], "weight", parameter(3, 3, 3, 6).transpose([3, 2, 0, 1])
    ),
    "every other weight": lambda net: replace(net[2], "weight", parameter(6, 4, 6, 3)[:, :, ::2]),
    "weights from the middle": lambda net: replace(net[0], "weight", parameter(8, 3, 3, 3)[1:7]),
    "an expanded scale": lambda net: replace(net[3], "weight", parameter(1).expand([4])),
    "statistics that skip": lambda net: replace(
        net[3], "_mean", noise((8,), needs_gradient=False)[::2]
    ),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_between_two_calls_is_noticed(name, training):
    net, shape = layers()
    net.train() if training else net.eval()
    with paddle.no_grad():
        fast(net, noise(shape))
        twin = copy.deepcopy(net)
    for network in (net, twin):
        CHANGES[name](network)
    if training:
        assert_same(play(kernels.run, net, noise(shape)), play(slow, twin, noise(shape)))
    else:
        with paddle.no_grad():
            found, expected = kernels.run(net, noise(shape)), slow(twin, noise(shape))
        assert_same({"y": found.numpy()}, {"y": expected.numpy()})


def test_gradients_reach_what_weights_are_a_view_of():
    whole, found = [noise((3, 3, 3, 8), seed=4) for _ in range(2)], []
    for leaf, run in zip(whole, (fast, slow)):
        net, shape = layers()
        replace(net[0], "weight", leaf.transpose([3, 2, 0, 1])[1:7])
        run(net, noise(shape)).exp().sum().backward()
        found.append({"leaf": leaf.grad.numpy()})
    assert_same(*found)


WRONG = {
    "weights of another shape": ("weight", lambda: parameter(3, 6, 3, 3)),
    "weights in float64": ("weight", lambda: parameter(6, 3, 3, 3).astype("float64")),
    "a bias too long": ("bias", lambda: parameter(7)),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_never_read(name):
    net, shape = layers()
    fast(net, noise(shape))
    attribute, tensor = WRONG[name]
    replace(net[0], attribute, tensor())
    assert program_of(net, noise(shape)) is None
    with pytest.raises((ValueError, RuntimeError, OSError)):  # as Paddle's own layers
        kernels.run(net, noise(shape))


def overwrite(weights: list[paddle.Tensor]) -> None:
    for weight in weights:
        weight.set_value(paddle.full_like(weight, 9))


def step(weights: list[paddle.Tensor]) -> None:
    adam = paddle.optimizer.Adam(0.5, parameters=weights, use_multi_tensor=True)
    for weight in weights:
        weight.grad = paddle.ones_like(weight)
    adam.step()
    adam.clear_grad(set_to_zero=False)


@pytest.mark.parametrize("change", [overwrite, step])
@pytest.mark.parametrize("name", [name for name in CASES if "alone" not in name])
def test_weights_may_change_between_forward_and_backward(name, change):
    """The gradients are those of the weights that the forward pass saw."""
    net, shape = CASES[name]()
    twin, found = copy.deepcopy(net), []
    for network, move in ((net, change), (twin, lambda weights: None)):
        x, weights = noise(shape), trainable(network)
        y = fast(network, x)
        move(weights)
        y.backward(noise(y.shape, seed=5, needs_gradient=False))
        found.append([t.grad.numpy() for t in (x, *weights)])
    assert all(np.array_equal(a, b) for a, b in zip(*found))


@pytest.mark.parametrize("name", LINEAR)
def test_weights_may_change_before_the_backward_pass_of_a_penalty(name):
    net, shape = LINEAR[name]()
    twin, found = copy.deepcopy(net), []
    for network, change in ((net, overwrite), (twin, lambda weights: None)):
        loss = penalty(kernels.input_gradient(network, noise(shape)))
        change(trainable(network))
        loss.backward()
        found.append([p.grad.numpy() for p in network.parameters() if p.grad is not None])
    assert found[0] and all(np.array_equal(a, b) for a, b in zip(*found))


def test_a_second_backward_pass_is_an_error_and_not_the_end_of_the_process():
    for gradient in (fast, kernels.input_gradient):
        net, shape = LINEAR["critic"]()
        loss = gradient(net, noise(shape)).square().sum()
        loss.backward(retain_graph=True)
        once = net[0].weight.grad.numpy().copy()
        with pytest.raises((RuntimeError, OSError), match=r"second backward .*kernels\.plain\(\)"):
            loss.backward()
        assert np.array_equal(net[0].weight.grad.numpy(), once)


def test_gradients_may_be_asked_for_any_number_of_times_before():
    net, shape = layers()
    x = noise(shape)
    y = fast(net, x).square().sum()
    weights = trainable(net)
    first, second = (paddle.grad(y, [x, *weights], retain_graph=True) for _ in range(2))
    y.backward()
    for gradients in (first, second):
        found = {str(i): g.numpy() for i, g in enumerate(gradients)}
        assert_same(found, {str(i): t.grad.numpy() for i, t in enumerate((x, *weights))}, 0)
