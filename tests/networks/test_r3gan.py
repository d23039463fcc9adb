"""The residual networks: how they begin, what they compute, and their second derivative."""

import math

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan.networks import r3gan
from paddle_gan.networks.blocks import Residual
from paddle_gan.objectives.penalties import PENALTIES
from tests.calculus import difference_quotient
from tests.networks.pairs import count

SMALL = dict(width=4, max_width=16, image_size=16, blocks=1)
GAIN = math.sqrt(2 / 1.04)


def moved(network: nn.Layer, seed: int) -> nn.Layer:
    """As in mid-training: no block is the identity any more, and no bias 0."""
    rng = np.random.default_rng(seed)
    for parameter in network.parameters():
        if not parameter.stop_gradient:
            spread = np.prod(parameter.shape[1:]) ** -0.5 if parameter.ndim > 1 else 0.3
            noise = rng.normal(0, spread, parameter.shape).astype("float32")
            parameter.set_value(parameter.numpy() + noise)
    return network


def noise(*shape: int, seed: int = 0) -> paddle.Tensor:
    return paddle.to_tensor(np.random.default_rng(seed).normal(size=shape).astype("float32"))


@pytest.mark.parametrize("image_size", [16, 64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("classes", [0, 7])
def test_shapes(image_size, channels, classes):
    sizes = {**SMALL, "channels": channels, "image_size": image_size, "classes": classes}
    generator = r3gan.Generator(latent=5, **sizes)
    labels = [paddle.to_tensor([0, 6, 2])] if classes else []
    images = generator(noise(3, 5, 1, 1), *labels)
    assert images.shape == [3, channels, image_size, image_size]
    assert (generator.latent, generator.classes, generator.prior) == (5, classes, "normal")
    discriminator = r3gan.Discriminator(**sizes)
    assert discriminator.logits(images, *labels).shape == [3, 1, 1, 1]
    assert 0 < float(discriminator(images, *labels).min()) < 1


def test_numbers_that_are_trained():
    """Counted by hand: 8 features at 8 x 8 and 16 at 4 x 4, beside 4 at 16 x 16."""

    def block(n):  # 1 x 1 to 2n with biases, 3 x 3 in one group, and back to n without
        return n * 2 * n + 2 * n + 9 * 2 * n * min(2 * n, 16) + 2 * n + 2 * n * n

    blocks = block(4) + block(8) + block(16)
    generator, discriminator = r3gan.Generator(latent=5, **SMALL), r3gan.Discriminator(**SMALL)
    basis, widths, image = 16 * 16, 4 * 8 + 8 * 16, 4
    assert count(generator) == 5 * 16 + basis + blocks + widths + image
    assert count(discriminator) == image + blocks + widths + basis + 16
    sizes = {**SMALL, "blocks": 3}
    assert count(r3gan.Generator(latent=5, **sizes)) - count(generator) == 2 * blocks


def test_widths_double_up_to_the_widest():
    generator = r3gan.Generator(width=8, max_width=16, blocks=1)
    inner = [layer.body[2] for layer in generator.layers if isinstance(layer, Residual)]
    assert [layer.weight.shape for layer in inner] == [[32, 16, 3, 3]] * 3 + [[16, 16, 3, 3]]
    assert [layer._groups for layer in inner] == [2, 2, 2, 1]


@pytest.mark.parametrize("network", ["Generator", "Discriminator"])
def test_every_block_begins_as_the_identity(network):
    layers = getattr(r3gan, network)(**{**SMALL, "blocks": 2}).layers
    blocks = [layer for layer in layers if isinstance(layer, Residual)]
    assert len(blocks) == 6
    for block in blocks:
        x = noise(2, block.body[0]._in_channels, 4, 4)
        assert np.array_equal(block(x).numpy(), x.numpy())
        assert not block.body[-1].weight.numpy().any()


@pytest.mark.parametrize("network", ["Generator", "Discriminator"])
def test_the_spread_of_the_other_weights(network):
    """Gain x fan in ^ -1/2, within blocks less by the fourth root of their number, here 3 x 2."""
    paddle.seed(1)
    layers = getattr(r3gan, network)(width=32, image_size=16, blocks=2).layers
    less = GAIN * 6**-0.25
    for layer in layers:
        if isinstance(layer, Residual):
            first, grouped = layer.body[0], layer.body[2]
            fan_in = first._in_channels
            assert float(first.weight.std()) == pytest.approx(less * fan_in**-0.5, rel=0.1)
            assert float(grouped.weight.std()) == pytest.approx(less / 12, rel=0.1)
            assert not first.bias.numpy().any() and not grouped.bias.numpy().any()
        elif not layer.weight.stop_gradient and layer.weight.size > 1000:
            basis = {"Generator": 1.0, "Discriminator": 1 / 4}[network]
            plain = layer.weight.shape[1] ** -0.5
            std = basis if layer._kernel_size[0] == 4 else plain
            assert float(layer.weight.std()) == pytest.approx(std, rel=0.1)


def test_a_signal_keeps_its_size():
    paddle.seed(2)
    images = r3gan.Generator(width=32)(noise(16, 64, 1, 1))
    assert 0.3 < float(images.std()) < 3
    logits = r3gan.Discriminator(width=32).logits(noise(16, 1, 32, 32))
    assert 0.02 < float(logits.std()) < 3


def test_images_are_cut_off_at_the_range_in_eval_mode_only():
    generator, z = moved(r3gan.Generator(latent=5, **SMALL), seed=1), 9 * noise(4, 5, 1, 1)
    bare = generator(z).numpy()
    assert np.abs(bare).max() > 1.5
    generator.eval()
    assert np.abs(generator(z).numpy() - bare.clip(-1, 1)).max() < 1e-4


def test_the_class_changes_the_image_and_the_verdict():
    sizes = dict(SMALL, classes=5)
    generator = moved(r3gan.Generator(latent=5, **sizes), seed=1)
    discriminator, labels = moved(r3gan.Discriminator(**sizes), seed=2), paddle.arange(5)
    images = generator(noise(1, 5, 1, 1).expand([5, 5, 1, 1]), labels)
    logits = discriminator.logits(images[:1].expand([5, 1, 16, 16]), labels)
    for values in (images.numpy().reshape(5, -1), logits.numpy().reshape(5, 1)):
        distances = np.abs(values[:, None] - values[None]).max(2) + np.eye(5)
        assert distances.min() > 1e-4


def test_the_classes_of_a_batch_learn():
    sizes, labels = dict(SMALL, classes=5), paddle.to_tensor([3, 3, 1])
    generator = moved(r3gan.Generator(latent=5, **sizes), seed=1)
    discriminator = moved(r3gan.Discriminator(**sizes), seed=2)
    discriminator.logits(generator(noise(3, 5, 1, 1), labels), labels).sum().backward()
    for network in (generator, discriminator):
        rows = np.abs(network.embedding.weight.grad.numpy()).max(1) > 0
        assert np.flatnonzero(rows).tolist() == [1, 3]


@pytest.mark.parametrize("classes", [0, 5])
def test_the_gradient_of_both_penalties_is_the_difference_quotient(classes):
    """Through residual blocks, grouped convolutions and resampling.

    In float64, for a step within which no activation changes its sign: D's slope jumps there.
    """
    discriminator = moved(r3gan.Discriminator(**SMALL, classes=classes), seed=2)
    discriminator.to(dtype="float64")
    labels = [paddle.to_tensor([4, 0, 2])] if classes else []
    pair = [noise(3, 1, 16, 16, seed=seed).astype("float64") for seed in (3, 4)]

    def penalty() -> paddle.Tensor:
        term = PENALTIES["r1-r2"].term

        def gradient(*batches):
            told = [paddle.concat(labels * len(batches))] if labels else []
            return discriminator.input_gradient(paddle.concat(batches), *told)

        return term(gradient, *pair)

    penalty().backward()
    checked = 0
    for name, parameter in discriminator.named_parameters():
        if parameter.stop_gradient:
            assert parameter.grad is None
        elif name.endswith("weight"):
            values, gradient = parameter.numpy().copy(), parameter.grad.numpy()

            def moved_to(values, parameter=parameter) -> float:
                parameter.set_value(values)
                return float(penalty())

            direction = gradient / np.linalg.norm(gradient)
            slope = difference_quotient(moved_to, values, direction, step=1e-7)
            parameter.set_value(values)
            assert slope == pytest.approx(np.linalg.norm(gradient), rel=1e-4), name
            checked += 1
    assert checked == 3 * 3 + 5 + bool(classes)
