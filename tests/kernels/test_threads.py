"""Several threads at once get what one thread alone gets, to the bit."""

import copy
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import paddle
import pytest
from paddle import nn

import paddle_gan
from paddle_gan import kernels
from paddle_gan.networks import NETWORKS
from paddle_gan.networks.blocks import Residual, Skip
from paddle_gan.sampling import drawing
from tests.kernels.cases import fast, noise, program_of, statistics
from tests.kernels.linear import LINEAR
from tests.kernels.networks import stack
from tests.notebook import fill

CLIENTS = 8


@pytest.fixture(autouse=True)
def interrupted():
    """Python passes from one thread to the next as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(calls: list) -> list:
    """The results of the calls, which so many threads take from a queue."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def generators() -> list[nn.Layer]:
    found = [NETWORKS[name].Generator(width=8, latent=16) for name in ("dcgan", "dcgan", "conv")]
    for generator in found:
        fill(generator, seed=1).eval()
    found[1].fold()
    return found


def test_clients_of_generate_get_their_own_images():
    """Networks folded and not, eight batch sizes, forty programs to compile on the way."""
    calls, expected = [], []
    for generator in generators():
        for n in (1, 2, 3, 5, 8, 13, 16, 20):
            for seed in range(3):
                z = drawing.latents(generator, n, seed)
                expected.append(drawing.generate(generator, z))
                calls.append(lambda g=generator, z=z: drawing.generate(g, z))
    kernels._programs.clear()
    order = np.random.default_rng(2).permutation(np.repeat(np.arange(len(calls)), 8))
    for i, image in zip(order, at_once([calls[i] for i in order])):
        assert np.array_equal(image, expected[i])


def test_clients_with_more_shapes_than_are_kept(monkeypatch):
    monkeypatch.setattr(kernels, "_SHAPES_KEPT", 2)
    net, (_, *rest) = stack(nn.Conv2D(1, 4, 3), nn.Tanh(), shape=(1, 1, 6, 6))
    inputs = [noise((n, *rest), n, needs_gradient=False) for n in range(1, 9)]
    expected = [fast(net, x).numpy() for x in inputs]
    found = at_once([lambda x=x: fast(net, x).numpy() for x in inputs * 32])
    assert all(np.array_equal(y, expected[i % 8]) for i, y in enumerate(found))
    assert len(kernels._programs[net]) == 2


