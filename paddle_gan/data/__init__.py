"""Images to train on: MNIST, the embedded digits, stacks of them, IDX files, image folders."""

from __future__ import annotations

import os
from pathlib import Path

from paddle_gan.data.folder import load_image_folder
from paddle_gan.data.idx import is_idx_folder, load_idx_folder
from paddle_gan.data.image_set import ImageSet
from paddle_gan.data.loader import batches_per_epoch, loader
from paddle_gan.data.mnist import load_embedded, load_mnist
from paddle_gan.data.pixels import to_float
from paddle_gan.data.stacked import stack
from paddle_gan.errors import UserError

__all__ = ["ImageSet", "batches_per_epoch", "load_images", "loader", "to_float"]

NAMED = {"mnist": load_mnist, "embedded": load_embedded}
SPLITS = ("train", "trainval", "fit", "validation", "test")


def load_images(
    source: str | os.PathLike, image_size: int = 32, channels: int = 1, split: str = "train"
) -> ImageSet:
    """Read a set of images, squares of `image_size` with 1 (gray) or 3 (RGB) channels.

    source: "mnist", "embedded", a folder of IDX files or a folder of images; "stacked" for stacks
        of three MNIST digits, "stacked:SOURCE" for stacks of another source's (see ``stack``).
    split: "train" is all that may be trained on, "test" what scores are reported by, "trainval"
        is "train" without "test". "validation", a fixed sixth of "trainval", is for choosing among
        checkpoints, "fit" is the rest of it, to train on where there is a choice to make. MNIST and
        IDX folders bring a test set, so there "trainval" equals "train"; of other sets "test" is a
        fixed fifth of every class.

    Raises UserError for a source that does not exist, is empty or is damaged.
    """
    if split not in SPLITS or channels not in (1, 3) or image_size < 1:
        raise UserError(
            f"no images of size {image_size} with {channels} channels in split {split!r}; the size "
            f"is at least 1, channels are 1 or 3, splits are {', '.join(SPLITS)}"
        )
    kind, colon, below = os.fspath(source).partition(":")
    if kind == "stacked":
        if channels != 3:
            raise UserError(
                f"data {source} has three channels, one a digit: --channels 3 trains on it, and "
                "paddle-gan modes, with the data of the digits, scores"
            )
        return stack(load_images(below if colon else "mnist", image_size, 1, split))
    if source in NAMED:
        return NAMED[source](image_size, channels, split)
    if not os.fspath(source):
        raise UserError(
            "the name of the data is empty; data is mnist, embedded, stacked or a folder"
        )
    folder = Path(os.path.expanduser(source))
    load = load_idx_folder if is_idx_folder(folder) else load_image_folder
    return load(folder, image_size, channels, split)
