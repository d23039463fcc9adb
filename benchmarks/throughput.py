"""The package's real training loop beside PyTorch's steps and the notebook's, in one run.

python benchmarks/throughput.py --data mnist --torch-python /path/to/an/environment/bin/python

Every figure is the median of ``--rounds`` interleaved runs, each a process of its own, so that a
machine that slows down slows all of them. The package is measured as a user meets it: ``train.py``
with data, logging, averaging and progress, from its second log line on. The peers are bare steps
with their data in memory (torch_peers.py, notebook_step.py). Nothing else should run.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GRAY = ["--recipe", "dcgan-bce", "--augment", "none"]  # the notebook's game, as the peers play it
COLOR = ["--image-size", "64", "--channels", "3"]
# Of each row the peer, the flags of train.py, those of both, and about how many images a second.
ROWS = {
    **{f"dcgan, {n}": ("dcgan", GRAY, ["--batch-size", str(n)], 500) for n in (16, 64, 128)},
    **{
        f"dcgan, 64 x 64 color, {n}": ("dcgan", GRAY, [*COLOR, "--batch-size", str(n)], 90)
        for n in (16, 64, 128)
    },
    "cyclegan, 4": (
        "cyclegan",
        ["--recipe", "cyclegan", "--data", "edges:embedded"],
        ["--batch-size", "4"],
        40,
    ),
    "starganv2, 8": (
        "starganv2",
        ["--recipe", "starganv2", "--data", "morpho:embedded"],
        ["--batch-size", "8"],
        30,
    ),
}
TYPES = {
    "float32": (["--no-amp"], [[], ["--channels-last"], ["--channels-last", "--compile"]]),
    "bfloat16": (["--amp"], [["--channels-last", "--bf16"]]),
}


def measure_package(flags: list[str]) -> dict:
    """One ``train.py``: images/s, peak memory of all its processes and time to the first step."""
    import psutil

    with tempfile.TemporaryDirectory() as out:
        started, first_step, peak = time.perf_counter(), None, 0
        process = psutil.Popen(
            [sys.executable, str(ROOT / "train.py"), *flags, "--out", out],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        metrics = Path(out) / "metrics.jsonl"
        while process.poll() is None:
            if first_step is None and metrics.exists() and metrics.stat().st_size:
                first_step = time.perf_counter() - started
            try:
                family = [process, *process.children(recursive=True)]
                peak = max(peak, sum(member.memory_info().rss for member in family))
            except psutil.Error:
                pass  # it has just ended
            time.sleep(0.05)
        if process.returncode:
            raise SystemExit(f"train.py {' '.join(flags)} failed")
        lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    speeds = [line["images_per_second"] for line in lines if line.get("step", 0) > 1]
    return {"speed": statistics.median(speeds), "memory": peak / 2**20, "start": first_step}


def measure_peer(command: list[str]) -> dict:
    """One peer: images/s and peak memory."""
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{run.stderr[-2000:]}")
    memory, speed = re.search(r"([\d.]+) MB: ([\d.]+) images/s", run.stdout).groups()
    return {"speed": float(speed), "memory": float(memory)}


def systems(row: str, options) -> dict[str, Callable[[], dict]]:
    """What is measured in a row, by name; the package's own two begin it."""
    peer, ours, both, speed = ROWS[row]
    steps = int(options.seconds * speed / int(both[-1]))
    ours = ours if "--data" in ours else [*ours, "--data", options.data]
    own = [*ours, *both, "--max-steps", str(max(50, steps // 50 * 50))]
    found = {f"paddle_gan {name}": partial(measure_package, [*own, *flags])
             for name, (flags, _) in TYPES.items()}  # fmt: skip
    here, theirs = ROOT / "benchmarks", [peer, *both, "--steps", str(max(5, steps))]
    if options.torch_python:
        command = [options.torch_python, str(here / "torch_peers.py"), *theirs]
        for name, (_, variants) in TYPES.items():
            for flags in variants:
                if "--compile" not in flags or options.compile:
                    told = " ".join(["PyTorch", name, *(f[2:] for f in flags if f != "--bf16")])
                    found[told] = partial(measure_peer, [*command, *flags])
    if row in ("dcgan, 16", "dcgan, 64", "dcgan, 128"):
        command = [sys.executable, str(here / "notebook_step.py"), *both]
        found["notebook"] = partial(measure_peer, [*command, "--seconds", str(options.seconds)])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=[*ROWS], metavar="ROW")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10, help="about how long each run takes")
    parser.add_argument("--data", default="embedded", help="of dcgan")
    parser.add_argument("--torch-python", help="a Python that has PyTorch; without it no such row")
    parser.add_argument("--compile", action="store_true", help="torch.compile too, a minute a run")
    options = parser.parse_args()

    print("| game, batch | system | images/s (min-max) | float32 is | bfloat16 is | peak MB |")
    print("|-|-|-|-|-|-|")
    for row in options.rows:
        measures = systems(row, options)
        runs: dict[str, list[dict]] = {name: [] for name in measures}
        for _ in range(options.rounds):
            for name, measure in measures.items():
                runs[name].append(measure())
        speeds = {name: [run["speed"] for run in results] for name, results in runs.items()}
        for name, found in speeds.items():
            pairs = [zip(speeds[f"paddle_gan {ours}"], found) for ours in TYPES]
            ratios = [f"{statistics.median(a / b for a, b in each):.2f}" for each in pairs]
            memory = statistics.median(run["memory"] for run in runs[name])
            print(
                f"| {row} | {name} | {statistics.median(found):.0f} "
                f"({min(found):.0f}-{max(found):.0f}) | {' | '.join(ratios)} | {memory:.0f} |",
                flush=True,
            )
        start = statistics.median(run["start"] for run in runs["paddle_gan float32"])
        print(f"| {row} | from the command to the first step | {start:.1f} s | | | |", flush=True)


if __name__ == "__main__":
    main()
