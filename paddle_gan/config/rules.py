"""What a configuration may hold: the range of each value, and what does not go together."""

from __future__ import annotations

from paddle_gan.errors import UserError


def _whole(low: int) -> tuple:
    return lambda v: isinstance(v, int) and v >= low, f"a whole number, at least {low}"


def _optional(low: int, unit: str) -> tuple:
    return lambda v: v is None or isinstance(v, int) and v >= low, f"at least {low} {unit}"


_FLAG = (lambda v: isinstance(v, bool), "True or False")
_POSITIVE = (lambda v: 0 < v < float("inf"), "a positive number")
_RULES = {
    "latent": _whole(1),
    "width": _whole(1),
    "channels": (lambda v: v in (1, 3), "1 (gray) or 3 (color)"),
    "image_size": (lambda v: isinstance(v, int), "a whole number"),
    "pack": _whole(1),
    "critic_steps": _whole(1),
    "fresh_noise": _whole(0),
    "penalty_weight": (lambda v: v is None or 0 < v < float("inf"), "a positive number"),
    "lr": _POSITIVE,
    "lr_ratio": _POSITIVE,
    "lr_half": (lambda v: 0 <= v < float("inf"), "a number of images, or 0 for constant rates"),
    "betas": (lambda v: len(v) == 2 and all(0 <= b < 1 for b in v), "two numbers in [0, 1)"),
    "batch_size": (
        lambda v: isinstance(v, int) and v >= 2,
        "at least 2: BatchNorm needs something to average over",
    ),
    "epochs": _whole(1),
    "max_steps": _optional(1, "step"),
    "checkpoint_every": _optional(1, "step"),
    "evaluate_every": _optional(1, "epoch"),
    "keep_every": _optional(1, "epoch"),
    "canvas": _whole(1),
    "ema_half_life": (lambda v: 0 <= v < float("inf"), "a number of images, or 0 for none"),
    "inverted": _FLAG,
    "amp": _FLAG,
    "on_nan": (lambda v: v in ("stop", "retry"), "stop or retry"),
    "data": (lambda v: isinstance(v, str), "mnist, embedded, stacked or the path of a folder"),
    "seed": (lambda v: isinstance(v, int) and v in range(2**31), "between 0 and 2147483647"),
}
_POWERS = (16, 32, 64, 128)
_SIZES = {"dcgan": _POWERS, "cdcgan": _POWERS, "sngan": (28,)}  # of images, where not any will do
_BATCH_NORMS = ("batch", "spectral-batch")
_ZERO_CENTERED = ("r1", "r2", "r1-r2")  # penalties that flatten D at images, not between them
# What does not go together, and why.
_SENSELESS = [
    (
        lambda c: c["penalty"] in ("gradient", *_ZERO_CENTERED) and c["norm"] in _BATCH_NORMS,
        "penalty {penalty!r} is of each image by itself, and with norm {norm!r} D judges a batch "
        "as a whole; take --norm none, instance or spectral",
    ),
    (
        lambda c: (
            c["objective"] == "wasserstein"
            and c["penalty"] in ("none", *_ZERO_CENTERED)
            and c["norm"] != "spectral"
        ),
        "objective 'wasserstein' without a bound on the critic's slope has no minimum; "
        "add --penalty clip or gradient, or --norm spectral",
    ),
    (
        lambda c: c["penalty"] == "none" and c["penalty_weight"] is not None,
        "penalty_weight {penalty_weight} weighs nothing with penalty 'none'; name one, or leave "
        "it out",
    ),
    (
        lambda c: c["penalty"] == "clip" and "spectral" in c["norm"],
        "penalty 'clip' bounds weights that norm {norm!r} divides by their size anyway; "
        "take one of both",
    ),
    (
        lambda c: c["networks"] == "mlp" and c["norm"] not in ("none", "spectral"),
        "norm {norm!r} is of feature maps, and the networks 'mlp' have none; "
        "take --norm none or spectral",
    ),
    (
        lambda c: c["networks"] == "cdcgan" and c["pack"] > 1,
        "pack {pack} mixes images of several classes, and D of 'cdcgan' judges one class at a "
        "time; take --pack 1",
    ),
    (
        lambda c: c["batch_size"] % (c["critic_steps"] * c["pack"]),
        "batch_size {batch_size}: it must be a multiple of critic_steps x pack, here "
        "{critic_steps} x {pack}",
    ),
]


def check(config: dict) -> None:
    """Raise UserError, one line long, for the first rule that ``config`` breaks."""
    for name, (holds, rule) in _RULES.items():
        try:
            good = holds(config[name])
        except TypeError:
            good = False
        if not good:
            raise UserError(f"{name} {config[name]!r}: it must be {rule}")
    sizes = _SIZES.get(config["networks"], range(8, 129, 4))
    if config["image_size"] not in sizes:
        multiple = "a multiple of 4 from 8 to 128"
        fitting = multiple if isinstance(sizes, range) else " or ".join(map(str, sizes))
        raise UserError(
            f"image_size {config['image_size']}: it must be {fitting} for the networks "
            f"{config['networks']!r}"
        )
    for refused, reason in _SENSELESS:
        if refused(config):
            raise UserError(reason.format(**config))
