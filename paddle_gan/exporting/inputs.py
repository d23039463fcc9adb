"""What an exported network is given: names, shapes, types, and Python that makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import paddle
from paddle import nn
from paddle.static import InputSpec

from paddle_gan.errors import UserError
from paddle_gan.sampling.drawing import regions_of

_NO_SIZES = paddle.__version__ < "3"  # Paddle 2 traces no padding of images of any size


class Input(NamedTuple):
    """One input of a network. ``shape`` is without the batch; None is any size.

    ``drawn`` is Python for ``n`` of them that may use ``rng``, a NumPy generator, the function that
    ``helper`` defines, and ``arrays.npz``, where there are ``arrays``.
    """

    shape: tuple[int | None, ...]
    dtype: str
    about: str
    drawn: str
    kinds: int = 1  # how many different ones there are, where they are counted
    helper: str = ""
    arrays: Mapping[str, np.ndarray] = {}

    def spec(self, name: str) -> InputSpec:
        return InputSpec([None, *self.shape], self.dtype, name)

    def example(self, n: int, size: int) -> np.ndarray:
        """Any n of them; images of any size are ``size`` high and wide."""
        if self.dtype == "int64":
            return np.arange(n) % self.kinds
        shape = [n, *(known or size for known in self.shape)]
        return np.random.default_rng(0).standard_normal(shape, dtype="float32")


_HELPER = """

def codes(n, rng):  # from a mixture of Gaussians, fitted to the codes of real images
    weights, means, factors = np.load(folder / "arrays.npz").values()
    chosen = rng.choice(len(weights), n, p=weights / weights.sum())
    z = np.einsum("nij,nj->ni", factors[chosen], rng.standard_normal((n, means.shape[1])))
    return (means[chosen] + z).astype("float32")[..., None, None]
"""
_MARGIN = """

def with_margin(z, label=None):  # the largest stands for a class; it is ahead as in training
    offsets, margin = np.load(folder / "arrays.npz").values()
    heights, rows = z[:, : len(offsets), 0, 0] + offsets, np.arange(len(z))
    largest, z = heights.argmax(1), z.copy()
    if label is not None:  # the largest and that of the class asked for change places
        gap = heights[rows, largest] - heights[:, label]
        z[rows, largest, 0, 0] -= gap
        z[rows, label, 0, 0] += gap
        largest[:] = label
    z[rows, largest] += margin
    return z
"""


def _latents(network: nn.Layer, config: dict | None) -> Input:
    shape = network.latent, 1, 1
    if getattr(network, "components", 0):
        names = "weights", "means", "factors"
        arrays = {name: getattr(network, name).numpy().astype("float64") for name in names}
        about = "codes, such as load.py draws"
        return Input(shape, "float32", about, "codes(n, rng)", helper=_HELPER, arrays=arrays)
    n = f"(n, {network.latent}, 1, 1)"
    about, drawn = {
        "normal": ("N(0, 1)", f'rng.standard_normal({n}, dtype="float32")'),
        "uniform": ("uniform on [-1, 1)", f'2 * rng.random({n}, dtype="float32") - 1'),
    }[network.prior]
    if (regions := regions_of(network)) is not None:
        arrays = {"offsets": regions.offsets.numpy(), "margin": np.float32(regions.margin)}
        about, drawn = f"{about}, through with_margin of load.py", f"with_margin({drawn})"
        return Input(shape, "float32", f"latents, {about}", drawn, helper=_MARGIN, arrays=arrays)
    return Input(shape, "float32", f"latents, {about}", drawn)


def _flat_latents(network: nn.Layer, config: dict | None) -> Input:
    drawn = f'rng.standard_normal((n, {network.latent}), dtype="float32")'
    return Input((network.latent,), "float32", "latents, N(0, 1)", drawn)


def _style(network: nn.Layer, config: dict) -> Input:
    drawn = f'rng.standard_normal((n, {config["style"]}), dtype="float32")'
    about = "styles, as the exports of Fnet and Enet give them"
    return Input((config["style"],), "float32", about, drawn)


def _numbers(network: nn.Layer, kinds: int, what: str) -> Input:
    names = getattr(network, "class_names", None) or []
    named = ": " + ", ".join(f"{i} {name}" for i, name in enumerate(names)) if names else ""
    about = f"{what}, 0 to {kinds - 1}{named}"
    return Input((), "int64", about, f"np.arange(n) % {kinds}", kinds)


def _label(network: nn.Layer, config: dict | None) -> Input:
    return _numbers(network, network.classes, "classes")


def _domain(network: nn.Layer, config: dict | None) -> Input:
    return _numbers(network, network.domains, "domains")


def _image(network: nn.Layer, config: dict) -> Input:
    colors = "gray" if config["channels"] == 1 else "RGB"
    about = f"images, {colors}, -1 black to 1 white"
    padded = any(isinstance(layer, nn.Pad2D) for layer in network.sublayers())
    size = config["image_size"]
    if isinstance(network, nn.Sequential) and not (_NO_SIZES and padded):
        about += f"; height and width multiples of {size}, the size trained on"
        size = None
    return Input((config["channels"], size, size), "float32", about, "np.repeat(image, n, axis=0)")


# What a game's table ``takes`` may name: from a network and the configuration to the input.
INPUTS: dict[str, Callable[[nn.Layer, dict | None], Input]] = {
    "z": _latents,
    "latent": _flat_latents,
    "style": _style,
    "label": _label,
    "domain": _domain,
    "image": _image,
}


def inputs_of(takes: tuple[str, ...], network: nn.Layer, config: dict | None) -> dict[str, Input]:
    """The inputs of a network by name, in order; ``label`` only where it has classes."""
    if missing := [name for name in takes if name not in INPUTS]:
        raise UserError(f"this network takes {missing[0]!r}, of which there is no export yet")
    names = (n for n in takes if n != "label" or getattr(network, "classes", 0))
    return {name: INPUTS[name](network, config) for name in names}