def trainable():
    """Operations of every kind that the networks of the package have, in training."""
    return stack(
        nn.Conv2DTranspose(8, 16, 4, 1, 0, bias_attr=False),
        nn.BatchNorm2D(16),
        nn.ReLU(),
        nn.Conv2DTranspose(16, 8, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2D(8, 8, 3, 2, 1),
        nn.BatchNorm2D(8),
        nn.Tanh(),
        nn.Conv2D(8, 1, 3, 1, 1),
        shape=(4, 8, 1, 1),
    )


def nested():
    """Every other kind of operation, with containers."""
    body = nn.Sequential(nn.LeakyReLU(0.2), nn.Conv2D(8, 8, 3, 1, 1, groups=2))
    return stack(
        nn.Conv2DTranspose(8, 8, 4, 1, 0, groups=2),
        nn.InstanceNorm2D(8),
        nn.ReLU(),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Pad2D(1, mode="reflect"),
        nn.Conv2D(8, 8, 3),
        Residual(body, nn.Conv2D(8, 8, 1)),
        Skip(nn.Sequential(nn.Conv2D(8, 8, 1), nn.Tanh())),
        nn.AvgPool2D(2),
        nn.Flatten(),
        nn.Linear(256, 3),
        shape=(4, 8, 1, 1),
    )


each_network = pytest.mark.parametrize("network", [trainable, nested])


def gradients(net, seed: int, thread=None) -> list[np.ndarray]:
    """Of the input and of all weights that have one; ``thread`` runs the backward pass."""
    x = noise((3 + seed % 3, 8, 1, 1), seed)
    y = fast(net, x)
    loss = (y * noise(y.shape, seed + 50, needs_gradient=False)).sum()
    if thread is None:
        loss.backward()
    else:
        thread.submit(loss.backward).result()
    found = [y.numpy(), x.grad.numpy()]
    return found + [p.grad.numpy() for p in net.parameters() if not p.stop_gradient]


def assert_equal(found: list, expected: list):
    for some, other in zip(found, expected):
        assert len(some) == len(other) > 1
        assert all(np.array_equal(a, b) for a, b in zip(some, other))


@each_network
def test_different_networks_train_at_the_same_time(network):
    net, _ = network()
    twins = [copy.deepcopy(net) for _ in range(24)]
    expected = [gradients(copy.deepcopy(net), seed) for seed in range(24)]
    calls = [lambda twin=twin, i=i: gradients(twin, i) for i, twin in enumerate(twins)]
    assert_equal(at_once(calls), expected)


@each_network
def test_gradients_pass_through_one_frozen_network_at_the_same_time(network):
    net, _ = network()
    for parameter in net.parameters():
        parameter.stop_gradient = True
    expected = [gradients(net, seed) for seed in range(12)]
    calls = [lambda i=i: gradients(net, i % 12) for i in range(192)]
    assert_equal(at_once(calls), [expected[i % 12] for i in range(192)])


@each_network
def test_backward_in_another_thread_than_forward(network):
    net, _ = network()
    twin = copy.deepcopy(net)
    with ThreadPoolExecutor(1) as thread:
        assert_equal([gradients(net, 0, thread)], [gradients(twin, 0)])


@pytest.mark.parametrize("name", ["critic", "residual", "reflection, up and down"])
def test_input_gradients_of_one_network_at_the_same_time(name):
    net, shape = LINEAR[name]()

    def gradient(seed):
        return kernels.input_gradient(net, noise(shape, seed)).numpy()

    expected = [gradient(seed) for seed in range(12)]
    found = at_once([lambda i=i: gradient(i % 12) for i in range(384)])
    assert all(np.array_equal(found[i], expected[i % 12]) for i in range(384))


def test_no_batch_is_missing_from_the_running_statistics():
    """All passes see one batch, so their order does not matter."""
    net, shape = stack(nn.BatchNorm2D(5000), shape=(2, 5000, 1, 1))
    twin, x = copy.deepcopy(net), noise(shape, needs_gradient=False)
    at_once([lambda: fast(net, x).numpy()] * 256)
    for _ in range(256):
        fast(twin, x)
    for name, expected in statistics(twin).items():
        assert np.array_equal(statistics(net)[name].numpy(), expected.numpy()), name


def test_a_call_with_a_wrong_number_of_addresses():
    net, shape = trainable()
    primitive = program_of(net, noise(shape))._in
    with pytest.raises(TypeError, match="3 addresses for 2 arguments"):
        primitive(0, 0, 0)


def test_generate_leaves_the_mode_of_its_thread():
    """One thread draws in training, another within ``no_grad``, and begins before it has ended."""
    first, second = threading.Event(), threading.Event()

    def generator(before, after):
        def forward(z):
            before.set()
            assert after.wait(10)
            return z

        forward.classes, forward.latent = 0, 1
        return forward

    def train():
        drawing.generate(generator(first, second), np.zeros((1, 1, 1, 1), "float32"))
        return paddle.is_grad_enabled()

    def draw(training):
        assert first.wait(10)
        with paddle.no_grad():
            done = threading.Event()
            training.add_done_callback(lambda _: done.set())
            drawing.generate(generator(second, done), np.zeros((1, 1, 1, 1), "float32"))

    with ThreadPoolExecutor(2) as pool:
        training = pool.submit(train)
        pool.submit(draw, training).result()
        assert training.result()


def test_a_thread_keeps_its_own_mode():
    """``no_grad`` and ``plain`` in one thread are nothing to another."""
    net, shape = trainable()
    with paddle.no_grad(), kernels.plain():
        seen = []
        thread = threading.Thread(target=lambda: seen.append(fast(net, noise(shape))))
        thread.start()
        thread.join()
    assert not seen[0].stop_gradient
    assert paddle_gan.kernels._programs[net]
