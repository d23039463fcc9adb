"""The image files of a folder or an archive, by their names in it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from paddle_gan.data.image_file import read_file
from paddle_gan.errors import UserError
from paddle_gan.system.runtime import say_once

_IMAGES = frozenset(
    "avif bmp dib gif jfif jpe jpeg jpg pbm pgm png pnm ppm ras sr tif tiff webp".split()
)
# Images, too, which are counted as skipped; of other files nothing is said.
_OTHERS = frozenset(
    "arw cr2 cr3 crw dcm dds dng eps exr fit fits hdr heic heif hif icns ico j2c j2k jp2 jpc jpf "
    "jpx jxl nef orf pcx pfm psd raf raw rw2 svg tga xcf".split()
)
CONVERT = "convert them to PNG or JPEG, for instance with ImageMagick: magick mogrify -format png"
WANTED = (
    "mnist, embedded, stacked, a folder or an archive (.zip, .tar) of images (.png, .jpg, …; a "
    "subfolder for each class, if there are classes) or a folder of IDX files "
    "(train-images-idx3-ubyte.gz, …)"
)


class Entry(NamedTuple):
    """A file: its size in bytes, and when its content and all about it was changed, in ns.

    The second time, of the inode, cannot be set; copying and unpacking set the first at will.
    """

    size: int
    content: int
    changed: int


class Place(Protocol):
    """Where files are."""

    where: Path
    is_shared: bool  # whether other processes may read it as well, after pickling
    around: str  # the folders that are left out of the paths, each with "/" behind it

    def entries(self) -> dict[str, Entry]:
        """All that is there, by paths with "/", without what is hidden."""

    def read(self, name: str) -> bytes:
        """The content of a file. Raises Unreadable."""


class Listing(NamedTuple):
    """Images of a place: ``names`` in the order of their parts."""

    place: Place
    names: list[str]
    entries: dict[str, Entry]

    @property
    def where(self) -> Path:
        return self.place.where

    def label(self, name: str) -> str:
        """How lines call a file."""
        return os.path.join(self.where, name)


class Folder:
    """A folder, and all below it; links to folders are not followed."""

    is_shared, around = True, ""

    def __init__(self, where: Path):
        self.where = where

    def entries(self) -> dict[str, Entry]:
        return {name: _entry(entry) for name, entry in _below(os.fspath(self.where), "")}

    def read(self, name: str) -> bytes:
        return read_file(os.path.join(self.where, name))


def _below(folder: str, inside: str) -> Iterator[tuple[str, os.DirEntry]]:
    try:
        with os.scandir(os.path.join(folder, inside)) as found:
            entries = list(found)
    except PermissionError:
        return
    for entry in entries:
        if not entry.name.startswith("."):
            name = inside + entry.name
            yield name, entry
            if entry.is_dir(follow_symlinks=False):
                yield from _below(folder, name + "/")


def _entry(entry: os.DirEntry) -> Entry:
    try:
        found = entry.stat()
    except OSError:  # a dead link
        return Entry(0, 0, 0)
    return Entry(found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def is_image(name: str) -> bool:
    """Whether a name is that of an image that is read here."""
    return _suffix(name) in _IMAGES


def _suffix(name: str) -> str:
    _, dot, suffix = name.rpartition(".")
    return dot and suffix.lower()


def listing(place: Place, wanted: str = WANTED) -> Listing:
    """The images of a place. What else may be images is counted on stderr.

    Raises UserError with the layout that is ``wanted`` if there is no image.
    """
    entries = place.entries()
    # In the order of their parts: "a/b" before "a b".
    names = sorted(filter(is_image, entries), key=lambda name: name.replace("/", "\0"))
    suffixes = Counter(map(_suffix, entries))
    others = Counter({f".{name}": suffixes[name] for name in suffixes if name in _OTHERS})
    counts = ", ".join(f"{count:,} {suffix}" for suffix, count in others.most_common())
    if not names:
        idx = next((os.path.dirname(name) for name in entries if "-idx3-ubyte" in name), None)
        if idx is not None:
            below = place.where / idx
            raise UserError(
                f"{place.where} holds no images; for the IDX files below it give {below}"
            )
        unread = f"no images but {counts}, which are not read here; {CONVERT} FILES"
        state = unread if others else f"no images; data is {wanted}"
        raise UserError(f"{place.where} holds {state}")
    if others:
        say_once(f"skipped: {counts} in {place.where}; {CONVERT} FILES, to use them")
    return Listing(place, names, entries)


def image_paths(folder: Path, wanted: str = WANTED) -> list[Path]:
    """Every image below a folder, in the order of the paths. Raises UserError as ``listing``."""
    return [folder / name for name in listing(Folder(_existing(folder, wanted)), wanted).names]


def listing_of(paths: Iterable[str | os.PathLike]) -> Listing:
    """Files from anywhere, in their own order."""
    names = [os.path.abspath(path) for path in paths]
    return Listing(Folder(Path(os.sep)), names, dict.fromkeys(names, Entry(0, 0, 0)))


def _existing(folder: Path, wanted: str) -> Path:
    if not os.path.isdir(folder):
        state = "is not a folder" if os.path.exists(folder) else "does not exist"
        raise UserError(f"{folder} {state}; data is {wanted}")
    return folder
