"""A task as folders of images, for other programs and for looking at."""

from __future__ import annotations

import os
from pathlib import Path

from tqdm import tqdm

from paddle_gan.data import load_images
from paddle_gan.data.tasks import SIZE, TASKS
from paddle_gan.errors import UserError, unknown
from paddle_gan.sampling.pictures import png

_PARTS = {"train": "trainval", "test": "test"}  # part of the folder -> split of the digits


def prepare(task: str, folder: str | os.PathLike) -> Path:
    """Write a task, such as "edges" or "morpho:embedded", into an empty folder; returns its path.

    Of two sides come trainA, trainB, testA and testB, of more domains train/NAME and test/NAME,
    with a PNG INDEX_LABEL.png for each digit: the same name for the same digit in each of them.
    ``--data FOLDER`` reads the images that ``--data TASK`` makes.

    Raises UserError for an unknown task or a folder with something in it.
    """
    name, colon, digits = task.partition(":")
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UserError(f"{folder} is not empty; name a folder that is, or a new one")
    for part, split in _PARTS.items():
        found = load_images(digits if colon else "mnist", SIZE, 1, split)
        images = TASKS[name].build(name, found)
        with tqdm(total=len(images) * len(found), desc=part, unit=" images") as bar:
            for domain, looks in zip(TASKS[name].names, images):
                sides = "pairs" in TASKS[name].kinds
                _write(
                    folder / (part + domain if sides else f"{part}/{domain}"), looks, found.labels
                )
                bar.update(len(looks))
    return folder


def _write(folder: Path, images, labels) -> None:
    folder.mkdir(parents=True)
    for index, image in enumerate(images):
        label = "" if labels is None else f"_{labels[index]}"
        (folder / f"{index:05d}{label}.png").write_bytes(png(image))
