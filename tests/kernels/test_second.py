"""Gradients with respect to the input, and the gradients of penalties on them."""

import copy

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from tests.calculus import difference_quotient, of_parameter
from tests.kernels.cases import assert_same, noise, penalty, program_of
from tests.kernels.linear import LINEAR, critic, twin_of
from tests.kernels.networks import stack

OTHERS = {
    "BatchNorm": lambda: nn.BatchNorm2D(4),
    "InstanceNorm": lambda: nn.InstanceNorm2D(4),
    "Tanh": nn.Tanh,
    "Sigmoid": nn.Sigmoid,
}


@pytest.fixture(params=LINEAR)
def case(request):
    return LINEAR[request.param]()


def fast(net, x, stop=None) -> paddle.Tensor:
    assert program_of(net, x, stop).curved is None
    return kernels.input_gradient(net, x, stop)


def slow(net, x) -> paddle.Tensor:
    x.stop_gradient = False
    return paddle.grad(net(x).sum(), x, create_graph=True)[0]


def gradients(net) -> dict[str, np.ndarray]:
    found = enumerate(p.grad for p in net.parameters())
    return {str(i): None if g is None else g.numpy().copy() for i, g in found}


@pytest.mark.parametrize("needs_gradient", [False, True])
def test_the_gradient(case, needs_gradient):
    net, shape = case
    found = fast(net, noise(shape, needs_gradient=needs_gradient))
    assert not found.stop_gradient
    expected = slow(twin_of(net), noise(shape))
    assert_same({"g": found.numpy()}, {"g": expected.numpy()})


def test_the_gradient_of_a_penalty(case):
    net, shape = case
    twin, x = twin_of(net), noise(shape)
    losses = penalty(fast(net, x)), penalty(slow(twin, noise(shape)))
    for loss in losses:
        loss.backward()
    assert float(losses[0]) == pytest.approx(float(losses[1]), rel=1e-5)
    assert x.grad is None
    assert all(np.abs(g).max() > 1e-2 for g in gradients(twin).values() if g is not None)
    assert_same(gradients(net), gradients(twin))


def test_a_penalty_and_a_loss_in_one_backward_pass(case):
    net, shape = case
    twin = twin_of(net)
    for network, run, gradient in ((net, kernels.run, fast), (twin, nn.Layer.__call__, slow)):
        x = noise(shape)
        loss = run(network, x).exp().mean()
        (10 * penalty(gradient(network, x)) + loss).backward()
    found = gradients(net)
    assert all(value is not None for value in found.values())
    assert_same(found, gradients(twin))


def test_a_penalty_on_chosen_outputs():
    net, shape = LINEAR["ReLU, several outputs"]()
    twin, found = twin_of(net), []
    of = noise(net(noise(shape)).shape, seed=7, needs_gradient=False)
    found.append(kernels.input_gradient(net, noise(shape), of=of))
    x = noise(shape)
    found.append(paddle.grad((of * twin(x)).sum(), x, create_graph=True)[0])
    assert_same(*({"g": each.numpy()} for each in found))
    for each in found:
        penalty(each).backward()
    weights = [
        {i: g for i, g in gradients(each).items() if g is not None and g.ndim > 1}
        for each in (net, twin)
    ]
    assert_same(*weights)
    with kernels.plain():
        plain = kernels.input_gradient(net, noise(shape), of=of)
    assert_same({"g": plain.numpy()}, {"g": found[0].numpy()})


def test_a_penalty_on_a_part():
    net, shape = LINEAR["critic"]()
    net = nn.Sequential(*net, nn.Tanh())
    twin = copy.deepcopy(net)
    penalty(fast(net, noise(shape), -1)).backward()
    penalty(slow(twin[:-1], noise(shape))).backward()
    assert_same(gradients(net), gradients(twin))


def test_frozen_parameters():
    net, shape = LINEAR["critic"]()
    net[2].weight.stop_gradient = net[0].bias.stop_gradient = True
    twin = copy.deepcopy(net)
    penalty(fast(net, noise(shape))).backward()
    penalty(slow(twin, noise(shape))).backward()
    assert gradients(net)["2"] is None
    assert_same(gradients(net), gradients(twin))


def test_all_parameters_frozen():
    net, shape = LINEAR["critic"]()
    expected = slow(net, noise(shape)).numpy()
    for parameter in net.parameters():
        parameter.stop_gradient = True
    assert_same({"g": fast(net, noise(shape)).numpy()}, {"g": expected})


