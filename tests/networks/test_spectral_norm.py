"""Spectral normalization of a layer and of discriminators, against NumPy's singular values."""

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from paddle_gan.games.gan import trainable
from paddle_gan.networks import discriminator as discriminators
from paddle_gan.networks.dcgan import Discriminator
from paddle_gan.networks.norms import NORMS, SpectralNorm
from tests.calculus import difference_quotient
from tests.networks.pairs import NORMALIZED, discriminator_of, inputs_of

LAYERS = {
    "convolution": lambda: nn.Conv2D(3, 6, 4),
    "a wide convolution": lambda: nn.Conv2D(2, 40, 3),
    "a transposed convolution": lambda: nn.Conv2DTranspose(3, 6, 4),
    "linear": lambda: nn.Linear(20, 7),
    "one output": lambda: nn.Linear(20, 1),
}
each_layer = pytest.mark.parametrize("name", LAYERS)


def normalized(name: str, rounds: int = 0):
    paddle.seed(1)
    layer = LAYERS[name]()
    weight = layer.weight.numpy().copy()
    norm = SpectralNorm(layer)
    for _ in range(rounds):
        norm()
    return layer, norm, weight


def matrix(weight, name: str) -> np.ndarray:
    """A weight as Miyato et al. 2018 flatten it: outputs by everything else."""
    weight = np.asarray(weight, "float64")
    weight = weight.swapaxes(0, 1) if "transposed" in name else weight
    return weight.reshape(len(weight), -1)


def singular_values(weight, name: str = "") -> np.ndarray:
    return np.linalg.svd(matrix(weight, name), compute_uv=False)


@each_layer
def test_the_weight_is_divided_by_its_largest_singular_value(name):
    layer, _, weight = normalized(name, rounds=200)
    expected = weight / singular_values(weight, name)[0]
    assert np.abs(layer.weight.numpy() - expected).max() < 1e-4 * np.abs(expected).max()
    assert singular_values(layer.weight.numpy(), name)[0] == pytest.approx(1, rel=1e-4)
    assert np.array_equal(layer.weight_orig.numpy(), weight)


@each_layer
def test_a_round_of_power_iteration_written_out(name):
    layer, norm, weight = normalized(name)
    u, flat = layer.weight_u.numpy(), matrix(weight, name)
    assert np.linalg.norm(u) == pytest.approx(1, rel=1e-5)
    for _ in range(2):
        v = flat.T @ u
        v /= np.linalg.norm(v)
        u = flat @ v
        sigma = np.linalg.norm(u)
        u /= sigma
        norm()
        np.testing.assert_allclose(layer.weight_u.numpy(), u, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.weight.numpy(), weight / sigma, rtol=1e-4, atol=1e-6)


@each_layer
def test_eval_mode_moves_nothing(name):
    layer, norm, _ = normalized(name, rounds=1)
    layer.eval()
    u = layer.weight_u.numpy().copy()
    weights = []
    for _ in range(3):
        norm()
        weights.append(layer.weight.numpy().copy())
    assert np.array_equal(layer.weight_u.numpy(), u)
    assert np.array_equal(weights[0], weights[1]) and np.array_equal(weights[0], weights[2])


@each_layer
def test_the_gradient_passes_through_the_singular_value(name):
    """Where u and v have settled, against the quotients of NumPy's W / sigma(W)."""
    layer, norm, weight = normalized(name, rounds=300)
    factors = np.random.default_rng(2).normal(size=weight.shape)
    norm()
    (layer.weight * paddle.to_tensor(factors.astype("float32"))).sum().backward()
    found = layer.weight_orig.grad.numpy()
    rng = np.random.default_rng(3)
    for _ in range(5):
        direction = rng.normal(size=weight.shape)
        slope = difference_quotient(
            lambda moved: (factors * moved / singular_values(moved, name)[0]).sum(),
            weight.astype("float64"),
            direction,
            step=1e-5,
        )
        assert (found * direction).sum() == pytest.approx(slope, rel=1e-2, abs=1e-2)
    # W / sigma does not change with the length of W.
    assert abs((found * weight).sum()) < 1e-3 * np.abs(found).max() * np.abs(weight).sum()


@each_layer
def test_removal_leaves_an_ordinary_layer(name):
    layer, norm, _ = normalized(name, rounds=3)
    layer.eval()
    norm()
    before = layer.weight.numpy().copy()
    norm.remove()
    assert np.array_equal(layer.weight.numpy(), before)
    twin = LAYERS[name]()
    assert layer.state_dict().keys() == twin.state_dict().keys()
    twin.set_state_dict(layer.state_dict())
    assert np.array_equal(twin.weight.numpy(), before)
    assert not layer.weight.stop_gradient and layer.weight is layer._parameters["weight"]


each_spectral = pytest.mark.parametrize(
    ("networks", "norm"), [(n, norm) for n, norm in NORMALIZED if NORMS[norm].spectral]
)


