"""What is saved is whole, of one step, and readable by others, whenever a run ends."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys

import numpy as np
import paddle
import pytest

import paddle_gan
from tests.training import harness
from tests.training.faults.sitecustomize import Crash, Fault
from tests.training.harness import copy, newest

SMALL = [*harness.TINY, "--checkpoint-every", "1"]


def test_other_programs_read_what_is_saved(stopped):
    for name in harness.FOUR:
        state = paddle.load(str(stopped / name))
        assert all(np.isfinite(v.numpy()).all() for v in state.values() if hasattr(v, "numpy"))
    generator = paddle_gan.load_generator(stopped / "Gnet.pdparams")
    assert not generator.training
    assert generator(paddle.zeros([2, 8, 1, 1])).shape == [2, 1, 16, 16]


def test_the_manifest_tells_sizes_and_hashes(stopped):
    assert harness.check_whole(stopped) == 2
    files = json.loads((newest(stopped) / "manifest.json").read_text())["files"]
    assert (
        {*harness.FOUR}
        <= {*files}
        == {p.name for p in newest(stopped).iterdir()} - {"manifest.json"}
    )


@pytest.mark.slow
def test_a_crash_at_any_file_operation_changes_no_bit(stopped, complete, train, faulty, tmp_path):
    """One more step, ended before its 1st, 2nd, 3rd ... change of the disk, then resumed."""
    more = ["--resume", "--max-steps", "3"]
    out = copy(stopped, tmp_path / "count")
    fault = faulty("crash", 10**9, out)
    assert train(out, *more)[0] == 0
    steps = set()
    for number in range(1, fault.count + 1):
        out = copy(stopped, tmp_path / f"run-{number}")
        faulty("crash", number, out)
        with pytest.raises(Crash):
            train(out, *more)
        faulty()
        steps.add(harness.check_whole(out))
        assert train(out, *more)[::2] == (0, ""), f"after a crash at operation {number}"
        assert harness.differences(complete, harness.snapshot(out)) == [], number
        shutil.rmtree(out)
    assert steps == {2, 3}


def test_a_crash_in_the_only_save_of_a_run_is_made_good(few, train, faulty, tmp_path):
    """The last operations of a run of one step, in which the names at its top appear."""
    arguments = [*SMALL, "--data", few, "--max-steps", "1"]
    fault = faulty("crash", 10**9, tmp_path / "count")
    assert train(tmp_path / "count", *arguments)[0] == 0
    for number in range(fault.count - 12, fault.count + 1):
        out = tmp_path / f"run-{number}"
        faulty("crash", number, out)
        with pytest.raises(Crash):
            train(out, *arguments)
        faulty()
        assert train(out, "--resume")[::2] == (0, "")
        assert harness.check_whole(out) == 1
        assert all((out / name).exists() for name in harness.FOUR), number


class Stopping(Fault):
    """Ctrl-C comes at operation NUMBER; the process ends ``after`` operations later."""

    after = 0

    def stop(self, event, arguments):
        if self.count == self.number:
            signal.raise_signal(signal.SIGINT)
        if self.after and self.count >= self.number + self.after:
            raise Crash


def test_a_crash_while_stopping_costs_nothing(stopped, complete, train, tmp_path):
    """Ctrl-C at a step that was saved just before, and the end at any moment after it."""
    armed, more = [], ["--resume", "--max-steps", "3"]
    sys.addaudithook(lambda *event: armed[0](*event) if armed else None)
    out = copy(stopped, tmp_path / "count")
    armed[:] = [Fault("slow", 0, out)]
    assert train(out, *more)[0] == 0
    last = armed[0].count
    for after in range(1, 100):
        out = copy(stopped, tmp_path / f"run-{after}")
        armed[:] = [Stopping("stop", last - 1, out)]
        armed[0].after = after
        with contextlib.suppress(Crash):
            train(out, *more)
        reached = armed.pop().count
        assert harness.check_whole(out) == 3
        if reached < last - 1 + after:
            break  # the run stopped by itself before the crash came
    assert after > 1
    assert harness.differences(complete, harness.snapshot(out)) == []


def test_what_a_killed_save_leaves_behind_is_cleared_away(stopped, train, faulty, tmp_path):
    out = copy(stopped, tmp_path / "out")
    litter = out / "checkpoints" / ".step-00000003.999"
    litter.mkdir()
    (litter / "Gnet.pdparams").write_bytes(b"half")
    assert train(out, "--resume", "--max-steps", "3")[0] == 0
    assert [path.name for path in out.rglob(".*")] == [".lock"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["full", "fail"])
def test_a_failing_disk_ends_in_a_line_and_costs_no_checkpoint(
    kind, stopped, complete, train, faulty, tmp_path
):
    """Wherever on the way of one more step the failure comes."""
    more = ["--resume", "--max-steps", "3"]
    out = copy(stopped, tmp_path / "count")
    fault = faulty("slow", 0, out)
    assert train(out, *more)[0] == 0
    for number in range(1, fault.count + 1, 5):
        out = copy(stopped, tmp_path / f"run-{number}")
        faulty(kind, number, out)
        status, _, stderr = train(out, *more)
        faulty()
        told = stderr.splitlines()
        if status != 0:  # some files are not worth ending a run for
            assert (status, len(told), told[0][:7]) == (2, 1, "error: "), (number, stderr)
        assert harness.check_whole(out) in (2, 3)
        assert train(out, *more)[::2] == (0, ""), f"after a failure at operation {number}"
        assert harness.differences(complete, harness.snapshot(out)) == [], number


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 200 kB."""
    folder = tmp_path / "disk"
    yield from harness.mounted(folder, "size=200k")


def test_a_full_disk_ends_in_a_line_and_the_run_goes_on_elsewhere(tiny_disk, few, train, tmp_path):
    out, arguments = tiny_disk / "out", [*SMALL, "--data", few, "--epochs", "1"]
    status, _, stderr = train(out, *arguments)
    assert status == 2
    assert len(stderr.splitlines()) == 1 and stderr.startswith("error: ")
    assert "No space left on device" in stderr
    assert harness.check_whole(out) is not None
    moved = copy(out, tmp_path / "moved")
    assert train(moved, "--resume")[0] == 0
    assert train(tmp_path / "calm", *arguments)[0] == 0
    calm = harness.snapshot(tmp_path / "calm")
    assert harness.differences(calm, harness.snapshot(moved)) == []
