"""What each measure against wasted time gives: the training step with one of them undone.

python benchmarks/levers.py --batch-size 16
python benchmarks/levers.py --batch-size 32 --recipe conv

Prints images/s of the game's step alone, medians of interleaved processes, and how much slower it
is without each lever. Nothing else should run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

LEVERS = {
    "everything": "",
    "all cores": "threads",
    "memory kept (mallopt)": "mallopt",
    "oneDNN programs": "kernels",
    "products for convolutions to one channel": "narrow",
    "no biases before BatchNorm": "biases",
    "D frozen in G's half-step": "frozen",
    "one G pass": "pass",
}


def step_speed(undone: str, recipe: str, batch_size: int, seconds: float) -> float:
    """Images per second of a recipe's step in this process, with one lever undone."""
    import contextlib

    from paddle_gan.system import runtime

    if undone == "threads":
        os.environ["OMP_NUM_THREADS"] = "1"
    if undone == "mallopt":
        runtime.keep_memory = lambda: None
    runtime.import_paddle()
    import paddle
    from paddle import nn

    from paddle_gan import kernels
    from paddle_gan.config import configure
    from paddle_gan.games import gan
    from paddle_gan.kernels.narrow import NarrowConvolution

    if undone == "narrow":
        NarrowConvolution.knows = lambda layer, shape: False
    if undone == "frozen":
        gan.frozen = lambda *networks: contextlib.nullcontext()
    if undone == "biases":
        for layer in ("Conv2D", "Conv2DTranspose"):
            cls = getattr(nn, layer)
            init = cls.__init__
            cls.__init__ = lambda self, *a, bias_attr=None, init=init, **k: init(self, *a, **k)
    again = {"fresh_noise": 1} if undone == "pass" else {}
    config = configure(recipe, batch_size=batch_size, **again)
    game, size = gan.GAN(config), config["image_size"]
    images = paddle.uniform([batch_size, 1, size, size], min=-1, max=1)
    batch = {"image": images, "label": paddle.randint(0, 10, [batch_size])}
    with kernels.plain() if undone == "kernels" else contextlib.nullcontext():
        for _ in range(5):
            game.train_step(batch, 0)
        started, steps = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            game.train_step(batch, steps)
            steps += 1
    return batch_size * steps / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="dcgan-bce")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--undone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.undone is not None:
        print(step_speed(options.undone, options.recipe, options.batch_size, options.seconds))
        return
    speeds: dict[str, list[float]] = {name: [] for name in LEVERS}
    for _ in range(options.rounds):
        for name, undone in LEVERS.items():
            command = [sys.executable, __file__, "--undone", undone, "--seconds"]
            command += [str(options.seconds), "--batch-size", str(options.batch_size)]
            command += ["--recipe", options.recipe]
            run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            speeds[name].append(float(run.stdout.split()[-1]))
    print(
        f"| {options.recipe}, batch {options.batch_size}: without | images/s | with it |\n|-|-|-|"
    )
    for name, measured in speeds.items():
        gains = [best / without for best, without in zip(speeds["everything"], measured)]
        gain = f"{statistics.median(gains):.2f} x"
        print(f"| {name} | {statistics.median(measured):.0f} | {gain} |")


if __name__ == "__main__":
    main()
