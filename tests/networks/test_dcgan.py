"""Shapes, names and values of the notebook's networks, and checkpoints both ways."""

import copy
import textwrap

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from paddle_gan.checkpoints.generators import load_generator
from paddle_gan.errors import UserError
from paddle_gan.networks.dcgan import Discriminator, Generator
from tests import notebook
from tests.notebook import fill

PRINTED = {
    Generator: """\
        Generator(
          (gan): Sequential(
            (0): Conv2DTranspose(100, 256, kernel_size=[4, 4], data_format=NCHW)
            (1): BatchNorm2D(num_features=256, momentum=0.9, epsilon=1e-05)
            (2): ReLU()
            (3): Conv2DTranspose(256, 128, {}, data_format=NCHW)
            (4): BatchNorm2D(num_features=128, momentum=0.9, epsilon=1e-05)
            (5): ReLU()
            (6): Conv2DTranspose(128, 64, {}, data_format=NCHW)
            (7): BatchNorm2D(num_features=64, momentum=0.9, epsilon=1e-05)
            (8): ReLU()
            (9): Conv2DTranspose(64, 1, {}, data_format=NCHW)
            (10): Tanh()
          )
        )""",
    Discriminator: """\
        Discriminator(
          (dgan): Sequential(
            (0): Conv2D(1, 64, {}, data_format=NCHW)
            (1): BatchNorm2D(num_features=64, momentum=0.9, epsilon=1e-05)
            (2): LeakyReLU(negative_slope=0.2)
            (3): Conv2D(64, 128, {}, data_format=NCHW)
            (4): BatchNorm2D(num_features=128, momentum=0.9, epsilon=1e-05)
            (5): LeakyReLU(negative_slope=0.2)
            (6): Conv2D(128, 256, {}, data_format=NCHW)
            (7): BatchNorm2D(num_features=256, momentum=0.9, epsilon=1e-05)
            (8): LeakyReLU(negative_slope=0.2)
            (9): Conv2D(256, 1, kernel_size=[4, 4], data_format=NCHW)
            (10): Sigmoid()
          )
        )""",
}
HALVING = "kernel_size=[4, 4], stride=[2, 2], padding=1"
PAIRS = [(Generator, notebook.Generator), (Discriminator, notebook.Discriminator)]
both = pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=["generator", "discriminator"])


def inputs(network) -> paddle.Tensor:
    shape = (6, 100, 1, 1) if "Generator" in type(network).__name__ else (6, 1, 32, 32)
    return paddle.to_tensor(np.random.default_rng(3).normal(size=shape).astype("float32"))


def outputs(network) -> np.ndarray:
    """What the network gives in eval mode, computed the fast way and by Paddle."""
    network.eval()
    with paddle.no_grad():
        fast = network(inputs(network)).numpy()
        with kernels.plain():
            plain = network(inputs(network)).numpy()
    assert np.abs(fast - plain).max() < 1e-5
    assert plain.std() > 0.01  # otherwise agreement would mean nothing
    return fast


@pytest.mark.parametrize("network", PRINTED)
def test_prints_the_notebooks_layers(network):
    assert str(network()) == textwrap.dedent(PRINTED[network]).replace("{}", HALVING)


@both
def test_a_checkpoint_of_the_notebook_gives_its_outputs(tmp_path, ours, theirs):
    network = fill(theirs(), seed=1)
    path = str(tmp_path / "net.pdparams")
    paddle.save(network.state_dict(), path)
    loaded = ours()
    loaded.set_state_dict(paddle.load(path))
    assert np.abs(outputs(loaded) - outputs(network)).max() < 1e-5
    if ours is Generator:
        assert np.abs(outputs(load_generator(path)) - outputs(network)).max() < 1e-5


@both
def test_a_checkpoint_of_ours_gives_its_outputs_in_the_notebook(tmp_path, ours, theirs):
    network = fill(ours(), seed=2)
    path = str(tmp_path / "net.pdparams")
    paddle.save(network.state_dict(), path)
    loaded = fill(theirs(), seed=3)
    state = paddle.load(path)
    assert state.keys() == loaded.state_dict().keys()
    loaded.set_state_dict(state)
    assert np.abs(outputs(loaded) - outputs(network)).max() < 1e-5


@both
def test_a_checkpoint_that_came_and_went_is_the_same_network(ours, theirs):
    first = fill(theirs(), seed=4)
    second, third = ours(), theirs()
    second.set_state_dict(first.state_dict())
    third.set_state_dict(second.state_dict())
    assert np.abs(outputs(third) - outputs(first)).max() < 1e-5


