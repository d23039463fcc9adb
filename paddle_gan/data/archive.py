"""Images in a zip or a tar, read where they are."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import os
import posixpath
import shutil
import tarfile
import tempfile
import threading
import zipfile
from pathlib import Path

from paddle_gan.data import labels
from paddle_gan.data.image_file import HUGE, MAX_BYTES, Unreadable
from paddle_gan.data.image_set import PARTS
from paddle_gan.data.listing import Entry, is_image
from paddle_gan.errors import UserError
from paddle_gan.system import store
from paddle_gan.system.cache import cache_folder
from paddle_gan.system.runtime import say_once

_PACKED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}  # by first bytes
_PARTS = {part + side for part in PARTS for side in ("", "A", "B")} | {"A", "B"}
_BLOCK = 512  # bytes; zeros end a tar
_LONG = 2**24  # bytes of an archive whose list of files is kept for the next time
_VERSION, _MEMBERS = 1, "members.json"  # of these lists


def is_archive(path: Path) -> bool:
    """Whether a file is a zip, a tar, or packed as tars are."""
    with open(path, "rb") as file:
        start = file.read(6)
    return _is_zip(path) or any(map(start.startswith, _PACKED)) or _is_tar(path)


def _is_zip(path: Path) -> bool:
    with open(path, "rb") as file:  # of one that was cut short only the beginning tells
        return file.read(4) == b"PK\3\4" or zipfile.is_zipfile(path)


def _is_tar(path: Path) -> bool:
    try:
        tarfile.open(path, "r:").close()
    except tarfile.TarError:
        return False
    return True


class Archive:
    """A zip, or a tar, plain or compressed. Folders around all that is in it are not in the names.

    Raises UserError for one that is damaged.
    """

    is_shared = False  # what is packed would be unpacked by each

    def __init__(self, where: Path):
        self.where, self.around = where, ""
        self._lock, self._reader = threading.Lock(), None
        found = where.stat()
        self._stamp = found.st_size, found.st_mtime_ns, found.st_ctime_ns
        self._is_long, self._members = found.st_size > _LONG, {}

    def entries(self) -> dict[str, Entry]:
        members = self._kept() if self._is_long else self._opened().members
        names, starts, sizes = zip(*members or [("", 0, 0)])
        paths = [posixpath.normpath(name.replace("\\", "/")) for name in names]
        shown = [n for n, path in enumerate(paths) if not _is_hidden(path)]
        self.around = around = _around([paths[n] for n in shown])
        self._members = {
            paths[n][len(around) :]: (names[n], starts[n], sizes[n])
            for n in shown
            if paths[n].startswith(around)
        }
        return {path: Entry(size, *self._stamp[1:]) for path, (_, _, size) in self._members.items()}

    def _kept(self) -> list[tuple[str, int, int]]:
        """The members, listed once and for all: of a packed tar that takes reading all of it."""

        def fill(folder: Path) -> dict:
            members = self._opened().members
            (folder / _MEMBERS).write_text(json.dumps(members))
            source = os.path.abspath(self.where)
            return {"source": source, "told": f"names of {len(members):,} files in {self.where}"}

        asked = f"{_VERSION} {os.path.abspath(self.where)} {self._stamp}"
        digest = hashlib.sha256(asked.encode("utf8", "surrogateescape"))
        found = store.obtained(digest.hexdigest()[:32], 0, fill)
        return json.loads((found.folder / _MEMBERS).read_text())

    def read(self, name: str) -> bytes:
        member = self._members[name]
        where = os.path.join(self.where, name)
        if member[-1] > MAX_BYTES:
            raise Unreadable(f"{where} {HUGE}")
        reader = self._opened()
        try:
            return reader.read(*member)
        except Exception as error:  # there are as many kinds as compressions
            raise Unreadable(f"{where} is damaged, or encrypted, in the archive") from error

    def _opened(self) -> _Zip | _Tar:
        with self._lock:
            if self._reader is None:
                try:
                    self._reader = (_Zip if _is_zip(self.where) else _Tar)(self.where)
                except Exception as error:  # there are as many kinds as compressions
                    reason = getattr(error, "strerror", None) or "it is damaged; fetch it again"
                    raise UserError(f"{self.where} cannot be unpacked: {reason}") from error
            return self._reader


class _Zip:
    def __init__(self, path: Path):
        self._zip = zipfile.ZipFile(path)
        files = (each for each in self._zip.infolist() if not each.is_dir())
        # Name, place and size of each file; the place is of no use here.
        self.members = [(each.filename, 0, each.file_size) for each in files]

    def read(self, name: str, start: int, size: int) -> bytes:
        return self._zip.read(name)


class _Tar:
    def __init__(self, path: Path):
        self._lock = threading.Lock()
        self._file = open(path, "rb")
        unpack = next((_PACKED[m] for m in _PACKED if self._file.peek(6).startswith(m)), None)
        if unpack:  # into a file without a name, as a packed one is read from front to back only
            packed, self._file = self._file, tempfile.TemporaryFile(dir=_made(cache_folder()))
            with unpack(packed) as stream:
                shutil.copyfileobj(stream, self._file, 2**20)
            self._file.seek(0)
        with tarfile.open(fileobj=self._file, mode="r:") as tar:
            self.members = [(m.name, m.offset_data, m.size) for m in tar if m.isreg()]
            self._file.seek(tar.offset)
            if self._file.read(_BLOCK) != bytes(_BLOCK):
                say_once(f"{path} has no end and may be cut short; what is there is used")

    def read(self, name: str, start: int, size: int) -> bytes:
        with self._lock:
            self._file.seek(start)
            data = self._file.read(size)
        if len(data) < size:
            raise EOFError
        return data


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))


def _around(paths: list[str]) -> str:
    """The folders that all images lie in, with "/" at the end, as far as ``labels.csv``.

    Parts of the data are none of them.
    """
    folders = [path.split("/")[:-1] for path in paths if is_image(path)]
    shared = ""
    for names in zip(*folders):
        if len({*names}) > 1 or names[0] in _PARTS or shared + labels.NAME in paths:
            break
        shared += names[0] + "/"
    return shared
