"""The table of wrong calls: what is typed, what is told, and what is done before."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np
import paddle

import paddle_gan
from paddle_gan.cli import main
from tests.data.files import save
from tests.training import harness

TINY = [*harness.TINY, "--max-steps", "1", "--data", "{here}/digits", "--out", "{here}/out"]


class Wrong(NamedTuple):
    """A row: what is typed after the command, what is told, and what is done before."""

    name: str
    arguments: str  # {here} is the test's folder
    told: str
    before: Callable[[Path], object] = lambda here: None


def write(name: str, content: bytes | str = b""):
    """A step that writes a file, for `Wrong.before`."""

    def step(here: Path):
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return step


def change(name: str, edit: Callable[[bytearray], object]):
    """A step that damages a file."""

    def step(here: Path):
        content = bytearray((here / name).read_bytes())
        edit(content)
        (here / name).write_bytes(content)

    return step


def run(here: Path):
    """A step that trains a run into out."""
    assert main([a.format(here=here) for a in TINY], command="train") == 0


def run_with(**values):
    """A step that trains a run and then changes its configuration; None removes a value."""

    def step(here: Path):
        run(here)
        config = json.loads((here / "out/config.json").read_text()) | values
        kept = {name: value for name, value in config.items() if value is not None}
        (here / "out/config.json").write_text(json.dumps(kept))

    return step


def with_nan(here: Path):
    generator = paddle_gan.Generator(latent=8, width=4, image_size=16)
    state = {name: value.numpy() for name, value in generator.state_dict().items()}
    state["gan.3.weight"][0, 0, 0, 0] = np.nan
    paddle.save(state, str(here / "nan.pdparams"))


class Hostile:
    """Unpickled by anyone who runs what a pickle says, it makes a folder."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def hostile(here: Path):
    (here / "hostile.pdparams").write_bytes(pickle.dumps({"a": Hostile(here / "executed")}))


def folder(name: str):
    return lambda here: (here / name).mkdir()


def twelve_classes(here: Path):
    for name in "abcdefghijkl":
        save(here / f"many/{name}/1.png")


def broken_images(here: Path):
    for name, content in {"a.png": b"", "b.jpg": b"\xff\xd8\xff", "c.bmp": b"BM" * 99}.items():
        write(f"broken/{name}", content)(here)


