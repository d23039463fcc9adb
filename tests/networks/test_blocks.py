"""Residual and skip connections against numbers worked out by hand, and a U-Net written out."""

import copy

import numpy as np
import paddle
import pytest
from paddle import nn
from paddle.nn import functional as F

from paddle_gan import kernels
from paddle_gan.networks.blocks import Dropout, Residual, Skip
from tests.calculus import difference_quotient, of_parameter
from tests.kernels.cases import noise
from tests.notebook import fill


def scaled(weight: float, bias: float = 0.0) -> nn.Conv2D:
    """x to weight x + bias."""
    layer = nn.Conv2D(1, 1, 1)
    layer.weight.set_value(paddle.full([1, 1, 1, 1], weight))
    layer.bias.set_value(paddle.full([1], bias))
    return layer


def row(*values: float) -> paddle.Tensor:
    """An image of one channel and one row."""
    x = paddle.to_tensor([[[[*values]]]], dtype="float32")
    x.stop_gradient = False
    return x


# The layers; what they make of (1, -2, 3); the gradient of the sum there.
WORKED = {
    "identity": (lambda: Residual(scaled(2, 1)), [[4, -5, 10]], [3, 3, 3]),
    "shortcut": (lambda: Residual(scaled(2, 1), scaled(-1, 0.5)), [[2.5, -0.5, 4.5]], [1, 1, 1]),
    "body of two layers": (
        lambda: Residual(nn.Sequential(scaled(-1), nn.ReLU())),
        [[1, 0, 3]],
        [1, 0, 1],
    ),
    "a block in a block": (
        lambda: Residual(nn.Sequential(Residual(scaled(2)), scaled(10)), scaled(0, 1)),
        [[31, -59, 91]],
        [30, 30, 30],
    ),
    "skip": (lambda: Skip(scaled(2, 1)), [[1, -2, 3], [3, -3, 7]], [3, 3, 3]),
    "skip over a skip": (
        lambda: Skip(nn.Sequential(scaled(10), Skip(nn.ReLU()))),
        [[1, -2, 3], [10, -20, 30], [10, 0, 30]],
        [21, 11, 21],
    ),
}


@pytest.mark.parametrize("name", WORKED)
def test_worked_by_hand(name):
    make, channels, slopes = WORKED[name]
    x = row(1, -2, 3)
    y = make()(x)
    assert y.numpy()[0, :, 0].tolist() == channels
    y.sum().backward()
    assert x.grad.numpy()[0, 0, 0].tolist() == slopes


def level(outside: int, inside: int, *deeper: nn.Layer) -> Skip:
    """A level of a U-Net: down to half the size, what is deeper, and up again."""
    return Skip(
        nn.Sequential(
            nn.Conv2D(outside, inside, 4, 2, 1),
            nn.LeakyReLU(0.2),
            *deeper,
            nn.Conv2DTranspose(inside * (1 + len(deeper)), outside, 4, 2, 1),
            nn.ReLU(),
        )
    )


def unet() -> nn.Sequential:
    """Three levels, 2 x 16 x 16 to 1 x 16 x 16."""
    return nn.Sequential(level(2, 3, level(3, 4, level(4, 5))), nn.Conv2D(4, 1, 3, 1, 1))


def written_out(parameters, x):
    """The same U-Net without containers: weights and biases on the way down, then up."""
    w = iter(parameters)
    downs = [x]
    for _ in range(3):
        downs.append(F.leaky_relu(F.conv2d(downs[-1], next(w), next(w), 2, 1), 0.2))
    x, a, b, c = downs  # 2 x 16 x 16, 3 x 8 x 8, 4 x 4 x 4, 5 x 2 x 2
    assert [t.shape[1:] for t in downs] == [[2, 16, 16], [3, 8, 8], [4, 4, 4], [5, 2, 2]]
    u = F.relu(F.conv2d_transpose(c, next(w), next(w), 2, 1))  # 4 x 4 x 4
    u = F.relu(F.conv2d_transpose(paddle.concat([b, u], 1), next(w), next(w), 2, 1))  # 3 x 8 x 8
    u = F.relu(F.conv2d_transpose(paddle.concat([a, u], 1), next(w), next(w), 2, 1))  # 2 x 16 x 16
    return F.conv2d(paddle.concat([x, u], 1), next(w), next(w), 1, 1)


