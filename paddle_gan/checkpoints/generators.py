"""The generator of any checkpoint."""

from __future__ import annotations

import os

from paddle import nn

from paddle_gan.checkpoints.reading import check_state, read, shapes_of
from paddle_gan.errors import UserError
from paddle_gan.networks import NETWORKS


def load_generator(path: str | os.PathLike) -> nn.Layer:
    """The generator saved in ``path``, in eval mode, whoever saved it.

    The architecture is read off the names and shapes of the weights, so a checkpoint of this
    package or of the notebook needs nothing beside it. Raises UserError for a file that is
    missing, damaged, hostile or not a generator's.
    """
    state = read(path)
    arrays = state.items() if isinstance(state, dict) else ()
    shapes = {name: tuple(array.shape) for name, array in arrays if hasattr(array, "shape")}
    if any(0 in shape for shape in shapes.values()):
        shapes = {}  # no network has a layer without weights, and Paddle may not build it
    for generator_class, _ in NETWORKS.values():
        arguments = generator_class.arguments(shapes)
        if arguments is not None:
            generator = generator_class(**arguments)
            check_state(state, shapes_of(generator), path)
            generator.set_state_dict({name: state[name].astype("float32") for name in state})
            generator.eval()
            return generator
    raise UserError(f"{path} holds no generator that this package knows; give a Gnet.pdparams")
