"""Large files kept between runs, in folders that are whole or absent."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

from paddle_gan.errors import UserError
from paddle_gan.system.cache import cache_folder
from paddle_gan.system.runtime import say_once

FACTS = "facts.json"  # of each folder


class Kept(NamedTuple):
    """A folder in the store, how many bytes it takes, and what was noted when it was made.

    ``state`` is "whole"; or "unfinished", left by a process that ended; or "at work".
    """

    folder: Path
    bytes: int
    facts: dict
    state: str


def store_folder() -> Path:
    """Where they are: ``prepared`` below the cache folder."""
    return cache_folder() / "prepared"


def obtained(key: str, size: int, fill: Callable[[Path], dict]) -> Kept:
    """The folder of a key, made by ``fill`` if it is not there yet.

    ``fill`` writes some ``size`` bytes into the folder it is given and returns facts to note. The
    folder gets its name when it is complete. Processes of one machine that want the same wait for
    the one that was first.

    Raises UserError where there is no room for it.
    """
    place = store_folder() / key
    if not place.is_dir():
        with _told(size):
            place.parent.mkdir(parents=True, exist_ok=True)
            with _alone(key) as alone:
                if not place.is_dir():
                    _make(place, size, fill, alone)
    return _kept(place)


def _make(place: Path, size: int, fill: Callable[[Path], dict], alone: bool) -> None:
    for folder in _unfinished(place.name) if alone else ():
        shutil.rmtree(folder, ignore_errors=True)
    if size > shutil.disk_usage(place.parent).free:
        raise OSError(None, "not enough space")
    beside = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        facts = fill(beside)
        (beside / FACTS).write_text(json.dumps(facts))
        for path in beside.iterdir():  # or a power failure could leave names without content
            with open(path, "rb+") as file:
                os.fsync(file.fileno())
        with contextlib.suppress(OSError) if place.is_dir() else contextlib.nullcontext():
            beside.rename(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def everything() -> list[Kept]:
    """All that is kept or being made, in the order of the names."""
    return [_kept(path) for path in sorted(store_folder().glob("*")) if path.is_dir()]


def remove(kept: Kept) -> None:
    """Delete a folder; who is reading it on Linux or macOS can go on."""
    shutil.rmtree(kept.folder, ignore_errors=True)


def _unfinished(key: str) -> list[Path]:
    return [path for path in store_folder().glob(f".{key}.*") if path.is_dir()]


def _kept(folder: Path) -> Kept:
    facts, size, state = {}, 0, "whole"
    with contextlib.suppress(OSError, ValueError):  # it may be gone while this looks
        size = sum(path.stat().st_size for path in folder.iterdir())
        facts = json.loads((folder / FACTS).read_text())
    if folder.name.startswith("."):
        with open(folder.with_name(f".{folder.name.split('.')[1]}.lock"), "a") as lock:
            state = "unfinished" if _lock(lock) else "at work"
    return Kept(folder, size, facts, state)


@contextlib.contextmanager
def _alone(key: str) -> Iterator[bool]:
    """With the lock of a key, which is gone with the process; False where there are no locks."""
    with open(store_folder() / f".{key}.lock", "a") as lock:
        alone = _lock(lock)
        if alone is False:
            say_once("another process is preparing the same data; waiting for it")
            alone = _lock(lock, wait=True)
        yield bool(alone)


def _lock(file: TextIO, wait: bool = False) -> bool | None:
    """Whether this process has the lock now; None where files have no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        return True
    except BlockingIOError:
        return False
    except (AttributeError, OSError):  # Windows, some network file systems
        return None


@contextlib.contextmanager
def _told(size: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"the prepared data takes {size / 2**20:,.0f} MiB in {store_folder()}: "
            f"{error.strerror}; free some there (paddle-gan cache --clear), or let XDG_CACHE_HOME "
            "name another place"
        ) from error
