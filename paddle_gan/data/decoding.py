"""From image files to arrays: small sets in memory, others once and for all into a file."""

from __future__ import annotations

import hashlib
import io
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

import numpy as np
from tqdm import tqdm

from paddle_gan.data.depth import Deep
from paddle_gan.data.image_file import Unreadable, image_of
from paddle_gan.data.listing import Listing
from paddle_gan.data.pixels import Form
from paddle_gan.data.stored import Stored
from paddle_gan.errors import UserError
from paddle_gan.system import store
from paddle_gan.system.runtime import cores, say_once

NAMED = 5  # broken images that are named one by one
SMALL_FILES, SMALL_IMAGES = 2**24, 2**26  # bytes; about a second's work, and bearable in memory
_VERSION = 1  # counted up when the same files would give other arrays
_CHUNK, _CHUNK_BYTES = 256, 2**22  # at most, of what a thread decodes at a time
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
    """Some items, decoded: images, K x sides x C x S x S, of the K in ``kept``.

    ``deep`` are images of 16 bits, each with its index in ``images``, where nothing is filled in.
    """

    images: np.ndarray
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

    ``folder`` is for files in between. Returns the numbers of these items, and whether the first
    of them was in color and is gray.
    """
    item_bytes = int(np.prod(shape))
    size = min(_CHUNK, max(1, _CHUNK_BYTES // item_bytes))
    chunks = [range(start, min(start + size, len(items))) for start in range(0, len(items), size)]

    def decode(chunk: range) -> _Chunk:
        return _decoded(files, items, chunk, read, shape, form)

    kept, broken, deep = [], [], Deep(form, folder)
    with (
        silent_libraries() as stderr,
        tqdm(total=len(items), desc="preparing", unit=" images", file=stderr, disable=None) as bar,
        ThreadPoolExecutor(cores()) as pool,
        deep,
    ):
        for found in _in_order(pool, decode, chunks):
            for (row, side), image in found.deep:
                at = (len(kept) + row) * item_bytes + side * item_bytes // shape[0]
                deep.add(at, image)
            file.write(found.images)
            kept += found.kept
            broken += found.broken
            bar.update(len(found.kept) + len(found.broken))
        deep.fill_in(file)
        gray = form.channels == 1 and bool(kept)
        colored = gray and _has_color(files, items[kept[0]], read)
    tell_broken(broken, where)
    if not kept:
        raise UserError(f"none of the {len(items):,} {where} can be read; {broken[0]}")
    deep.tell(where)
    return np.array(kept), colored


def _decoded(
    files: Listing, items: list[Item], chunk: range, read: Callable, shape, form: Form
) -> _Chunk:
    images, kept, broken, deep = np.empty((len(chunk), *shape), np.uint8), [], [], []
    for index in chunk:
        try:
            for side, image in enumerate(read(files, items[index], form)):
                if image.dtype == np.uint16:
                    deep.append(((len(kept), side), image))
                else:
                    images[len(kept), side] = image
            kept.append(index)
        except Unreadable as error:
            deep = [each for each in deep if each[0][0] < len(kept)]
            broken.append(str(error))
    return _Chunk(images[: len(kept)], kept, broken, deep)


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


@contextmanager
def silent_libraries() -> Iterator[TextIO]:
    """Keep libpng, libjpeg and libtiff, which write past Python, from talking on stderr.

    Inside, the stream that is given leads there.
    """
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        with open(saved, "w", closefd=False) as stderr:
            yield stderr
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
