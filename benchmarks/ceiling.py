"""How fast a step of dcgan-bce would be if it were nothing but its convolutions.

python benchmarks/ceiling.py --batch-size 128

Each convolution of both networks is called alone, over and over, forward, to its input and to its
weights, as often in sum as a step does. Nothing else should run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from math import prod

import numpy as np

from paddle_gan.config import configure, game_of
from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.chain import translate
from paddle_gan.kernels.convolution import Convolution
from paddle_gan.kernels.layouts import floats
from paddle_gan.kernels.memory import Memory
from paddle_gan.kernels.operation import Mode
from paddle_gan.system import runtime

WAYS = "forward", "to the input", "to the weights"
# How often a step does each. Nobody asks for the gradient at G's input, and once for that at D's.
PASSES = {"Gnet": (1, 1, 1), "Dnet": (3, 3, 2)}
FIRST = {"Gnet": (1, 0, 1), "Dnet": (3, 1, 2)}


def seconds(call: Callable[[], None], times: int = 30) -> float:
    """The lower quartile of a call's duration."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return float(np.quantile(found, 0.25))


def ones(count: int) -> Memory:
    """Room for as many numbers of either type, which are not too small to compute with."""
    memory = Memory(count)
    floats(memory.address, count)[:] = 1
    return memory


def calls(operation: Convolution, shape: tuple[int, ...]) -> list[Callable[[], None]]:
    """The operation forward, to its input and to its weights, on an input of ``shape``."""
    sizes = prod(shape), prod(operation.shape), max(operation.kept, operation.workspace), 1024
    x, y, weights, bias = map(ones, sizes)
    at_x, at_y, at_weights = x.address, y.address, weights.address
    at_bias = [bias.address] * (operation.parameters - 1)

    def hold(primitive, *addresses):
        return lambda _=(x, y, weights, bias): primitive(*addresses)

    return [
        hold(operation._forward, at_x, at_weights, *at_bias, at_y),
        hold(operation._to_data, at_y, at_weights, at_x),
        hold(operation._to_weights, at_x, at_y, at_weights, *at_bias),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--image-size", type=int, default=32)
    parser.add_argument("--channels", type=int, default=1)
    n, size, channels = vars(parser.parse_args()).values()
    runtime.use_cores()
    config = configure("dcgan-bce", image_size=size, channels=channels)
    networks = game_of(config).build(config)
    inputs = {"Gnet": (n, config["latent"], 1, 1), "Dnet": (n, channels, size, size)}
    layers = {"Gnet": networks["Gnet"].gan, "Dnet": networks["Dnet"].dgan[:-1]}  # logits
    for name, dtype in (("float32", dnn.FLOAT32), ("bfloat16", dnn.BFLOAT16)):
        spent, products = np.zeros(3), np.zeros(3)
        for network, shape in inputs.items():
            chain = translate([layers[network]], shape, Mode(True, dtype))
            for i, operation in enumerate(chain.operations):
                if isinstance(operation, Convolution):
                    times = np.array((FIRST if i == 0 else PASSES)[network])
                    spent += times * [seconds(call) for call in calls(operation, shape)]
                    pixels = min(prod(shape[2:]), prod(operation.shape[2:]))
                    products += times * n * pixels * operation._weight_count
                shape = operation.shape
        rates = ", ".join(f"{way} {r:.0f}" for way, r in zip(WAYS, 2e-9 * products / spent))
        whole = spent.sum()
        print(f"{name}: {rates} GFLOP/s; {1e3 * whole:.1f} ms a step, {n / whole:.0f} images/s")


if __name__ == "__main__":
    main()
