"""Real training processes on small data, ways to disturb them, and what they leave behind."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import paddle_gan
from paddle_gan.checkpoints.description import split
from paddle_gan.checkpoints.reading import read
from paddle_gan.system import signals
from tests.data.files import save_idx

REPOSITORY = Path(paddle_gan.__file__).parents[1]
FAULTS = Path(__file__).with_name("faults")
TINY = "--width 4 --image-size 16 --latent 8 --batch-size 8 --device cpu".split()
RUN = [*TINY, *"--epochs 5 --checkpoint-every 7 --seed 3".split()]  # 100 steps on 160 digits
FOUR = ("Gnet.pdparams", "Gadam.pdopt", "Dnet.pdparams", "Dadam.pdopt")
# A process that a signal ended leaves a negative status.
KILLED = -signal.SIGKILL
TORN = -signal.SIGXFSZ


def heed_signals() -> None:
    """Undo that a shell's background or nohup ignores some, as every run started here would."""
    for number in signals.ENDING:
        if signal.getsignal(number) is signal.SIG_IGN:
            as_ever = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, as_ever)


def digits(folder: Path, n: int = 160) -> Path:
    """A folder of IDX files with ``n`` bright rectangles on black, 28 x 28."""
    rng, pictures = np.random.default_rng(5), np.zeros((n, 28, 28), np.uint8)
    for picture in pictures:
        top, left = rng.integers(2, 14, 2)
        picture[top : top + 12, left : left + rng.integers(2, 12)] = rng.integers(128, 256)
    save_idx(folder, "train", pictures)
    return folder


def copy(run: Path, out: Path) -> Path:
    return Path(shutil.copytree(run, out, symlinks=True))


def newest(out: Path) -> Path:
    """The folder of the newest checkpoint of a run."""
    return (out / "Gnet.pdparams").resolve().parent


