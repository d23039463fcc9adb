"""A run ends in the same bits however often it was stopped on the way."""

from __future__ import annotations

import json
import random
import shutil
import signal
from pathlib import Path

import pytest

from paddle_gan.checkpoints.reading import read
from paddle_gan.training import workspace
from tests.training import harness


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, data) -> Path:
    """The folder of a run that nothing interrupted; beside it the count of its file operations."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    status, stdout, stderr = harness.train(out, *harness.RUN, "--data", data, fault="slow:0")
    assert status == 0, stdout + stderr
    return out


def test_the_run_to_compare_with_has_all_its_parts(undisturbed):
    parts = harness.snapshot(undisturbed)
    losses = [line["step"] for line in parts["metrics.jsonl"] if "d_loss" in line]
    assert losses == [1, 50, 100]
    assert [step for step, _ in parts["log scalar loss/generator"]] == [1, 50, 100]
    samples = [step for step, _ in parts["log image images/samples"]]
    assert samples == [*range(7, 100, 7), 100]
    assert sum(name.startswith("Gadam.pdopt") for name in parts) > 10
    assert harness.check_whole(undisturbed) == 100


@pytest.mark.slow
def test_five_kills_change_no_bit(undisturbed, data, tmp_path):
    operations = int((undisturbed.parent / "out.operations").read_text())
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)  # pytest shows it when the test fails
    out, kills, expected = tmp_path / "out", 0, harness.snapshot(undisturbed)
    for attempt in range(5):
        out, rng = tmp_path / f"out-{attempt}", random.Random(seed + attempt)
        kills += harness.survive(out, data, 5 - kills, rng, operations)
        assert harness.differences(expected, harness.snapshot(out)) == []
        if kills == 5:
            break
    assert kills == 5


@pytest.mark.slow
def test_ctrl_c_and_sigterm_save_and_change_no_bit(undisturbed, data, train, tmp_path):
    out, arguments = tmp_path / "out", [*harness.RUN, "--data", data]
    for number, sample in ((signal.SIGINT, 14), (signal.SIGTERM, 56)):
        process = harness.start(out, *arguments, fault="slow:2")
        harness.wait_for((out / f"samples/step-{sample:08d}.png").exists, process)
        process.send_signal(number)
        status, stdout, stderr = harness.finish(process)
        assert status == 128 + number, stdout + stderr
        assert "Traceback" not in stderr
        assert f"--resume --out {out}" in stdout.splitlines()[-1]
        step = harness.check_whole(out)
        assert sample <= step < 100
        assert f"step {step}" in stdout.splitlines()[-1]
        arguments = ["--resume"]
    assert train(out, "--resume")[0] == 0
    assert harness.differences(harness.snapshot(undisturbed), harness.snapshot(out)) == []


@pytest.mark.slow
def test_a_second_run_into_the_same_folder_is_refused_and_disturbs_nothing(
    undisturbed, data, train, tmp_path
):
    out = tmp_path / "out"
    first = harness.start(out, *harness.RUN, "--data", data, fault="slow:2")
    harness.wait_for((out / "samples/step-00000007.png").exists, first)
    first.send_signal(signal.SIGSTOP)  # it keeps what it holds, and does not end meanwhile
    try:
        for flags in ([*harness.RUN, "--data", data], ["--resume"]):
            status, _, stderr = train(out, *flags)
            assert status == 2 and len(stderr.splitlines()) == 1
            assert f"another run is writing into {out}" in stderr
    finally:
        first.send_signal(signal.SIGCONT)
    status, stdout, stderr = harness.finish(first)
    assert status == 0, stdout + stderr
    assert harness.differences(harness.snapshot(undisturbed), harness.snapshot(out)) == []
    assert train(out, "--resume")[0] == 0  # it is free again


def test_a_run_that_is_being_written_is_not_touched(few, train, tmp_path):
    """Not even where its newest checkpoint looks damaged, as one that is being replaced may."""
    saves = "--checkpoint-every 1 --max-steps 3".split()
    assert train(tmp_path, *harness.TINY, "--data", few, *saves)[0] == 0
    (tmp_path / "Gnet.pdparams").resolve().write_bytes(b"half")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with workspace.held(tmp_path):
        status, _, stderr = train(tmp_path, "--resume")
    assert status == 2 and "another run is writing" in stderr
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert train(tmp_path, "--resume")[0] == 0


def test_a_resume_notices_other_data(train, tmp_path):
    data, out = harness.digits(tmp_path / "data", 24), tmp_path / "out"
    assert train(out, *harness.TINY, "--data", data, "--max-steps", "2")[0] == 0
    shutil.rmtree(data)
    harness.digits(data, 16)
    status, _, stderr = train(out, "--resume", "--max-steps", "4")
    assert status == 2 and len(stderr.splitlines()) == 1
    assert "changed since step 2: 24 images" in stderr and "16 of" in stderr
    assert harness.check_whole(out) == 2
    assert train(out, "--resume", "--max-steps", "4", "--data", data)[0] == 0
    assert train(out, "--resume", "--max-steps", "5")[0] == 0  # the new data is the run's now


def test_a_run_from_before_the_validation_split_is_told(few, train, tmp_path):
    """It was trained on all digits, and is judged by a part of them now."""
    assert train(tmp_path, *harness.TINY, "--data", few, "--max-steps", "2")[0] == 0
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "evaluate_every": 9}))
    manifest = (tmp_path / "Gnet.pdparams").resolve().parent / "manifest.json"
    saved = json.loads(manifest.read_text())
    del saved["progress"]["data"]
    manifest.write_text(json.dumps(saved))
    status, _, stderr = train(tmp_path, "--resume", "--max-steps", "3")
    assert status == 2 and "older than the validation split" in stderr
    assert len(stderr.splitlines()) == 1


def test_a_run_resumes_from_files_that_are_refused_from_strangers(
    few, train, tmp_path, monkeypatch
):
    monkeypatch.setattr(read, "__defaults__", (100,))  # bytes
    assert train(tmp_path, *harness.TINY, "--data", few, "--max-steps", "2")[0] == 0
    assert train(tmp_path, "--resume", "--max-steps", "3")[::2] == (0, "")
    assert harness.check_whole(tmp_path) == 3
