"""The latents of images that a generator has drawn itself, or cannot draw."""

import numpy as np
import pytest

from paddle_gan.config import configure, game_of
from paddle_gan.errors import UserError
from paddle_gan.networks import conditional, dcgan, mlp
from paddle_gan.sampling.drawing import generate, latents
from paddle_gan.sampling.projecting import project
from tests.notebook import fill


def test_an_image_of_its_own_is_found_again():
    generator = fill(dcgan.Generator(latent=3, width=4, image_size=16), seed=1)
    generator.eval()
    z = latents(generator, 1, seed=99)
    (image,) = generate(generator, z)
    found = project(generator, image, steps=80)
    assert found.error < 0.01 < np.sqrt(((image - image.mean()) ** 2).mean())
    assert np.abs(found.z - z[0]).max() < 0.05 and found.label is None
    again = generate(generator, found.z[None])[0]
    assert np.array_equal(again, found.way[-1])
    assert np.isclose(np.sqrt(((again - image) ** 2).mean()), found.error, atol=1e-4)
    errors = ((found.way - image) ** 2).mean((1, 2, 3))
    assert len(found.way) >= 60 and errors[-1] == errors.min()


def test_the_class_is_found_too():
    generator = fill(conditional.Generator(latent=3, width=4, image_size=16, classes=4), seed=1)
    generator.embedding.weight.set_value(5 * generator.embedding.weight)
    generator.eval()
    (image,) = generate(generator, latents(generator, 1, seed=5), 2)
    assert project(generator, image, steps=20).label == 2
    assert project(generator, image, steps=1, digit=3).label == 3


def test_latents_that_stand_for_a_class_are_kept_to_it():
    config = configure("dcgan", latent=5, width=4, image_size=16, classes=4)
    generator = fill(game_of(config).build(config)["Gnet"], seed=1)
    generator.regions.set_shares(np.full(4, 0.25))
    generator.eval()
    (image,) = generate(generator, latents(generator, 1, seed=5))  # of some class
    for digit in range(4):
        heights = project(generator, image, steps=20, digit=digit).z[:4, 0, 0]
        lead = heights[digit] - np.delete(heights, digit).max()
        assert lead > config["margin"] - 1e-5
    with pytest.raises(UserError, match="classes 0 to 3"):
        project(generator, image, steps=1, digit=4)


@pytest.mark.parametrize("network, longest", [(dcgan, 3**0.5 + 2.2), (mlp, 3**0.5)])
def test_latents_stay_where_the_prior_has_them(network, longest):
    """However far away the image is: N(0, I) in three dimensions, or a cube."""
    generator = fill(network.Generator(latent=3, width=4, image_size=16), seed=1)
    generator.eval()
    found = project(generator, np.ones((1, 16, 16), "float32"), steps=40)
    assert np.linalg.norm(found.z) <= longest * 1.0001
    assert network is dcgan or np.abs(found.z).max() <= 1
