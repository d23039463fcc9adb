"""Train PyTorch's DCGAN and score it on the way, as a run that ``paddle-gan compare`` reads.

python benchmarks/torch_dcgan.py images.npy work/experiments/torch --judge PATH/bin/python

``images.npy`` are the images that ``train.py`` trains on, uint8, N x C x H x W:

python -c "import numpy as np, paddle_gan.data as d; \\
np.save('images', d.load('images', 'mnist', 32, 1, 'fit').images)"

The step is that of a good user (``torch_peers.py``), weights and numbers are those of PyTorch's
example unless given. ``--judge`` is a Python that has paddle_gan. It scores 10,000 samples against
the test digits after 60 CPU seconds of training, 120, 240 and so on, the last time within
``--cpu-seconds``. One thread, as CPU seconds of several count their waiting.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

try:
    import torch
    import torch_networks
    from torch import nn
    from torch_peers import adam, dcgan_step
except ImportError as error:
    sys.exit(f"{error}; run this with a Python that has PyTorch")

SHOWN, SAMPLES, FIRST = 8, 10_000, 60  # in a picture, scored, CPU seconds of the first score


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--judge", required=True, help="a Python that has paddle_gan")
    parser.add_argument("--data", default="mnist", help="what the judge takes for real")
    parser.add_argument("--cpu-seconds", type=float, default=1920)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.0002)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bf16", action="store_true", help="bfloat16 by autocast")
    options = parser.parse_args()
    if options.out.exists():
        parser.error(f"{options.out} is there already; name another folder")
    return options


def initialize(module: nn.Module) -> None:
    """As the example does: weights N(0, 0.02²) (Radford et al. 2016), scales N(1, 0.02²)."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)


def drawn(g: nn.Module, n: int) -> np.ndarray:
    latents = torch.randn(n, 100, 1, 1, generator=torch.Generator().manual_seed(0))
    g.eval()
    with torch.no_grad():
        found = torch.cat([g(part) for part in latents.split(250)]).numpy()
    g.train()
    return found


def score(o, images: np.ndarray) -> dict:
    np.save(o.out / "samples.npy", images.astype("float16"))
    asked = [str(o.out / "samples.npy"), "--data", o.data, "--json"]
    command = [o.judge, "-m", "paddle_gan", "evaluate", *asked]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(told.strip().splitlines()[-1])


def main() -> None:
    o = parsed()
    torch.set_num_threads(1)
    torch.manual_seed(o.seed)
    images = torch.from_numpy(np.load(o.images))
    n, channels, size, _ = images.shape
    networks = [net.apply(initialize) for net in torch_networks.dcgan(channels, size)]
    g, d = (net.to(memory_format=torch.channels_last) for net in networks)
    optimizers = [adam(o.lr, (0.5, 0.999), network) for network in (g, d)]
    (o.out / "samples").mkdir(parents=True)
    name = f"PyTorch DCGAN lr {o.lr} batch_size {o.batch_size}" + " bfloat16" * o.bf16
    config = {"recipe": name, "seed": o.seed, "image_size": size}
    (o.out / "config.json").write_text(json.dumps(config))
    spent, due, step, order = 0.0, FIRST, 0, torch.empty(0, dtype=torch.int64)
    while due <= o.cpu_seconds:
        started, before = time.process_time(), step
        while spent + time.process_time() - started < due:
            if len(order) < o.batch_size:
                order = torch.randperm(n)
            chosen, order = order[: o.batch_size], order[o.batch_size :]
            real = (images[chosen] / 127.5 - 1).contiguous(memory_format=torch.channels_last)
            dcgan_step(o, g, d, *optimizers, real)
            step += 1
        took = time.process_time() - started
        spent += took
        seen = drawn(g, SAMPLES)
        line = {"step": step, "images": step * o.batch_size, "cpu_seconds": spent}
        speed = {"images_per_second": (step - before) * o.batch_size / took}
        with open(o.out / "metrics.jsonl", "a") as file:
            file.write(json.dumps({**line, **speed}) + "\n")
            file.write(json.dumps({**line, **score(o, seen)}) + "\n")
        row = np.pad(seen[:SHOWN], ((0, 0), (0, 0), (2, 2), (2, 2)), constant_values=-1)
        row = np.concatenate(list(np.round((row + 1) * 127.5).astype("uint8")), axis=2)
        picture = np.ascontiguousarray(row.transpose(1, 2, 0)[..., ::-1])
        cv2.imwrite(str(o.out / "samples" / f"step-{step:08d}.png"), picture)
        due *= 2


if __name__ == "__main__":
    main()