@each_spectral
def test_every_weight_is_bounded(networks, norm):
    discriminator = discriminator_of(networks, norm)
    for _ in range(100):
        discriminator._normalize()
    kinds = (nn.Conv2D, nn.Linear)
    layers = [m for m in discriminator.sublayers() if isinstance(m, kinds)]
    assert len(layers) == {"mlp": 2}.get(networks, 3)
    for layer in layers:
        assert singular_values(layer.weight.numpy())[0] == pytest.approx(1, rel=1e-2)


def test_no_kind_of_layer_is_left_unbounded():
    class Upsampling(discriminators.Discriminator):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(*(make() for make in LAYERS.values()))
            self.normalize_spectrally()

    discriminator = Upsampling()
    for _ in range(200):
        discriminator._normalize()
    for layer, name in zip(discriminator.layers, LAYERS):
        assert singular_values(layer.weight.numpy(), name)[0] == pytest.approx(1, rel=1e-3)


@each_spectral
def test_a_state_has_the_weight_and_its_vector_and_restores_the_logits(networks, norm):
    discriminator = discriminator_of(networks, norm)
    for _ in range(3):
        discriminator.logits(*inputs_of(networks))
    discriminator.eval()
    expected = discriminator.logits(*inputs_of(networks)).numpy()
    state = {name: tensor.numpy() for name, tensor in discriminator.state_dict().items()}
    weights = [name[: -len("_orig")] for name in state if name.endswith(".weight_orig")]
    assert len(weights) == {"mlp": 2}.get(networks, 3)
    for name in weights:
        assert name not in state and f"{name}_u" in state
    other = discriminator_of(networks, norm, seed=6)
    other.eval()
    assert np.abs(other.logits(*inputs_of(networks)).numpy() - expected).max() > 1e-4
    other.set_state_dict(state)
    assert np.array_equal(other.logits(*inputs_of(networks)).numpy(), expected)


@each_spectral
def test_removal_from_a_network_leaves_its_verdicts(networks, norm):
    discriminator = discriminator_of(networks, norm)
    for _ in range(3):
        discriminator.logits(*inputs_of(networks))
    discriminator.eval()
    expected = discriminator.logits(*inputs_of(networks)).numpy()
    discriminator.remove_spectral_norm()
    for _ in range(2):
        assert np.array_equal(discriminator.logits(*inputs_of(networks)).numpy(), expected)
    ordinary = discriminator_of(networks, {"spectral": "none", "spectral-batch": "batch"}[norm])
    assert discriminator.state_dict().keys() == ordinary.state_dict().keys()
    ordinary.set_state_dict(discriminator.state_dict())
    ordinary.eval()
    assert np.array_equal(ordinary.logits(*inputs_of(networks)).numpy(), expected)


def test_each_call_in_training_is_a_round():
    discriminator = discriminator_of("dcgan", "spectral")
    images, *_ = inputs_of("dcgan")
    before = discriminator.dgan[0].weight_u.numpy().copy()
    discriminator.logits(images)
    after = discriminator.dgan[0].weight_u.numpy().copy()
    assert not np.array_equal(before, after)
    discriminator.input_gradient(images)
    assert not np.array_equal(discriminator.dgan[0].weight_u.numpy(), after)


def test_a_critic_of_unit_norms_is_no_steeper_than_its_patches_allow():
    """Lipschitz constants multiply: a kernel of 4 at stride 2 meets a pixel 4 times."""
    discriminator = discriminator_of("dcgan", "spectral")
    images, *_ = inputs_of("dcgan")
    for _ in range(50):
        discriminator._normalize()
    slopes = discriminator.input_gradient(images).square().sum(axis=[1, 2, 3]).sqrt()
    assert float(slopes.max()) <= 2 * 2 * 1 * 1.01


@pytest.mark.parametrize("norm", ["spectral", "spectral-batch"])
def test_the_fast_kernels_take_spectral_norm(norm):
    discriminator = Discriminator(width=4, image_size=16, norm=norm)
    images, *_ = inputs_of("dcgan")
    discriminator._normalize()
    program, _ = kernels._program(discriminator.dgan, images, -1)
    assert program is not None
    assert (program.curved is None) == (norm == "spectral")


@pytest.mark.parametrize("norm", ["spectral", "spectral-batch"])
def test_both_ways_of_computing_give_the_same(norm):
    found = []
    for context in (lambda: None, kernels.plain):
        discriminator, (images, *_) = discriminator_of("dcgan", norm), inputs_of("dcgan")
        with context() or paddle.set_grad_enabled(True):
            logits = discriminator.logits(images)
        logits.square().sum().backward()
        gradients = [p.grad.numpy().copy() for p in trainable(discriminator)]
        found.append([logits.detach().numpy(), *gradients])
    for fast, plain in zip(*found):
        assert np.abs(fast - plain).max() < 1e-4 * np.abs(plain).max() + 1e-5
