"""Networks of every kind of layer, and how to compare oneDNN's programs on them with Paddle."""

from __future__ import annotations

import copy

import numpy as np
import paddle
from paddle import nn

from paddle_gan import kernels
from tests.notebook import fill


def stack(*layers: nn.Layer, shape: tuple[int, ...]):
    """A network with values that matter everywhere, and the shape of its input."""
    return fill(nn.Sequential(*layers), seed=1), shape


CASES = {
    "generator": lambda: stack(
        nn.Conv2DTranspose(8, 6, 4, 1, 0, bias_attr=False),
        nn.BatchNorm2D(6),
        nn.ReLU(),
        nn.Conv2DTranspose(6, 5, 4, 2, 1, bias_attr=False),
        nn.BatchNorm2D(5),
        nn.ReLU(),
        nn.Conv2DTranspose(5, 3, 4, 2, 1),
        nn.Tanh(),
        shape=(4, 8, 1, 1),
    ),
    "discriminator": lambda: stack(
        nn.Conv2D(3, 4, 4, 2, 1, bias_attr=False),
        nn.BatchNorm2D(4),
        nn.LeakyReLU(0.2),
        nn.Conv2D(4, 8, 4, 2, 1, bias_attr=False),
        nn.BatchNorm2D(8),
        nn.LeakyReLU(0.2),
        nn.Conv2D(8, 1, 4, 1, 0),
        shape=(5, 3, 16, 16),
    ),
    "one image": lambda: stack(
        nn.Conv2D(3, 4, 3), nn.BatchNorm2D(4), nn.ReLU(), shape=(1, 3, 6, 6)
    ),
    "odd sizes": lambda: stack(
        nn.Conv2D(2, 3, 3, 2, 1), nn.LeakyReLU(0.1), nn.Conv2D(3, 17, 5, 1, 2), shape=(3, 2, 7, 9)
    ),
    "a rest that no window covers": lambda: stack(nn.Conv2D(2, 3, 3, 2), shape=(2, 2, 8, 10)),
    "not square": lambda: stack(
        nn.Conv2D(2, 3, (3, 5), (1, 2), (2, 1)),
        nn.Tanh(),
        nn.Conv2DTranspose(3, 2, (4, 3), (2, 1), (1, 0)),
        shape=(2, 2, 6, 7),
    ),
    "transposed, odd": lambda: stack(
        nn.Conv2DTranspose(3, 4, 5, 2, 2),
        nn.LeakyReLU(0.3),
        nn.Conv2DTranspose(4, 1, 3),
        shape=(2, 3, 5, 3),
    ),
    "to one channel": lambda: stack(
        nn.Conv2D(3, 8, 3),
        nn.LeakyReLU(0.2),
        nn.Conv2D(8, 1, (7, 3), 1, (3, 1)),
        nn.Tanh(),
        nn.Conv2D(1, 1, 1, bias_attr=False),
        shape=(3, 3, 9, 6),
    ),
    "one pixel": lambda: stack(nn.Conv2D(4, 1, 3, 1, 1), shape=(1, 4, 1, 1)),
    "wide": lambda: stack(
        nn.Conv2D(16, 32, 3, 1, 1, bias_attr=False),
        nn.BatchNorm2D(32),
        nn.ReLU(),
        nn.Conv2D(32, 16, 1),
        shape=(2, 16, 8, 8),
    ),
    "BatchNorm behind the activation": lambda: stack(
        nn.Conv2D(1, 4, 3),
        nn.LeakyReLU(0.2),
        nn.BatchNorm2D(4),
        nn.Conv2D(4, 2, 3),
        shape=(3, 1, 8, 8),
    ),
    "BatchNorm first": lambda: stack(
        nn.BatchNorm2D(3), nn.Tanh(), nn.Conv2D(3, 2, 3), shape=(4, 3, 5, 5)
    ),
    "activation first": lambda: stack(nn.ReLU(), nn.Conv2D(2, 2, 3), shape=(2, 2, 6, 6)),
    "activation alone": lambda: stack(nn.LeakyReLU(0.2), shape=(2, 2, 6, 6)),
    "ReLU behind a convolution": lambda: stack(
        nn.Conv2D(2, 4, 3), nn.ReLU(), nn.Conv2D(4, 2, 3), shape=(2, 2, 7, 7)
    ),
    "BatchNorm of its own": lambda: stack(
        nn.Conv2D(2, 4, 3, bias_attr=False),
        nn.BatchNorm2D(4, momentum=0.7, epsilon=1e-2),
        nn.ReLU(),
        nn.Tanh(),
        shape=(2, 2, 7, 7),
    ),
}


