"""Which drawings: so many of a seed, chosen ones of it, the first of several seeds, or a file's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import NamedTuple

from paddle_gan.checkpoints.generators import Opened
from paddle_gan.checkpoints.reading import read_npy
from paddle_gan.data import DataSet
from paddle_gan.errors import UserError
from paddle_gan.sampling.columns import Columns, joined

_MOST = 1_000_000  # an index costs drawing all before it


class Choice(NamedTuple):
    """``num`` drawings of ``seed``, unless one of the others is given.

    ``seeds``: the first drawing of each; ``index``: these drawings of ``seed``, or those of these
    images where it is made from images, counted from 0; ``latents``: a file of them.
    """

    num: int
    seed: int
    seeds: Sequence[int] | None = None
    index: Sequence[int] | None = None
    latents: str | os.PathLike | None = None

    def check(self) -> None:
        """Raise UserError for numbers below 0 and for two ways to choose at once."""
        chosen = [name for name in ("seeds", "index", "latents") if getattr(self, name) is not None]
        if len(chosen) > 1:
            raise UserError(f"--{chosen[0]} and --{chosen[1]} choose both; leave one out")
        numbers = [list(each) for each in (self.seeds, self.index) if each is not None]
        if [] in numbers:
            raise UserError("--seeds and --index must name a number at least")
        if self.index is not None and max(self.index) >= _MOST:
            raise UserError(f"--index {max(self.index)}: it must be below {_MOST:,}; take a --seed")
        if self.num < 1 or min([self.seed, *sum(numbers, [])]) < 0:
            raise UserError("--num must be at least 1, and a seed or an index at least 0")

    @property
    def chosen(self) -> bool:
        """Whether it is anything but ``num`` drawings of ``seed``."""
        return self[2:] != (None, None, None)

    @property
    def names(self) -> Iterator[str]:
        """What the files of all outputs are called, the first of each drawing, the second, ..."""
        if self.seeds is not None:
            chosen = [f"seed-{seed}" for seed in self.seeds]
        elif self.index is not None:
            chosen = [f"{i:05d}" for i in self.index]
        else:
            return (f"{i:05d}" for i in count())
        return (f"{name}-{n}" if n > 1 else name for n in count(1) for name in chosen)

    def drawings(self, opened: Opened, asked: dict) -> Iterator[Columns]:
        """The columns of the drawings, in batches."""
        game, networks = opened.game, opened.networks
        if self.latents is not None:
            yield game.draw(networks, self._given(opened, asked))
            return
        images = opened.images()
        if images is None or self.index is None:
            yield from self._of(lambda n, seed: game.stream(networks, n, seed, images, **asked))
            return
        for given in [_from(images, i) for i in self.index]:
            yield from game.stream(networks, 1, self.seed, given, **asked)

    def ends(self, opened: Opened, asked: dict) -> Columns | None:
        """What the chosen drawings are made from; None where nothing is chosen."""
        game, networks = opened.game, opened.networks
        if self.latents is not None:
            return self._given(opened, asked)
        if not self.chosen:
            return None
        images = opened.images()
        return joined(self._of(lambda n, seed: game.probe(networks, n, seed, images, **asked)))

    def _given(self, opened: Opened, asked: dict) -> Columns:
        z = read_npy(self.latents)
        z = z.reshape([*z.shape, 1, 1]) if z.ndim == 2 else z
        return opened.game.given(opened.networks, z, **asked)

    def _of(self, make: Callable[[int, int], Iterable[Columns]]) -> Iterator[Columns]:
        """What is chosen of ``make(n, seed)``, n rows in batches."""
        if self.seeds is not None:
            for seed in self.seeds:
                yield from make(1, seed)
        elif self.index is not None:
            yield _rows(make(max(self.index) + 1, self.seed), self.index)
        else:
            yield from make(self.num, self.seed)


def _from(images: DataSet, i: int) -> DataSet:
    """The set, to draw its image ``i`` first."""
    found = replace(images, first=i)
    if not all(map(len, found.examples(1).values())):
        raise UserError(f"--index {i}: there are fewer, counted from 0; {images.source}")
    return found


def _rows(batches: Iterable[Columns], index: Sequence[int]) -> Columns:
    """Rows of all batches, by their numbers, in the order of ``index``."""
    found: dict[int, Columns] = {}
    start = 0
    for batch in batches:
        n = len(next(iter(batch.values())))
        for i in {i for i in index if start <= i < start + n}:
            found[i] = {name: rows[i - start : i - start + 1] for name, rows in batch.items()}
        start += n
    if missing := [i for i in index if i not in found]:
        raise UserError(f"--index {missing[0]}: there are {start} drawings, from 0 on")
    return joined(found[i] for i in index)
