"""Labels from a table of files, as CSV: in place of folders for classes."""

from __future__ import annotations

import csv
import io
import os
import posixpath
from collections import Counter
from pathlib import Path

import numpy as np

from paddle_gan.data.image_file import Unreadable, read_file
from paddle_gan.data.listing import Listing
from paddle_gan.errors import UserError
from paddle_gan.system.runtime import say_once

NAME = "labels.csv"  # which is taken where it lies in the folder itself
_FILE = ("file", "filename", "file_name", "image", "image_id", "image_name", "img", "path", "id")
_LABEL = ("label", "class", "category", "target", "breed", "species", "label_name", "class_name")
_WANTED = "a line has a file's name, relative to the data, and its label: cat/1.jpg,cat"
_SHOWN = 3  # names in a line


def table_of(files: Listing, given: str | None) -> Path | str | None:
    """The table for a set: the one that is ``given``, else its own, else None."""
    return given or (NAME if NAME in files.entries else None)


def read_labels(files: Listing, table: Path | str) -> dict[str, str]:
    """The labels of images by their names; those of which none is told are not in it.

    table: a file; or ``NAME``, in the data itself. Columns are divided by commas, semicolons or
        tabs. Those of file and label are found by a first line that names them, and are the first
        two otherwise. Files are named with or without suffix, and of an archive with or without
        the folders around all of its images.

    What is only in the table or only in the data is counted on stderr. Raises UserError for a table
    that cannot be read or has no labels of these images, and for a file with two of them.
    """
    where = files.label(NAME) if table == NAME else table
    try:
        data = files.place.read(NAME) if table == NAME else read_file(os.path.expanduser(table))
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{where} is not text in UTF-8; save it as CSV in UTF-8") from error
    except Unreadable as error:
        raise UserError(f"{error}; --labels takes a CSV: {_WANTED}") from error
    known = _by_name(files.names, files.place.around)
    found, unknown = {}, []
    for file, label in _pairs(text):
        name = known.get(posixpath.normpath(file.replace("\\", "/")))
        if name is None:
            unknown.append(file)
        elif found.setdefault(name, label) != label:
            raise UserError(
                f"{where} gives {file} two labels, {found[name]} and {label}; leave one"
            )
    if not found:
        raise UserError(f"{where} has no labels for the images in {files.where}; {_WANTED}")
    missing = [name for name in files.names if name not in found]
    for names, told in (
        (unknown, "files in it that are no images of the data"),
        (missing, "images of the data without a label, left out"),
    ):
        if names:
            some = ", ".join(names[:_SHOWN]) + ", …" * (len(names) > _SHOWN)
            say_once(f"skipped: {where}: {len(names):,} {told} ({some})")
    return found


def _by_name(names: list[str], around: str) -> dict[str, str]:
    """Images by their names, and by those without suffix where these are of one image only.

    Each may begin with the innermost of the folders ``around`` all.
    """
    stems = [posixpath.splitext(name)[0] for name in names]
    counts = Counter(stems)
    short = {stem: name for stem, name in zip(stems, names) if counts[stem] == 1}
    known = {**short, **{name: name for name in names}}
    folders = around.split("/")[:-1]
    inner = ("/".join([*folders[n:], ""]) for n in range(len(folders) + 1))  # the last is ""
    return {folder + key: name for folder in inner for key, name in known.items()}


def _pairs(text: str) -> list[tuple[str, str]]:
    """File and label of each line that has both; a first line of titles is passed over."""
    first = text.partition("\n")[0]
    divider = max(",;\t", key=first.count)
    lines = [
        [cell.strip() for cell in line] for line in csv.reader(io.StringIO(text), delimiter=divider)
    ]
    titles = [cell.lower() for cell in lines[0]] if lines else []
    file = next((titles.index(title) for title in _FILE if title in titles), None)
    label = next((titles.index(title) for title in _LABEL if title in titles), None)
    if file is None or label is None:
        file, label = 0, 1
    else:
        lines = lines[1:]
    whole = [line for line in lines if len(line) > max(file, label)]
    return [(line[file], line[label]) for line in whole if line[file] and line[label]]


def numbered(labels: list[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """The names of the classes in order, and the number of each label's."""
    names = sorted(set(labels))
    index = {name: number for number, name in enumerate(names)}
    return tuple(names), np.array([index[label] for label in labels], np.int64)
