"""The statistics that the helpers promise, within what a sample of that size allows."""

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan.networks.dcgan import Discriminator, Generator
from paddle_gan.networks.initialization import (
    INITS,
    constant_,
    conv_init,
    kaiming_,
    normal_,
    uniform_,
    weight_init,
)

LAYERS = {
    "conv": lambda: nn.Conv2D(32, 64, 3),
    "transposed": lambda: nn.Conv2DTranspose(64, 32, 4),
    "batch_norm": lambda: nn.BatchNorm2D(20_000),
    "linear": lambda: nn.Linear(50, 400),
}
SIGMAS = 5  # a sound helper fails one assertion in 1.7 million


@pytest.fixture(params=LAYERS)
def weight(request):
    paddle.seed(7)
    return LAYERS[request.param]().weight


def assert_drawn(tensor, mean, std):
    values = tensor.numpy().astype("float64").ravel()
    n = values.size
    assert abs(values.mean() - mean) < SIGMAS * std / n**0.5
    assert abs(values.std() - std) < SIGMAS * std / (2 * n) ** 0.5


def assert_normal(tensor, mean, std):
    assert_drawn(tensor, mean, std)
    n, p = int(tensor.size), 0.0455  # the share beyond two standard deviations
    beyond = (np.abs(tensor.numpy() - mean) > 2 * std).mean()
    assert abs(beyond - p) < SIGMAS * (p * (1 - p) / n) ** 0.5


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (1.0, 0.02), (-3, 2)])
def test_normal(weight, mean, std):
    assert normal_(weight, mean, std) is weight
    assert_normal(weight, mean, std)


@pytest.mark.parametrize(("a", "b"), [(-1.0, 1.0), (0.25, 0.5), (-2, 1)])
def test_uniform(weight, a, b):
    assert uniform_(weight, a, b) is weight
    assert_drawn(weight, (a + b) / 2, (b - a) / 12**0.5)
    values = weight.numpy()
    margin = 20 * (b - a) / values.size  # all n draws miss it with probability e^-20
    assert a <= values.min() < a + margin
    assert b - margin < values.max() < b


@pytest.mark.parametrize(
    ("layer", "fan_in"), [("conv", 32 * 9), ("transposed", 32 * 16), ("linear", 50)]
)
@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_kaiming(layer, fan_in, slope):
    paddle.seed(7)
    weight = LAYERS[layer]().weight
    assert kaiming_(weight, slope) is weight
    assert_normal(weight, 0, (2 / (1 + slope**2) / fan_in) ** 0.5)


def test_kaiming_counts_one_input_for_a_scale():
    assert_normal(kaiming_(nn.BatchNorm2D(20_000).weight), 0, 2**0.5)


def test_kaiming_keeps_the_variance_of_a_relu_network():
    paddle.seed(7)
    x = paddle.randn([256, 400])
    for _ in range(5):
        layer = nn.Linear(400, 400, bias_attr=False)
        kaiming_(layer.weight)
        x = layer(nn.functional.relu(x))
    assert 0.7 < float((x**2).mean()) < 1.4  # He et al.: the second moment stays at 1


def test_constant(weight):
    assert constant_(weight, 0.375) is weight
    assert (weight.numpy() == 0.375).all()


@pytest.mark.parametrize("helper", [normal_, uniform_, kaiming_, lambda x: constant_(x, 2)])
def test_helpers_keep_dtype_and_trainability(helper):
    weight = nn.Linear(4, 4).to(dtype="float64").weight
    helper(weight)
    assert weight.dtype == paddle.float64
    assert not weight.stop_gradient and weight.is_leaf


def test_the_seed_decides():
    layer = nn.Conv2D(3, 8, 3)
    draws = []
    for seed in (1, 1, 2):
        paddle.seed(seed)
        weight_init(layer)
        draws.append(layer.weight.numpy().copy())
    assert np.array_equal(draws[0], draws[1]) and not np.array_equal(draws[0], draws[2])


@pytest.mark.parametrize("layer", LAYERS)
def test_weight_init(layer):
    paddle.seed(7)
    layer = LAYERS[layer]()
    for parameter in layer.parameters():
        constant_(parameter, 99)
    weight_init(layer)
    assert_normal(layer.weight, 1.0 if isinstance(layer, nn.BatchNorm2D) else 0.0, 0.02)
    assert (layer.bias.numpy() == 0).all()


@pytest.mark.parametrize("network", [Generator, Discriminator])
def test_weight_init_reaches_every_parameter(network):
    network = network(width=8)
    for parameter in network.parameters():
        if not parameter.stop_gradient:
            constant_(parameter, 99)
    network.apply(weight_init)
    for name, parameter in network.named_parameters():
        assert (np.abs(parameter.numpy()) < 2).all(), name


def test_weight_init_leaves_absent_parameters_and_other_layers_alone():
    for layer in (
        nn.Conv2D(2, 3, 3, bias_attr=False),
        nn.BatchNorm2D(3, weight_attr=False),
        nn.BatchNorm2D(3, bias_attr=False),
        nn.ReLU(),
    ):
        weight_init(layer)
    norm = nn.GroupNorm(2, 4)
    weight_init(norm)
    assert (norm.weight.numpy() == 1).all()


def test_conv_init_is_what_the_notebook_did_in_effect():
    paddle.seed(7)
    generator = Generator(latent=20, width=16)
    for name, tensor in generator.state_dict().items():
        if name.endswith("._mean"):
            constant_(tensor, 3)
    generator.apply(conv_init)
    assert_normal(generator.gan[0].weight, 0.0, 0.02)
    assert (generator.gan[1].weight.numpy() == 1).all()
    assert (generator.gan[1].bias.numpy() == 0).all()
    assert (generator.gan[1]._mean.numpy() == 3).all()
    assert INITS["dcgan"] is weight_init and INITS["conv"] is conv_init
