"""The oneDNN programs give what Paddle's own kernels give."""

import copy

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from tests.kernels.cases import assert_alike, assert_same, fast, noise, play, slow, statistics
from tests.kernels.networks import CASES, stack


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]()


def test_forward_backward_and_statistics(case):
    net, shape = case
    assert_alike(net, noise(shape))


def test_gradients_accumulate_over_several_passes(case):
    net, shape = case
    assert_alike(net, noise(shape), times=3)


def test_input_that_needs_no_gradient(case):
    net, shape = case
    if net.parameters():
        twin = copy.deepcopy(net)
        found = play(fast, net, noise(shape, needs_gradient=False))
        # With one for the input, without which Paddle's InstanceNorm2D has none at all.
        assert_same(found, play(slow, twin, noise(shape)) | {"dx": None})


def test_frozen_parameters(case):
    net, shape = case
    for parameter in net.parameters():
        parameter.stop_gradient = True
    found = play(fast, net, noise(shape))
    assert all(value is None for name, value in found.items() if name.startswith("d "))
    assert_same({"dx": found["dx"]}, {"dx": play(slow, net, noise(shape))["dx"]})


def test_some_frozen_parameters():
    net, shape = CASES["discriminator"]()
    for parameter in (net[0].weight, *net[4].parameters()[:2], net[6].bias):
        parameter.stop_gradient = True
    assert_alike(net, noise(shape))


def test_eval_mode_without_gradient(case):
    net, shape = case
    net.eval()
    before = {name: value.numpy().copy() for name, value in net.state_dict().items()}
    with paddle.no_grad():
        found, expected = fast(net, noise(shape)), slow(net, noise(shape))
    assert_same({"y": found.numpy()}, {"y": expected.numpy()})
    for name, value in net.state_dict().items():
        assert np.array_equal(value.numpy(), before[name]), name


def test_eval_mode_with_gradient_is_right_too(case):
    net, shape = case
    net.eval()
    twin = copy.deepcopy(net)
    assert_same(play(kernels.run, net, noise(shape)), play(slow, twin, noise(shape)))


def test_training_mode_without_gradient_still_moves_the_statistics():
    net, shape = CASES["generator"]()
    twin = copy.deepcopy(net)
    with paddle.no_grad():
        fast(net, noise(shape)), slow(twin, noise(shape))
    found, expected = ({k: v.numpy() for k, v in statistics(n).items()} for n in (net, twin))
    assert len(found) == 4
    assert_same(found, expected)


def test_stop_leaves_out_the_last_layers(case):
    net, shape = case
    if len(net) > 2:
        assert_same(
            {"y": fast(net, noise(shape), -1).numpy()},
            {"y": nn.Sequential(*list(copy.deepcopy(net))[:-1])(noise(shape)).numpy()},
        )