def test_weights_that_are_computed_pass_the_gradient_on():
    net, shape = LINEAR["critic"]()
    twin, found = copy.deepcopy(net), []
    for network, gradient in ((net, fast), (twin, slow)):
        leaves = []
        for layer in (network[0], network[4]):
            leaves.append(layer._parameters.pop("weight"))
            layer.weight = leaves[-1] * 2 / leaves[-1].norm()
        penalty(gradient(network, noise(shape))).backward()
        found.append({str(i): leaf.grad.numpy() for i, leaf in enumerate(leaves)})
    assert_same(*found)


@pytest.mark.parametrize("layer", [0, 2, 4])
def test_against_finite_differences(layer):
    net, shape = critic(2, batch=2)
    penalty(fast(net, noise(shape))).backward()
    weight = net[layer].weight
    values, gradient = weight.numpy(), weight.grad.numpy()
    where = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
    unit = np.zeros_like(values)
    unit[where] = 1
    value = of_parameter(weight, lambda: penalty(fast(net, noise(shape))))
    # A step that is small enough to stay within a linear region.
    slope = difference_quotient(value, values, unit, step=1e-3)
    assert slope == pytest.approx(gradient[where], rel=1e-2)


@pytest.mark.parametrize("name", OTHERS)
def test_other_networks_are_paddles(name):
    layers = nn.Conv2D(1, 4, 4, 2, 1), OTHERS[name](), nn.Conv2D(4, 1, 4, 2, 1)
    net, shape = stack(*layers, shape=(3, 1, 12, 12))
    program, twin = program_of(net, noise(shape)), copy.deepcopy(net)
    assert program is None or program.curved
    x, y = noise(shape), noise(shape)
    found, expected = kernels.input_gradient(net, x), slow(twin, y)
    assert_same({"g": found.numpy()}, {"g": expected.numpy()})
    penalty(found).backward()
    penalty(expected).backward()
    assert np.abs(x.grad.numpy()).max() > 1e-3
    assert_same(gradients(net) | {"x": x.grad.numpy()}, gradients(twin) | {"x": y.grad.numpy()})


def test_an_input_without_gradient_stays_so():
    net, shape = stack(nn.Conv2D(1, 4, 3), nn.Tanh(), shape=(3, 1, 5, 5))
    x = noise(shape, needs_gradient=False)
    penalty(kernels.input_gradient(net, x)).backward()
    assert x.stop_gradient and x.grad is None
    assert net[0].weight.grad is not None


def test_plain_mode_and_eval_mode_and_no_grad():
    net, shape = LINEAR["critic"]()
    expected = {"g": fast(net, noise(shape)).numpy()}
    with kernels.plain():
        assert_same({"g": kernels.input_gradient(net, noise(shape)).numpy()}, expected)
    with paddle.no_grad():
        assert_same({"g": kernels.input_gradient(net, noise(shape)).numpy()}, expected)
    net.eval()
    assert_same({"g": kernels.input_gradient(net, noise(shape)).numpy()}, expected)
    with paddle.no_grad():
        assert_same({"g": kernels.input_gradient(net, noise(shape)).numpy()}, expected)


def test_layouts_that_do_not_lie_in_one_piece():
    net, _ = stack(nn.Conv2D(3, 4, 3), nn.ReLU(), nn.Conv2D(4, 1, 3), shape=())
    twin = copy.deepcopy(net)
    weights = noise((2, 6, 7, 3), seed=4, needs_gradient=False)
    for network, gradient in ((net, fast), (twin, slow)):
        g = gradient(network, noise((7, 6, 3, 2)).transpose([3, 2, 1, 0]).detach())
        (g.transpose([0, 2, 3, 1]) * weights).sum().backward()
    assert_same(gradients(net), gradients(twin))


@pytest.mark.parametrize("name", ["critic", "residual"])
def test_memory_is_used_again(name, pool):
    net, shape = LINEAR[name]()
    for seed in range(3):
        loss = penalty(fast(net, noise(shape, seed)))
        loss.backward()
        del loss
    assert pool._used == 0
    assert len(pool._free) == 3  # activations, tangents and what a backward pass works in


def test_a_third_derivative_is_refused():
    net, shape = LINEAR["critic"]()
    loss = fast(net, noise(shape)).square().sum()
    with pytest.raises((RuntimeError, OSError), match="third derivative"):
        paddle.grad(loss, net[0].weight, create_graph=True)
