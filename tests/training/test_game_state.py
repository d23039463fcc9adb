"""What a game remembers is of the same step as its networks, whenever a save is interrupted."""

from __future__ import annotations

import paddle
import pytest

from paddle_gan.checkpoints import saving
from paddle_gan.checkpoints.reading import read
from tests.training.faults.sitecustomize import Crash


def test_a_crash_at_any_file_operation_of_a_save(faulty, tmp_path):
    network = paddle.nn.Linear(3, 2)
    adam = paddle.optimizer.Adam(0.1, parameters=network.parameters())
    network(paddle.ones([1, 3])).sum().backward()
    adam.step()

    def save(out, step):
        network.weight.set_value(paddle.full([3, 2], step, "float32"))
        state, progress = {"seen": step, "pool": network.weight}, {"step": step, "best": None}
        described = {"pixels": [-1, 1], "classes": None, "config": {}}
        saving.save(out, {"Gnet": network}, {"Gadam": adam}, state, progress, described)

    save(tmp_path / "count", 1)
    fault = faulty("crash", 10**9, tmp_path / "count")
    save(tmp_path / "count", 2)
    found = set()
    for number in range(1, fault.count + 1):
        out = tmp_path / f"run-{number}"
        save(out, 1)
        faulty("crash", number, out)
        with pytest.raises(Crash):
            save(out, 2)
        faulty()
        progress, state = saving.load(out, {"Gnet": network}, {"Gadam": adam})
        step = progress["step"]
        assert state["seen"] == step and (state["pool"] == step).all(), number
        assert (network.weight.numpy() == step).all(), number
        assert read(out / "game.pdstate")["seen"] == step, number
        found.add(step)
    assert found == {1, 2}
