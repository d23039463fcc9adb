"""Which generator a file without a description holds."""

import pytest

from paddle_gan.checkpoints.guessing import guess
from paddle_gan.checkpoints.reading import shapes_of
from paddle_gan.networks import NETWORKS, conditional, conv, dcgan, mlp, sngan
from tests import notebook


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["dcgan", "cdcgan", "mlp", "conv", "sngan"])
def test_a_generator_is_told_from_all_others(name, channels):
    generator, discriminator = NETWORKS[name].Generator, NETWORKS[name].Discriminator
    size = 28 if name == "sngan" else 32
    arguments = dict(latent=7, width=4, channels=channels, image_size=size)
    assert guess(shapes_of(generator(**arguments))) == (generator, arguments)
    del arguments["latent"]
    assert guess(shapes_of(discriminator(**arguments, norm="none"))) is None


@pytest.mark.parametrize("image_size", [16, 32, 64, 128, 256])
def test_the_size_of_images_is_counted(image_size):
    arguments = dict(latent=7, width=2, channels=1, image_size=image_size)
    assert guess(shapes_of(dcgan.Generator(**arguments))) == (dcgan.Generator, arguments)


def test_the_notebooks_networks():
    arguments = dict(latent=100, width=64, channels=1, image_size=32)
    assert guess(shapes_of(notebook.Generator())) == (dcgan.Generator, arguments)
    assert guess(shapes_of(notebook.Discriminator())) is None


DCGAN = {"gan.0.weight": (5, 8, 4, 4), "gan.3.weight": (8, 4, 4, 4), "gan.6.weight": (4, 1, 4, 4)}
CONDITIONAL = {**DCGAN, "gan.0.weight": (55, 8, 4, 4), "embedding.weight": (10, 50)}
MLP = {"mlp.1.weight": (5, 8), "mlp.3.weight": (8, 784)}
CONV = {
    "linear.1.weight": (5, 16),
    "conv.0.weight": (4, 4, 4, 4),
    "conv.2.weight": (4, 4, 4, 4),
    "conv.4.weight": (1, 4, 7, 7),
}
SNGAN = {
    "gen.0.weight": (5, 8, 3, 3),
    "gen.3.weight": (8, 4, 4, 4),
    "gen.6.weight": (4, 2, 3, 3),
    "gen.9.weight": (2, 1, 4, 4),
}


def test_the_tables_below_differ_from_a_good_one_in_one_shape():
    assert guess(DCGAN) == (
        dcgan.Generator,
        dict(latent=5, width=4, channels=1, image_size=16),
    )
    assert guess(CONDITIONAL) == (
        conditional.Generator,
        dict(latent=5, width=4, channels=1, image_size=16),
    )
    assert guess(MLP) == (mlp.Generator, dict(latent=5, width=2, channels=1, image_size=28))
    assert guess(CONV) == (conv.Generator, dict(latent=5, width=2, channels=1, image_size=8))
    assert guess(SNGAN) == (sngan.Generator, dict(latent=5, width=2, channels=1, image_size=28))


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {f"d{name}": shape for name, shape in DCGAN.items()},
        dict(list(DCGAN.items())[:2]),
        {**DCGAN, "gan.3.weight": (8, 4, 3, 3)},
        {**DCGAN, "gan.3.weight": (16, 4, 4, 4)},
        {**DCGAN, "gan.6.weight": (10_000_000, 1, 1, 1)},  # it asks for terabytes
        {**CONDITIONAL, "gan.0.weight": (50, 8, 4, 4)},  # no latents are left
        {**CONDITIONAL, "embedding.weight": (10, 49)},
        {**MLP, "mlp.3.weight": (9, 784)},
        {**MLP, "mlp.3.weight": (8, 2 * 49)},
        {**MLP, "mlp.3.weight": (8,)},
        {"mlp.1.weight": (5, 0), "mlp.3.weight": (0, 784)},
        {**CONV, "linear.1.weight": (5, 17)},
        {**CONV, "conv.0.weight": (4, 4, 3, 3)},
        {**CONV, "conv.2.weight": (4, 2, 4, 4)},
        {**CONV, "conv.4.weight": (1, 0, 7, 7)},
        {**SNGAN, "gen.0.weight": (5, 8, 4, 4)},
        {**SNGAN, "gen.3.weight": (8, 8, 4, 4)},
        {**SNGAN, "gen.6.weight": (4, 2, 4, 4)},
        {**SNGAN, "gen.9.weight": (3, 1, 4, 4)},
    ],
    ids=str,
)
def test_shapes_of_no_generator(shapes):
    assert guess(shapes) is None
