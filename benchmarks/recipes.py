"""Train variants of recipes to the same number of images, score each, and print a table.

python benchmarks/recipes.py --data mnist --images 60000 --seeds 0 1 2 -- \
    'lr=0.001' 'lr=0.0002 ema_half_life=0' 'recipe=aistudio'

A variant is a list of ``name=value`` that ``configure`` knows. Each is trained in a process of its
own, ``--jobs`` at a time with one share of the cores each, into a folder under ``--out``; one that
is already there is only read, or, if it was of other images or another judge, trained anew. It
stops ``--points`` times on the way to be scored: 10,000 samples against the test digits of
``--judge``. How long a run is and where its seed comes from the flags decide, so a variant with
``max_steps``, ``epochs`` or ``seed`` is refused.
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

from paddle_gan.config import configure
from paddle_gan.errors import UserError

CHILD = """
import json, sys
import paddle_gan
from paddle_gan.system.runtime import import_paddle
import_paddle()
from paddle_gan.commands.evaluate import evaluate_file
from paddle_gan.config import configure

out, images, points, judge, settings = json.loads(sys.argv[1])
batch_size = configure(**settings)["batch_size"]
for point in range(1, points + 1):
    steps = round(images * point / points / batch_size)
    given = {"max_steps": steps} if point > 1 else {**settings, "max_steps": steps, "epochs": 10**6}
    paddle_gan.train(out=out, resume=point > 1, **given)
    scores = evaluate_file(f"{out}/Gnet.pdparams", judge, features="digits")
    with open(f"{out}/scores.jsonl", "a") as file:
        file.write(json.dumps({"images": steps * batch_size, **scores}) + "\\n")
"""


FLAGS = {"max_steps": "--images", "epochs": "--images", "seed": "--seeds"}


def parse(variant: str) -> dict:
    """``'lr=0.001 recipe=dcgan'`` as a dict; values are Python literals or words.

    Raises UserError for what ``configure`` refuses and for what the flags decide.
    """
    items = dict(item.partition("=")[::2] for item in variant.split())
    settings = {name: _value(text) for name, text in items.items()}
    for name in settings.keys() & FLAGS.keys():
        raise UserError(f"variant {variant!r}: {FLAGS[name]} decides {name}; leave it out")
    configure(**settings)
    return settings


def _value(text: str):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def folder(out: str, variant: str, seed: int) -> Path:
    """Where a run is written."""
    return Path(out) / f"{variant.replace(' ', ',').replace('/', '_')},seed={seed}"


def train(variant: str, seed: int, options) -> list[dict]:
    """Train one variant with one seed, or read what an earlier call left; its scores."""
    out = folder(options.out, variant, seed)
    done, told = out / "seconds", out / "task.json"
    settings = {"data": options.data, "seed": seed, **parse(variant)}
    task = [str(out), options.images, options.points, options.judge or options.data, settings]
    if not (done.exists() and told.exists() and json.loads(told.read_text()) == task):
        threads = max(1, len(os.sched_getaffinity(0)) // options.jobs)
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        out.mkdir(parents=True, exist_ok=True)
        for left in (done, out / "scores.jsonl"):
            left.unlink(missing_ok=True)
        told.write_text(json.dumps(task))
        started = time.time()
        with open(out / "output", "w") as log:
            status = subprocess.call(
                [sys.executable, "-c", CHILD, json.dumps(task)],
                env=environment,
                stdout=log,
                stderr=log,
            )
        if status:
            print(f"{variant}, seed {seed}: status {status}, see {out}/output", file=sys.stderr)
            return []
        done.write_text(f"{time.time() - started:.0f}")
    return [json.loads(line) for line in (out / "scores.jsonl").read_text().splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variants", nargs="+")
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--judge", help="whose test digits judge; those of --data unless named")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--points", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", default="work/experiments")
    options = parser.parse_args()
    try:
        for variant in options.variants:
            parse(variant)
    except UserError as error:
        parser.error(str(error))

    print("| variant | seed | images | FID | KID | IS | precision | recall | rarest | s |")
    print("|-|-|-|-|-|-|-|-|-|-|", flush=True)
    runs = [(variant, seed) for variant in options.variants for seed in options.seeds]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda run: train(*run, options), runs)
        for (variant, seed), scores in zip(runs, results):
            if scores:
                last, through = scores[-1], ", ".join(f"{score['fid']:.2f}" for score in scores)
                seconds = (folder(options.out, variant, seed) / "seconds").read_text()
                print(
                    f"| {variant} | {seed} | {last['images']:,} | {through} | {last['kid']:.4f} "
                    f"| {last['is']:.2f} | {last['precision']:.3f} | {last['recall']:.3f} "
                    f"| {min(last['digit_shares']):.1%} | {seconds} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
