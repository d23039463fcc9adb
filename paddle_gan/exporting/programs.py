"""A network as the files of an engine: Paddle Inference, or any that reads ONNX."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from paddle_gan.errors import UserError
from paddle_gan.exporting.inputs import Input

_OPSET = 17
_SIZES = "batch", "channels", "height", "width"


class _Sized(nn.Layer):
    """An ``Upsample`` by a factor, told the size instead: paddle2onnx 2.1 reads no factor."""

    def __init__(self, layer: nn.Upsample):
        super().__init__()
        self.factor, self.mode = layer.scale_factor, layer.mode

    def forward(self, x: Tensor) -> Tensor:
        size = [int(self.factor * side) for side in x.shape[2:]]
        return F.interpolate(x, size, mode=self.mode)


class _Program(nn.Layer):
    """A network that takes its inputs as one list, its weights stored as ``dtype``.

    Computes in float32, whatever the weights are stored as.
    """

    def __init__(self, network: nn.Layer, dtype: str):
        super().__init__()
        self.network, self.dtype = network, dtype
        self._stored: list[tuple[nn.Layer, str, str]] = []
        for layer in network.sublayers(include_self=True):
            for name, child in layer.named_children():
                if type(child) is nn.Upsample and child.size is None:
                    layer._sub_layers[name] = _Sized(child)
            for name in [name for name, buffer in layer._buffers.items() if buffer is None]:
                del layer._buffers[name]  # which each pass sets, and a trace may not
        if dtype != "float32":
            for number, layer in enumerate(network.sublayers(include_self=True)):
                self._store(layer, number)

    def _store(self, layer: nn.Layer, number: int) -> None:
        for name, parameter in list(layer._parameters.items()):
            if parameter is not None:
                stored = f"{name}_{number}"
                initial = nn.initializer.Assign(parameter.numpy().astype(self.dtype))
                rounded = self.create_parameter(parameter.shape, initial, self.dtype)
                self.add_parameter(stored, rounded)
                del layer._parameters[name]
                self._stored.append((layer, name, stored))

    @paddle.jit.not_to_static  # traced as it is: Paddle 2 cannot translate super()
    def forward(self, inputs: list[Tensor]) -> Tensor:
        for layer, name, stored in self._stored:
            setattr(layer, name, getattr(self, stored).astype("float32"))
        return self.network(*inputs)


def write_paddle(network: nn.Layer, inputs: dict[str, Input], dtype: str, folder: Path) -> None:
    """Write ``model.json`` (Paddle 2: ``model.pdmodel``) and ``model.pdiparams``.

    ``network`` is in eval mode, and of no further use: its weights may be taken from it.
    """
    program = _Program(network, dtype)
    program.eval()
    specs = [[each.spec(name) for name, each in inputs.items()]]
    program = paddle.jit.to_static(program, input_spec=specs, full_graph=True)
    paddle.jit.save(program, str(folder / "model"))


def write_onnx(network: nn.Layer, inputs: dict[str, Input], dtype: str, folder: Path) -> None:
    """Write ``model.onnx``, of opset 17. Raises UserError where paddle2onnx is not installed."""
    try:
        import onnx
        import paddle2onnx
    except ModuleNotFoundError as error:
        raise not_installed(error) from error
    with tempfile.TemporaryDirectory() as between:
        write_paddle(network, inputs, dtype, Path(between))
        with _silence(), _told(network):
            paddle2onnx.export(
                f"{between}/{model_of(Path(between))}",
                f"{between}/model.pdiparams",
                f"{between}/model.onnx",
                opset_version=_OPSET,
                verbose=False,
                # Or version 2 would run pip for what Polygraphy wants.
                **({"optimize_tool": "None"} if paddle2onnx.__version__ >= "2" else {}),
            )
        model = onnx.load(f"{between}/model.onnx")
    slopes = [e._negative_slope for e in network.sublayers() if isinstance(e, nn.LeakyReLU)]
    onnx.save(_tidied(model, slopes), folder / "model.onnx")


FORMATS = {"paddle": write_paddle, "onnx": write_onnx}


def model_of(folder: Path) -> str:
    """The name of the model in a folder; Paddle 3 has another one for its own than Paddle 2."""
    names = "model.onnx", "model.json", "model.pdmodel"
    return next(name for name in names if (folder / name).exists())


def not_installed(error: ModuleNotFoundError) -> UserError:
    """The error for an export to ONNX without its tools."""
    extra = "export" if paddle.__version__ >= "3" else "export-paddle2"
    return UserError(
        f"{error.name} is not installed; python -m pip install -e '.[{extra}]' installs what ONNX "
        "needs, and --format paddle needs nothing"
    )


def _tidied(model, slopes: list[float]):
    """The model with sizes and output named, the right ``slopes``, and nothing that is not used."""
    graph = model.graph
    (output,) = graph.output
    for node in graph.node:
        node.output[:] = ["output" if name == output.name else name for name in node.output]
    output.name = "output"
    for each in (*graph.input, output):
        for size, name in zip(each.type.tensor_type.shape.dim, _SIZES):
            if name == "batch" or size.dim_value < 1:
                size.dim_param = name
    # paddle2onnx 2.1.0 takes those of Paddle 3.3, which are of double precision, from anywhere.
    leaky = (node for node in graph.node if node.op_type == "LeakyRelu")
    for node, slope in zip(leaky, slopes):
        node.attribute[0].f = slope
    used = {"output"}
    for node in reversed(list(graph.node)):
        if used.isdisjoint(node.output):
            graph.node.remove(node)
        else:
            used.update(node.input)
    for unused in [each for each in graph.initializer if each.name not in used]:
        graph.initializer.remove(unused)
    return model


@contextlib.contextmanager
def _told(network: nn.Layer) -> Iterator[None]:
    """With an error of one line where the converter would end the process."""
    try:
        yield
    except SystemExit as error:
        raise UserError(
            f"paddle2onnx cannot convert {type(network).__name__}; --format paddle can"
        ) from error


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Without the progress that the converter prints from C++ and from Python."""
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