@both
def test_training_goes_on_as_in_the_notebook(ours, theirs):
    """Folding a bias into the running mean is right in train mode and after more statistics."""
    network = fill(theirs(), seed=5)
    loaded = ours()
    loaded.set_state_dict(network.state_dict())
    for net in (network, loaded):
        with paddle.no_grad():
            net(inputs(net))
    assert np.abs(outputs(loaded) - outputs(network)).max() < 1e-5


@both
def test_no_bias_costs_a_step_where_batch_norm_cancels_it(ours, theirs):
    layers = list(next(ours().children()))
    for layer, after in zip(layers, layers[1:]):
        if isinstance(after, nn.BatchNorm2D):
            assert layer.bias is None
    assert layers[-2].bias is not None  # no BatchNorm behind the last


@pytest.mark.parametrize("numbers", ["numpy", "tensors"])
def test_loading_leaves_what_it_was_given_alone(numbers):
    given = fill(notebook.Generator(8, 4), seed=6).state_dict()
    if numbers == "numpy":
        given = {name: tensor.numpy() for name, tensor in given.items()}
    before = {name: np.array(value) for name, value in given.items()}
    network = Generator(8, 4)
    network.set_state_dict(given)
    with paddle.no_grad():
        network(paddle.randn([4, 8, 1, 1]))  # moves the running statistics
    assert given.keys() == before.keys()
    for name, value in given.items():
        assert np.array_equal(np.array(value), before[name]), name


def test_a_deepcopy_is_the_same_network_with_its_own_weights():
    network = fill(Generator(), seed=7)
    twin = copy.deepcopy(network)
    assert np.array_equal(outputs(twin), outputs(network))
    fill(twin, seed=8)
    assert np.abs(outputs(twin) - outputs(network)).max() > 0.1


def test_folding_draws_the_same_images():
    network = fill(Generator(), seed=9)
    before = outputs(network)
    network.fold()
    assert np.abs(outputs(network) - before).max() < 1e-5


@pytest.mark.parametrize("image_size", [16, 32, 64, 128, 256])
@pytest.mark.parametrize("channels", [1, 3])
def test_image_sizes_and_channels(image_size, channels):
    generator = Generator(latent=7, width=2, channels=channels, image_size=image_size)
    discriminator = Discriminator(width=2, channels=channels, image_size=image_size)
    images = generator(paddle.randn([2, 7, 1, 1]))
    assert images.shape == [2, channels, image_size, image_size]
    assert float(images.abs().max()) <= 1
    assert discriminator.logits(images).shape == [2, 1, 1, 1]


def test_the_arguments_set_the_sizes_of_all_layers():
    def weights(network):
        return [layer.weight.shape for layer in network.sublayers() if hasattr(layer, "_stride")]

    assert weights(Generator(9, 8, 3, 16)) == [[9, 16, 4, 4], [16, 8, 4, 4], [8, 3, 4, 4]]
    assert weights(Discriminator(8, 3, 16)) == [[8, 3, 4, 4], [16, 8, 4, 4], [1, 16, 4, 4]]


@pytest.mark.parametrize("network", [Generator, Discriminator])
@pytest.mark.parametrize("image_size", [0, 8, 28, 33, 512, -32])
def test_other_image_sizes_are_refused(network, image_size):
    with pytest.raises(UserError, match=f"image_size {image_size}: choose 16, 32, 64, 128 or 256"):
        network(image_size=image_size)


def test_the_discriminator_gives_the_probability_of_its_logits():
    network = fill(Discriminator(), seed=10)
    network.eval()
    images = inputs(network)
    with paddle.no_grad():
        logits, probabilities = network.logits(images).numpy(), network(images).numpy()
    assert logits.shape == probabilities.shape == (6, 1, 1, 1)
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-logits)), rtol=1e-5)


@pytest.mark.parametrize("batch", [None, 3])
def test_export_to_a_static_graph(tmp_path, batch):
    generator = fill(Generator(latent=8, width=4), seed=11)
    generator.eval()
    z = paddle.randn([3, 8, 1, 1])
    with paddle.no_grad():
        expected = generator(z).numpy()
    spec = [paddle.static.InputSpec([batch, 8, 1, 1], "float32")]
    with paddle.no_grad():
        static = paddle.jit.to_static(generator, input_spec=spec, full_graph=True)
        paddle.jit.save(static, str(tmp_path / "generator"))
    loaded = paddle.jit.load(str(tmp_path / "generator"))
    assert np.abs(loaded(z).numpy() - expected).max() < 1e-5
