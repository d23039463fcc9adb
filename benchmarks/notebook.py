"""The notebook as published, defects and all, for the row "notebook" of the table of scores.

python benchmarks/notebook.py --data mnist --output work/notebook.npy
paddle-gan evaluate work/notebook.npy

Its transforms divide by 255 twice over: real pixels reach D in [-1, -0.992]. Everything else is
the recipe ``aistudio``. The samples are drawn as the notebook draws them, in train mode, but in
batches of its 16 instead of one by one.
"""

from __future__ import annotations

import argparse

import numpy as np

from paddle_gan.config import configure, game_of  # settles the number of threads

import paddle  # isort: skip

from paddle_gan import data
from paddle_gan.sampling import pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--steps", type=int, default=3750, help="of 16 images; 3750 are an epoch")
    parser.add_argument("--num", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default="work/notebook.npy")
    options = parser.parse_args()

    config = configure("aistudio", data=options.data, seed=options.seed)
    digits = data.load_images(options.data)
    paddle.seed(options.seed)
    game = game_of(config)(config)
    step = 0
    while step < options.steps:
        for batch in data.loader(digits, config["batch_size"], options.seed, epoch=step):
            unit = (batch["image"] + 1) / 2  # what ToTensor gives
            scalars = game.train_step({"image": (unit - 127.5) / 127.5}, step)
            step += 1
            if step % 250 == 0:
                print(step, {name: float(value) for name, value in scalars.items()}, flush=True)
            if step == options.steps:
                break
    with paddle.no_grad():
        drawn = [game.generator(game.latents(16)).numpy() for _ in range(options.num // 16)]
    pictures.write_npy(options.output, len(drawn) * 16, drawn)
    print(f"wrote {options.output}, pixels in [{np.min(drawn):.3f}, {np.max(drawn):.3f}]")


if __name__ == "__main__":
    main()
