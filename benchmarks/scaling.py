"""The model of docs/scaling.md held against runs of 1, 2 and 4 processes, in turns.

python benchmarks/scaling.py --batch-sizes 16 64 128 --rounds 5

Each process has one thread. Of one process t = c B + a gives c and a; of N processes the rest is
the exchange, e = t - c B / min(N, cores) - a max(1, N / cores). Nothing else should run.
"""

from __future__ import annotations

import argparse
import os
import statistics

import numpy as np
from throughput import measure_package

from paddle_gan.system.runtime import cores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[16, 64, 128])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8, help="about how long each run takes")
    parser.add_argument("--data", default="embedded")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # of one process; --workers sets that of several itself

    runs: dict[tuple[int, int], list[float]] = {}
    for _ in range(options.rounds):
        for batch in options.batch_sizes:
            for n in options.workers:
                steps = max(100, int(options.seconds * 350 / batch) // 50 * 50)
                told = {"data": options.data, "workers": n, "batch-size": batch, "max-steps": steps}
                told["recipe"] = "dcgan-bce"
                speed = measure_package([f"--{k}={v}" for k, v in told.items()])["speed"]
                runs.setdefault((n, batch), []).append(1000 * batch / speed)
    times = {key: statistics.median(values) for key, values in runs.items()}
    c, a = np.polyfit(options.batch_sizes, [times[1, b] for b in options.batch_sizes], 1)
    print(f"c = {c:.3f} ms an image, a = {a:.1f} ms a step\n")
    print("| workers | batch | ms a step (min-max) | c B / N + a | e, the rest |\n|-|-|-|-|-|")
    for (n, batch), found in sorted(runs.items()):
        expected = c * batch / min(n, cores()) + a * max(1, n / cores())
        print(
            f"| {n} | {batch} | {times[n, batch]:.1f} ({min(found):.1f}-{max(found):.1f}) "
            f"| {expected:.1f} | {times[n, batch] - expected:+.1f} |"
        )


if __name__ == "__main__":
    main()
