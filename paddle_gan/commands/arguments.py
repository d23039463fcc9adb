"""The arguments of every command; options of recipes and games are declared beside these."""

from __future__ import annotations

from paddle_gan.options import renamed

_DEVICE = ("--device", dict(default="auto", metavar="auto|cpu|gpu|gpu:N", help="where to compute"))
_SEED = "the seed of every random draw"

TRAIN = [
    ("--recipe", dict(metavar="NAME", help="what is trained; dcgan unless named")),
    _DEVICE,
    ("--workers", dict(type=int, default=1, metavar="N", help="processes that share each batch")),
    ("--out", dict(default="work", metavar="FOLDER", help="where the run is written")),
    ("--resume", dict(action="store_true", help="go on with the run in --out")),
    ("--dry-run", dict(action="store_true", help="print the configuration and exit")),
]

_DATA = ("--data", dict(default="mnist", metavar="mnist|embedded|PATH", help="the real digits"))
_SOURCE = ("source", dict(help="a Gnet.pdparams, or samples in a .npy file"))
_JSON = ("--json", dict(action="store_true", dest="as_json", help="one line of JSON"))
EVALUATE = [
    _SOURCE,
    _DATA,
    ("--num", dict(type=int, default=10_000, metavar="N", help="how many samples")),
    ("--seed", dict(type=int, default=0, help=_SEED)),
    _JSON,
    ("--report", dict(metavar="FILE.png", help="write a picture of the findings")),
    _DEVICE,
]

MODES = [
    _SOURCE,
    _DATA,
    ("--num", dict(type=int, default=26_000, metavar="N", help="how many samples")),
    ("--seed", dict(type=int, default=0, help=_SEED)),
    _JSON,
    _DEVICE,
]

DIGITS = [
    _DATA,
    ("--rebuild", dict(action="store_true", help="train it again")),
    _DEVICE,
]

INFER = [
    ("checkpoint", dict(help="a Gnet.pdparams of this package or of the notebook")),
    ("--num", dict(type=int, default=64, metavar="N", help="how many images")),
    ("--seed", dict(type=int, default=0, help=_SEED)),
    ("--output", dict(default="work/generated.png", help=".png a grid, .npy raw, .gif a walk")),
    ("--inverted", dict(action="store_true", help="black on white")),
    ("--interpolation", dict(type=int, metavar="N", help="a walk of N frames between drawings")),
    ("--interpolate", renamed("interpolation", int)),
    _DEVICE,
]

EMBED = [
    ("encoder", dict(help="the Enet.pdparams of an autoencoder")),
    ("folder", dict(help="a folder of images")),
    ("--output", dict(default="work/codes.npy", metavar="FILE.npy", help="a row for each image")),
    _DEVICE,
]
