"""What recipes beyond the notebook's write, and that they end in the same bits when stopped."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

import paddle_gan
from paddle_gan.checkpoints.reading import read
from paddle_gan.sampling.drawing import generate, latents
from paddle_gan.sampling.pictures import grid, to_uint8
from tests.training import harness
from tests.training.faults.sitecustomize import Crash

# Twelve steps of 24 digits: two epochs of six, or six of two.
RUNS = {
    "rmsprop and clipping": dict(
        recipe="wgan", width=4, latent=8, image_size=16, batch_size=12, critic_steps=2
    ),
    "gradient penalty": dict(
        recipe="wgan-gp", width=4, latent=8, image_size=16, batch_size=12, critic_steps=2
    ),
    "values that change": dict(
        recipe="dcgan-paper",
        **dict(width=4, latent=8, image_size=16, batch_size=4, norm="none"),
        **dict(penalty="r1", penalty_weight=1, penalty_weight_end=0.1, lr_end=1e-5, beta2_end=0.5),
        **dict(ema_half_life_end=64, burn_in=36),
    ),
    "spectral norm": dict(recipe="sndcgan", width=4, latent=8, image_size=16, batch_size=4),
    "spectral norm with BatchNorm": dict(recipe="sngan", width=4, latent=8, batch_size=4),
    "dropout": dict(recipe="conv", width=4, latent=8, image_size=16, batch_size=4),
    "uniform latents": dict(recipe="mlp", width=4, latent=8, image_size=16, batch_size=4),
    "augmented packs": dict(
        recipe="lsgan", width=4, latent=8, image_size=16, batch_size=4, augment="translate", pack=2
    ),
}


def train(out, few, **settings):
    return paddle_gan.train(out=out, data=str(few), device="cpu", seed=5, **settings).out


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_is_stopped_and_resumed_ends_in_the_same_bits(name, few, tmp_path):
    settings = {**RUNS[name], "checkpoint_every": 4, "epochs": 6}
    unbroken = train(tmp_path / "unbroken", few, max_steps=11, **settings)
    halves = train(tmp_path / "halves", few, max_steps=4, **settings)
    for steps in (9, 11):  # the first half ends where it saved, the second between
        paddle_gan.train(out=halves, device="cpu", resume=True, max_steps=steps)
    expected, found = ({**harness.snapshot(out)} for out in (unbroken, halves))
    # Where a part ended between two saves it drew samples and histograms once more.
    extra = re.compile("step-00000009.png|log image images/samples|log histogram .+")
    differing = {line.partition(":")[0] for line in harness.differences(expected, found)}
    assert all(map(extra.fullmatch, differing))
    weights = [name for name in expected if "pdparams" in name or "pdopt" in name]
    assert len(weights) > 20 and {"Dnet", "Gnet"} <= {name.partition(".")[0] for name in weights}


def test_optimizers_and_buffers_are_among_what_is_kept(few, tmp_path):
    out = train(tmp_path / "a", few, max_steps=1, **RUNS["rmsprop and clipping"])
    parts = harness.snapshot(out)
    assert any(name.startswith("Drmsprop.pdopt") and "mean_square" in name for name in parts)
    assert not (out / "Dadam.pdopt").exists()
    out = train(tmp_path / "b", few, max_steps=1, **RUNS["spectral norm"])
    kept = {name for name in harness.snapshot(out) if name.startswith("Dnet")}
    assert {"Dnet.pdparams /dgan.0.weight_orig", "Dnet.pdparams /dgan.0.weight_u"} <= kept


def test_a_critics_estimate_is_noted_and_plotted(few, tmp_path):
    out = train(tmp_path / "run", few, max_steps=1, **RUNS["rmsprop and clipping"])
    first = json.loads((out / "metrics.jsonl").read_text().splitlines()[0])
    assert np.isfinite(first["wasserstein"]) and "d_real" not in first
    [(step, value)] = harness.dashboard(out / "log")["scalar loss/wasserstein_estimate"]
    assert (step, value) == (1, pytest.approx(first["wasserstein"], rel=1e-6))


TINY = dict(width=4, latent=8, image_size=16, batch_size=12)


def copy(run, out):
    return Path(shutil.copytree(run, out, symlinks=True))


def kept(out) -> dict[str, object]:
    """What was set aside: pictures, and weights without the names that Paddle makes up."""
    pictures = {path.name: path.read_bytes() for path in out.glob("generators/*.png")}
    weights = {p.name: harness._flat(read(p)) for p in out.glob("generators/*.pdparams")}
    return {**pictures, **weights}


@pytest.fixture
def crashing(faulty):
    """crashing(number, out): one more epoch, ended before a change of the disk; how many came."""

    def run(number, out):
        fault = faulty("crash", number, out)
        try:
            paddle_gan.train(out=out, device="cpu", resume=True, epochs=2)
        finally:
            faulty()
        return fault.count

    return run


def picture(path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_generators_are_set_aside_with_their_samples(few, tmp_path):
    settings = dict(TINY, recipe="dcgan-paper", canvas=2)  # no average, which would hardly move
    out = train(tmp_path / "run", few, epochs=3, keep_every=1, **settings)
    place = out / "generators"
    names = [f"epoch-{n:03d}{suffix}" for n in (1, 2, 3) for suffix in (".pdparams", ".png")]
    assert sorted(path.name for path in place.iterdir()) == names
    drawn = []
    for epoch in (1, 2, 3):
        generator = paddle_gan.load_generator(place / f"epoch-{epoch:03d}.pdparams")
        images = generate(generator, latents(generator, 4, seed=5))
        shown = picture(place / f"epoch-{epoch:03d}.png")
        assert np.array_equal(shown, grid(to_uint8(images))[..., 0])
        drawn.append(images)
    assert not np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn[1], drawn[2])
    newest, aside = read(out / "Gnet.pdparams"), read(place / "epoch-003.pdparams")
    assert newest.keys() == aside.keys()
    assert all(np.array_equal(newest[key], aside[key]) for key in newest)


@pytest.mark.slow
def test_a_crash_at_any_file_operation_leaves_no_gap_among_them(few, crashing, tmp_path):
    settings = dict(TINY, epochs=1, keep_every=1, recipe="dcgan-paper")
    begun = train(tmp_path / "begun", few, **settings)
    whole = copy(begun, tmp_path / "whole")
    last = crashing(10**9, whole)
    expected = kept(whole)
    assert len(expected) == 4
    for number in range(last - 24, last + 1):
        out = copy(begun, tmp_path / f"run-{number}")
        with pytest.raises(Crash):
            crashing(number, out)
        crashing(10**9, out)
        assert kept(out) == expected, number


@pytest.mark.parametrize(("every", "epochs"), [(2, [2, 4]), (None, []), (5, [])])
def test_every_so_many_epochs(few, tmp_path, every, epochs):
    out = train(tmp_path / "run", few, epochs=4, keep_every=every, **TINY)
    found = sorted(path.name for path in out.glob("generators/*.pdparams"))
    assert found == [f"epoch-{epoch:03d}.pdparams" for epoch in epochs]


def test_generators_of_a_run_before_are_moved_aside_with_it(few, tmp_path):
    for _ in range(2):
        out = train(tmp_path / "run", few, epochs=1, keep_every=1, **TINY)
    assert (out / "earlier-001/generators/epoch-001.pdparams").exists()
    assert (out / "generators/epoch-001.pdparams").exists()


@pytest.mark.parametrize("canvas", [1, 3])
def test_the_canvas_is_square(few, tmp_path, canvas):
    settings = dict(TINY, init="kaiming", canvas=canvas)  # others draw an even gray at first
    out = train(tmp_path / "run", few, max_steps=1, **settings)
    for name in ("real.png", "step-00000001.png"):
        shown = picture(out / "samples" / name)
        assert shown.shape == (18 * canvas + 2, 18 * canvas + 2)
        assert shown[2:-2, 2:-2].std() > 0


def test_inverted_pictures(few, tmp_path):
    normal, inverted = (
        train(tmp_path / str(dark), few, max_steps=1, canvas=2, inverted=dark, **TINY)
        for dark in (False, True)
    )
    for name in ("real.png", "step-00000001.png"):
        one, other = (picture(out / "samples" / name) for out in (normal, inverted))
        assert np.array_equal(one, 255 - other)
    one, other = (harness.snapshot(out) for out in (normal, inverted))
    weights = {name for name in one if ".pd" in name}
    assert weights and all(one[name] == other[name] for name in weights)
