"""A set that is larger than memory should be: prepared, started and trained on, beside PyTorch.

python benchmarks/preparing.py --images 200000 --torch-python /path/to/an/environment/bin/python

Makes JPEGs of 64 x 64 and measures, in turns: preparing them, and a PyTorch DataLoader of two
workers that decodes them once with Pillow; starting from what was prepared; steps of training from
the file and from memory; and the peak memory of whole trainings with their children.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import psutil

ROOT = Path(__file__).resolve().parent.parent
SIZE, PER_FOLDER = 64, 1000

PREPARE = """
import os, sys, time
from paddle_gan import data
started, before = time.perf_counter(), sum(os.times()[:4])
images = data.load("images", sys.argv[1], 64, 3)
loaded, used = time.perf_counter() - started, sum(os.times()[:4]) - before
images.fingerprint()
print(loaded, used, len(images), time.perf_counter() - started - loaded)
"""
TORCH = """
import glob, os, sys, time
import numpy as np
from PIL import Image
from torch.utils.data import DataLoader, Dataset

class Images(Dataset):
    def __init__(self, folder):
        self.paths = sorted(glob.glob(f"{folder}/*/*.jpg"))
    def __len__(self):
        return len(self.paths)
    def __getitem__(self, index):
        with Image.open(self.paths[index]) as image:
            return np.array(image.convert("RGB")).transpose(2, 0, 1)

