"""What games have in common that translate images of a side A to images of a side B."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import paddle
from paddle import nn

from paddle_gan import kernels
from paddle_gan.data import Crop, DataSet, to_float
from paddle_gan.games.base import Game
from paddle_gan.games.optimizers import FREEZE, FREEZE_RULES, OPTIMIZER
from paddle_gan.networks.initialization import INITS
from paddle_gan.networks.options import DOUBLED
from paddle_gan.options import FLAG, Option, Row, one_of, whole
from paddle_gan.sampling.columns import Columns

DIRECTION = one_of(("AtoB", "BtoA"))
_BATCH = 64


class Translation(Game):
    """A game on two sides of data: ``a`` is what is given, ``b`` what is wanted."""

    options = {
        **Game.options,
        "image_size": Option(32, one_of(DOUBLED), "images are resized to this"),
        "load_size": Option(
            None,
            whole(16),
            "in training images are resized to this, and squares of image_size are cut out at "
            "random places",
        ),
        "flip": Option(False, FLAG, "in training every second image is mirrored, pairs together"),
        "batch_size": Option(16, whole(1), "images in a step, of all processes together"),
        "width": Option(32, whole(1), "features of G's outermost layer; the others follow from it"),
        "d_width": Option(32, whole(1), "features of D's first layer"),
        "patch_layers": Option(2, whole(1, 3), "D sees parts of 16, 34 or 70 pixels"),
        "init": Option("dcgan", Row(INITS), "how weights are initialized"),
        **OPTIMIZER,
        **FREEZE,
        "lr": Option(0.0002, OPTIMIZER["lr"].range, "learning rate"),
    }
    rules = [
        *FREEZE_RULES,
        (
            lambda c: c["load_size"] and c["load_size"] < c["image_size"],
            "load_size {load_size} leaves nothing to cut images of {image_size} pixels out of; "
            "it must be larger",
        ),
        (
            lambda c: c["image_size"] < 32 and c["patch_layers"] == 3,
            "patch_layers 3 leaves nothing of images of {image_size} pixels; take 1 or 2",
        ),
    ]
    watched, judge = "test", "pairs"

    @classmethod
    def load(cls, config: dict, split: str) -> DataSet:
        """What is trained on is cut out of larger images, and mirrored; the rest is not."""
        load_size, crop = config["load_size"], Crop(config["image_size"], config["flip"])
        if split not in ("train", "fit") or not (load_size or crop.flip):
            return super().load(config, split)
        images = super().load({**config, "image_size": load_size or crop.size}, split)
        return replace(images, crop=crop)

    @staticmethod
    def probe(networks, n, seed, images=None) -> Iterator[Columns]:
        """The ``input``, of A, and of the same index the ``target``, of B."""
        found = images.examples(n)
        for start in range(0, len(found["a"]), _BATCH):
            a, b = (to_float(found[side][start : start + _BATCH]) for side in "ab")
            yield {"input": a, "target": b}

    @staticmethod
    def translate(networks, name: str, images: np.ndarray, seed: int = 0) -> np.ndarray:
        return drawn(networks[name], images)


def drawn(network: nn.Layer, images: np.ndarray) -> np.ndarray:
    """What a network makes of images, float32 B x C x H x W."""
    with paddle.no_grad():
        return kernels.run(network, paddle.to_tensor(images)).numpy()
