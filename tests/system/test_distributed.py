"""Two processes on one machine: they average, agree, and notice when one is gone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_gan.checkpoints.description import split
from paddle_gan.checkpoints.reading import read
from paddle_gan.cli import main
from paddle_gan.errors import UserError
from paddle_gan.system import distributed, runtime
from tests.training import harness

WORKER = """
import json, sys
from paddle_gan.system import distributed
from paddle_gan.system import runtime
runtime.import_paddle()
import paddle
from paddle_gan.cli import main
from paddle_gan.games.gan import GAN
paddle.set_device("cpu")
distributed.join()
rank = distributed.rank()
mine = [paddle.full([2, 3], float(rank)), paddle.arange(5, dtype="float32") * (rank + 1)]
distributed.average(mine)
given = paddle.full([2], float(rank + 5))
distributed.broadcast([given])
report = {
    "means": [m.numpy().tolist() for m in mine],
    "given": given.numpy().tolist(),
    "one": distributed.any_of(rank == 1),
    "none": distributed.any_of(False),
    "statuses": [main(arguments, command="train") for arguments in json.loads(sys.argv[2])],
}
played, steps = GAN.train_step, []
def spoiled(self, batch, step):
    scalars = played(self, batch, step)
    steps.append(1)
    if rank == 1 and len(steps) == 50:
        scalars["d_loss"] *= float("nan")
    return scalars
GAN.train_step = spoiled
report["statuses"].append(main(json.loads(sys.argv[3]), command="train"))
open(sys.argv[1] + str(rank), "w").write(json.dumps(report))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return harness.digits(tmp_path_factory.mktemp("data") / "digits")


def same_for_any_number(recipe: str, data: Path) -> list[str]:
    """A run that comes to the same weights in one process and in two."""
    networks = f"--recipe {recipe} --width 8 --image-size 16 --norm none --seed 3 --device cpu"
    game = "--objective wasserstein --penalty clip --lr 0.01 --critic-steps 3 --pack 2"
    return f"{networks} {game} --batch-size 24 --max-steps 4 --data {data}".split()


@pytest.fixture(scope="module")
def pair(data, tmp_path_factory) -> Path:
    """What two processes have reported and trained, in the files 0 and 1 and in folders."""
    out = tmp_path_factory.mktemp("pair")
    dcgan = [*harness.RUN, "--data", str(data), "--max-steps"]
    runs = {
        "whole": [*dcgan, "12"],
        "halves": [*dcgan, "6"],
        **{recipe: same_for_any_number(recipe, data) for recipe in ("mlp", "conv")},
        "spoiled": [*dcgan, "60", "--on-nan", "retry"],
    }
    *calls, last = [["--out", str(out / name), *arguments] for name, arguments in runs.items()]
    command = [sys.executable, "-c", WORKER, f"{out}/", json.dumps(calls), json.dumps(last)]
    distributed.launch(command, 2, "cpu")
    return out


def test_two_processes_average_and_agree(pair):
    for rank in "01":
        report = json.loads((pair / rank).read_text())
        assert report["statuses"] == [0] * 5
        assert report["means"] == [[[0.5] * 3] * 2, [0.0, 1.5, 3.0, 4.5, 6.0]]
        assert report["given"] == [5.0, 5.0]
        assert report["one"] is True and report["none"] is False


def two_workers_in_the_midst(out: Path, data: Path) -> subprocess.Popen:
    """Two workers far from their end, who have saved already."""
    arguments = [*harness.RUN, "--data", data, "--epochs", "4000", "--checkpoint-every", "5"]
    process = harness.start(out, *arguments, "--workers", "2")
    deadline = time.monotonic() + 60
    while not (out / "Gnet.pdparams").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    return process


def numbers(path: Path) -> dict:
    """What a file of a run holds, without the configuration that is described in it."""
    return split(read(path), path)[0]


@pytest.mark.slow
def test_a_run_of_two_that_stops_and_resumes_ends_alike(pair, monkeypatch):
    """In the same bits; but the statistics of BatchNorm, which each process keeps for its share,
    are averaged once more where the run stopped, and that rounds."""
    resume = f"train.py --resume --max-steps 12 --workers 2 --out {pair}/halves".split()
    monkeypatch.setattr(sys, "argv", [str(harness.REPOSITORY / resume[0]), *resume[1:]])
    assert main(command="train") == 0
    for name in harness.FOUR:
        one, other = (numbers(pair / run / name) for run in ("whole", "halves"))
        assert one.keys() == other.keys()
        for key, value in one.items():
            rounding = 1e-6 if key.endswith(("._mean", "._variance")) else 0
            np.testing.assert_allclose(other[key], value, rtol=rounding, atol=rounding)


