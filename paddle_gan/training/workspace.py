"""The folder a run writes into: claimed before training, never overwritten."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

from paddle_gan import images, recipes
from paddle_gan.errors import UserError

_CONFIG = "config.json"
_OURS = re.compile(
    r"config\.json|metrics\.jsonl|samples|log|checkpoints|best|generators|.+\.(pdparams|pdopt)"
)
_UNFINISHED = re.compile(r"\..+\.\d+")  # what is written beside, and left by a process that died
_LENGTH = (
    "epochs",
    "max_steps",
    "checkpoint_every",
    "evaluate_every",
    "keep_every",
    "data",
    "on_nan",
)


def claim(out: Path, keep: bool) -> IO:
    """Make ``out`` a folder to write into; with ``keep`` the run in it stays where it is.

    Returns an open file that holds the folder: while it is open, no other run gets it.

    A finished or stopped run that lies there, or the notebook's checkpoints, are moved into
    ``earlier-NNN`` inside, never deleted; what no run writes stays where it is. Raises UserError
    where ``out`` cannot be written or another run is writing, before anything is computed.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        held = _hold(out)
        for folder in (out, out / "checkpoints", out / "samples"):
            for path in folder.glob(".*"):
                if _UNFINISHED.fullmatch(path.name):
                    folder_of_its_own = path.is_dir() and not path.is_symlink()
                    shutil.rmtree(path) if folder_of_its_own else path.unlink()
        found = [path for path in out.iterdir() if _OURS.fullmatch(path.name)]
        if found and not keep:
            numbers = [int(path.name[8:]) for path in out.glob("earlier-[0-9][0-9][0-9]")]
            earlier = out / f"earlier-{max(numbers, default=0) + 1:03d}"
            earlier.mkdir()
            for path in found:
                path.rename(earlier / path.name)
            print(f"what an earlier run left in {out} is now in {earlier}")
    except OSError as error:
        raise UserError(f"cannot write into {out}: {error.strerror}; give another --out") from error
    return held


def _hold(out: Path) -> IO:
    held = open(out / ".lock", "a")
    if fcntl is not None:
        try:  # a lock that is gone with the process, however it ends
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            held.close()
            raise UserError(f"another run is writing into {out}; give another --out") from error
    return held


def write_config(out: Path, config: dict) -> None:
    """Keep the resolved configuration beside the weights."""
    images.write_whole(out / _CONFIG, (json.dumps(config, indent=2) + "\n").encode())


def was_evaluated(out: Path) -> bool:
    """Whether the run in ``out`` was last told to score itself."""
    return bool(json.loads((out / _CONFIG).read_text()).get("evaluate_every"))


def resumed_config(out: Path, overrides: dict) -> dict:
    """The configuration of the run in ``out``, with what may change when it goes on.

    Raises UserError where there is no run, or for an override that would make it another run.
    """
    try:
        config = json.loads((out / _CONFIG).read_text())
        recipe, _ = config["recipe"], config.pop("about")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(f"{out} holds no run to resume; start without --resume") from error
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
    return recipes.configure(recipe, **{**saved, **given})
