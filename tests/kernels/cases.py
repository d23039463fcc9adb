"""How to compare oneDNN's programs with Paddle."""

from __future__ import annotations

import copy

import numpy as np
import paddle

from paddle_gan import kernels

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
