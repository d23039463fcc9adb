"""Values that do not go together are refused, with the reason and a way out."""

import pytest

from paddle_gan.config import configure
from paddle_gan.errors import UserError

# What is refused, words of the reason, and the change that makes sense of it.
SENSELESS = {
    "a gradient penalty over a batch": (
        dict(penalty="gradient-penalty", norm="batch"),
        "judges a batch as a whole; take --norm none, instance or spectral",
        [dict(norm="none"), dict(norm="instance"), dict(norm="spectral"), dict(penalty="clip")],
    ),
    "R1 over a batch, spectrally normalized": (
        dict(penalty="r1", norm="spectral-batch"),
        "penalty 'r1' is of each image by itself, and with norm 'spectral-batch'",
        [dict(norm="spectral"), dict(penalty="none")],
    ),
    "R2 over a batch": (
        dict(penalty="r2", norm="batch"),
        "penalty 'r2' is of each image by itself, and with norm 'batch'",
        [dict(norm="none"), dict(norm="instance"), dict(penalty="none")],
    ),
    "R1 and R2 over a batch": (
        dict(penalty="r1-r2", norm="batch"),
        "penalty 'r1-r2' is of each image by itself",
        [dict(norm="none"), dict(norm="spectral")],
    ),
    "a critic without a bound": (
        dict(objective="wasserstein", norm="none"),
        "has no minimum; add --penalty clip or gradient-penalty, or --norm spectral",
        [dict(penalty="clip"), dict(penalty="gradient-penalty"), dict(norm="spectral")],
    ),
    "a critic with R1 alone": (
        dict(objective="wasserstein", norm="none", penalty="r1"),
        "has no minimum",
        [dict(norm="spectral"), dict(objective="hinge")],
    ),
    "a critic with R1 and R2 alone": (
        dict(objective="wasserstein", norm="none", penalty="r1-r2"),
        "has no minimum",
        [dict(norm="spectral"), dict(objective="relativistic")],
    ),
    "a critic whose BatchNorm undoes the bound": (
        dict(objective="wasserstein", norm="spectral-batch"),
        "has no minimum",
        [dict(norm="spectral")],
    ),
    "a weight of no penalty": (
        dict(penalty_weight=2.5),
        "penalty_weight 2.5 weighs nothing with penalty 'none'; name one",
        [dict(penalty_weight=None), dict(penalty="clip")],
    ),
    "the end of a weight of no penalty": (
        dict(penalty_weight_end=0.1, burn_in=9),
        "penalty_weight_end 0.1 weighs nothing with penalty 'none'; name one",
        [dict(penalty="r1", norm="none")],
    ),
    "an end that is never reached": (
        dict(lr_end=0.1, lr_half=0),
        "takes a number of images to get there; add --burn-in",
        [dict(burn_in=1)],
    ),
    "a way to nowhere": (
        dict(burn_in=1000),
        "burn_in 1000 is the way to other values, and none is given",
        [dict(beta2_end=0), dict(ema_half_life_end=9), dict(burn_in=0)],
    ),
    "two schedules of one rate": (
        dict(lr_end=0.1, burn_in=9),
        "lr_end 0.1 and lr_half 200000 are two schedules of the same rates; take --lr-half 0",
        [dict(lr_half=0)],
    ),
    "Adam's decay for RMSProp": (
        dict(beta2_end=0.9, burn_in=9, optimizer="rmsprop"),
        "beta2_end 0.9 is of Adam, and optimizer 'rmsprop' has no beta2",
        [dict(optimizer="adam")],
    ),
    "weights bounded twice": (
        dict(penalty="clip", norm="spectral"),
        "penalty 'clip' bounds weights that norm 'spectral' divides",
        [dict(norm="batch"), dict(norm="none"), dict(penalty="none")],
    ),
    "feature maps of a perceptron": (
        dict(networks="mlp", norm="batch", image_size=28),
        "networks 'mlp' have none; take --norm none or spectral",
        [dict(norm="none"), dict(norm="spectral"), dict(networks="conv")],
    ),
    "feature maps that need no norm": (
        dict(networks="r3gan", norm="instance"),
        "norm 'instance' has no place in networks 'r3gan', which need none",
        [dict(norm="none"), dict(networks="dcgan")],
    ),
    "a width beyond the widest": (
        dict(networks="r3gan", width=300),
        "width 300 is more than max_width 256; take --max-width 300",
        [dict(max_width=300), dict(width=256)],
    ),
    "weights that begin otherwise": (
        dict(networks="r3gan", init="dcgan"),
        "init 'dcgan' would replace the weights that networks 'r3gan' have to begin with",
        [dict(init="own"), dict(networks="dcgan")],
    ),
    "classes of residual networks in one pack": (
        dict(networks="r3gan", classes=3, pack=2),
        "pack 2 mixes images of several classes",
        [dict(pack=1), dict(classes=0)],
    ),
    "classes in one pack": (
        dict(networks="cdcgan", pack=2),
        "pack 2 mixes images of several classes",
        [dict(pack=1), dict(networks="dcgan")],
    ),
    "now and then what is no term": (
        dict(recipe="wgan", penalty_every=4),
        "penalty_every 4 is of terms of a loss, and penalty 'clip' is none; leave it out",
        [dict(penalty_every=1), dict(penalty="gradient-penalty", norm="none")],
    ),
    "more classes than latents": (
        dict(classes=12, conditioning="latents", latent=11),
        "classes 12 take as many latents, and there are 11; take a larger --latent",
        [dict(latent=12), dict(classes=11), dict(conditioning="input")],
    ),
    "images halved to a pixel, of which a norm leaves nothing": (
        dict(recipe="starganv2", image_size=16, g_halvings=4),
        "g_halvings 4 leave nothing of images of 16 pixels; choose less",
        [dict(g_halvings=3), dict(image_size=32)],
    ),
    "a batch that critics' steps do not share": (
        dict(batch_size=64, critic_steps=5),
        "batch_size 64: it must be a multiple of critic_steps x pack, here 5 x 1",
        [dict(batch_size=65), dict(critic_steps=4)],
    ),
    "a batch that does not fill its packs": (
        dict(batch_size=12, critic_steps=2, pack=4),
        "here 2 x 4",
        [dict(batch_size=16), dict(pack=3), dict(critic_steps=1)],
    ),
}


def test_another_penalty_leaves_the_recipes_numbers_for_its_own_behind():
    none, other = (configure(penalty=penalty) for penalty in ("none", "gradient-penalty"))
    assert (none["penalty_weight"], none["penalty_every"], none["burn_in"]) == (None, 1, 0)
    assert (other["penalty_weight"], other["norm"], other["lr_half"]) == (None, "none", 60_000)
    assert configure(penalty="r1", penalty_weight=2)["penalty_weight"] == 2
    assert configure("rpgan", penalty="none")["burn_in"] == 200_000  # the way to lr_end
    assert configure(penalty="r1-r2") == configure()


@pytest.mark.parametrize("case", SENSELESS)
def test_what_does_not_go_together(case):
    values, reason, mends = SENSELESS[case]
    with pytest.raises(UserError) as caught:
        configure(**{"recipe": "dcgan-bce", **values})
    assert reason in str(caught.value) and "\n" not in str(caught.value)
    assert "{" not in str(caught.value)
    for mend in mends:
        configure(**{"recipe": "dcgan-bce", **values, **mend})
