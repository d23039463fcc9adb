"""A run sets what changes before each step, from the images it has seen."""

from __future__ import annotations

import pytest

import paddle_gan
from paddle_gan.games.gan import GAN
from paddle_gan.training.ema import Ema

SIZES = dict(width=4, image_size=16, latent=8, batch_size=8, device="cpu")


@pytest.fixture
def noted(monkeypatch) -> list[tuple]:
    """Of each step: the rates of G and D and their beta2, then the average's half-life."""
    found = []

    def train_step(self, batch, step, original=GAN.train_step):
        g, d = self.g_optimizer, self.d_optimizer
        found.append((g.get_lr(), d.get_lr(), g._beta2, d._beta2))
        return original(self, batch, step)

    def update(self, step, half_life, original=Ema.update):
        found[-1] += (half_life,)
        return original(self, step, half_life)

    monkeypatch.setattr(GAN, "train_step", train_step)
    monkeypatch.setattr(Ema, "update", update)
    return found


def test_rates_decay_and_half_life_of_each_step(few, tmp_path, noted):
    """Four steps of 8 images until the end: (1 - cos(0, 45°, 90°, 135°, 180°)) / 2 of the way."""
    ends = dict(lr_half=0, lr=0.003, lr_end=0.001, lr_ratio=0.5, beta2_end=0.9, betas=(0.0, 0.5))
    half_life = dict(ema_half_life=100, ema_half_life_end=300)
    run = dict(out=tmp_path, data=str(few), burn_in=32, **ends, **half_life, **SIZES)
    paddle_gan.train(max_steps=3, **run)
    paddle_gan.train(out=tmp_path, device="cpu", resume=True, max_steps=6)
    way = [0, 0.1464466, 0.5, 0.8535534, 1, 1, 1]
    assert len(noted) == 6
    for step, values in enumerate(noted):
        rate, beta2 = 0.003 - 0.002 * way[step], 0.5 + 0.4 * way[step]
        after = 100 + 200 * way[step + 1]  # the average follows when the step is made
        assert values == pytest.approx((rate, rate / 2, beta2, beta2, after), rel=1e-6)


def test_an_average_may_begin_with_no_memory(few, tmp_path, noted):
    ends = dict(ema_half_life=0, ema_half_life_end=100, burn_in=32)
    out = paddle_gan.train(out=tmp_path, data=str(few), max_steps=2, **ends, **SIZES)
    assert (out / "Gnet_raw.pdparams").exists()
    assert [half_life for *_, half_life in noted] == pytest.approx([14.64466, 50])
