"""The package's real training loop beside the notebook's step and PyTorch's, in one run.

python benchmarks/throughput.py --data mnist --torch-python /path/to/an/environment/bin/python

Every figure is the median of ``--rounds`` interleaved runs, each a process of its own, so that a
machine that slows down slows all of them. The package is measured as a user meets it: ``train.py``
with data, logging, averaging and progress, from its second log line on. Nothing else should run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "peers.py"


def measure_package(batch_size: int, seconds: float, options) -> dict:
    """One ``train.py``: images/s, peak memory of all its processes and time to the first step."""
    import psutil

    # At least two log lines after the first step, of which the first is warm-up.
    steps = max(100, int(seconds * 700 / batch_size) // 50 * 50)
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, ROOT / "train.py", "--data", options.data, "--out", out]
        command += ["--batch-size", str(batch_size), "--max-steps", str(steps)]
        started, first_step, peak = time.perf_counter(), None, 0
        process = psutil.Popen([str(part) for part in (*command, *options.flags)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
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
        lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    speeds = [line["images_per_second"] for line in lines if line["step"] > 50]
    return {"speed": statistics.median(speeds), "memory": peak / 2**20, "start": first_step}


def measure_peer(python: str, framework: str, batch_size: int, seconds: float) -> dict:
    """One peer: images/s and peak memory."""
    command = [python, str(PEERS), framework, "--batch-size", str(batch_size)]
    run = subprocess.run([*command, "--seconds", str(seconds)], capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{run.stderr[-2000:]}")
    speed, memory = map(float, run.stdout.split())
    return {"speed": speed, "memory": memory}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[16, 64, 128])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10, help="about how long each run takes")
    parser.add_argument("--data", default="embedded")
    parser.add_argument("--torch-python", help="a Python that has PyTorch; without it no such row")
    parser.add_argument("--flags", nargs="*", default=[], help="further flags for train.py")
    options = parser.parse_args()

    helps = []
    for _ in range(options.rounds):
        started = time.perf_counter()
        subprocess.run([sys.executable, ROOT / "train.py", "--help"], stdout=subprocess.DEVNULL)
        helps.append(time.perf_counter() - started)
    print(f"train.py --help: {statistics.median(helps):.2f} s\n", flush=True)

    print("| batch | system | images/s (min-max) | ratio | peak MB | first step |")
    print("|-|-|-|-|-|-|")
    for batch_size in options.batch_sizes:
        systems = {
            "notebook": lambda n: measure_peer(sys.executable, "paddle", n, options.seconds),
            "PyTorch": lambda n: measure_peer(options.torch_python, "torch", n, options.seconds),
            "paddle_gan": lambda n: measure_package(n, options.seconds, options),
        }
        if not options.torch_python:
            del systems["PyTorch"]
        runs: dict[str, list[dict]] = {name: [] for name in systems}
        for _ in range(options.rounds):
            for name, measure in systems.items():
                runs[name].append(measure(batch_size))
        for name, results in runs.items():
            speeds = [r["speed"] for r in results]
            # Package over this system, pair by pair.
            ratios = [p["speed"] / r["speed"] for p, r in zip(runs["paddle_gan"], results)]
            start = statistics.median(r["start"] for r in results) if "start" in results[0] else 0
            print(
                f"| {batch_size} | {name} | {statistics.median(speeds):.0f} "
                f"({min(speeds):.0f}-{max(speeds):.0f}) | {statistics.median(ratios):.2f} "
                f"| {statistics.median(r['memory'] for r in results):.0f} "
                f"| {f'{start:.1f} s' if start else ''} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