def gradients(parameters, y, x) -> list[np.ndarray]:
    """Those of a loss that weighs every output differently: of the input, then the parameters."""
    loss = (y * noise(y.shape, seed=9, needs_gradient=False)).sum()
    return [g.numpy() for g in paddle.grad(loss, [x, *parameters])]


def test_a_unet_of_three_levels():
    net, x = fill(unet(), seed=1), noise((2, 2, 16, 16))
    parameters = net.parameters()
    y, expected = net(x), written_out(parameters, x)
    assert y.shape == [2, 1, 16, 16]
    np.testing.assert_allclose(y.numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)
    pairs = zip(gradients(parameters, y, x), gradients(parameters, expected, x))
    for found, wanted in pairs:
        assert np.abs(wanted).max() > 1e-3
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def tree() -> nn.Sequential:
    """Both containers, with BatchNorm, between ordinary layers; 2 channels to 6."""
    body = nn.Sequential(nn.Conv2D(2, 3, 3, 1, 1, bias_attr=False), nn.BatchNorm2D(3), nn.ReLU())
    return nn.Sequential(
        nn.LeakyReLU(0.2), Residual(body, nn.Conv2D(2, 3, 1)), Skip(Residual(nn.Conv2D(3, 3, 1)))
    )


def test_a_network_is_a_tree_to_read():
    net = tree()
    _, residual, skip = net
    assert type(residual.body) is nn.Sequential and type(residual.shortcut) is nn.Conv2D
    assert type(skip.inner) is Residual and skip.inner.shortcut is None
    assert [*net.state_dict()] == [
        "1.body.0.weight",
        *(f"1.body.1.{name}" for name in ("weight", "bias", "_mean", "_variance")),
        "1.shortcut.weight",
        "1.shortcut.bias",
        "2.inner.body.weight",
        "2.inner.body.bias",
    ]


def test_a_state_passes_to_another_network_by_a_file(tmp_path):
    net, twin, x = fill(tree(), seed=1), fill(tree(), seed=2), noise((2, 2, 5, 5))
    for network in (net, twin):
        network.eval()
    assert not np.allclose(twin(x).numpy(), net(x).numpy(), atol=1e-2)
    paddle.save(net.state_dict(), str(tmp_path / "net.pdparams"))
    missing, unexpected = twin.set_state_dict(paddle.load(str(tmp_path / "net.pdparams")))
    assert missing == unexpected == []
    assert np.array_equal(twin(x).numpy(), net(x).numpy())


def test_a_copy_has_weights_of_its_own():
    net, x = fill(tree(), seed=1), noise((2, 2, 5, 5))
    twin = copy.deepcopy(net)
    before = net(x).numpy()
    assert np.array_equal(twin(x).numpy(), before)
    twin[1].shortcut.weight.set_value(twin[1].shortcut.weight + 1)
    assert np.array_equal(net(x).numpy(), before)
    assert not np.array_equal(twin(x).numpy(), before)


def test_built_without_weights_and_given_them_later():
    net, x = fill(tree(), seed=1), noise((2, 2, 5, 5))
    with paddle.LazyGuard():
        lazy = tree()
    shapes = [[p.shape for p in network.parameters()] for network in (net, lazy)]
    assert shapes[0] == shapes[1]
    for parameter in lazy.parameters():
        if not parameter._is_initialized():
            parameter.initialize()
    lazy.set_state_dict(net.state_dict())
    assert np.array_equal(lazy(x).numpy(), net(x).numpy())


