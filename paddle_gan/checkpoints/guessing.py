"""Which generator a file without a description holds, by the names and shapes of its weights.

Such files are the notebook's and those of version 0.1.0 of this package. What is written since
describes itself, so a new network needs no entry here.
"""

from __future__ import annotations

import math

from paddle import nn

from paddle_gan.networks import conditional, conv, dcgan, mlp, sngan

_CLASSES = 10  # of a conditional generator, in version 0.1.0
Shapes = dict[str, tuple[int, ...]]


def guess(shapes: Shapes) -> tuple[type[nn.Layer], dict] | None:
    """The class of the generator with weights of these shapes, and its arguments, or None."""
    if any(0 in shape for shape in shapes.values()):
        return None  # no network has a layer without weights, and Paddle may not build it
    for generator, arguments_of in ARGUMENTS.items():
        arguments = arguments_of(shapes)
        if arguments is not None:
            return generator, arguments
    return None


def _dcgan(shapes: Shapes) -> dict | None:
    names = (f"gan.{i}.weight" for i in range(0, 3 * 7 + 1, 3))
    kernels = [shapes[name] for name in names if len(shapes.get(name, ())) == 4]
    if not 3 <= len(kernels) <= 7 or not all(name.startswith("gan.") for name in shapes):
        return None
    doublings, (latent, *_), (width, channels, *_) = len(kernels) - 1, kernels[0], kernels[-1]
    features = [latent, *(width * 2**i for i in reversed(range(doublings))), channels]
    if kernels != [(a, b, 4, 4) for a, b in zip(features, features[1:])]:
        return None
    return dict(latent=latent, width=width, channels=channels, image_size=4 * 2**doublings)


def _conditional(shapes: Shapes) -> dict | None:
    embedding = (_CLASSES, dcgan.EMBEDDING)
    rest = {name: shape for name, shape in shapes.items() if name != "embedding.weight"}
    arguments = _dcgan(rest)
    if arguments is None or shapes.get("embedding.weight") != embedding:
        return None
    if arguments["latent"] <= dcgan.EMBEDDING:
        return None
    return {**arguments, "latent": arguments["latent"] - dcgan.EMBEDDING}


def _mlp(shapes: Shapes) -> dict | None:
    first, last = (shapes.get(f"mlp.{i}.weight", ()) for i in (1, 3))
    if len(first) != 2 or len(last) != 2 or first[1] != last[0]:
        return None
    pixels = last[1]
    for channels in (1, 3):
        size = math.isqrt(pixels // channels)
        if channels * size**2 == pixels:
            width = last[0] // mlp.HIDDEN
            return dict(latent=first[0], width=width, channels=channels, image_size=size)
    return None


def _conv(shapes: Shapes) -> dict | None:
    linear = shapes.get("linear.1.weight", ())
    *double, last = (shapes.get(f"conv.{i}.weight", ()) for i in (0, 2, 4))
    if len(linear) != 2 or len(last) != 4 or not last[1]:
        return None
    (latent, first), (channels, features, *_) = linear, last
    quarter = round((first / features) ** 0.5)
    if first != features * quarter**2 or double != [(features, features, 4, 4)] * 2:
        return None
    return dict(latent=latent, width=features // 2, channels=channels, image_size=4 * quarter)


def _sngan(shapes: Shapes) -> dict | None:
    first, *inner, last = (shapes.get(f"gen.{i}.weight", ()) for i in (0, 3, 6, 9))
    if len(first) != 4 or len(last) != 4:
        return None
    width = last[0]
    if [first[1:], *inner] != [
        (4 * width, 3, 3),
        (4 * width, 2 * width, 4, 4),
        (2 * width, width, 3, 3),
    ]:
        return None
    return dict(latent=first[0], width=width, channels=last[1], image_size=28)


# Of each class of generators: from names and shapes to its arguments, or None if it has others.
ARGUMENTS = {
    dcgan.Generator: _dcgan,
    conditional.Generator: _conditional,
    mlp.Generator: _mlp,
    conv.Generator: _conv,
    sngan.Generator: _sngan,
}