IDX = "digits/train-images-idx3-ubyte"
TRAIN = [
    Wrong("unknown recipe", "--recipe dcgam", "unknown recipe 'dcgam'; did you mean 'dcgan'?"),
    Wrong("recipe far from all", "--recipe x", "there are aistudio, cdcgan, conv"),
    Wrong("unknown flag", "--epoch-count 3", "unrecognized arguments: --epoch-count 3"),
    Wrong("flag without value", "--epochs", "argument --epochs: expected one argument"),
    Wrong("epochs in words", "--epochs many", "argument --epochs: invalid int value: 'many'"),
    Wrong("no epochs", "--epochs 0", "epochs 0: it must be a whole number, at least 1"),
    Wrong("negative steps", "--max-steps -1", "max_steps -1: it must be at least 1"),
    Wrong("half an image", "--batch-size 2.5", "argument --batch-size: invalid int value: '2.5'"),
    Wrong("batch of one", "--batch-size 1", "batch_size 1: it must be at least 2"),
    Wrong("batch beyond the set", "--batch-size 25", "choose a --batch-size from 2 to 24, or give"),
    Wrong("rate in words", "--lr fast", "argument --lr: invalid float value: 'fast'"),
    Wrong("no rate", "--lr 0", "lr 0.0: it must be a positive number"),
    Wrong("negative rate", "--lr -0.1", "lr -0.1: it must be a positive number"),
    Wrong("rate not a number", "--lr nan", "lr nan: it must be a positive number"),
    Wrong("infinite rate", "--lr inf", "lr inf: it must be a positive number"),
    Wrong("rate that explodes", "--lr 1e30 --max-steps 99", "not finite"),
    Wrong("odd image size", "--image-size 33", "it must be 16 or 32 or 64 or 128 for the"),
    Wrong(
        "odd image size of mlp", "--recipe mlp --image-size 33", "33: it must be a multiple of 4"
    ),
    Wrong("two channels", "--channels 2", "channels 2: it must be 1 (gray) or 3 (color)"),
    Wrong(
        "scores of color",
        "--channels 3 --evaluate-every 1",
        "--evaluate-every scores digits of one channel",
    ),
    Wrong("gray stacks", "--data stacked:{here}/digits", "has three channels, one a digit"),
    Wrong(
        "stacks of unknown digits",
        "--data stacked:{here}/digits --channels 3",
        "stacks need digits with labels 0 to 9",
    ),
    Wrong("stacks of no data", "--data stacked: --channels 3", "the name of the data is empty"),
    Wrong("no width", "--width 0", "width 0: it must be a whole number, at least 1"),
    Wrong("width beyond memory", "--width 1000000", "GiB, and this machine has"),
    Wrong("latent beyond memory", "--latent 1000000000", "GiB, and this machine has"),
    Wrong("negative latent", "--latent -5", "latent -5: it must be a whole number, at least 1"),
    Wrong("negative seed", "--seed -1", "seed -1: it must be between 0 and 2147483647"),
    Wrong("huge seed", "--seed 2147483648", "it must be between 0 and 2147483647"),
    Wrong("never a checkpoint", "--checkpoint-every 0", "checkpoint_every 0: it must be at least"),
    Wrong("unknown reaction", "--on-nan panic", "invalid choice: 'panic'"),
    Wrong("no workers", "--workers 0", "workers 0: it must be at least 1"),
    Wrong("unknown device", "--device tpu", "device 'tpu': choose auto, cpu, gpu or gpu:N"),
    Wrong("numbered CPU", "--device cpu:1", "device 'cpu:1': choose auto, cpu, gpu or gpu:N"),
    Wrong("GPU out of reach", "--device gpu:99", "--device gpu:99: "),
    Wrong("no data of this name", "--data {here}/nothing", "nothing does not exist; data is mnist"),
    Wrong("data is a file", f"--data {{here}}/{IDX}", "is not a folder"),
    Wrong("empty folder", "--data {here}/empty", "holds no images", folder("empty")),
    Wrong("empty name of data", "--data=", "the name of the data is empty"),
    Wrong("folder of text", "--data {here}/text", "holds no images", write("text/a.txt")),
    Wrong(
        "a single image",
        "--data {here}/one",
        "training takes at least 2, BatchNorm's smallest batch",
        lambda here: save(here / "one/a.png"),
    ),
    Wrong("no classes", "--recipe cdcgan", "draws 10 classes at most, and there are none in IDX"),
    Wrong(
        "too many classes",
        "--recipe cdcgan --data {here}/many",
        "draws 10 classes at most, and there are 12 in images in",
        twelve_classes,
    ),
    Wrong("broken images only", "--data {here}/broken", "none of the 3 images in", broken_images),
    Wrong(
        "truncated digits",
        "",
        "is cut short: it announces 18,816 bytes",
        change(IDX, lambda data: data.pop()),
    ),
    Wrong(
        "digits of another type",
        "",
        "is not an IDX file of 3-dimensional bytes",
        change(IDX, lambda data: data.__setitem__(2, 13)),
    ),
    Wrong(
        "digits without end",
        "",
        "fetch it again",
        change(IDX, lambda data: data.__setitem__(slice(4, 8), b"\xff" * 4)),
    ),
    Wrong("gzip in name only", "", "train-images", write(IDX, b"\x1f\x8b\x08nothing")),
    Wrong("output is a file", "--out {here}/file", "File exists; give another", write("file")),
    Wrong("output below a file", "--out {here}/file/x", "Not a directory", write("file")),
    Wrong("output not writable", "--out /proc/run", "cannot write into /proc/run"),
    Wrong("output without a name", "--out=", "--out is empty"),
    Wrong("nothing to resume", "--resume", "holds no run to resume; start without --resume"),
    Wrong(
        "configuration cut off",
        "--resume",
        "holds no run to resume",
        write("out/config.json", '{"recipe": "dcgan"'),
    ),
    Wrong("another's list", "--resume", "holds no run", write("out/config.json", "[1, 2]")),
    Wrong("another's table", "--resume", "holds no run", write("out/config.json", '{"a": 1}')),
    Wrong("resume wider", "--resume --width 8", "--resume keeps width as the run was started", run),
    Wrong("resume of another recipe", "--resume --recipe aistudio", "--resume keeps recipe", run),
    Wrong("resume otherwise", "--resume --lr 0.1 --seed 4", "--resume keeps lr, seed", run),
    Wrong("resume of no recipe", "--resume", "unknown recipe 'gone'", run_with(recipe="gone")),
    Wrong("resume with new option", "--resume", "unknown option 'depth'", run_with(depth=3)),
    Wrong("resume of no width", "--resume", "width 'wide': it must be", run_with(width="wide")),
]
INFER = [
    Wrong("no checkpoint named", "", "the following arguments are required: checkpoint"),
    Wrong("missing", "{here}/Gnet.pdparams", "Gnet.pdparams cannot be read: No such file"),
    Wrong("folder", "{here}", "is a directory: name a file in it"),
    Wrong("device file", "/dev/zero", "is not a regular file"),
    Wrong("empty", "{here}/empty", "is empty (0 bytes)", write("empty")),
    Wrong("text", "{here}/text", "is not a checkpoint", write("text", "import this")),
    Wrong(
        "truncated",
        "{here}/good.pdparams",
        "is truncated",
        change("good.pdparams", lambda content: content.__delitem__(slice(999, None))),
    ),
    Wrong("hostile", "{here}/hostile.pdparams", "asks to run", hostile),
    Wrong("not finite", "{here}/nan.pdparams", "holds NaN or infinity", with_nan),
    Wrong(
        "discriminator",
        "{here}/D.pdparams",
        "holds no generator",
        lambda here: paddle.save(
            paddle_gan.Discriminator(4).state_dict(), str(here / "D.pdparams")
        ),
    ),
    Wrong(
        "list",
        "{here}/list.pdparams",
        "holds no generator",
        lambda here: paddle.save([1, 2], str(here / "list.pdparams")),
    ),
    Wrong("unknown suffix", "{here}/good.pdparams --output {here}/a.jpg", "the suffix must be"),
    Wrong("no suffix", "{here}/good.pdparams --output {here}/a", "the suffix must be one of .png"),
    Wrong("still life", "{here}/good.pdparams --output {here}/a.gif", "the suffix must be one of"),
    Wrong("folder out", "{here}/good.pdparams --output {here}/a.npy", "cannot", folder("a.npy")),
    Wrong(
        "output below a file",
        "{here}/good.pdparams --output {here}/digits/train-images-idx3-ubyte/a.png",
        "cannot write",
    ),
    Wrong("output not writable", "{here}/good.pdparams --output /proc/a.npy", "cannot write /proc"),
    Wrong("no images", "{here}/good.pdparams --num 0", "--num must be at least 1"),
    Wrong("fewer than no images", "{here}/good.pdparams --num -3", "--num must be at least 1"),
    Wrong("images in words", "{here}/good.pdparams --num all", "invalid int value: 'all'"),
    Wrong("walk of a step", "{here}/good.pdparams --interpolate 1", "--interpolate 2"),
    Wrong("negative seed", "{here}/good.pdparams --seed -1", "--seed 0"),
    Wrong("GPU out of reach", "{here}/good.pdparams --device gpu:99", "--device gpu:99: "),
    Wrong("unknown flag", "{here}/good.pdparams --seeds 3", "unrecognized arguments: --seeds 3"),
]
EVALUATE = [
    Wrong("nothing named", "", "the following arguments are required: source"),
    Wrong("missing", "{here}/Gnet.pdparams", "Gnet.pdparams cannot be read: No such file"),
    Wrong("missing samples", "{here}/s.npy", "s.npy cannot be read: No such file"),
    Wrong("text", "{here}/text.npy", "is not a .npy file", write("text.npy", "import this")),
    Wrong("hostile", "{here}/hostile.pdparams", "asks to run", hostile),
    Wrong(
        "truncated samples",
        "{here}/s.npy",
        "is truncated or damaged",
        lambda here: [
            np.save(here / "s.npy", np.zeros((99, 1, 32, 32), "float32")),
            os.truncate(here / "s.npy", 5000),
        ],
    ),
    Wrong(
        "samples of another form",
        "{here}/s.npy",
        "cannot be scored",
        lambda here: np.save(here / "s.npy", np.zeros((99, 32, 32), "float32")),
    ),
    Wrong("samples in words", "{here}/good.pdparams --num all", "invalid int value: 'all'"),
    Wrong("no samples", "{here}/good.pdparams --num 0", "--num must be at least 1"),
    Wrong("few samples", "{here}/good.pdparams --num 64", "samples: 64 give no covariance"),
    Wrong("report in JPEG", "{here}/good.pdparams --report a.jpg", "report a.jpg: it is a picture"),
    Wrong("negative seed", "{here}/good.pdparams --seed -1", "--seed 0"),
    Wrong(
        "a single number",
        "{here}/s.npy",
        "cannot be scored",
        lambda here: np.save(here / "s.npy", np.float32(1)),
    ),
    Wrong(
        "data of stacks", "{here}/good.pdparams --num 65 --data stacked", "has three channels, one"
    ),
]
MODES = [
    Wrong("missing", "{here}/Gnet.pdparams", "Gnet.pdparams cannot be read: No such file"),
    Wrong("gray generator", "{here}/good.pdparams", "good.pdparams has images of 1 channels; "),
    Wrong(
        "gray samples",
        "{here}/s.npy",
        "s.npy has images of 1 channels; paddle-gan evaluate",
        lambda here: np.save(here / "s.npy", np.zeros((9, 1, 32, 32), "float32")),
    ),
    Wrong(
        "flat samples",
        "{here}/s.npy",
        "give float32 N x 3 x 32 x 32 in [-1, 1]",
        lambda here: np.save(here / "s.npy", np.zeros((9, 32, 32), "float32")),
    ),
    Wrong(
        "empty samples",
        "{here}/s.npy",
        "samples of shape (0, 3, 32, 32) cannot be scored",
        lambda here: np.save(here / "s.npy", np.zeros((0, 3, 32, 32), "float32")),
    ),
    Wrong("no samples", "{here}/good.pdparams --num 0", "--num must be at least 1"),
]
