"""Where Paddle's own kernels run instead, and what the user is told of it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from paddle import nn

from paddle_gan import kernels
from paddle_gan.kernels import onednn
from paddle_gan.networks.blocks import Residual, Skip
from paddle_gan.system import runtime
from tests.kernels.cases import assert_same, fast, noise, play, program_of, slow
from tests.kernels.networks import CASES, stack

RUN = """
import paddle_gan
generator = paddle_gan.Generator(latent=8, width=4)
import paddle
from paddle_gan import kernels
z = paddle.randn([2, 8, 1, 1])
generator(z).sum().backward()
print(kernels._program(generator.gan, z, None)[0])
"""


def test_a_variable_switches_the_kernels_off():
    run = subprocess.run(
        [sys.executable, "-c", RUN],
        env={**os.environ, "PADDLE_GAN_KERNELS": "0"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "None\n", "")


def test_a_paddle_without_oneDNN_is_told_of_once(monkeypatch, capfd):
    monkeypatch.setattr(onednn.glob, "glob", lambda pattern: [])
    runtime._said.clear()
    assert onednn.library.__wrapped__() is onednn.library.__wrapped__() is None
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith("paddle_gan: no oneDNN (libdnnl.so.3) in ")
    assert "five times slower" in line


def test_without_the_library_paddle_runs_the_layers(monkeypatch):
    net, shape = CASES["discriminator"]()
    expected = play(slow, net, noise(shape))
    monkeypatch.setattr(kernels, "library", lambda: None)
    net, _ = CASES["discriminator"]()
    assert program_of(net, noise(shape)) is None
    found = play(kernels.run, net, noise(shape))
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    net, shape = stack(nn.Conv2D(1, 2, 3), nn.ReLU(), shape=(2, 1, 5, 5))
    found = kernels.input_gradient(net, noise(shape))
    with kernels.plain():
        expected = kernels.input_gradient(net, noise(shape))
    assert np.array_equal(found.numpy(), expected.numpy())


@pytest.fixture
def refusing(monkeypatch):
    """oneDNN, asked for transposed convolutions by a method that it does not have."""
    monkeypatch.setattr(onednn, "DIRECT_DECONVOLUTION", 12345)
    runtime._said.clear()


def test_what_oneDNN_refuses_paddle_does(refusing, capfd):
    net, shape = CASES["generator"]()
    expected = play(slow, net, noise(shape))
    net, (n, *rest) = CASES["generator"]()
    found = play(kernels.run, net, noise(shape))
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    kernels.run(net, noise((n + 1, *rest)))  # another program, the same words
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("paddle_gan: oneDNN refused deconvolution_forward (status ")
    assert "for Conv2DTranspose; Paddle's own kernels run the network, which is slower" in lines[0]


def test_the_other_networks_stay_fast(refusing):
    net, shape = CASES["discriminator"]()
    found, (twin, _) = play(fast, net, noise(shape)), CASES["discriminator"]()
    assert_same(found, play(slow, twin, noise(shape)))


def frozen_norm():
    net = nn.Sequential(nn.Conv2D(2, 4, 3), Residual(nn.Sequential(nn.BatchNorm2D(4))))
    net[1].body[0].eval()
    return net


def hooked():
    net = nn.Sequential(nn.Conv2D(2, 4, 3), Residual(nn.Sequential(nn.ReLU())))
    net[1].body[0].register_forward_post_hook(lambda *arguments: None)
    return net


def drawing():
    net = nn.Sequential(nn.Conv2D(2, 4, 3))
    net.eval()
    return net


REASONS = {
    "no fast kernel for Sigmoid": lambda: nn.Sequential(nn.Conv2D(2, 4, 3), nn.Sigmoid()),
    "no fast kernel for AvgPool2D(kernel_size=2, stride=None, padding=0)": lambda: nn.Sequential(
        nn.AvgPool2D(2, ceil_mode=True)
    ),
    "no fast kernel for GroupNorm": lambda: nn.Sequential(
        Residual(nn.Sequential(nn.ReLU(), Skip(nn.GroupNorm(1, 2)), nn.Conv2D(4, 2, 1)))
    ),
    "body and shortcut of Residual differ in shape": lambda: nn.Sequential(
        Residual(nn.Conv2D(2, 1, 1))
    ),
    "the inside of Skip changes the size": lambda: nn.Sequential(
        Skip(nn.Sequential(nn.Conv2D(2, 2, 1), nn.AvgPool2D(2)))
    ),
    "BatchNorm2D is not in the mode of the network, training or eval": frozen_norm,
    "a hook on ReLU": hooked,
    "gradients in eval mode (paddle.no_grad() turns them off)": drawing,
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_line_says_which_layer_and_why(reason, capfd):
    runtime._said.clear()
    net = REASONS[reason]()
    for _ in range(2):
        assert program_of(net, noise((2, 2, 6, 6))) is None
    [line] = capfd.readouterr().err.splitlines()
    slow_words = "Paddle's own kernels run the network, which is slower"
    assert line == f"paddle_gan: {reason}; {slow_words}"


def test_a_line_says_of_which_layer_a_penalty_has_no_second_derivative(capfd):
    runtime._said.clear()
    body = nn.Sequential(nn.Conv2D(1, 1, 3, 1, 1), nn.InstanceNorm2D(1))
    kernels.input_gradient(nn.Sequential(Residual(body), nn.Tanh()), noise((2, 1, 6, 6)))
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith("paddle_gan: no second derivative of InstanceNorm2D among the fast")


def test_nothing_is_said_where_kernels_are_off_or_there_is_nothing_to_do(capfd):
    runtime._said.clear()
    net = REASONS["no fast kernel for Sigmoid"]()
    with kernels.plain():
        kernels.run(net, noise((2, 2, 6, 6)))
    assert program_of(net, noise((0, 2, 6, 6))) is None
    assert capfd.readouterr().err == ""


def test_what_oneDNN_refuses_inside_a_container(refusing, capfd):
    net, shape = stack(Residual(nn.Conv2DTranspose(2, 2, 3, 1, 1)), shape=(2, 2, 5, 5))
    expected = play(slow, net, noise(shape))
    net.clear_gradients()
    found = play(kernels.run, net, noise(shape))
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    [line] = capfd.readouterr().err.splitlines()
    assert "for Conv2DTranspose; Paddle's own kernels" in line
