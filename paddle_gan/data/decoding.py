"""From image files to arrays: small sets in memory, others once and for all into a file."""

from __future__ import annotations

import hashlib
import io
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from tqdm import tqdm

from paddle_gan.data.depth import Deep
from paddle_gan.data.image_file import Unreadable, image_of
from paddle_gan.data.listing import Listing
from paddle_gan.data.pixels import Form
from paddle_gan.data.stored import Stored
from paddle_gan.errors import UserError
from paddle_gan.system import store
from paddle_gan.system.opencv import silent_libraries
from paddle_gan.system.runtime import cores, say_once
from paddle_gan.system.workers import Workers

NAMED = 5  # broken images that are named one by one
SMALL_FILES, SMALL_IMAGES = 2**24, 2**26  # bytes; about a second's work, and bearable in memory
_VERSION = 1  # counted up when the same files would give other arrays
_CHUNK, _CHUNK_BYTES = 256, 2**22  # at most, of what a thread decodes at a time
_MANY = 5000  # items that are decoded sooner by processes, which take a second to start
_FILE, _KEPT = "images.bin", "kept.npy"

Item = list  # of the names of the files that belong together, one a side


class Decoded(NamedTuple):
    """Images of each side, uint8 N x C x H x W, and the numbers of the items they are of.

    ``colored`` says that the first of them was in color, and is no longer.
    """

    sides: list[np.ndarray | Stored]
    kept: np.ndarray
    colored: bool

    def only(self, items: np.ndarray, where: str) -> Decoded:
        """Those of some items, in ascending order. Raises UserError if none of them is there."""
        rows = np.flatnonzero(np.isin(self.kept, items))
        if len(rows) == len(self.kept):
            return self
        if len(rows) == 0:
            raise UserError(f"none of the {len(items):,} {where} can be read")
        sides = [s.only(rows) if isinstance(s, Stored) else s[rows] for s in self.sides]
        return self._replace(sides=sides, kept=self.kept[rows])


def image_of_each(files: Listing, item: Item, form: Form) -> list[np.ndarray]:
    """Of an item with a file for each side."""
    return [image_of(files.place.read(name), files.label(name), form) for name in item]


def read_all(
    files: Listing, items: list[Item], read: Callable, sides: int, form: Form, where: str
) -> Decoded:
    """Images of all items, in memory or, where that would be slow or large, in the store.

    read: ``read(files, item, form)`` gives an image, C x H x W, for each side. An item of which it
        raises Unreadable is left out and named on stderr.

    Raises UserError if nothing can be read, and where there is no room for it.
    """
    shape = sides, form.channels, form.size, form.size
    needed = len(items) * int(np.prod(shape))
    entries = [files.entries[name] for item in items for name in item]
    if sum(entry.size for entry in entries) < SMALL_FILES and needed < SMALL_IMAGES:
        file = io.BytesIO()
        kept, colored = _decode(file, files, items, read, shape, form, where)
        images = np.frombuffer(file.getbuffer(), np.uint8).reshape(-1, *shape)
        return Decoded([images[:, side] for side in range(sides)], kept, colored)

    def fill(folder: Path) -> dict:
        with open(folder / _FILE, "wb+") as file:
            kept, colored = _decode(file, files, items, read, shape, form, where, folder)
        np.save(folder / _KEPT, kept)
        told = f"{len(kept):,} {where}, {form.size} x {form.size} x {form.channels}"
        return {"source": os.path.abspath(files.where), "told": told, "colored": colored}

    names = "\0".join(name for item in items for name in item)
    digest = hashlib.sha256(f"{_VERSION} {read.__name__} {sides} {form} ".encode())
    digest.update(names.encode("utf8", "surrogateescape"))
    digest.update(np.fromiter(chain.from_iterable(entries), np.int64))
    found = store.obtained(digest.hexdigest()[:32], needed, fill)
    try:
        decoded = _opened(found, shape)
    except (OSError, ValueError, LookupError):  # damaged
        store.remove(found)
        found = store.obtained(found.folder.name, needed, fill)
        decoded = _opened(found, shape)
    say_once(
        f"{where}: prepared, {found.bytes / 2**20:,.0f} MiB in {found.folder} "
        "(paddle-gan cache lists and clears)"
    )
    if len(decoded.kept) < len(items):
        say_once(f"{where}: {len(items) - len(decoded.kept):,} that cannot be read are left out")
    return decoded


def _opened(found: store.Kept, shape: tuple[int, ...]) -> Decoded:
    kept = np.load(found.folder / _KEPT, allow_pickle=False)
    every = len(kept), *shape
    sides = [Stored(found.folder / _FILE, every, side) for side in range(shape[0])]
    return Decoded(sides, kept, found.facts["colored"])