started, before = time.perf_counter(), sum(os.times()[:4])
n = sum(len(batch) for batch in DataLoader(Images(sys.argv[1]), 256, num_workers=2))
print(time.perf_counter() - started, sum(os.times()[:4]) - before, n)
"""
TRAIN = 'import sys; from paddle_gan.cli import main; main(sys.argv[1:], command="train")'


def make(folder: Path, n: int) -> None:
    """Smooth random colors, about 2 KB a file, in folders of a thousand."""

    def write(first: int) -> None:
        rng = np.random.default_rng(first)
        below = folder / f"{first // PER_FOLDER:04d}"
        below.mkdir(parents=True)
        for number in range(first, min(first + PER_FOLDER, n)):
            small = rng.integers(0, 256, (6, 6, 3), np.uint8)
            image = cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(f"{below}/{number:07d}.jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(0, n, PER_FOLDER)))


def run(python: str, script: str, *arguments, **environment) -> list[float]:
    """The numbers that a script prints at last."""
    done = subprocess.run(
        [python, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [float(word) for word in done.stdout.splitlines()[-1].split()]


def touch_memory(folder: Path, n: int) -> None:
    """Write as many bytes as the set will take, and delete them.

    A virtual machine gets memory from its host when it is first written to; that is not measured.
    """
    with open(folder / "bytes", "wb") as file:
        for _ in range(n // PER_FOLDER + 1):
            file.write(bytes(PER_FOLDER * 3 * SIZE**2))
    (folder / "bytes").unlink()


def preparing(folder: Path, options) -> None:
    """Both ways in turns, and starting from what was prepared."""
    rows = {"prepared": [], "DataLoader": []}
    for number in range(options.rounds):
        touch_memory(folder, options.images)
        cache = folder / f"cache-{number}"
        home = {"XDG_CACHE_HOME": str(cache)}
        seconds, cpu, n, hashing = run(sys.executable, PREPARE, folder / "jpg", **home)
        rows["prepared"].append((n / seconds, cpu / n))
        if number:
            shutil.rmtree(cache)
        if options.torch_python:
            seconds, cpu, n = run(options.torch_python, TORCH, folder / "jpg")
            rows["DataLoader"].append((n / seconds, cpu / n))
        for name, found in rows.items():
            for speed, each in found[-1:]:
                print(f"{name}: {speed:,.0f} images/s, {1e6 * each:.0f} us of CPU", flush=True)
        print(f"their hash: {hashing:.1f} s", flush=True)
    pairs = list(zip(rows["prepared"], rows["DataLoader"]))
    if pairs:
        speed = statistics.median(ours[0] / theirs[0] for ours, theirs in pairs)
        cpu = statistics.median(theirs[1] / ours[1] for ours, theirs in pairs)
        print(f"ratio to the DataLoader: {speed:.2f} by time, {cpu:.2f} by CPU time", flush=True)
    home = {"XDG_CACHE_HOME": str(folder / "cache-0")}
    starts = [run(sys.executable, PREPARE, folder / "jpg", **home)[:2] for _ in range(3)]
    seconds, cpu = (statistics.median(column) for column in zip(*starts))
    print(f"started from the cache in {seconds:.2f} s, {cpu:.2f} s of CPU", flush=True)


def training(folder: Path, options) -> None:
    """Steps from the file and from memory, in turns; the same images in both."""
    from dataclasses import replace

    from paddle_gan import data
    from paddle_gan.config import configure, game_of

    config = configure("dcgan", image_size=SIZE, channels=3, batch_size=64, width=options.width)
    stored = data.load("images", str(folder), SIZE, 3)
    in_memory = replace(stored, images=stored.images[:])
    game = game_of(config)
    game, seconds = game(game.with_data(config, stored)), {"file": [], "memory": []}
    for number in range(options.pairs + 1):
        for name, images in (("file", stored), ("memory", in_memory))[:: 1 - 2 * (number % 2)]:
            batches = iter(data.loader(images, 64, seed=0, epoch=number))
            started = time.perf_counter(), time.process_time()
            for step in range(options.steps):
                game.train_step(next(batches), step)
            ended = time.perf_counter(), time.process_time()
            seconds[name].append([(b - a) / options.steps for a, b in zip(started, ended)])
            del batches
    for kind, told in enumerate(("by the clock", "of CPU")):
        # The first of each warms up.
        file, memory = ([each[kind] for each in found[1:]] for found in seconds.values())
        for name, found in (("file", file), ("memory", memory)):
            print(f"{name}: {1000 * statistics.median(found):.1f} ms {told} a step", flush=True)
        ratios = [a / b for a, b in zip(file, memory)]
        between = f"{min(ratios):.3f}-{max(ratios):.3f}"
        print(f"file over memory {told}: {statistics.median(ratios):.3f} ({between})", flush=True)


def peaks(folder: Path, cache: Path, options) -> None:
    """Peak memory of whole trainings, and of less."""
    few = folder / "few"
    if not few.exists():
        make(few, 200)
    flags = ["--image-size", SIZE, "--channels", 3, "--max-steps", options.steps]
    with tempfile.TemporaryDirectory() as out:
        for name, script, data, home in (
            ("import paddle", "import paddle", folder, cache),
            ("training on 200 images", TRAIN, few, cache),
            (f"training on {options.images:,}, prepared", TRAIN, folder / "jpg", cache),
            (f"training on {options.images:,}, preparing", TRAIN, folder / "jpg", Path(out) / "x"),
        ):
            arguments = [script, "--data", data, "--out", f"{out}/run", *flags]
            print(f"{name}: {peak([*map(str, arguments)], home):,.0f} MiB at most", flush=True)


def peak(arguments: list[str], cache: Path) -> float:
    """The most memory, in MiB, of a program and its children together."""
    home, most = {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)}, 0
    process = psutil.Popen([sys.executable, "-c", *arguments], env={**os.environ, **home})
    while process.poll() is None:
        try:
            family = [process, *process.children(recursive=True)]
            most = max(most, sum(member.memory_info().rss for member in family))
        except psutil.Error:
            pass  # one of them has just ended
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"{arguments} failed")
    return most / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3, help="of preparing")
    parser.add_argument("--pairs", type=int, default=7, help="of training")
    parser.add_argument("--steps", type=int, default=20, help="in a pair, and of a training")
    parser.add_argument("--width", type=int, default=64, help="of the networks of --pairs")
    parser.add_argument("--folder", type=Path, help="where the files are made, or were before")
    parser.add_argument("--torch-python", help="a Python that has PyTorch and Pillow")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as below:
        folder = options.folder or Path(below)
        if not (folder / "jpg").exists():
            make(folder / "jpg", options.images)
        cache = folder / "cache-0"
        os.environ["XDG_CACHE_HOME"] = str(cache)
        if options.rounds:
            preparing(folder, options)
            peaks(folder, cache, options)
        if options.pairs:
            training(folder / "jpg", options)


if __name__ == "__main__":
    main()
