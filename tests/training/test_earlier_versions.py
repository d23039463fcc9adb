"""What version 0.1.0 has written still draws and goes on; see fixtures/version-0.1/README.md."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import paddle_gan
from paddle_gan.checkpoints.description import split
from paddle_gan.checkpoints.generators import load_generator
from paddle_gan.checkpoints.reading import read
from paddle_gan.sampling.drawing import generate, latents
from tests.training import harness

OLD = Path(__file__).parents[1] / "fixtures/version-0.1"


def drawn(path: Path) -> np.ndarray:
    generator = load_generator(path)
    return generate(generator, latents(generator, 4, seed=0))


@pytest.mark.parametrize("name", ["dcgan", "cdcgan", "mlp", "conv", "sngan"])
def test_a_generator_draws_the_same_images(name):
    expected = np.load(OLD / f"{name}.npy")
    assert expected.std() > 0.01
    assert np.abs(drawn(OLD / f"{name}.pdparams") - expected).max() < 1e-5


def test_a_run_goes_on_as_it_would_have(tmp_path):
    """From its sixth step to the eighth, to which that version has taken a copy of it."""
    out = tmp_path / "run"
    shutil.copytree(OLD / "run", out, symlinks=True)
    before = drawn(out / "Gnet.pdparams")
    assert np.abs(before - np.load(OLD / "step-6.npy")).max() < 1e-5
    # The data is named, as another version of OpenCV may scale the digits to other bits.
    paddle_gan.train(out=out, device="cpu", resume=True, max_steps=8, data="embedded")
    assert harness.check_whole(out) == 8
    after, expected = drawn(out / "Gnet.pdparams"), np.load(OLD / "step-8.npy")
    assert np.abs(after - expected).max() < 1e-4 < np.abs(before - expected).max() / 10
    for name in ("Gnet", "Gnet_raw", "Dnet"):
        path = out / f"{name}.pdparams"
        assert split(read(path), path)[1]["network"] == name
    assert [p.name for p in sorted(out.glob("checkpoints/step-*"))] == [
        "step-00000006",
        "step-00000008",
    ]