# What rounding leaves of a gradient that is 0 in truth, as that of a bias before BatchNorm.
NOTHING = 5e-6


def noise(shape, seed=0, needs_gradient=True) -> paddle.Tensor:
    x = paddle.to_tensor(np.random.default_rng(seed).normal(size=shape).astype("float32"))
    x.stop_gradient = not needs_gradient
    return x


def program_of(net, x, stop=None):
    """The program that ``kernels.run`` takes, or None where Paddle runs the layers."""
    return kernels._program(net, x, stop)[0]


def fast(net, x, stop=None) -> paddle.Tensor:
    """``kernels.run``, where it must not hand over to Paddle."""
    assert program_of(net, x, stop) is not None
    return kernels.run(net, x, stop)


def slow(net, x, stop=None) -> paddle.Tensor:
    with kernels.plain():
        return kernels.run(net, x, stop)


def penalty(gradient) -> paddle.Tensor:
    """How far each image's gradient is from a length of 1: Gulrajani et al. 2017."""
    return ((gradient.flatten(1).norm(axis=1) - 1) ** 2).mean()


def play(run, net, x, times=1) -> dict[str, np.ndarray]:
    """Output, every gradient and every buffer after forward and backward passes."""
    for i in range(times):
        y = run(net, x)
        y.backward(noise(y.shape, seed=5 + i, needs_gradient=False))
    seen = {"y": y, "dx": x.grad}
    seen |= {f"d {name}": p.grad for name, p in net.named_parameters() if not p.stop_gradient}
    seen |= statistics(net)
    return {name: None if t is None else t.numpy().copy() for name, t in seen.items()}


def statistics(net) -> dict[str, paddle.Tensor]:
    """The running means and variances."""
    return {
        name: t for name, t in net.state_dict().items() if name.endswith(("_mean", "_variance"))
    }


def assert_same(found: dict, expected: dict, tolerance=1e-5):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if value is None:
            assert found[name] is None, name
        else:
            assert found[name].shape == value.shape, name
            error = np.abs(found[name] - value).max()
            assert error <= tolerance * np.abs(value).max() + NOTHING, (name, error)


def assert_alike(net, x, **options):
    twin, y = copy.deepcopy(net), x.detach()
    y.stop_gradient = x.stop_gradient
    assert_same(play(fast, net, x, **options), play(slow, twin, y, **options))


class Doubled(nn.ReLU):
    def forward(self, x):
        return 2 * super().forward(x)


UNKNOWN = {
    "Sigmoid": lambda: [nn.Conv2D(2, 4, 3), nn.Sigmoid(), nn.Conv2D(4, 2, 3)],
    "Dropout": lambda: [nn.Conv2D(2, 4, 3), nn.Dropout(0.5), nn.Conv2D(4, 2, 3)],
    "GroupNorm": lambda: [nn.Conv2D(2, 4, 3), nn.GroupNorm(2, 4)],
    "InstanceNorm": lambda: [nn.Conv2D(2, 4, 3), nn.InstanceNorm2D(4)],
    "groups": lambda: [nn.Conv2D(2, 4, 3, groups=2)],
    "transposed groups": lambda: [nn.Conv2DTranspose(2, 4, 3, groups=2)],
    "dilation": lambda: [nn.Conv2D(2, 4, 3, dilation=2)],
    "transposed dilation": lambda: [nn.Conv2DTranspose(2, 4, 3, dilation=2)],
    "output padding": lambda: [nn.Conv2DTranspose(2, 4, 3, 2, output_padding=1)],
    "padding by name": lambda: [nn.Conv2D(2, 4, 3, padding="same")],
    "padding on one side": lambda: [nn.Conv2D(2, 4, 3, padding=[0, 1, 0, 2])],
    "padding by reflection": lambda: [nn.Conv2D(2, 4, 3, padding=1, padding_mode="reflect")],
    "BatchNorm without scale": lambda: [nn.BatchNorm2D(2, weight_attr=False)],
    "BatchNorm with fixed statistics": lambda: [nn.BatchNorm2D(2, use_global_stats=True)],
    "negative slope": lambda: [nn.Conv2D(2, 4, 3), nn.LeakyReLU(-0.2)],
    "subclass": lambda: [nn.Conv2D(2, 4, 3), Doubled()],
    "two activations": lambda: [nn.Conv2D(2, 4, 3), nn.LeakyReLU(0.2), nn.Tanh()],
    "empty": lambda: [],
}
