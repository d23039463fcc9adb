"""An autoencoder of this package beside one written as a page of PyTorch, trained as long.

python benchmarks/autoencoder.py work/Enet.pdparams --torch-python PATH/bin/python --seconds 120

The page has the same layers, code size and batch; its seconds are CPU seconds of training alone, on
one thread. Prints the error of both on the test digits, the mean squared difference of a pixel in
[-1, 1], and the share in which the digit network still sees the digit that it sees in the input.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def torch_page(arrays: Path, latent: int, seconds: float, lr: float, batch: int) -> None:
    """Train on the images in a file, and put the reconstructions of the others there."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)

    def down(i, o):
        return [nn.Conv2d(i, o, 4, 2, 1), nn.BatchNorm2d(o), nn.ReLU()]

    def up(i, o, stride=2, padding=1):
        return [nn.ConvTranspose2d(i, o, 4, stride, padding), nn.BatchNorm2d(o), nn.ReLU()]

    net = nn.Sequential(
        *down(1, 32), *down(32, 64), *down(64, 128), nn.Conv2d(128, latent, 4),
        *up(latent, 128, 1, 0), *up(128, 64), *up(64, 32),
        nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip
    adam = torch.optim.Adam(net.parameters(), lr)
    with np.load(arrays) as found:
        train, test = (torch.tensor(found[name]) for name in ("train", "test"))
    seen, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        for rows in torch.randperm(len(train)).split(batch):
            images = train[rows]
            loss = nn.functional.mse_loss(net(images), images)
            adam.zero_grad()
            loss.backward()
            adam.step()
            seen += len(rows)
            if time.process_time() - start >= seconds:
                break
    net.eval()
    with torch.no_grad():
        made = torch.cat([net(part) for part in test.split(500)]).numpy()
    np.savez(arrays, made=made, seen=seen)


def scores(name: str, given: np.ndarray, made: np.ndarray, data: str, seen: str) -> None:
    from paddle_gan.metrics import as_digits, digit_network, embed

    network = digit_network(data)
    before, after = (embed(network, as_digits(x))[1].argmax(1) for x in (given, made))
    error = float(((made - given) ** 2).mean())
    print(f"| {name} | {seen} | {error:.4f} | {(before == after).mean():.1%} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path, help="the Enet.pdparams of an autoencoder")
    parser.add_argument("--torch-python", default=sys.executable, metavar="PATH")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--lr", type=float, default=0.001)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--arrays", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--latent", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    page = arguments.seconds, arguments.lr, arguments.batch_size
    if arguments.arrays:
        torch_page(arguments.arrays, arguments.latent, *page)
        return
    from paddle_gan.checkpoints.generators import open_checkpoint
    from paddle_gan.data import load_images, to_float

    opened = open_checkpoint(arguments.checkpoint)
    data = opened.config["data"]
    train, test = (to_float(load_images(data, split=split).images) for split in ("train", "test"))
    print("| | images | error | digits kept |\n|-|-|-|-|")
    ours = opened.game.cases(opened.networks, len(test), 0, opened.images())
    scores(opened.config["recipe"], ours["input"], ours["output"], data, "")
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder) / "arrays.npz"
        np.savez(arrays, train=train, test=test)
        command = [arguments.torch_python, __file__, arguments.checkpoint, "--arrays", arrays]
        names = "--latent", "--seconds", "--lr", "--batch-size"
        for name, value in zip(names, (opened.config["latent"], *page)):
            command += [name, value]
        subprocess.run([*map(str, command)], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        with np.load(arrays) as found:
            scores("PyTorch", test, found["made"], data, f"{int(found['seen']):,}")


if __name__ == "__main__":
    main()
