"""CPU time: what is computed counts, sleep and what is left out do not, resumed runs count on."""

import json
import time

import pytest

import paddle_gan
from paddle_gan.training.clock import Clock


def compute(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_what_counts():
    idle = []
    for _ in range(3):  # what other tests have left may still be ending
        clock = Clock(before=100)
        time.sleep(0.4)
        idle.append(clock.seconds())
    assert min(idle) == pytest.approx(100, abs=0.11)
    clock = Clock(before=100)
    compute(0.5)
    with clock.stopped():
        compute(0.5)
    assert clock.seconds() == pytest.approx(100.5, abs=0.21)


def test_a_resumed_run_counts_on(tmp_path, few):
    sizes = dict(data=str(few), width=2, latent=12, image_size=16, batch_size=4)
    paddle_gan.train(out=tmp_path, device="cpu", max_steps=1, **sizes)
    path = tmp_path / "metrics.jsonl"
    (line,) = map(json.loads, path.read_text().splitlines())
    path.write_text(json.dumps({**line, "cpu_seconds": 1000.0}) + "\n")
    paddle_gan.train(out=tmp_path, device="cpu", resume=True, max_steps=50, epochs=99)
    *_, last = map(json.loads, path.read_text().splitlines())
    assert last["step"] == 50 and 1000 < last["cpu_seconds"] < 1100
