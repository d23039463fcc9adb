"""Train variants of a recipe, score each, and print the rows of the table in docs/recipes.md.

python benchmarks/recipes.py --data mnist --seeds 0 1 2 \
    'lr=0.001' 'lr=0.0002 ema_half_life=0' 'recipe=aistudio'

A variant is a list of ``name=value`` that :func:`paddle_gan.recipes.configure` knows. Each is
trained in a process of its own, ``--jobs`` at a time with one share of the cores each, into a
folder under ``--out``; one that is already there is only read. The score is that of the last
evaluation, of 10,000 samples.
"""

from __future__ import annotations

import argparse
import ast
import concurrent.futures
import json
import os
import subprocess
import sys
import time
from pathlib import Path


def parse(variant: str) -> dict:
    """``'lr=0.001 recipe=dcgan'`` as a dict; values are Python literals or words."""
    pairs = [item.split("=", 1) for item in variant.split()]
    return {name: _value(text) for name, text in pairs}


def _value(text: str):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def train(variant: str, seed: int, options) -> dict:
    """Train one variant with one seed, or read what an earlier call left."""
    out = Path(options.out) / f"{variant.replace(' ', ',').replace('/', '_')},seed={seed}"
    done = out / "seconds"
    if not done.exists():
        settings = {"epochs": options.epochs, "evaluate_every": options.evaluate_every}
        settings |= {"data": options.data, "seed": seed, **parse(variant)}
        code = f"import paddle_gan; paddle_gan.train(out={str(out)!r}, **{settings!r})"
        threads = max(1, len(os.sched_getaffinity(0)) // options.jobs)
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        out.mkdir(parents=True, exist_ok=True)
        started = time.time()
        with open(out / "output", "w") as log:
            status = subprocess.call(
                [sys.executable, "-c", code], env=environment, stdout=log, stderr=log
            )
        if status:
            print(f"{variant}, seed {seed}: status {status}, see {out}/output", file=sys.stderr)
            return {}
        done.write_text(f"{time.time() - started:.0f}")
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    scores = [line for line in lines if "fid" in line]
    return {**scores[-1], "seconds": int(done.read_text()), "through": [s["fid"] for s in scores]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variants", nargs="+")
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--evaluate-every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", default="work/experiments")
    options = parser.parse_args()

    print("| variant | seed | images | FID | KID | IS | precision | recall | rarest | s |")
    print("|-|-|-|-|-|-|-|-|-|-|", flush=True)
    runs = [(variant, seed) for variant in options.variants for seed in options.seeds]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda run: train(*run, options), runs)
        for (variant, seed), r in zip(runs, results):
            if r:
                through = ", ".join(f"{fid:.1f}" for fid in r["through"])
                print(
                    f"| {variant} | {seed} | {r['images']:,} | {through} | {r['kid']:.4f} "
                    f"| {r['is']:.2f} | {r['precision']:.3f} | {r['recall']:.3f} "
                    f"| {min(r['digit_shares']):.1%} | {r['seconds']} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
