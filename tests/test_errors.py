"""What is suggested for a mistyped name."""

import pytest

from paddle_gan.config import RECIPES, configure
from paddle_gan.errors import UserError, unknown


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("dcgam", "dcgan"),
        ("AIStudio", "aistudio"),
        ("ai-studio", "aistudio"),
        ("DCGAN", "dcgan"),
        ("WGAN_GP", "wgan-gp"),
        ("SN-GAN", "sngan"),
        ("wgangp", "wgan-gp"),
        ("dcgan-p", "dcgan-paper"),  # a beginning counts for more than likeness
        ("Hinge loss", "hinge"),
    ],
)
def test_the_nearest_recipe(typed, nearest):
    with pytest.raises(UserError, match=f"unknown recipe '{typed}'; did you mean '{nearest}'?"):
        configure(typed)


@pytest.mark.parametrize("typed", ["", "xyz", "999", 7, None])
def test_nothing_is_suggested_for_what_is_unlike_all(typed):
    told = str(unknown("recipe", typed, sorted(RECIPES)))
    assert told == f"unknown recipe {typed!r}; there are {', '.join(sorted(RECIPES))}"


def test_the_nearest_option():
    with pytest.raises(UserError, match="'batchsize'; did you mean 'batch_size'?"):
        configure(batchsize=16)
