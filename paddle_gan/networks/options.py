"""The options that all pairs from latents to images have."""

from __future__ import annotations

from collections.abc import Collection

from paddle_gan.networks.norms import NORMS
from paddle_gan.options import Option, Options, Range, Row, number, one_of, whole

DOUBLED = (16, 32, 64, 128, 256)  # 4 pixels, doubled
FOURS = range(8, 257, 4)
CLASSES = Range(  # of a network that is told them
    lambda v: v == "data" or isinstance(v, int) and not isinstance(v, bool) and v >= 0,
    "a number of classes, or data for as many as there are",
    "N|data",
    lambda word: word if word == "data" else int(word),
)

# Of networks that may be told classes.
TOLD = {
    "classes": Option(0, CLASSES, "classes that the networks are told; 0: none"),
    "conditioning": Option(
        "input",
        one_of(("input", "latents")),
        "input: both networks are told the class; latents: D alone, and G draws the class whose "
        "number is that of the largest of its first latents",
    ),
    "margin": Option(
        0.0,
        number(0, text="a number from 0"),
        "added to that largest latent, so that nothing is drawn between two classes",
    ),
}
TOLD_RULES = [
    (
        lambda c: c["margin"] and c["conditioning"] != "latents",
        "margin {margin} is of conditioning latents, and it is {conditioning!r}; take --margin 0",
    ),
    (
        lambda c: (
            c["pack"] > 1
            and c["classes"]
            and (c["classes"], c["conditioning"]) != ("data", "latents")
        ),
        "pack {pack} mixes images of several classes, and D judges one class at a time; "
        "take --pack 1, or --classes 0",
    ),
    (
        lambda c: (
            c["conditioning"] == "latents" and c["classes"] != "data" and c["classes"] > c["latent"]
        ),
        "classes {classes} take as many latents, and there are {latent}; take a larger --latent",
    ),
]


def pair_options(
    image_size: int,
    sizes: Collection[int],
    latent: int = 100,
    norm: str = "none",
) -> Options:
    """``image_size``, ``latent`` and ``norm`` are defaults; of image sizes only ``sizes`` work."""
    told = "a multiple of 4 from 8 to 256" if sizes is FOURS else None
    return {
        "latent": Option(latent, whole(1), "dimensions of the latent space"),
        "width": Option(64, whole(1), "features of a layer; the others follow from it"),
        "image_size": Option(image_size, one_of(sizes, told), "images are resized to this"),
        "norm": Option(norm, Row(NORMS), "how D is normalized"),
    }
