"""Beginning with the weights of another run: fine-tuning."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import paddle
from paddle import nn

from paddle_gan.checkpoints.description import split
from paddle_gan.checkpoints.generators import beside
from paddle_gan.checkpoints.reading import read, shown
from paddle_gan.errors import UserError

_TOLD = 3  # layers that are named


def begin_from(path: str | os.PathLike, networks: dict[str, nn.Layer]) -> str:
    """Give networks (file name -> network) the weights of a file, and of those beside it.

    A layer keeps its own values where the file has none of its name, or of other shapes: one line
    that names these is returned. Raises UserError for a file that cannot be read, holds numbers
    that are not finite, or nothing that fits, and for a frozen layer that it has no weights for.
    """
    path = Path(path)
    given, description = split(read(path), path)
    name = description["network"].removesuffix("_raw") if description else _named(path, networks)
    if name not in networks:
        raise UserError(
            f"--init-from {path} holds a network {shown(name)}, and this game has "
            f"{', '.join(networks)}"
        )
    files = {each: path if each == name else _partner(path, name, each) for each in networks}
    fitted, fresh = [], []
    for each, file in files.items():
        state = given if each == name else file and split(read(file), file)[0]
        layers, left = _fill(networks[each], state, file) if file else ([], None)
        _check_frozen(each, networks[each], left, file or path.parent)
        if each == name and not layers:
            raise UserError(f"--init-from: no layer of {path} fits into {each} as configured")
        fitted += [each] if layers else []
        fresh += [f"{each}.{layer}" for layer in left] if layers else [each]
    told = ", ".join(fresh[:_TOLD]) + (
        f" and {len(fresh) - _TOLD} more" if len(fresh) > _TOLD else ""
    )
    return f"{', '.join(fitted)} from {path.parent}" + (f"; fresh: {told}" if fresh else "")


def _check_frozen(name: str, network: nn.Layer, fresh: list[str] | None, where: Path) -> None:
    """``fresh`` are the layers that were given no weights; None: all."""
    for key, weight in network.state_dict().items():
        layer = key.rpartition(".")[0]
        if (fresh is None or layer in fresh) and weight.stop_gradient and weight.ndim > 1:
            raise UserError(
                f"--freeze-d would keep the random weights of {name}.{layer}, as {where} has none "
                "that fit; freeze fewer layers"
            )


def _named(path: Path, networks: dict[str, nn.Layer]) -> str:
    """The network that the name of a file without a description is of."""
    return next((name for name in networks if name in path.name), next(iter(networks)))


def _partner(path: Path, name: str, other: str) -> Path | None:
    """Where network ``other`` of the file ``path`` of network ``name`` is; None: nowhere."""
    # Of G alone there is an average: Gnet_raw.pdparams has Dnet.pdparams beside it.
    places = beside(path, name, other), path.with_name(f"{other}.pdparams")
    return next((place for place in places if place.exists()), None)


def _fill(network: nn.Layer, state: dict, path: Path) -> tuple[list[str], list[str]]:
    """Set the layers of which the file has every value; their names, and those of the others."""
    own = network.state_dict()
    if type(state) is not dict:
        raise UserError(f"{path} holds a {type(state).__name__}, not a network's parameters")
    layers: dict[str, list[str]] = {}
    for key in own:
        layers.setdefault(key.rpartition(".")[0], []).append(key)

    def fits(key: str) -> bool:
        value = state.get(key)
        floating = isinstance(value, np.ndarray) and value.dtype.kind == "f"
        return floating and value.shape == tuple(own[key].shape)

    taken = [layer for layer, keys in layers.items() if all(map(fits, keys))]
    for key in (key for layer in taken for key in layers[layer]):
        if not np.isfinite(state[key]).all():
            raise UserError(f"{path}: {key} holds NaN or infinity: use an earlier checkpoint")
        own[key] = paddle.to_tensor(state[key], "float32")
    network.set_state_dict(own)  # the notebook's biases become a part of means
    return taken, [layer for layer in layers if layer not in taken]
