"""Arrays kept between runs, in files that are whole or absent."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np

from paddle_gan.errors import UserError
from paddle_gan.system.files import write_whole


def cache_folder() -> Path:
    """``paddle_gan`` below $XDG_CACHE_HOME, by default ~/.cache."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "paddle_gan"


def keep(name: str, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays under a name; a folder that cannot be written is told on stderr, no error."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    try:
        write_whole(cache_folder() / f"{name}.npz", buffer.getvalue())
    except UserError as error:
        print(f"not cached for the next time: {error}", file=sys.stderr)


def kept(name: str) -> dict[str, np.ndarray] | None:
    """The arrays kept under a name; None if there are none or the file is damaged."""
    try:
        with np.load(cache_folder() / f"{name}.npz", allow_pickle=False) as arrays:
            return dict(arrays)
    except Exception:  # there is no such file, or whatever a damaged one may cause
        return None
