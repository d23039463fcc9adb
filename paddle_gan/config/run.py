"""The options of any run, whatever game it plays."""

from __future__ import annotations

from paddle_gan import data
from paddle_gan.options import FLAG, Option, Range, Rule, number, one_of, whole

RUN = {
    "data": Option("mnist", data.SOURCE, "what to train on"),
    "labels": Option(
        None, data.TABLE, "their classes; labels.csv in the folder, or its subfolders unless given"
    ),
    "epochs": Option(40, whole(1), "times through the data"),
    "max_steps": Option(None, whole(1, text="at least 1 step"), "stop after N steps"),
    "batch_size": Option(
        32,
        whole(2, text="at least 2: BatchNorm needs something to average over"),
        "images in a step, of all processes together",
    ),
    "lr_half": Option(
        200_000,
        number(0, text="a number of images, or 0 for constant rates"),
        "images after which all learning rates have fallen to a half; 0: they stay",
    ),
    "lr_decay": Option(
        0.0,
        number(0, 1),
        "the last part of a run, in which all learning rates fall linearly to 0; 0: they do not",
    ),
    "ema_half_life": Option(
        100_000,
        number(0, text="a number of images, or 0 for none"),
        "images in which the average of the weights half forgets; 0: no average",
    ),
    "ema_half_life_end": Option(
        None,
        number(0, text="a number of images", over=True),
        "the same after the burn-in; it may begin at 0 then",
    ),
    "burn_in": Option(
        0,
        number(0, text="a number of images, or 0 for none"),
        "images in which each value with an end, such as lr_end, goes there along half a cosine",
    ),
    "seed": Option(0, whole(0, 2**31 - 1, "between 0 and 2147483647"), "of every random draw"),
    "init_from": Option(
        None,
        Range(lambda v: isinstance(v, str) and v != "", "a file of weights", "FILE"),
        "begin with the weights of this network of another run, and of those beside it",
    ),
    "checkpoint_every": Option(
        None, whole(1, text="at least 1 step"), "steps after which to save, besides each epoch"
    ),
    "evaluate_every": Option(
        None, whole(1, text="at least 1 epoch"), "epochs after which to score, and keep the best"
    ),
    "keep_every": Option(
        None,
        whole(1, text="at least 1 epoch"),
        "epochs from one copy of the generator under generators/ to the next",
    ),
    "canvas": Option(8, whole(1), "samples in a row and in a column of the pictures"),
    "inverted": Option(False, FLAG, "pictures are black on white"),
    "on_nan": Option("stop", one_of(("stop", "retry")), "what to do when a loss is not finite"),
    "amp": Option(
        None, FLAG, "compute in bfloat16; by itself on a CPU that has it (AVX512-BF16 or AMX)"
    ),
}


def has_end(config: dict) -> bool:
    return any(name.endswith("_end") and value is not None for name, value in config.items())


RULES: list[Rule] = [
    (
        lambda c: has_end(c) and not c["burn_in"],
        "a value that is to end elsewhere takes a number of images to get there; add --burn-in",
    ),
    (
        lambda c: c["burn_in"] and not has_end(c),
        "burn_in {burn_in} is the way to other values, and none is given; add one, as --lr-end",
    ),
    (
        lambda c: c.get("lr_end") and c["lr_half"],
        "lr_end {lr_end} and lr_half {lr_half} are two schedules of the same rates; "
        "take --lr-half 0, or leave lr_end out",
    ),
]