class _Chunk(NamedTuple):
    """Some items, decoded: those ``kept``, by their numbers, and lines about the ``broken``.

    ``images`` are K x sides x C x S x S of all K items, None where they were written to the file.
    ``deep`` are images of 16 bits, each with the number of its item and its side, where nothing is
    filled in.
    """

    images: np.ndarray | None
    kept: list[int]
    broken: list[str]
    deep: list[tuple[tuple[int, int], np.ndarray]]


def _decode(
    file: BinaryIO,
    files: Listing,
    items: list[Item],
    read: Callable,
    shape: tuple[int, ...],
    form: Form,
    where: str,
    folder: Path | None = None,
) -> tuple[np.ndarray, bool]:
    """Write the images of all items into a file, sides x C x S x S for each that can be read.

    ``folder`` is where the file is, and where others may be. Returns the numbers of these items,
    and whether the first of them was in color and is gray.
    """
    item_bytes = int(np.prod(shape))
    size = min(_CHUNK, max(1, _CHUNK_BYTES // item_bytes))
    chunks = [(start, items[start : start + size]) for start in range(0, len(items), size)]
    of_place = files._replace(names=[], entries={})  # as little as another process needs
    many = folder and len(items) >= _MANY and cores() > 1 and files.place.is_shared

    def decode(chunk: tuple[int, list[Item]]) -> _Chunk:
        arguments = (of_place, *chunk, read, shape, form)
        return workers(_written, file.name, *arguments) if workers else _decoded(*arguments)

    kept, broken, deep = [], [], Deep(form, folder)
    with (
        silent_libraries() as stderr,
        tqdm(total=len(items), desc="preparing", unit=" images", file=stderr, disable=None) as bar,
        Workers() if many else nullcontext() as workers,
        ThreadPoolExecutor(cores()) as pool,
        deep,
    ):
        for found in _in_order(pool, decode, chunks):
            for (index, side), image in found.deep:
                deep.add(index * item_bytes + side * item_bytes // shape[0], image)
            if found.images is not None:
                file.write(found.images)
            kept += found.kept
            broken += found.broken
            bar.update(len(found.kept) + len(found.broken))
        deep.fill_in(file)
        _close_gaps(file, kept, item_bytes)
        gray = form.channels == 1 and bool(kept)
        colored = gray and _has_color(files, items[kept[0]], read)
    tell_broken(broken, where)
    if not kept:
        raise UserError(f"none of the {len(items):,} {where} can be read; {broken[0]}")
    deep.tell(where)
    return np.array(kept), colored


def _decoded(
    files: Listing, start: int, items: list[Item], read: Callable, shape, form: Form
) -> _Chunk:
    images, kept, broken, deep = np.empty((len(items), *shape), np.uint8), [], [], []
    for place, item in enumerate(items):
        try:
            for side, image in enumerate(read(files, item, form)):
                if image.dtype == np.uint16:
                    deep.append(((start + place, side), image))
                else:
                    images[place, side] = image
            kept.append(start + place)
        except Unreadable as error:
            broken.append(str(error))
    return _Chunk(images, kept, broken, deep)


def _written(path: str, files: Listing, start: int, *arguments) -> _Chunk:
    """What is decoded, its images at their places in a file that exists."""
    found = _decoded(files, start, *arguments)
    with open(path, "rb+") as file:
        file.seek(start * found.images[0].nbytes)
        file.write(found.images)
    return found._replace(images=None)


def _close_gaps(file: BinaryIO, kept: list[int], item_bytes: int) -> None:
    """Move the items that were kept to the beginning of the file, and leave out the others."""
    for row, index in enumerate(kept):
        if row < index:
            file.seek(index * item_bytes)
            item = file.read(item_bytes)
            file.seek(row * item_bytes)
            file.write(item)
    file.truncate(len(kept) * item_bytes)


def _in_order(pool: ThreadPoolExecutor, function: Callable, arguments: list) -> Iterator:
    """The results of a function, in order; only as many are ahead as keep the cores at work."""
    waiting = deque()
    for argument in arguments:
        waiting.append(pool.submit(function, argument))
        if len(waiting) > 2 * cores():
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _has_color(files: Listing, item: Item, read: Callable) -> bool:
    images = read(files, item, Form(8, 3))
    return any(bool(np.ptp(image.astype(int), axis=0).any()) for image in images)


def tell_broken(broken: list[str], where: str) -> None:
    """Name the first of the images that were left out on stderr, and count the others."""
    for line in broken[:NAMED]:
        say_once(f"skipped: {line}")
    if len(broken) > NAMED:
        say_once(f"skipped: {len(broken) - NAMED:,} more of the {where}")