BLOCKS = {
    "residual": lambda: Residual(nn.Sequential(nn.Conv2D(4, 4, 3, 1, 1), nn.LeakyReLU(0.2))),
    "residual with a shortcut": lambda: Residual(nn.Conv2D(4, 4, 3, 1, 1), nn.Conv2D(4, 4, 1)),
    "skip": lambda: nn.Sequential(Skip(nn.Conv2D(4, 3, 3, 1, 1)), nn.Conv2D(7, 4, 1)),
}
each_block = pytest.mark.parametrize("name", BLOCKS)


def around(block: nn.Layer) -> nn.Sequential:
    return fill(nn.Sequential(nn.Conv2D(1, 4, 3), block, nn.Conv2D(4, 1, 3)), seed=3)


@each_block
def test_fast_kernels_run_them(name):
    net, x = around(BLOCKS[name]()), noise((2, 1, 8, 8))
    assert kernels._program(net, x, None)[0] is not None
    y, expected = kernels.run(net, x), net(x)
    np.testing.assert_allclose(y.numpy(), expected.numpy(), rtol=1e-4, atol=1e-5)
    parameters = net.parameters()
    pairs = zip(gradients(parameters, y, x), gradients(parameters, expected, x))
    for found, wanted in pairs:
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_the_second_derivative_worked_by_hand():
    """D = x + tanh(w x) has the slope 1 + w (1 - tanh(w x)^2), whose square is differentiated."""
    w, values = 0.7, np.array([0.3, -1.0, 2.0])
    t = np.tanh(w * values)
    slope = 1 + w * (1 - t**2)
    by_w = (1 - t**2) - 2 * w * t * (1 - t**2) * values
    body = nn.Sequential(scaled(w), nn.Tanh())
    for net in (Residual(body), Skip(body)):
        x = row(*values)
        gradient = kernels.input_gradient(nn.Sequential(net), x)
        np.testing.assert_allclose(gradient.numpy().ravel(), slope, rtol=1e-5)
        (found,) = paddle.grad(gradient.square().sum(), body[0].weight)
        assert found.item() == pytest.approx((2 * slope * by_w).sum(), rel=1e-5)


@each_block
def test_the_second_derivative_is_the_difference_quotient(name):
    net, x = around(nn.Sequential(BLOCKS[name](), nn.Tanh())), noise((2, 1, 7, 7))

    def penalty():
        return kernels.input_gradient(net, x).square().mean()

    penalty().backward()
    weights = [p for name, p in net.named_parameters() if name.endswith("weight")]
    assert len(weights) >= 3
    for parameter in weights:
        values, gradient = parameter.numpy().copy(), parameter.grad.numpy()
        direction = gradient / np.linalg.norm(gradient)
        slope = difference_quotient(of_parameter(parameter, penalty), values, direction, step=1e-2)
        parameter.set_value(values)
        assert slope == pytest.approx(np.linalg.norm(gradient), rel=0.02)


@pytest.mark.parametrize("run", [kernels.run, lambda net, x: net(x)], ids=["fast", "Paddle"])
def test_processes_drop_their_parts_of_one_mask(run, monkeypatch):
    net = nn.Sequential(nn.Conv2D(1, 2, 1, bias_attr=False), Dropout(0.5))
    x = paddle.ones([6, 1, 4, 4])

    def dropped(rank: int = 0, world: int = 1) -> np.ndarray:
        monkeypatch.setenv("PADDLE_TRAINER_ID", str(rank))
        monkeypatch.setenv("PADDLE_TRAINERS_NUM", str(world))
        paddle.seed(3)
        return run(net, x[: 6 // world]).numpy()

    whole, parts = dropped(), np.concatenate([dropped(rank, 3) for rank in range(3)])
    np.testing.assert_array_equal(parts, whole)
    assert 0.3 < (whole == 0).mean() < 0.7 and not np.array_equal(whole[:2], whole[2:4])
    net.eval()
    with paddle.no_grad():
        assert (run(net, x).numpy() != 0).all()
