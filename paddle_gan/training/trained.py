"""A run as its user sees it: the folder, and what is in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from paddle import nn

from paddle_gan.checkpoints.generators import load_generator
from paddle_gan.config import game_of
from paddle_gan.sampling.pictures import samples


class Trained(os.PathLike):
    """What ``train`` wrote under ``out``, now or earlier; a path, which ``/`` goes on from.

    Everything is read when it is asked for, so a run that is under way can be looked at.
    """

    def __init__(self, out: str | os.PathLike):
        self.out = Path(out)

    def __fspath__(self) -> str:
        return str(self.out)

    def __truediv__(self, name: str | os.PathLike) -> Path:
        return self.out / name

    def __repr__(self) -> str:
        return f"Trained({str(self.out)!r})"

    def _repr_png_(self) -> bytes | None:
        """What a notebook shows of it."""
        samples = self.samples
        return samples[-1].read_bytes() if samples else None

    @property
    def config(self) -> dict[str, Any]:
        """The whole configuration."""
        return json.loads((self.out / "config.json").read_text())

    @property
    def history(self) -> list[dict[str, Any]]:
        """The lines of ``metrics.jsonl``: losses, scores and warnings, each with its step."""
        return [json.loads(line) for line in (self.out / "metrics.jsonl").read_text().splitlines()]

    @property
    def samples(self) -> list[Path]:
        """The pictures of each save, the newest last."""
        return samples(self.out)

    @property
    def checkpoint(self) -> Path:
        """The file that is drawn with, of the newest save."""
        drawn_with = game_of(self.config).drawn_with
        name = "Gnet" if "Gnet" in drawn_with else drawn_with[0]
        return self.out / f"{name}.pdparams"

    @property
    def generator(self) -> nn.Layer:
        """The network of ``checkpoint``, in eval mode."""
        return load_generator(self.checkpoint)
