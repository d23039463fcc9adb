"""Ready batches through paddle.io.DataLoader, in an order that depends on seed and epoch alone."""

from __future__ import annotations

import numpy as np
import paddle

from paddle_gan.data.image_set import ImageSet
from paddle_gan.data.pixels import to_float
from paddle_gan.errors import UserError


def batches_per_epoch(image_set: ImageSet, batch_size: int) -> int:
    """Whole batches in an epoch; the images left over are dropped, others in each epoch.

    Raises UserError if there is not even one, or a single image.
    """
    if len(image_set) < 2:
        raise UserError(
            f"{image_set.source}; training takes at least 2, BatchNorm's smallest batch"
        )
    if not 1 <= batch_size <= len(image_set):
        raise UserError(
            f"a batch of {batch_size:,} cannot be drawn from {len(image_set):,} images; "
            f"choose a --batch-size from 2 to {len(image_set):,}, or give more images"
        )
    return len(image_set) // batch_size


def loader(
    image_set: ImageSet,
    batch_size: int,
    seed: int,
    epoch: int,
    first_batch: int = 0,
    place: paddle.CPUPlace | paddle.CUDAPlace | None = None,
    rank: int = 0,
    world: int = 1,
    parts: int = 1,
) -> paddle.io.DataLoader:
    """One shuffled epoch, from `first_batch` on, on `place` (None: the CPU).

    A batch is a list: images, float32, B x C x H x W in [-1, 1], and labels, int64, B, if the set
    has them. `batch_size` counts the images of all processes together. A step uses a batch in
    `parts`, one after another; process `rank` of `world` gets its contiguous share of each, so
    that the order is the same for any number of processes.

    Raises UserError if a batch is larger than the set or cannot be shared equally.
    """
    steps = batches_per_epoch(image_set, batch_size)
    if batch_size % (parts * world):
        raise UserError(
            f"a batch of {batch_size} cannot be shared equally by {world} processes "
            f"in {parts} parts; choose a multiple of {world * parts}"
        )
    order = np.random.default_rng([seed, epoch]).permutation(len(image_set))
    shares = order[: steps * batch_size].reshape(steps, parts, world, -1)
    own = shares[first_batch:, :, rank].reshape(-1, batch_size // world)
    batches = _Batches(image_set, own)
    return paddle.io.DataLoader(batches, batch_size=None, places=place or paddle.CPUPlace())


class _Batches(paddle.io.Dataset):
    """A data set whose items are whole batches, so that no Python runs for a single image."""

    def __init__(self, image_set: ImageSet, shares: np.ndarray) -> None:
        self.image_set = image_set
        self.shares = shares  # steps x B, indices

    def __len__(self) -> int:
        return len(self.shares)

    def __getitem__(self, step: int) -> list[np.ndarray]:
        images, labels = self.image_set.images, self.image_set.labels
        share = self.shares[step]
        batch = [to_float(images[share])]
        return batch if labels is None else [*batch, labels[share]]
