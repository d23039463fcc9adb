"""The arguments of every command; options of recipes and games are declared beside these."""

from __future__ import annotations

from paddle_gan.options import numbers, renamed

_DEVICE = ("--device", dict(default="auto", metavar="auto|cpu|gpu|gpu:N", help="where to compute"))
_SEED = ("--seed", dict(type=int, default=0, help="the seed of every random draw"))
_DATA = ("--data", dict(default="mnist", metavar="mnist|embedded|PATH", help="the real digits"))
_TRUTH = (
    "--data",
    dict(metavar="DATA", help="the real images; what it was trained on, mnist for digits of it"),
)
_FEATURES = (
    "--features",
    dict(
        metavar="NAME|FILE",
        help="what images are compared by: digits, classes, patches, inception (Paddle's weights) "
        "or a file of Inception weights; what fits best unless given",
    ),
)
_SOURCE = ("source", dict(help="a Gnet.pdparams, or samples in a .npy file"))
_JSON = ("--json", dict(action="store_true", dest="as_json", help="one line of JSON"))
_REPORT = ("--report", dict(metavar="FILE.png", help="write a picture of the findings"))
_REBUILD = ("--rebuild", dict(action="store_true", help="train one for these digits"))


def _num(default: int, what: str) -> tuple[str, dict]:
    return "--num", dict(type=int, default=default, metavar="N", help=f"how many {what}")


TRAIN = [
    ("--recipe", dict(metavar="NAME", help="what is trained; dcgan unless named")),
    _DEVICE,
    ("--workers", dict(type=int, default=1, metavar="N", help="processes that share each batch")),
    ("--out", dict(default="work", metavar="FOLDER", help="where the run is written")),
    ("--resume", dict(action="store_true", help="go on with the run in --out")),
    ("--dry-run", dict(action="store_true", help="print the configuration and exit")),
]

EVALUATE = [
    _SOURCE,
    _TRUTH,
    _FEATURES,
    _num(10_000, "samples"),
    _SEED,
    _JSON,
    _REPORT,
    _DEVICE,
]
MODES = [_SOURCE, _DATA, _num(26_000, "samples"), _SEED, _JSON, _DEVICE]
DIGITS = [_DATA, _REBUILD, _DEVICE]

INFER = [
    (
        "checkpoint",
        dict(
            nargs="?",
            default="pretrained:dcgan",
            help="a Gnet.pdparams of this package or of the notebook, or pretrained:NAME of one "
            "that comes with the package; pretrained:dcgan unless given",
        ),
    ),
    ("--num", dict(type=int, metavar="N", help="how many images, or styles of each (64, or 1)")),
    _SEED,
    ("--seeds", dict(type=numbers, metavar="N,N,...", help="the first image of each of these")),
    (
        "--index",
        dict(
            type=numbers,
            metavar="N,N,...",
            help="these images of the seed, or of a translator's test set, from 0",
        ),
    ),
    ("--latents", dict(metavar="FILE.npy", help="images of these latents, as project writes them")),
    ("--input", dict(dest="source", metavar="FILE|FOLDER", help="images to translate")),
    ("--output", dict(help=".png, .webp a grid, .npy raw, .gif, .mp4 a walk; else a folder")),
    ("--inverted", dict(action="store_true", help="black on white")),
    ("--interpolation", dict(type=int, metavar="N", help="a walk of N frames between drawings")),
    ("--interpolate", renamed("interpolation", int)),
    _DEVICE,
]

COMPARE = [
    ("folders", dict(nargs="+", metavar="RUN", help="the --out of a run")),
    ("--picture", dict(metavar="FILE.png", help="draw their curves and newest samples")),
]

PROJECT = [
    ("source", dict(metavar="image", help="an image, or a folder of them")),
    ("checkpoint", dict(help="a Gnet.pdparams that draws from latents")),
    ("--output", dict(default="work/projected", metavar="FOLDER", help="where it is written")),
    ("--steps", dict(type=int, default=300, metavar="N", help="of the search")),
    _SEED,
    ("--digit", dict(type=int, metavar="0..9", help="look among drawings of this digit alone")),
    ("--class", dict(dest="class_", metavar="NAME", help="look among those of this class alone")),
    _DEVICE,
]

DEMO = [
    ("checkpoint", dict(help="a network's file that images are drawn with")),
    ("--port", dict(type=int, metavar="N", help="on 127.0.0.1; GRADIO_SERVER_PORT or 7860")),
    _DEVICE,
]

PREPARE = [
    ("task", dict(help="edges, colors or morpho; edges:SOURCE of other digits than MNIST's")),
    ("folder", dict(help="where it is written; new or empty")),
]

EMBED = [
    ("encoder", dict(help="the Enet.pdparams of an autoencoder")),
    ("folder", dict(help="a folder of images")),
    ("--output", dict(default="work/codes.npy", metavar="FILE.npy", help="a row for each image")),
    _DEVICE,
]

CACHE = [
    ("source", dict(nargs="?", help="a folder or an archive; all that is kept unless named")),
    ("--clear", dict(action="store_true", help="delete it; it is prepared again when needed")),
    ("--where", dict(action="store_true", help="print the folder it is in")),
]

EXPORT = [
    ("checkpoint", dict(help="any network's file that images are drawn with")),
    ("--output", dict(default="work/exported", metavar="FOLDER", help="new or empty")),
    ("--format", dict(default="paddle", metavar="paddle|onnx|web", help="whom it is for")),
    ("--dtype", dict(default="float32", metavar="float32|float16", help="how weights are stored")),
]
