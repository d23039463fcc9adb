"""The folder a run writes into: claimed before training, never overwritten."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

from paddle_gan.config import restored
from paddle_gan.errors import UserError
from paddle_gan.system import signals
from paddle_gan.system.files import write_whole

_CONFIG = "config.json"
_FILES = r"config\.json|(metrics|histograms)\.jsonl|best|.+\.(pdparams|pdopt|pdstate)"
_OURS = re.compile(rf"{_FILES}|samples|log|checkpoints|generators")
# What is written beside, and left by a process that died; a checkpoint is a folder.
_UNFINISHED = re.compile(rf"\.({_FILES}|latest|(real|(step|epoch)-\d+)\.png)\.\d+")
_UNFINISHED_FOLDER = re.compile(r"\.step-\d+\.\d+")
_LENGTH = (
    "epochs",
    "max_steps",
    "checkpoint_every",
    "evaluate_every",
    "keep_every",
    "data",
    "labels",
    "on_nan",
)


@contextlib.contextmanager
def held(out: Path) -> Iterator[None]:
    """Inside this context ``out`` is a folder to write into, and no other run gets it.

    Raises UserError where it cannot be written or another run is writing.
    """
    with _told(out):
        out.mkdir(parents=True, exist_ok=True)
        lock = open(out / ".lock", "a")
    with lock:  # closed at the end, whoever keeps a reference: an error's traceback may
        if fcntl is not None:
            try:  # a lock that is gone with the process, however it ends
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(f"another run is writing into {out}; give another --out") from error
        with _told(out):
            _remove_unfinished(out)
        yield


def set_earlier_aside(out: Path, file: str | None = None) -> str | None:
    """Move a finished or stopped run in ``out``, or the notebook's files, into ``earlier-NNN``.

    Nothing is deleted, and what no run writes stays where it is. Returns the path that ``file``,
    which may be of that run, has then.
    """
    with _told(out), signals.blocked():  # half of a run in each place would be a run in neither
        found = [path for path in out.iterdir() if _OURS.fullmatch(path.name)]
        if not found:
            return file
        numbers = [int(path.name[8:]) for path in out.glob("earlier-[0-9][0-9][0-9]")]
        earlier = out / f"earlier-{max(numbers, default=0) + 1:03d}"
        earlier.mkdir()
        for path in found:
            path.rename(earlier / path.name)
    print(f"an earlier run in {out} was moved to {earlier}")
    if file is None or os.path.exists(file):
        return file
    return os.path.abspath(earlier / os.path.relpath(file, out))


@contextlib.contextmanager
def _told(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot write into {out}: {error.strerror}; give another --out") from error


def _remove_unfinished(out: Path) -> None:
    for folder in (out, out / "checkpoints", out / "samples", out / "generators"):
        for path in folder.glob(".*"):
            if _UNFINISHED.fullmatch(path.name) and (path.is_symlink() or path.is_file()):
                path.unlink()
    for path in (out / "checkpoints").glob(".step-*"):
        if _UNFINISHED_FOLDER.fullmatch(path.name):
            shutil.rmtree(path)


def write_config(out: Path, config: dict, names: tuple[str, ...] | None = None) -> None:
    """Keep the resolved configuration beside the weights, and the names of the data's classes."""
    config = {**config, "class_names": list(names)} if names else config
    write_whole(out / _CONFIG, (json.dumps(config, indent=2) + "\n").encode())


def recipe_of(out: Path) -> str | None:
    """The recipe of the run in ``out``; None where there is no run."""
    try:
        return str(json.loads((out / _CONFIG).read_text())["recipe"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def was_evaluated(out: Path) -> bool:
    """Whether the run in ``out`` was last told to score itself."""
    return bool(json.loads((out / _CONFIG).read_text()).get("evaluate_every"))


def resumed_config(out: Path, overrides: dict) -> dict:
    """The configuration of the run in ``out``, with what may change when it goes on.

    Raises UserError where there is no run, or for an override that would make it another run.
    """
    try:
        config = json.loads((out / _CONFIG).read_text())
        recipe, _, _ = config["recipe"], config.pop("about"), config.pop("game")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(f"{out} holds no run to resume; start without --resume") from error
    config.pop("class_names", None)  # the data has them
    if config.get("networks") == "cdcgan":
        config.setdefault("classes", 10)  # as version 0.1.0 always had
    config.setdefault("amp", False)  # what was computed before there was a choice
    given = {name: value for name, value in overrides.items() if value is not None}
    told = {n: list(v) if isinstance(v, tuple) else v for n, v in given.items()}  # as JSON has it
    changed = [n for n in given if n not in _LENGTH and told[n] != config.get(n)]
    if changed:
        raise UserError(
            f"--resume keeps {', '.join(changed)} as the run was started; "
            f"only {', '.join(_LENGTH)} may change"
        )
    given.pop("recipe", None)
    saved = {n: v for n, v in config.items() if n != "recipe"}
    return restored(recipe, **{**saved, **given})
