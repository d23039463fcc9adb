"""Wrong calls: each ends with status 2 and one line that says what is wrong, and costs nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import paddle
import pytest

import paddle_gan
from paddle_gan.cli import main
from paddle_gan.system import distributed
from tests.training import harness
from tests.wrong_calls import DEMO, EVALUATE, EXPORT, INFER, MODES, PROJECT, TINY, Wrong
from tests.wrong_training import TRAIN

REPOSITORY = Path(paddle_gan.__file__).parents[1]
GPU = paddle.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0


TABLE = [
    pytest.param(command, row, id=f"{command}: {row.name}")
    for command, rows in {
        "train": TRAIN,
        "infer": INFER,
        "demo": DEMO,
        "export": EXPORT,
        "project": PROJECT,
        "evaluate": EVALUATE,
        "modes": MODES,
    }.items()
    for row in rows
]


@pytest.fixture
def here(tmp_path) -> Path:
    """A folder with digits to train on and a checkpoint to draw from."""
    harness.digits(tmp_path / "digits", 24)
    generator = paddle_gan.Generator(latent=8, width=4, image_size=16)
    paddle.save(generator.state_dict(), str(tmp_path / "good.pdparams"))
    return tmp_path


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def call(command: str, row: Wrong, here: Path) -> list[str]:
    given = [argument.format(here=here) for argument in row.arguments.split()]
    if command != "train":
        return given
    kept = ["--out", f"{here}/out"]  # a resumed run has its own data and sizes
    return [*(kept if "--resume" in given else [a.format(here=here) for a in TINY]), *given]


def check(row: Wrong, status: int, stderr: str):
    lines = [line for line in stderr.splitlines() if not line.startswith("skipped: ")]
    assert (status, len(lines)) == (2, 1), stderr
    assert lines[0].startswith("error: ") and row.told in lines[0]


@pytest.mark.parametrize("command, row", TABLE)
def test_a_wrong_call_takes_one_line(command, row, here, capsys):
    row.before(here)
    saved = files(here)
    capsys.readouterr()
    try:
        status = main(call(command, row, here), command=command)
    except SystemExit as exit:
        status = exit.code
    check(row, status, capsys.readouterr().err)
    assert saved.items() <= files(here).items(), "something saved was lost"
    assert not (here / "executed").exists()


@pytest.mark.skipif(GPU, reason="there is a GPU")
@pytest.mark.parametrize("device", ["gpu", "gpu:0"])
def test_a_gpu_that_is_not_there(device, here, capsys):
    row = Wrong("", f"--device {device}", f"--device {device}: ")
    status = main(call("train", row, here), command="train")
    error = capsys.readouterr().err
    check(row, status, error)
    assert "--device cpu works here" in error


def test_the_table_is_long_enough():
    assert len(TABLE) >= 60
    assert len({param.id for param in TABLE}) == len(TABLE)


@pytest.mark.parametrize(
    "command, name",
    [("train", "batch beyond the set"), ("train", "unknown flag"), ("infer", "hostile")],
)
def test_the_scripts_say_the_same(command, name, here):
    rows = {"train": TRAIN, "infer": INFER}[command]
    [row] = [row for row in rows if row.name == name]
    row.before(here)
    script = [sys.executable, str(REPOSITORY / f"{command}.py"), *call(command, row, here)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60)
    check(row, done.returncode, done.stderr)
    assert not (here / "executed").exists()


def test_workers_without_data(here, monkeypatch, capfd):
    """They are started as this process is told to be, and rank 0 alone speaks."""
    row = Wrong("", "--workers 2 --data {here}/nothing", "nothing does not exist; data is mnist")
    monkeypatch.setattr(sys, "argv", [str(REPOSITORY / "train.py"), *call("train", row, here)])
    with pytest.raises(SystemExit) as ended:
        main(command="train")
    check(row, ended.value.code, capfd.readouterr().err)


@pytest.mark.parametrize("flags", ["--recipe dcgam", "", "--resume"])
def test_no_crowd_is_started_for_a_wrong_call(flags, here, capsys, monkeypatch):
    def launch(*_):
        raise AssertionError("started")

    monkeypatch.setattr(distributed, "launch", launch)
    told = {
        "--recipe dcgam": "unknown recipe 'dcgam'",
        "": "a batch of 8 cannot be shared equally by 64 processes",
        "--resume": "holds no run to resume",
    }[flags]
    row = Wrong("", f"--workers 64 {flags}", told)
    status = main(call("train", row, here), command="train")
    check(row, status, capsys.readouterr().err)


@pytest.fixture
def read_only(tmp_path):
    """A folder that not even root can write into."""
    folder = tmp_path / "read-only"
    yield from harness.mounted(folder, "ro")


@pytest.mark.parametrize("below", ["", "/new"])
def test_a_read_only_folder_is_found_before_training(below, read_only, here, capsys):
    row = Wrong("", f"--out {read_only}{below}", "Read-only file system; give another --out")
    status = main(call("train", row, here), command="train")
    check(row, status, capsys.readouterr().err)


def test_a_full_disk_is_no_traceback_for_infer(here, capsys):
    row = Wrong("", "{here}/good.pdparams --output /dev/full/a.npy", "cannot write")
    assert main(call("infer", row, here), command="infer") == 2
    check(row, 2, capsys.readouterr().err)