@pytest.mark.parametrize("recipe", ["mlp", "conv"])
def test_two_workers_do_what_one_does(recipe, pair, data, tmp_path):
    """To rounding, where nothing is normalized over a batch; each critic step sees the images that
    it sees in one process, packs are packed alike, and dropout takes the same features."""
    assert train(tmp_path, *same_for_any_number(recipe, data)) == 0
    for name in ("Gnet.pdparams", "Dnet.pdparams"):
        one, two = (numbers(folder / name) for folder in (tmp_path, pair / recipe))
        for key, value in one.items():
            np.testing.assert_allclose(two[key], value, rtol=1e-4, atol=1e-6)
    # Each worker's losses are of its share; what is written is of the whole batch.
    one, two = (harness.snapshot(out)["metrics.jsonl"][0] for out in (tmp_path, pair / recipe))
    assert two == pytest.approx(one, rel=1e-4)


def test_a_loss_that_is_not_finite_in_one_worker_takes_all_of_them_back(pair):
    """And what is written are the means over all workers, not the share of one."""
    lines = harness.snapshot(pair / "spoiled")["metrics.jsonl"]
    [warning] = [line["warning"] for line in lines if "warning" in line]
    assert warning.startswith("d_loss of step 50 not finite; back to step 49")
    assert [line["step"] for line in lines if "d_loss" in line] == [1, 50]
    assert harness.check_whole(pair / "spoiled") == 60


def test_each_worker_takes_a_gpu_of_its_own_from_the_first_on(monkeypatch):
    """Under a launcher that was told gpu:2, as far as that can be seen without one."""
    given = []

    class Started(subprocess.Popen):
        def __init__(self, command, env, **_):
            given.append(env["FLAGS_selected_gpus"])
            super().__init__([sys.executable, "-c", ""])

    with monkeypatch.context() as patch:
        patch.setattr(distributed.subprocess, "Popen", Started)
        distributed.launch(["train.py"], 2, "gpu:2")
    assert given == ["2", "3"]
    monkeypatch.setattr(runtime, "_gpu_obstacle", lambda number: None)
    monkeypatch.setattr(paddle, "set_device", lambda device: device)
    monkeypatch.setenv("FLAGS_selected_gpus", "3")
    assert runtime.choose_device("gpu:2") == "gpu:2"  # a process by itself does what it is told
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "2")
    assert runtime.choose_device("gpu:2") == "gpu:3"


@pytest.mark.slow
def test_a_dead_worker_ends_the_run_in_one_line(data, tmp_path):
    out = tmp_path / "out"
    process = two_workers_in_the_midst(out, data)
    os.kill(worker(process.pid, 1), signal.SIGKILL)
    status, _, error = harness.finish(process, timeout=60)
    assert status == 2
    assert error.startswith("error: ") and error.count("\n") == 1 and "--resume" in error
    resumed_alone(out)


def test_the_worker_that_ended_is_named_and_none_that_waits_for_it(monkeypatch):
    monkeypatch.setattr(distributed, "_GRACE", 0.2)
    script = "import os, sys, time; os.environ['PADDLE_TRAINER_ID'] == '1' and sys.exit(2); "
    with pytest.raises(UserError, match="^worker 1 of 2 ended with status 2; go on from the last"):
        distributed.launch([sys.executable, "-c", script + "time.sleep(60)"], 2, "cpu")


@pytest.mark.slow
def test_workers_stop_and_save_when_their_launcher_is_killed(data, tmp_path):
    out = tmp_path / "out"
    process = two_workers_in_the_midst(out, data)
    workers = [worker(process.pid, rank) for rank in range(2)]
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while any(map(running, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    resumed_alone(out)


def resumed_alone(out: Path) -> None:
    """Let this process do a step more than two have saved."""
    step = harness.check_whole(out)
    assert train(out, "--resume", "--max-steps", step + 1) == 0
    assert harness.check_whole(out) == step + 1


def train(out: Path, *arguments) -> int:
    return main(["--out", str(out), *map(str, arguments)], command="train")


def running(pid: int) -> bool:
    """Whether a process is there, and more than an entry that nobody has collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def worker(launcher: int, rank: int) -> int:
    """The process of a rank, among the launcher's children."""
    children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
    for child in children:
        environment = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        if f"PADDLE_TRAINER_ID={rank}".encode() in environment:
            return int(child)
    raise AssertionError(f"no rank {rank} among {children}")


@pytest.mark.parametrize(
    ("workers", "flags", "told"),
    [
        (3, "", "cannot be shared equally by 3 processes"),
        (2, "--critic-steps 4 --batch-size 12", "choose a multiple of 8"),
    ],
)
def test_what_workers_cannot_share(workers, flags, told, data, tmp_path, monkeypatch, capsys):
    """Each refuses it before they meet; test_bad_input has what the launcher makes of that."""
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", str(workers))
    assert train(tmp_path / "out", *harness.TINY, *flags.split(), "--data", data) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and told in error
    assert not (tmp_path / "out").exists()
