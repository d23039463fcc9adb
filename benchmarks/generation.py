"""Drawing, side by side with onnxruntime on the same generator exported to ONNX.

python benchmarks/generation.py [work/Gnet.pdparams]

Both draw from weights with BatchNorm folded in, each at the best of a few batch sizes, in turns.
Needs the extra "bench". Nothing else should run.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

import paddle_gan
from paddle_gan import kernels
from paddle_gan.system.runtime import cores

BATCHES = (1, 4, 16, 64, 128, 256, 512, 1024)


def export(generator) -> bytes:
    """A folded DCGAN generator as an ONNX model with a free batch size."""
    from onnx import TensorProto, helper, numpy_helper
    from paddle import nn

    nodes, weights, name = [], [], "latents"
    for i, layer in enumerate(generator.gan):
        inputs, output, attributes = [name], f"y{i}", {}
        if isinstance(layer, nn.Conv2DTranspose):
            for kind, tensor in (("w", layer.weight), ("b", layer.bias)):
                weights.append(numpy_helper.from_array(tensor.numpy(), f"{kind}{i}"))
                inputs.append(f"{kind}{i}")
            stride, padding = list(layer._stride), [layer._padding] * 4
            attributes = {"kernel_shape": [4, 4], "strides": stride, "pads": padding}
        kind = {nn.Conv2DTranspose: "ConvTranspose", nn.ReLU: "Relu", nn.Tanh: "Tanh"}[type(layer)]
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        name = output
    latents, images = (
        helper.make_tensor_value_info(n, TensorProto.FLOAT, shape)
        for n, shape in (("latents", ["n", generator.latent, 1, 1]), (name, None))
    )
    graph = helper.make_graph(nodes, "generator", [latents], [images], weights)
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()


def speed(draw, z: np.ndarray, batch: int) -> float:
    """Images per second of drawing all of ``z`` in batches."""
    started = time.perf_counter()
    for i in range(0, len(z), batch):
        draw(z[i : i + batch])
    return len(z) / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", nargs="?", default="work/Gnet.pdparams")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    generator = paddle_gan.load_generator(options.checkpoint)
    generator.fold()
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = cores()
    session = onnxruntime.InferenceSession(
        export(generator), settings, providers=["CPUExecutionProvider"]
    )

    def draw(z):
        return paddle_gan.generate(generator, z, batch=len(z))

    def draw_in_bfloat16(z):
        with kernels.bfloat16():
            return draw(z)

    systems = {"onnxruntime": lambda z: session.run(None, {"latents": z})[0], "paddle_gan": draw}
    if kernels.has_bfloat16():
        systems["paddle_gan, bfloat16"] = draw_in_bfloat16
    rng = np.random.default_rng(0)
    z = rng.standard_normal((4096, generator.latent, 1, 1), dtype="float32")
    theirs, *ours = (run(z[:64]) for run in systems.values())
    far = ", ".join(f"{np.abs(images - theirs).max():.1e}" for images in ours)
    print(f"largest differences of 64 images: {far}\n")
    print("| batch | " + " | ".join(systems) + " | ratio" * len(ours) + " |")
    print("|-" * (1 + len(systems) + len(ours)) + "|")
    for batch in BATCHES:
        speeds: dict[str, list[float]] = {name: [] for name in systems}
        for _ in range(options.rounds):
            for name, run in systems.items():
                run(z[:batch])
                speeds[name].append(speed(run, z[: 256 * batch], batch))
        medians = [f"{statistics.median(values):.0f}" for values in speeds.values()]
        theirs, *ours = speeds.values()
        ratios = [f"{statistics.median(a / b for a, b in zip(own, theirs)):.2f}" for own in ours]
        print(f"| {batch} | {' | '.join([*medians, *ratios])} |", flush=True)


if __name__ == "__main__":
    main()
