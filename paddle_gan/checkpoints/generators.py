"""The generator of any checkpoint."""

from __future__ import annotations

import math
import os
import threading

import paddle
from paddle import nn

from paddle_gan.checkpoints.description import split
from paddle_gan.checkpoints.guessing import guess
from paddle_gan.checkpoints.reading import check_state, read, shapes_of, shown
from paddle_gan.config.recipes import configure
from paddle_gan.errors import UserError, unknown
from paddle_gan.networks import NETWORKS

_DRAWING = ("Gnet", "Gnet_raw")
_BUILDING = threading.Lock()  # LazyGuard acts on all threads


def load_generator(path: str | os.PathLike) -> nn.Layer:
    """The generator saved in ``path``, in eval mode, whoever saved it.

    A checkpoint of this package describes itself; of one that does not, such as the notebook's,
    names and shapes of the weights tell the architecture. So it needs nothing beside it. Raises
    UserError for a file that is missing, damaged, hostile or not a generator's.
    """
    state, description = split(read(path), path)
    arrays = state.items() if isinstance(state, dict) else ()
    shapes = {name: tuple(array.shape) for name, array in arrays if hasattr(array, "shape")}
    found = _described(description, shapes, path) if description else guess(shapes)
    if found is None:
        raise UserError(f"{path} holds no generator that this package knows; give a Gnet.pdparams")
    generator_class, arguments = found
    with _BUILDING:
        generator = generator_class(**arguments)
    check_state(state, shapes_of(generator), path)
    generator.set_state_dict({name: state[name].astype("float32") for name in state})
    generator.eval()
    return generator


def _described(
    description: dict, shapes: dict[str, tuple[int, ...]], path: str | os.PathLike
) -> tuple[type[nn.Layer], dict] | None:
    """The class of the generator that a description is of, and its arguments, or None.

    Raises UserError for a configuration that builds nothing, or more than the weights of these
    ``shapes`` fill: anybody may have written it, and a few bytes may describe terabytes.
    """
    if description["network"] not in _DRAWING:
        return None
    values = description["config"]
    given = {name: value for name, value in values.items() if name not in ("recipe", "about")}
    try:
        config = configure(values.get("recipe"), **given)
        if config["networks"] not in NETWORKS:
            raise unknown("networks", config["networks"], NETWORKS)
        generator_class, _ = NETWORKS[config["networks"]]
        arguments = {name: config[name] for name in ("latent", "width", "channels", "image_size")}
        with _BUILDING, paddle.LazyGuard():  # nothing is allocated
            needed = sum(math.prod(p.shape) for p in generator_class(**arguments).parameters())
    except Exception as error:  # whatever values of another type or size may cause
        known = isinstance(error, UserError)
        reason = shown(error) if known else "a value of its configuration cannot be used"
        raise UserError(f"{path} describes a network that cannot be built: {reason}") from error
    held = sum(map(math.prod, shapes.values()))
    if needed > held:
        raise UserError(
            f"{path} describes another network: one of {needed:,} numbers, and it holds {held:,}"
        )
    return generator_class, arguments
