"""Runs that are stopped by signals at random moments: ``python -m tests.training.interruptions
200 [SEED]``."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.training import harness
from tests.training.soak import print_now

KINDS = {
    "INT": [signal.SIGINT],
    "TERM": [signal.SIGTERM],
    "HUP": [signal.SIGHUP],
    "INT INT": [signal.SIGINT, signal.SIGINT],
}
APART = 0.1  # seconds at most between two


def listens(pid: int) -> bool:
    """Whether a process has handlers of its own, and not those of a new interpreter."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(status.split("SigCgt:")[1].split()[0], 16)
    return bool(caught >> (signal.SIGHUP - 1) & 1)


def in_session(session: int) -> list[str]:
    """The command lines of the processes of a session, those that have ended left out."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, sid = path.read_text().rsplit(")", 1)[1].split()[:4]
            if int(sid) == session and state != "Z":
                found.append(path.with_name("cmdline").read_text().replace("\0", " "))
        except OSError:
            pass  # it ended meanwhile
    return found


def interrupt(
    out: Path, arguments: list, kind: str, moment: float, rng: random.Random, group: bool
) -> int | None:
    """Start a run, send a signal ``moment`` seconds after it listens, and check how it ends.

    With ``group`` every process of the run gets the signal, as from a terminal, otherwise the
    first alone. Returns the status, 0 where the run was complete before it could stop, and None
    where it had ended when the signal was due.
    """
    process = harness.start(out, *arguments, start_new_session=True)
    harness.wait_for(lambda: listens(process.pid), process)
    try:
        time.sleep(moment)
        too_late = process.poll() is not None
        for number in KINDS[kind]:
            if process.poll() is None:
                (os.killpg if group else os.kill)(process.pid, number)
            time.sleep(rng.uniform(0, APART) if len(KINDS[kind]) > 1 else 0)
        status, stdout, stderr = harness.finish(process, 180)
        left = in_session(process.pid)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    told = f"status {status} after {kind} at {moment:.3f} s\n{stdout}{stderr}"
    assert not left, f"{left} outlived it, {told}"
    assert status in (0, 128 + KINDS[kind][0]), told
    lines = [line for line in (stdout + stderr).splitlines() if "stopped" in line]
    assert len(lines) == (status != 0), told
    assert not stderr.replace("".join(f"{line}\n" for line in lines), ""), told
    return None if too_late else status


def undergo(
    out: Path, data: Path, signals: int, workers: int, rng: random.Random, seconds: float
) -> int:
    """Train RUN in ``out`` until it is complete, stopping it up to ``signals`` times on the way."""
    several = ["--workers", str(workers)] if workers > 1 else []
    begin = [*harness.RUN, "--data", data, *several]
    arguments, done = begin, 0
    while done < signals:
        kind, moment, group = rng.choice([*KINDS]), rng.uniform(0, seconds), rng.random() < 0.5
        status = interrupt(out, arguments, kind, moment, rng, group)
        done += status is not None
        step = harness.check_whole(out)
        print_now(f"{kind} at {moment:.2f} s of {workers}: status {status}, step {step}")
        if not status:
            return done
        arguments = begin if step is None else ["--resume", *several]
    status, stdout, stderr = harness.train(out, *arguments)
    assert status == 0, stdout + stderr
    return done


def main(signals: int, seed: int) -> int:
    """Send half of the signals to runs of one process and half to runs of two; returns how many
    runs of one process differ from one that was not disturbed."""
    harness.heed_signals()
    rng, done, runs, different = random.Random(seed), 0, 0, 0
    print_now(f"{signals} signals, seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        data = harness.digits(Path(folder) / "digits")
        for workers in (1, 2):
            calm, begun = Path(folder) / f"calm-{workers}", time.monotonic()
            arguments = [*harness.RUN, "--data", data, "--workers", str(workers)]
            assert harness.train(calm, *arguments)[0] == 0
            seconds = time.monotonic() - begun
            while done < signals * workers // 2:
                out = Path(folder) / f"run-{runs}"
                wanted = min(rng.randint(1, 6), signals * workers // 2 - done)
                done += undergo(out, data, wanted, workers, rng, seconds)
                runs += 1
                differing = harness.differences(*map(harness.snapshot, (calm, out)))
                different += workers == 1 and bool(differing)
                print_now(f"run {runs}, {done} signals: {len(differing)} parts differ")
    print_now(f"{done} signals to {runs} runs; {different} runs of one process differ")
    return different


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    raise SystemExit(main(count, int(sys.argv[2]) if len(sys.argv) > 2 else random.getrandbits(20)))