def mounted(folder: Path, option: str) -> Iterator[Path]:
    """A file system of its own in memory, for a fixture; skips where mounting is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", option, "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip(f"mounting a file system with {option} is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def start(
    out: Path, *arguments, fault: str | None = None, start_new_session: bool = False
) -> subprocess.Popen:
    """Start ``train.py --out OUT ...``; ``fault`` is "KIND:NUMBER" of faults/sitecustomize.py."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "GLOG_minloglevel": "3"}
    if fault:
        environment["FAULT"] = f"{fault}:{out}"
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(FAULTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
    return subprocess.Popen(
        [sys.executable, str(REPOSITORY / "train.py"), "--out", str(out), *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=start_new_session,
    )


def finish(process: subprocess.Popen, timeout: float = 120) -> tuple[int, str, str]:
    """Wait for a process; returns its status and what it wrote on stdout and stderr."""
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode, stdout, stderr


def train(out: Path, *arguments, fault: str | None = None) -> tuple[int, str, str]:
    """Run ``train.py`` to its end, whichever that is."""
    return finish(start(out, *arguments, fault=fault))


def wait_for(condition, process: subprocess.Popen, seconds: float = 60) -> None:
    """Wait until ``condition()`` holds while the process runs."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, f"it ended with {process.returncode} before the condition"
        assert time.monotonic() < deadline, "the condition never came"
        time.sleep(0.005)


def snapshot(out: Path) -> dict[str, object]:
    """All that a run has written and that must not depend on how often it was interrupted."""
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("images_per_second", None)
        line.pop("cpu_seconds", None)
    return {
        "config.json": json.loads((out / "config.json").read_text()),
        "metrics.jsonl": lines,
        **{f"log {tag}": records for tag, records in dashboard(out / "log").items()},
        **{path.name: _digest(path.read_bytes()) for path in out.glob("samples/*.png")},
        **{
            f"config of {path.stem}": split(read(path), path)[1]
            for path in out.glob("[!.]*.pdparams")
        },
        **{
            f"{path.name} {name}": value
            for path in out.glob("[!.]*.pd*")
            for name, value in _flat(split(read(path), path)[0]).items()
        },
    }


def differences(one: dict, other: dict) -> list[str]:
    """The names of what differs between two snapshots, with both values."""
    missing = "nothing"
    return [
        f"{name}: {one.get(name, missing)} and {other.get(name, missing)}"
        for name in sorted({*one, *other})
        if one.get(name, missing) != other.get(name, missing)
    ]


def dashboard(log: Path) -> dict[str, list]:
    """What VisualDL has of a run: "component tag" -> (step, value) in the order of writing.

    Of speeds, which no two runs share, only the steps.
    """
    from visualdl import LogReader

    found = {}
    for path in sorted(log.glob("vdlrecords.*")):
        reader = LogReader(file_path=str(path))
        for component, tags in reader.get_tags().items():
            for tag in tags if component not in ("meta_data", "hyper_parameters") else ():
                records = [(r.id, _value(r)) for r in reader.get_data(component, tag)]
                if "second" in tag:
                    records = [(step, None) for step, _ in records]
                found.setdefault(f"{component} {tag}", []).extend(records)
    return found


def check_whole(out: Path) -> int | None:
    """Check what an interrupted run left: every saved file whole, all of one step.

    Returns that step, or None where nothing was saved yet.
    """
    for line in _read_lines(out / "metrics.jsonl")[:-1]:
        json.loads(line)  # the last may be cut off
    for path in out.glob("samples/*.png"):
        assert path.read_bytes()[-8:-4] == b"IEND", f"{path} is cut off"
    present = [name for name in FOUR if (out / name).exists()]
    if not present:
        return None
    folders = {(out / name).resolve().parent for name in present}
    assert len(folders) == 1, f"a mixture of {folders}"
    manifest = json.loads((folders.pop() / "manifest.json").read_text())
    for path in out.glob("[!.]*.pd*"):
        expected, data = manifest["files"][path.name], path.read_bytes()
        found = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        assert found == expected, f"{path} is not the file of the manifest"
    first = len(list(out.glob("checkpoints/step-*"))) == 1  # the names appear one after the other
    assert first or present == list(FOUR), f"only {present} are there"
    return manifest["progress"]["step"]


def survive(
    out: Path, data: Path, kills: int, rng: random.Random, operations: int, say=print
) -> int:
    """Train RUN in ``out`` until it is complete, killing it up to ``kills`` times on the way.

    Now and then a file operation fails instead, which must end the run in a line. ``operations``
    is how many an undisturbed run takes; the kills are spread over them. Returns how many there
    were: the run may be complete before all have come.
    """
    begin = [*RUN, "--data", data]
    arguments, done = begin, 0
    while done < kills:
        [kind] = rng.choices(("kill", "late", "tear", "fail"), weights=(2, 2, 2, 1))
        moment = f"{kind}:{rng.randint(1, max(2, 2 * operations // (kills + 1)))}"
        status, stdout, stderr = train(out, *arguments, fault=moment)
        told = f"status {status} after {moment} in {out}\n{stdout}{stderr}"
        if status == 0:  # nothing to kill any more, or the failing operation did not matter
            say(f"complete before {moment}")
            return done
        assert "Traceback" not in stderr, told
        assert status == {"tear": TORN, "fail": 2}.get(kind, KILLED), told
        done += kind != "fail"
        step = check_whole(out)
        say(f"{done} kills, the last end at {moment}: whole at step {step}")
        arguments = begin if step is None else ["--resume"]
    status, stdout, stderr = train(out, *arguments)
    assert status == 0, stdout + stderr
    return done


def _read_lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _flat(value, name: str = "") -> dict[str, str]:
    """Arrays and values in nested containers, each under one name, as comparable text."""
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, (list, tuple)):
        inner = enumerate(value)
    elif isinstance(value, np.ndarray):
        return {name: f"{value.dtype} {value.shape} {_digest(value.tobytes())}"}
    else:
        return {name: repr(value)}
    return {k: v for key, child in inner for k, v in _flat(child, f"{name}/{key}").items()}


def _value(record):
    kind = record.WhichOneof("one_value")
    if kind == "value":
        return record.value
    return _digest(getattr(record, kind).SerializeToString())
