"""Ready batches through paddle.io.DataLoader, in an order that depends on seed and epoch alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paddle_gan.data.data_set import DataSet
from paddle_gan.errors import UserError

if TYPE_CHECKING:
    import paddle


def batches_per_epoch(data_set: DataSet, batch_size: int) -> int:
    """Whole batches in an epoch; the images left over are dropped, others in each epoch.

    Raises UserError if there is not even one, or a single image.
    """
    if len(data_set) < 2:
        raise UserError(f"{data_set.source}; training takes at least 2, BatchNorm's smallest batch")
    if not 1 <= batch_size <= len(data_set):
        raise UserError(
            f"a batch of {batch_size:,} cannot be drawn from {len(data_set):,} images; "
            f"choose a --batch-size from 2 to {len(data_set):,}, or give more images"
        )
    return len(data_set) // batch_size


def loader(
    data_set: DataSet,
    batch_size: int,
    seed: int,
    epoch: int,
    first_batch: int = 0,
    place: paddle.CPUPlace | paddle.CUDAPlace | None = None,
    rank: int = 0,
    world: int = 1,
    parts: int = 1,
) -> paddle.io.DataLoader:
    """One shuffled epoch of a set of any kind, from `first_batch` on, on `place` (None: the CPU).

    A batch is a dict of the tensors that the set's ``batch`` names. `batch_size` counts the items
    of all processes together. A step uses a batch in `parts`, one after another; process `rank` of
    `world` gets its contiguous share of each, so that the order is the same for any number of
    processes.

    Raises UserError if a batch is larger than the set or cannot be shared equally.
    """
    import paddle  # here, as naming data takes no Paddle

    steps = batches_per_epoch(data_set, batch_size)
    if batch_size % (parts * world):
        raise UserError(
            f"a batch of {batch_size} cannot be shared equally by {world} processes "
            f"in {parts} parts; choose a multiple of {world * parts}"
        )
    order = data_set.order(seed, epoch)[: steps * batch_size]
    size, row = batch_size // world, order.shape[1:]
    shares = order.reshape(steps, parts, world, size // parts, *row)
    own = shares[first_batch:, :, rank].reshape(-1, size, *row)
    return paddle.io.DataLoader(
        _Batches(data_set, own), batch_size=None, places=place or paddle.CPUPlace()
    )


class _Batches:
    """A data set whose items are whole batches, so that no Python runs for a single image."""

    def __init__(self, data_set: DataSet, shares: np.ndarray) -> None:
        self.data_set = data_set
        self.shares = shares  # steps x B, rows of an order

    def __len__(self) -> int:
        return len(self.shares)

    def __getitem__(self, step: int) -> dict[str, np.ndarray]:
        return self.data_set.batch(self.shares[step])
