"""Kill training runs many times over: ``python -m tests.training.soak 50 [SEED]``."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from tests.training import harness


def main(kills: int, seed: int) -> int:
    """Kill runs ``kills`` times in all; returns how many of the survivors differ from the run that
    nothing interrupted."""
    rng, begun, done, runs, different = random.Random(seed), time.time(), 0, 0, 0
    print(f"{kills} kills, seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        data, calm = harness.digits(Path(folder) / "digits"), Path(folder) / "calm"
        assert harness.train(calm, *harness.RUN, "--data", data, fault="slow:0")[0] == 0
        operations = int(calm.with_name("calm.operations").read_text())
        expected = harness.snapshot(calm)
        while done < kills:
            out, wanted = Path(folder) / f"run-{runs}", min(rng.randint(1, 8), kills - done)
            done += harness.survive(out, data, wanted, rng, operations, print_now)
            differing = harness.differences(expected, harness.snapshot(out))
            runs, different = runs + 1, different + bool(differing)
            print_now(f"run {runs}, {done} kills: {len(differing)} parts differ", *differing)
    minutes = (time.time() - begun) / 60
    print(f"{done} kills of {runs} runs in {minutes:.1f} minutes; {different} runs differ")
    return different


def print_now(*lines: str) -> None:
    print(*lines, sep="\n  ", flush=True)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    raise SystemExit(main(count, int(sys.argv[2]) if len(sys.argv) > 2 else random.getrandbits(20)))
