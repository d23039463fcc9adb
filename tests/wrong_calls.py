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


INFER = [
    Wrong("unknown name", "pretrained:dcgam", "unknown pretrained network 'dcgam'; did you mean"),
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
    Wrong("still life", "{here}/good.pdparams --output {here}/a.gif", "add --interpolation N for"),
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
    Wrong("walk of a step", "{here}/good.pdparams --interpolation 1", "--interpolation must be"),
    Wrong("negative seed", "{here}/good.pdparams --seed -1", "a seed or an index at least 0"),
    Wrong("GPU out of reach", "{here}/good.pdparams --device gpu:99", "--device gpu:99: "),
    Wrong("unknown flag", "{here}/good.pdparams --sides 3", "unrecognized arguments: --sides 3"),
    Wrong(
        "seeds in words", "{here}/good.pdparams --seeds a,b", "--seeds: 'a,b' must be whole numbers"
    ),
    Wrong("two choices", "{here}/good.pdparams --seeds 3 --index 4", "--seeds and --index choose"),
    Wrong("no truncation", "{here}/good.pdparams --truncation 0", "truncation 0.0: it must be"),
    Wrong("no latents", "{here}/good.pdparams --latents {here}/z.npy", "z.npy cannot be read"),
]
PROJECT = [
    Wrong("nothing named", "", "the following arguments are required: image, checkpoint"),
    Wrong("no image", "{here}/gone.png {here}/good.pdparams", "gone.png"),
    Wrong("no steps", "{here}/a.png {here}/good.pdparams --steps 0", "--steps must be at least 1"),
    Wrong("hostile", "{here}/a.png {here}/hostile.pdparams", "asks to run", hostile),
]

DEMO = [
    Wrong("nothing named", "", "the following arguments are required: checkpoint"),
    Wrong("port in words", "{here}/good.pdparams --port web", "invalid int value: 'web'"),
]

EXPORT = [
    Wrong("nothing named", "", "the following arguments are required: checkpoint"),
    Wrong("missing", "{here}/Gnet.pdparams", "Gnet.pdparams cannot be read: No such file"),
    Wrong("not empty", "{here}/good.pdparams --output {here}", "is not empty; name a folder"),
    Wrong("format", "{here}/good.pdparams --format onyx", "unknown format 'onyx'; did you mean"),
    Wrong("dtype", "{here}/good.pdparams --dtype int8", "unknown dtype 'int8'; there are float32"),
    Wrong("hostile", "{here}/hostile.pdparams", "asks to run", hostile),
    Wrong(
        "file in the way",
        "{here}/good.pdparams --output {here}/file/out",
        "cannot write",
        write("file", "x"),
    ),
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
    Wrong(
        "few samples",
        "{here}/good.pdparams --num 64 --data embedded",
        "samples: 64 give no covariance",
    ),
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
        "s.npy has images of 1 channels; paddle-gan modes",
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
