"""The files beside an exported network: how to use it, in Python and in words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from paddle_gan import __version__
from paddle_gan.exporting.inputs import Input

# Of each format: what its loader needs, and Python that defines ``run``.
_ENGINES = {
    "paddle": (
        "paddlepaddle numpy pillow",
        """from paddle import inference

folder = Path(__file__).parent
config = inference.Config(str(folder / "{model}"), str(folder / "model.pdiparams"))
config.disable_gpu()
config.disable_mkldnn()  # Paddle 3.3 misreads the slope of LeakyReLU there, and crashes
config.disable_glog_info()
predictor = inference.create_predictor(config)


def run(**inputs):
    for name, values in inputs.items():
        predictor.get_input_handle(name).copy_from_cpu(np.ascontiguousarray(values))
    predictor.run()
    return predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu()
""",
    ),
    "onnx": (
        "onnxruntime numpy pillow",
        """import onnxruntime

folder = Path(__file__).parent
session = onnxruntime.InferenceSession(folder / "{model}", providers=["CPUExecutionProvider"])


def run(**inputs):
    return session.run(["output"], inputs)[0]
""",
    ),
}
_LOADER = """\"\"\"{about}: python load.py {usage}\"\"\"

import sys
from pathlib import Path

import numpy as np
from PIL import Image
{engine}{helpers}

{function}

if __name__ == "__main__":
    output = {call}
{write}"""
_DRAW = """def draw(n, seed=0):
    rng = np.random.default_rng(seed)
    return run({arguments})
"""
_APPLY = """def apply(path, n={n}, seed=0):
    rng, picture = np.random.default_rng(seed), Image.open(path).convert("{mode}")
    pixels = np.asarray(picture.resize(({size}, {size})), "float32")
    image = pixels.reshape(1, {size}, {size}, {channels}).transpose(0, 3, 1, 2) / 127.5 - 1
    return run({arguments})
"""
_PICTURE = """    row = np.concatenate(list(output.transpose(0, 2, 3, 1)), axis=1)  # H x nW x C
    pixels = np.rint((row.clip(-1, 1) + 1) * 127.5).astype("uint8")
    Image.fromarray(pixels.squeeze()).save({path})
"""
_README = """# {title}

Exported by paddle_gan {version}. To try it, without paddle_gan:

```sh
python -m pip install {needs}
python load.py {usage}
```

| | type | shape, for any N | |
|-|-|-|-|
{rows}

The weights are stored as {dtype}; it computes in float32. On {tried} random inputs the output of
`load.py` differed by at most {difference:.1e} from that of the network itself.
"""


class Companions(NamedTuple):
    """``load.py`` of an export, and what README.md says of it."""

    needs: str
    usage: str
    loader: str


def companions(
    form: str, model: str, inputs: dict[str, Input], gives: str, size: int, channels: int
) -> Companions:
    """The files beside ``model``, of a network that ``gives`` "image" or anything else."""
    needs, engine = _ENGINES[form]
    arguments = ", ".join(f"{name}={each.drawn}" for name, each in inputs.items())
    written = "PICTURE.png" if gives == "image" else f"{gives.upper()}.npy"
    if "image" in inputs:
        about, usage, path = f"Makes of an image its {gives}", f"IMAGE.png {written}", "sys.argv[2]"
        n, mode = max(each.kinds for each in inputs.values()), "L" if channels == 1 else "RGB"
        function = _APPLY.format(n=n, mode=mode, size=size, channels=channels, arguments=arguments)
        call = "apply(sys.argv[1])"
    else:
        about, usage, path = f"Draws {gives}s", f"{written} [SEED]", "sys.argv[1]"
        function = _DRAW.format(arguments=arguments)
        call = "draw(8, int(sys.argv[2]) if len(sys.argv) > 2 else 0)"
    saved = _PICTURE if gives == "image" else "    np.save({path}, output)\n"
    loader = _LOADER.format(
        about=about,
        usage=usage,
        engine=engine.format(model=model),
        helpers="".join(each.helper for each in inputs.values()),
        function=function,
        call=call,
        write=saved.format(path=path),
    )
    return Companions(needs, usage, loader)


def readme(
    title: str,
    beside: Companions,
    inputs: dict[str, Input],
    gives: str,
    output: np.ndarray,
    dtype: str,
    difference: float,
) -> str:
    """``README.md``; ``output`` is what came of the inputs that it was tried with."""
    free = any(None in each.shape for each in inputs.values())
    shapes = {name: each.shape for name, each in inputs.items()}
    shapes["output"] = (*output.shape[1:2], None, None) if free else output.shape[1:]
    told = {name: (each.dtype, each.about) for name, each in inputs.items()}
    told["output"] = "float32", "images, -1 black to 1 white" if gives == "image" else f"{gives}s"
    rows = []
    for name, (kind, about) in told.items():
        sizes = [str(size or letter) for size, letter in zip(shapes[name], "CHW")]
        rows.append(f"| `{name}` | {kind} | {' x '.join(['N', *sizes])} | {about} |")
    return _README.format(
        title=title,
        version=__version__,
        needs=beside.needs,
        usage=beside.usage,
        rows="\n".join(rows),
        dtype=dtype,
        tried=len(output),
        difference=difference,
    )
