"""Networks that come with the package, by names: ``pretrained:dcgan``."""

from __future__ import annotations

import os
from pathlib import Path

from paddle_gan.errors import UserError, unknown

FOLDER = Path(__file__).resolve().parent.parent / "pretrained"
_PREFIX = "pretrained:"


def names() -> list[str]:
    """What ``pretrained:`` can be followed by."""
    return sorted({file.parent.name for file in FOLDER.glob("*/G*.pdparams")})


def located(path: str | os.PathLike) -> Path:
    """The file that is meant by a path, or by ``pretrained:NAME``.

    Raises UserError, with all names, for one that is unknown.
    """
    name = os.fspath(path)
    if not name.startswith(_PREFIX):
        return Path(path)
    name, known = name[len(_PREFIX) :], names()
    if not known:
        raise UserError(
            f"the pretrained networks are missing in {FOLDER}; install the package anew"
        )
    if name not in known:
        raise unknown("pretrained network", name, known)
    return min((FOLDER / name).glob("G*.pdparams"))
