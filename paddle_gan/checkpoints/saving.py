"""Saving a run and finding it again.

A checkpoint is a folder ``checkpoints/step-NNNNNNNN`` that is written beside, synced and moved into
place, with a manifest of sizes and hashes. It holds the networks, each with its description, the
optimizers, and what the game itself remembers. The notebook's four file names at the top of a run
are links through ``checkpoints/latest``, so one rename moves them all: they always belong together.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import paddle

from paddle_gan.checkpoints.description import split, with_description
from paddle_gan.checkpoints.reading import check_state, read, shapes_of
from paddle_gan.errors import UserError
from paddle_gan.sampling.pictures import samples
from paddle_gan.system import distributed
from paddle_gan.system.files import write_whole

_KEPT = 2
_GAME = "game.pdstate"


def save(
    out: Path, networks: dict, optimizers: dict, state: dict, progress: dict, description: dict
) -> Path:
    """Save networks and optimizers (file name -> object) after ``progress["step"]`` steps.

    ``state`` is what the game itself remembers: a dict of tensors, arrays, numbers, strings and
    lists, or an empty one. ``progress`` is kept as it is; the checkpoint of its ``best`` step, if
    it names one, becomes ``best`` and stays. Each network's file gets the ``description``, with its
    own ``network`` and ``step``. Returns the folder. Raises UserError where the disk does not take
    it; what was saved before stays as it was.
    """
    step = progress["step"]
    place = out / "checkpoints" / _name(step)
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    if place.exists():  # by this very process: `load` clears away what lies ahead of it
        return place
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for name, weights in _described(networks, description, step):
            paddle.save(weights, str(beside / f"{name}.pdparams"))
        for name, optimizer in optimizers.items():
            paddle.save(optimizer.state_dict(), str(beside / f"{name}.pdopt"))
        if state:
            paddle.save(state, str(beside / _GAME))
        names = sorted(path.name for path in beside.iterdir())
        files = {name: _fingerprint(beside / name) for name in names}
        manifest = {"progress": progress, "files": files}
        (beside / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
        for path in (*beside.iterdir(), beside):
            _sync(path)
        os.rename(beside, place)
        _sync(place.parent)
        _publish(out, place, progress)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise UserError(
            f"cannot save step {step} in {out}: {error.strerror}; what was saved before is whole"
        ) from error
    best = (out / "best").resolve()
    for old in _all(out)[:-_KEPT]:
        if old.resolve() != best:
            shutil.rmtree(old, ignore_errors=True)
    return place


def set_aside(out: Path, name: str, networks: dict, description: dict) -> None:
    """Keep networks (file name -> object), and the newest samples, for good in ``generators``.

    One network becomes ``name.pdparams``, each of several ``name-NETWORK.pdparams``. They are
    described as in a checkpoint, by the step of the samples.
    """
    place, picture = out / "generators", samples(out)[-1]
    step = int(picture.stem.partition("-")[2])
    for network, weights in _described(networks, description, step):
        file, content = name if len(networks) == 1 else f"{name}-{network}", io.BytesIO()
        paddle.save(weights, content)
        write_whole(place / f"{file}.pdparams", content.getvalue())
    write_whole(place / f"{name}.png", picture.read_bytes())


def _described(networks: dict, description: dict, step: int) -> Iterator[tuple[str, dict]]:
    """Name and state dict of each network, with what describes it."""
    for name, network in networks.items():
        described = {**description, "network": name, "step": step}
        yield name, with_description(network.state_dict(), described)


def load(out: Path, networks: dict, optimizers: dict) -> tuple[dict, dict]:
    """Put both into the state of the newest whole checkpoint under ``out``.

    Returns its progress and the state of the game, tensors as NumPy arrays; {} where it has none. A
    damaged checkpoint is named on stderr, renamed, and the one before it is taken. Raises
    UserError where there is none.
    """
    for place in reversed(_all(out)):
        try:
            progress, state = _restore(place, networks, optimizers)
        except UserError as error:
            print(f"passing over {place}: {error}", file=sys.stderr)
            continue
        if distributed.rank() == 0:
            _forget_after(out, place, progress)
        return progress, state
    raise UserError(f"{out} holds no checkpoint to resume from; start without --resume")


def _publish(out: Path, place: Path, progress: dict) -> None:
    """Let the names at the top of the run lead to ``place``; one rename moves them all."""
    _link(out / "checkpoints" / "latest", place.name)
    for path in place.glob("*.pd*"):
        _link(out / path.name, f"checkpoints/latest/{path.name}")
    if progress["best"]:
        _link(out / "best", f"checkpoints/{_name(progress['best']['step'])}")


def _forget_after(out: Path, place: Path, progress: dict) -> None:
    """Go on from ``place``: what lies ahead of it is damaged, or was rolled back."""
    try:
        _publish(out, place, progress)  # a crash may have come before that
        for ahead in _all(out)[_all(out).index(place) + 1 :]:
            aside = ahead.with_name(f"damaged-{ahead.name}")
            shutil.rmtree(aside, ignore_errors=True)
            ahead.rename(aside)
    except OSError as error:
        raise UserError(f"cannot write into {out}: {error.strerror}") from error


def _restore(place: Path, networks: dict, optimizers: dict) -> tuple[dict, dict]:
    try:
        manifest = json.loads((place / "manifest.json").read_text())
        damaged = [n for n, f in manifest["files"].items() if _fingerprint(place / n) != f]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"its manifest cannot be used ({error})") from error
    if damaged:
        raise UserError(f"{', '.join(damaged)} changed since it was saved")
    weights = {name: place / f"{name}.pdparams" for name in networks}
    moments = {name: place / f"{name}.pdopt" for name in optimizers}
    # No limit on sizes: these are the files that this run has saved.
    states = {name: read(path, math.inf) for name, path in {**weights, **moments}.items()}
    for name, path in weights.items():
        states[name], _ = split(states[name], path)
        check_state(states[name], shapes_of(networks[name]), path)
    for name, path in moments.items():
        _check_moments(states[name], optimizers[name], path)
    game = read(place / _GAME, math.inf) if _GAME in manifest["files"] else {}
    if type(game) is not dict:
        raise UserError(f"{_GAME} holds a {type(game).__name__}, not the state of a game")
    for name, network in networks.items():
        network.set_state_dict(states[name])
    for name, optimizer in optimizers.items():
        state = states[name].items()
        optimizer.set_state_dict({k: paddle.to_tensor(v) if _is_array(v) else v for k, v in state})
    return manifest["progress"], game


def _check_moments(state: dict, optimizer: paddle.optimizer.Optimizer, path: Path) -> None:
    """Raise UserError unless ``state`` is of the parameters that ``optimizer`` moves.

    Paddle matches by names, which count the layers of a process, and ignores what does not match.
    """
    shapes = {p.name: tuple(p.shape) for p in optimizer._parameter_list}
    found = {}
    for key, value in state.items():
        if not _is_array(value):
            continue  # the schedule of a rate
        names = [name for name in shapes if key.startswith(f"{name}_")]
        name = max(names, key=len, default=None)
        if name is None or value.shape not in (shapes[name], (1,), ()):
            raise UserError(f"{path.name} was saved for other networks ({key}, {value.shape})")
        found.setdefault(name, set()).add(key[len(name) :])
    if found and (found.keys() != shapes.keys() or len({frozenset(s) for s in found.values()}) > 1):
        raise UserError(f"{path.name} was saved for other networks: it lacks some of their moments")


def _is_array(value: object) -> bool:
    return hasattr(value, "shape")


def _name(step: int) -> str:
    return f"step-{step:08d}"


def newest(out: Path) -> Path | None:
    """The folder of the newest checkpoint under ``out``, or None."""
    return next(reversed(_all(out)), None)


def _all(out: Path) -> list[Path]:
    """The checkpoint folders of a run, oldest first."""
    return sorted((out / "checkpoints").glob("step-*"))


def _fingerprint(path: Path) -> dict:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _link(link: Path, target: str) -> None:
    """Let ``link`` point to ``target``, replacing in one step whatever stood there."""
    if link.is_symlink() and os.readlink(link) == target:
        return
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    os.symlink(target, beside)
    os.replace(beside, link)
