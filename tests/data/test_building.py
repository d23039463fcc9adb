"""Images made of digits once: the same from any number of processes, and from the cache."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_gan.data import building, load_images
from paddle_gan.data.building import build
from paddle_gan.data.tasks import SIZE, TASKS


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def digits():
    real = load_images("embedded", image_size=SIZE)
    chosen = slice(0, None, 834)
    return real.images[chosen, 0]  # 6


def mirrored(digits, shades):
    return np.stack([digits[..., ::-1], np.broadcast_to(shades[:, None, None], digits.shape)])


def test_the_parts_are_put_together_and_kept(digits, monkeypatch, capsys):
    monkeypatch.setattr(building, "_CHUNK", 4)
    shades = np.arange(6, dtype=np.uint8)
    found = build("mirrors-1", mirrored, (2, 6, SIZE, SIZE), digits, shades)
    assert np.array_equal(found, mirrored(digits, shades))
    told = capsys.readouterr().err
    assert "mirrors, made once" in told and "6/6" in told
    again = build("mirrors-1", None, (2, 6, SIZE, SIZE), digits, shades)  # None would raise
    assert np.array_equal(again, found) and capsys.readouterr().err == ""
    with pytest.raises(TypeError):
        build("mirrors-2", None, (2, 6, SIZE, SIZE), digits, shades)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_depends_on_each_digit_alone(name, digits, tmp_path):
    real = load_images("embedded", image_size=SIZE)
    chosen = real.images[::834], real.labels[::834]
    task = TASKS[name]
    sets = [
        type(real)(images, labels, "") for images, labels in (chosen, [x[::-1] for x in chosen])
    ]
    forward, backward = (task.build(name, each) for each in sets)
    assert np.array_equal(forward, backward[:, ::-1])
    assert len(list(tmp_path.rglob(f"{name}-v1-*.npz"))) == 2


@pytest.mark.slow
def test_processes_make_the_same(digits, monkeypatch):
    shape, make = (7, 6, SIZE, SIZE), TASKS["morpho"].make
    alone = build("alone", make, shape, digits)
    monkeypatch.setattr(building, "cores", lambda: 2)
    monkeypatch.setattr(building, "_FEW", 0)
    monkeypatch.setattr(building, "_CHUNK", 2)
    assert np.array_equal(build("together", make, shape, digits), alone)
