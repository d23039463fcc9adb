"""Data to train on, of four kinds: images, pairs, unpaired images of two sides, domains.

MNIST, the embedded digits, stacks of them, tasks made of them, IDX files and folders of images.
Importing this room does not import Paddle.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

from paddle_gan.data.crops import Crop
from paddle_gan.data.data_set import DataSet
from paddle_gan.data.domains import DomainSet, ReferenceSet
from paddle_gan.data.folder import load_image_folder
from paddle_gan.data.idx import is_idx_folder, load_idx_folder
from paddle_gan.data.image_set import ImageSet
from paddle_gan.data.loader import batches_per_epoch, loader
from paddle_gan.data.mnist import load_embedded, load_mnist
from paddle_gan.data.pairs import (
    PAIRS,
    UNPAIRED,
    PairSet,
    UnpairedSet,
    load_pair_folder,
    load_unpaired_folder,
)
from paddle_gan.data.pixels import FITS, GROUNDS, Form, to_float
from paddle_gan.data.stacked import stack
from paddle_gan.data.tasks import SIZE, TASKS, check_task, make_task
from paddle_gan.errors import UserError, unknown
from paddle_gan.options import Range

__all__ = [
    "FITS",
    "GROUNDS",
    "KINDS",
    "NAMED",
    "Crop",
    "DataSet",
    "DomainSet",
    "ImageSet",
    "PairSet",
    "ReferenceSet",
    "UnpairedSet",
    "absolute",
    "batches_per_epoch",
    "load",
    "load_images",
    "loader",
    "of_digits",
    "to_float",
]

MNIST = {"mnist": load_mnist, "embedded": load_embedded}
OF_DIGITS = ("stacked", *TASKS)  # alone or, with a colon, before the source of the digits
NAMED = (*MNIST, *OF_DIGITS)  # any other source is a folder
SOURCE = Range(  # of the option `data`
    lambda v: isinstance(v, str),
    f"{', '.join(NAMED)} or the path of a folder or an archive",
    "|".join([*NAMED, "PATH"]),
)
TABLE = Range(lambda v: isinstance(v, str), "a CSV of files and labels", "FILE.csv")  # of `labels`
SPLITS = ("train", "trainval", "fit", "validation", "test")


def absolute(source: str) -> str:
    """A folder of data so that it is found from anywhere; a named source as it is."""
    kind, colon, below = source.partition(":")
    if kind in OF_DIGITS and colon:
        return f"{kind}:{absolute(below)}"
    return source if source in ("", *NAMED) else os.path.abspath(os.path.expanduser(source))


def of_digits(name: str) -> str:
    """The source of the digits that a task or stacks are made of; of others the name itself."""
    kind, colon, below = name.partition(":")
    return below if kind in OF_DIGITS and colon else name


def load(
    kind: str,
    source: str | os.PathLike,
    image_size: int,
    channels: int,
    split: str = "train",
    fit: str = "crop",
    ground: str = "white",
    labels: str | os.PathLike | None = None,
) -> DataSet:
    """Read a set of a kind, one of ``KINDS``; ``load_images`` says what the rest means.

    source: also a task, one of ``TASKS``, made of MNIST or, as "TASK:SOURCE", of other digits.

    Raises UserError for an unknown kind, and for a source that is missing, damaged or of another
    kind; the line shows the layout wanted.
    """
    if kind not in KINDS:
        raise unknown("kind of data", kind, KINDS)
    form = _checked(Form(image_size, channels, fit, ground), split)
    task, colon, below = os.fspath(source).partition(":")
    if task in TASKS:
        check_task(task, kind, channels)
        digits = load_images(below if colon else "mnist", SIZE, 1, split)
        return make_task(task, kind, digits, image_size, channels)
    return KINDS[kind](source, form, split, labels)


def load_images(
    source: str | os.PathLike,
    image_size: int = 32,
    channels: int = 1,
    split: str = "train",
    fit: str = "crop",
    ground: str = "white",
    labels: str | os.PathLike | None = None,
) -> ImageSet:
    """Read a set of images, squares of `image_size` with 1 (gray) or 3 (RGB) channels.

    source: "mnist", "embedded", a folder of IDX files, a folder or an archive of images; "stacked"
        for stacks of three MNIST digits, "stacked:SOURCE" for stacks of another source's (see
        ``stack``).
    split: "train" is all that may be trained on, "test" what scores are reported by, "trainval"
        is "train" without "test". "validation", a fixed sixth of "trainval", is for choosing among
        checkpoints, "fit" is the rest of it, to train on where there is a choice to make. MNIST,
        IDX folders and folders with parts for it (``train``, ``test``, ``val``) bring a test set,
        so there "trainval" equals "train"; of other sets "test" is a fixed fifth of every class.
    fit, ground: what is done with images that are no squares, a row of ``FITS``, and what is where
        they are transparent or padded, "white" or "black".
    labels: a CSV file of the images' names and labels, in place of subfolders; ``labels.csv`` in
        the folder is taken by itself.

    Raises UserError for a source that does not exist, is empty or is damaged.
    """
    form = _checked(Form(image_size, channels, fit, ground), split)
    return _load_images(source, form, split, labels)


def _load_images(
    source: str | os.PathLike, form: Form, split: str, labels: str | os.PathLike | None
) -> ImageSet:
    kind, colon, below = os.fspath(source).partition(":")
    if labels and _is_of_digits(source):
        raise UserError(f"{source} has labels of its own; leave --labels out")
    if kind == "stacked":
        if form.channels != 3:
            raise UserError(
                f"data {source} has three channels, one a digit: --channels 3 trains on it, and "
                "paddle-gan modes, with the data of the digits, scores"
            )
        return stack(load_images(below if colon else "mnist", form.size, 1, split))
    if kind in TASKS:
        check_task(kind, "images", form.channels)
    if source in MNIST:
        return MNIST[source](form.size, form.channels, split)
    if not os.fspath(source):
        raise UserError(
            "the name of the data is empty; data is mnist, embedded, stacked or a folder"
        )
    folder = Path(os.path.expanduser(source))
    if is_idx_folder(folder):
        return load_idx_folder(folder, form.size, form.channels, split)
    return load_image_folder(folder, form, split, labels)


def _load_sides(load_folder, wanted: str, source, form: Form, split: str, labels):
    if not os.fspath(source):
        raise UserError(f"the name of the data is empty; give {wanted}")
    if labels:
        raise UserError("--labels are of images and domains, not of two sides; leave it out")
    if _is_of_digits(source):
        raise UserError(
            f"{source} has single digits, not two sides; give {wanted}; or a task made of digits, "
            "such as edges"
        )
    return load_folder(Path(os.path.expanduser(source)), form, split)


def _load_domains(domain_set, source, form: Form, split: str, labels) -> DomainSet:
    """The subfolders of a folder, or the digits of digits, as domains."""
    if _is_of_digits(source) or not os.fspath(source):
        images = _load_images(source, form, split, labels)
        if images.labels is None:
            raise UserError(f"{images.source} without labels, which would be the domains; add them")
        told = f"{images.source}, {len(images.class_names)} domains"
    else:
        folder = Path(os.path.expanduser(source))
        images = load_image_folder(folder, form, split, labels, domains=True)
        told = images.source
    names = images.class_names
    return domain_set(images.images, images.labels, told, images.name, split, names)


KINDS = {  # kind -> a function of source, form, split and labels
    "images": _load_images,
    "pairs": functools.partial(_load_sides, load_pair_folder, PAIRS),
    "unpaired": functools.partial(_load_sides, load_unpaired_folder, UNPAIRED),
    "domains": functools.partial(_load_domains, DomainSet),
    "references": functools.partial(_load_domains, ReferenceSet),  # domains, as StarGAN v2's
}


def _is_of_digits(source: str | os.PathLike) -> bool:
    name = os.fspath(source)
    named = name in NAMED or name.startswith("stacked:")
    return named or is_idx_folder(Path(os.path.expanduser(name)))


def _checked(form: Form, split: str) -> Form:
    if split not in SPLITS or form.channels not in (1, 3) or form.size < 1:
        raise UserError(
            f"no images of size {form.size} with {form.channels} channels in split {split!r}; the "
            f"size is at least 1, channels are 1 or 3, splits are {', '.join(SPLITS)}"
        )
    for name, value, table in (("fit", form.fit, FITS), ("ground", form.ground, GROUNDS)):
        if value not in table:
            raise unknown(name, value, table)
    return form
