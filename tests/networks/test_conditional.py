"""The networks that are told which digit."""

import numpy as np
import paddle
import pytest

from paddle_gan.checkpoints.generators import load_generator
from paddle_gan.networks import conditional
from paddle_gan.sampling.drawing import generate, latents
from tests.notebook import fill

ARGUMENTS = dict(latent=6, width=4, channels=1, image_size=16)


@pytest.fixture
def generator() -> conditional.Generator:
    network = fill(conditional.Generator(**ARGUMENTS), seed=1)
    network.eval()
    return network


@pytest.mark.parametrize("image_size", [16, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes(image_size, channels):
    image = dict(width=2, channels=channels, image_size=image_size)
    labels = paddle.to_tensor([0, 5, 9])
    images = conditional.Generator(latent=4, **image)(paddle.randn([3, 4, 1, 1]), labels)
    assert images.shape == [3, channels, image_size, image_size]
    discriminator = conditional.Discriminator(**image)
    assert discriminator.logits(images, labels).shape == [3, 1, 1, 1]
    assert 0 < float(discriminator(images, labels).min()) < 1


def test_the_class_changes_the_image_and_the_verdict(generator):
    z = paddle.to_tensor(np.repeat(latents(generator, 1, seed=0), 10, axis=0))
    discriminator = fill(conditional.Discriminator(4, 1, 16), seed=2)
    discriminator.eval()
    with paddle.no_grad():
        images = generator(z, paddle.arange(10))
        logits = discriminator.logits(images[:1].expand([10, 1, 16, 16]), paddle.arange(10))
    for values in (images.numpy().reshape(10, -1), logits.numpy().reshape(10, 1)):
        distances = np.abs(values[:, None] - values[None]).max(2) + np.eye(10)
        assert distances.min() > 1e-4


def test_both_embeddings_learn(generator):
    discriminator = conditional.Discriminator(4, 1, 16)
    generator.train()
    labels = paddle.to_tensor([3, 3, 7, 1])
    discriminator.logits(generator(paddle.randn([4, 6, 1, 1]), labels), labels).sum().backward()
    for network in (generator, discriminator):
        moved = np.abs(network.embedding.weight.grad.numpy()).max(1) > 0
        assert np.flatnonzero(moved).tolist() == [1, 3, 7]


def test_a_checkpoint_draws_its_digits_in_turn_or_one(tmp_path, generator):
    paddle.save(generator.state_dict(), str(tmp_path / "Gnet.pdparams"))
    loaded = load_generator(tmp_path / "Gnet.pdparams")
    z = latents(generator, 70, seed=0)
    assert np.array_equal(latents(loaded, 70, seed=0), z)
    with paddle.no_grad():
        in_turn = generator(paddle.to_tensor(z), paddle.arange(70) % 10).numpy()
        fours = generator(paddle.to_tensor(z), paddle.full([70], 4, "int64")).numpy()
    for batch in (256, 16):  # the turn goes on from batch to batch
        assert np.abs(generate(loaded, z, batch=batch) - in_turn).max() < 1e-5
        assert np.abs(generate(loaded, z, digit=4, batch=batch) - fours).max() < 1e-5
    loaded.fold()
    assert np.abs(generate(loaded, z) - in_turn).max() < 1e-5


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("norm", ["none", "instance"])
def test_the_gradient_is_by_the_image_and_not_by_the_class(channels, norm):
    discriminator = fill(conditional.Discriminator(4, channels, 16, norm), seed=2)
    images, labels = paddle.randn([3, channels, 16, 16]), paddle.to_tensor([2, 0, 9])
    found = discriminator.input_gradient(images, labels)
    images.stop_gradient = False
    discriminator.logits(images, labels).sum().backward()
    assert found.shape == images.shape and np.abs(found.numpy()).max() > 1e-4
    np.testing.assert_allclose(found.numpy(), images.grad.numpy(), rtol=1e-4, atol=1e-6)
