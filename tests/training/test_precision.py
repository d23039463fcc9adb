"""In which type a run computes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import paddle
import pytest

from paddle_gan import kernels
from paddle_gan.training.loop import _choose_amp
from tests.training import harness

has_bfloat16 = pytest.mark.skipif(
    not kernels.has_bfloat16(), reason="the processor does not compute in bfloat16"
)


def config(out) -> dict:
    return json.loads((out / "config.json").read_text())


@has_bfloat16
def test_a_cpu_that_has_bfloat16_takes_it(few, train, tmp_path):
    found = {}
    for flag in (None, "--amp", "--no-amp"):
        out = tmp_path / str(flag)
        arguments = [*harness.TINY, "--data", few, "--max-steps", "2", *filter(None, [flag])]
        status, stdout, stderr = train(out, *arguments)
        assert (status, stderr) == (0, "")
        assert config(out)["amp"] == ("dcgan on cpu in bfloat16;" in stdout) == (flag != "--no-amp")
        state = paddle.load(str(out / "Gnet.pdparams"))
        found[flag] = np.concatenate([value.numpy().ravel() for value in state.values()])
    assert np.array_equal(found[None], found["--amp"])
    assert not np.array_equal(found[None], found["--no-amp"])


@has_bfloat16
def test_a_resumed_run_is_in_bfloat16_again(few, train, tmp_path):
    """To the bit, and whatever the default would be by now."""
    arguments = [*harness.TINY, "--data", few, "--amp", "--checkpoint-every", "1"]
    for out, steps in (("whole", "3"), ("parts", "2")):
        assert train(tmp_path / out, *arguments, "--max-steps", steps)[0] == 0
    status, stdout, _ = train(tmp_path / "parts", "--resume", "--max-steps", "3")
    assert status == 0 and "in bfloat16" in stdout
    whole, parts = (harness.snapshot(tmp_path / name) for name in ("whole", "parts"))
    assert harness.differences(whole, parts) == []
    status, _, stderr = train(tmp_path / "parts", "--resume", "--max-steps", "4", "--no-amp")
    assert status == 2 and "--resume keeps amp" in stderr


def test_a_run_from_before_the_choice_goes_on_in_float32(few, train, tmp_path):
    arguments = [*harness.TINY, "--data", few, "--no-amp", "--max-steps", "2"]
    assert train(tmp_path, *arguments)[0] == 0
    saved = config(tmp_path)
    del saved["amp"]
    (tmp_path / "config.json").write_text(json.dumps(saved))
    assert train(tmp_path, "--resume", "--max-steps", "3")[0] == 0
    assert config(tmp_path)["amp"] is False


def test_another_cpu_computes_in_float32(few, train, tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "has_bfloat16", lambda: False)
    status, stdout, _ = train(tmp_path, *harness.TINY, "--data", few, "--max-steps", "2")
    assert status == 0 and "dcgan on cpu;" in stdout
    assert config(tmp_path)["amp"] is False


def test_another_cpu_is_told_before_the_run_begins(few, tmp_path):
    command = [sys.executable, "-m", "paddle_gan", "train", "--amp", *harness.TINY]
    run = subprocess.run(
        [*command, "--data", few, "--out", tmp_path / "run"],
        env={**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2 and len(run.stderr.splitlines()) == 1
    assert "AVX512-BF16" in run.stderr and "--no-amp" in run.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("asked", "amp"), [(None, False), (True, True), (False, False)])
def test_a_gpu_computes_in_bfloat16_where_asked_for(asked, amp):
    assert _choose_amp(asked, "gpu:0") is amp
