"""What was prepared and kept: listed, and deleted."""

from __future__ import annotations

import os
import time
from pathlib import Path

from paddle_gan.errors import UserError
from paddle_gan.system import store
from paddle_gan.system.store import Kept


def cache(source: str | None = None, clear: bool = False, where: bool = False) -> str:
    """Tell what sets of images are kept, of all sources or one; with ``clear`` delete them.

    ``where`` tells only the folder. Returns lines for people. Raises UserError for a source of
    which nothing is kept.
    """
    if where:
        return str(store.store_folder())
    found = store.everything()
    if source is not None:
        wanted = os.path.abspath(os.path.expanduser(source))
        found = [kept for kept in found if kept.facts.get("source") == wanted]
        if not found:
            raise UserError(f"nothing is kept of {source}; paddle-gan cache lists what is")
    if clear:
        found = [kept for kept in found if kept.state != "at work"]
    lines = [_line(kept) for kept in found]
    for kept in found if clear else ():
        store.remove(kept)
    total = f"{sum(kept.bytes for kept in found) / 2**20:,.0f} MiB in {store.store_folder()}"
    return "\n".join([*lines, f"deleted {total}" if clear else total])


def _line(kept: Kept) -> str:
    size = f"{kept.bytes / 2**20:>8,.0f} MiB"
    if kept.state != "whole":
        told = {"at work": "being prepared", "unfinished": "left by a process that was ended"}
        return f"{size}  {told[kept.state]}"
    gone = "" if Path(kept.facts.get("source", "")).exists() else ", which is gone"
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(kept.folder.stat().st_mtime))
    return f"{size}  {kept.facts.get('told', 'damaged')}{gone}, {made}"
