"""Where what is made of a user's images is written: each by its name, and over none of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from paddle_gan.data.listing import image_paths
from paddle_gan.errors import UserError


def names_of(images: list[Path]) -> list[Path]:
    """A PNG for each; with the old suffix only where names would be the same."""
    both = [(each.with_suffix(".png"), each.with_name(f"{each.name}.png")) for each in images]
    counts = Counter(name for names in both for name in names)
    return [short if counts[short] == 1 else long for short, long in both]


def check_outputs(source: Path, outputs: Iterable[Path]) -> None:
    """Raise UserError where an output would overwrite an image of ``source``, a file or folder."""
    images = {path.resolve() for path in (image_paths(source) if source.is_dir() else [source])}
    for path in outputs:
        if path.resolve() in images:
            raise UserError(f"{path} would be overwritten; give another --output")
