"""The pair of ``dcgan`` with ten classes unless told otherwise, as earlier versions named it."""

from __future__ import annotations

from paddle_gan.networks import dcgan
from paddle_gan.networks.options import CLASSES
from paddle_gan.options import Option

_BY_LATENTS = ("conditioning", "margin")
OPTIONS = {
    **{name: dcgan.OPTIONS[name] for name in dcgan.OPTIONS if name not in _BY_LATENTS},
    "classes": Option("data", CLASSES, "classes that both networks are told"),
}
RULES = [
    (
        lambda c: c["pack"] > 1,
        "pack {pack} mixes images of several classes, and D of {networks!r} judges one class at a "
        "time; take --pack 1",
    ),
    (
        lambda c: not c["classes"],
        "classes 0: networks {networks!r} are told one; take --networks dcgan, which are not",
    ),
]


class Generator(dcgan.Generator):
    def __init__(self, *sizes: int, classes: int = 10, **named: int):
        super().__init__(*sizes, classes=classes, **named)


class Discriminator(dcgan.Discriminator):
    def __init__(self, *sizes, classes: int = 10, **named):
        super().__init__(*sizes, classes=classes, **named)
