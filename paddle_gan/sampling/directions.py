"""Directions among latents along which a generator's images change most."""

from __future__ import annotations

import numpy as np
import paddle
from paddle import nn

from paddle_gan import kernels
from paddle_gan.sampling import drawing
from paddle_gan.sampling.columns import joined

_DRAWS = 1000
_WEIGHTED = (nn.Linear, nn.Conv2D, nn.Conv2DTranspose)


def directions(generator: nn.Layer, n: int = 8, seed: int = 0) -> np.ndarray:
    """K x latent x 1 x 1, ``n`` of them at most, the strongest first.

    GANSpace (Härkönen et al. 2020, section 2.2): the principal components of what the first layer
    with weights makes of 1,000 draws, brought back to latents by least squares. A step of length 1
    along one is a standard deviation of its component. A function of its arguments.
    """
    given = joined(drawing.probe(generator, _DRAWS, seed))
    if generator.classes:  # of one class, so that nothing but the latents moves
        given["label"][:] = 0
    found = _first_layer(generator, given)
    centered = found - found.mean(0)
    # Few draws and many features: the matrix of draws by draws has the same components.
    strengths, shares = np.linalg.eigh(centered @ centered.T)
    order = np.argsort(strengths)[::-1][: min(n, generator.latent)]
    components = shares[:, order] * len(centered) ** 0.5  # draws x K, of unit variance
    z = given["z"].reshape([len(found), -1])
    steps = np.linalg.lstsq(components, z - z.mean(0), rcond=None)[0]
    return steps.astype("float32")[..., None, None]


def _first_layer(generator: nn.Layer, given: dict[str, np.ndarray]) -> np.ndarray:
    """What the first layer with weights, behind the class, makes of latents: draws x features."""
    layer = next(each for each in generator.sublayers() if isinstance(each, _WEIGHTED))
    caught = []
    hook = layer.register_forward_post_hook(lambda layer, x, y: caught.append(y))
    try:
        with kernels.plain(), paddle.no_grad():
            generator(*map(paddle.to_tensor, given.values()))
    finally:
        hook.remove()
    return caught[0].numpy().reshape([_DRAWS, -1]).astype("float64")