LAYOUTS = {
    "transposed": lambda: noise((6, 6, 3, 2)).transpose([3, 2, 1, 0]),
    "every other": lambda: noise((4, 3, 6, 12))[::2, :, :, ::2],
    "from the middle": lambda: noise((6, 3, 6, 6))[2:4],
    "expanded": lambda: noise((1, 3, 6, 6)).expand([2, 3, 6, 6]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_inputs_that_do_not_lie_in_one_piece(layout):
    net, _ = stack(nn.Conv2D(3, 4, 3), nn.BatchNorm2D(4), nn.ReLU(), shape=())
    gradients = []
    for run in (fast, slow):
        source = noise((2, 3, 6, 6))
        source.stop_gradient = True
        x = LAYOUTS[layout]()
        y = run(copy.deepcopy(net), x)
        weights = noise(y.shape, seed=9, needs_gradient=False)
        (y * weights).sum().backward()
        gradients.append({"y": y.numpy()})
    assert_same(*gradients)


def test_gradient_reaches_what_a_view_was_taken_from():
    net, _ = stack(nn.Conv2D(3, 4, 3), nn.Tanh(), shape=())
    found = []
    for run in (fast, slow):
        whole = noise((6, 6, 3, 5))
        run(net, whole.transpose([3, 2, 1, 0])[1:4]).sum().backward()
        found.append({"whole": whole.grad.numpy()})
    assert_same(*found)


def test_gradient_that_does_not_lie_in_one_piece():
    net, shape = CASES["odd sizes"]()
    found = []
    for run in (fast, slow):
        x = noise(shape)
        y = run(net, x).transpose([0, 2, 3, 1])
        (y * noise(y.shape, seed=3, needs_gradient=False)).sum().backward()
        found.append({"dx": x.grad.numpy()})
    assert_same(*found)


def test_the_input_may_change_after_the_call():
    net, shape = CASES["odd sizes"]()
    for parameter in net.parameters():
        parameter.clear_gradient()
    x = noise(shape, needs_gradient=False)
    y = fast(net, x)
    x.set_value(paddle.zeros_like(x))
    y.sum().backward()
    found = {name: p.grad.numpy() for name, p in net.named_parameters()}
    net.clear_gradients()
    slow(net, noise(shape, needs_gradient=False)).sum().backward()
    assert_same(found, {name: p.grad.numpy() for name, p in net.named_parameters()})


def test_two_calls_before_one_backward_keep_their_own_activations():
    """The discriminator's half-step: real and fake through one network, one loss."""
    net, shape = CASES["discriminator"]()
    twin = copy.deepcopy(net)

    def both(run, net):
        real, fake = noise(shape, 1), noise(shape, 2)
        (run(net, real).exp().mean() + (run(net, fake) ** 2).mean()).backward()
        seen = {f"d {n}": p.grad for n, p in net.named_parameters() if not p.stop_gradient}
        seen |= {"real": real.grad, "fake": fake.grad} | statistics(net)
        return {name: value.numpy() for name, value in seen.items()}

    assert_same(both(fast, net), both(slow, twin))


def test_backward_in_the_other_order_than_forward():
    net, shape = CASES["generator"]()
    twin, seen = copy.deepcopy(net), []
    for run, network in ((fast, net), (slow, twin)):
        xs = [noise(shape, seed) for seed in range(3)]
        ys = [run(network, x) for x in xs]
        for i in (1, 2, 0):
            ys[i].sum().backward()
        seen.append({f"dx {i}": x.grad.numpy() for i, x in enumerate(xs)})
    assert_same(*seen)


def test_dropped_graphs_give_their_memory_back(pool):
    net, shape = CASES["discriminator"]()
    twin = copy.deepcopy(net)
    kept = fast(net, noise(shape, 1))  # this graph lives on while others come and go
    for seed in range(2, 6):
        fast(net, noise(shape, seed))
        slow(twin, noise(shape, seed))
    assert len(pool._free) == 1  # the four took turns in one array
    kept.sum().backward()
    slow(twin, noise(shape, 1)).sum().backward()
    found, expected = (
        {name: p.grad.numpy() for name, p in n.named_parameters() if p.grad is not None}
        for n in (net, twin)
    )
    assert_same(found, expected)
    del kept
    assert pool._used == 0
    assert_same(
        {"y": fast(net, noise(shape, 7)).numpy()}, {"y": slow(twin, noise(shape, 7)).numpy()}
    )


def test_the_output_survives_the_next_call():
    net, shape = CASES["generator"]()
    first = fast(net, noise(shape, 1))
    before = first.numpy().copy()
    fast(net, noise(shape, 2))
    assert np.array_equal(first.numpy(), before)


def test_changing_weights_and_shapes(monkeypatch):
    monkeypatch.setattr(kernels, "_SHAPES_KEPT", 4)
    net, (n, *rest) = CASES["discriminator"]()
    for seed, batch in enumerate((n, 2, n, *range(1, 7), n)):  # more shapes than are kept
        for parameter in net.parameters():
            parameter.set_value(parameter * 1.01)
        twin, x = copy.deepcopy(net), noise((batch, *rest), seed)
        assert_same({"y": fast(net, x).numpy()}, {"y": slow(twin, x).numpy()})
    assert len(kernels._programs[net]) == 4
