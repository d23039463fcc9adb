"""Rates that fall in the last part of a run, worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import paddle_gan
from paddle_gan.config import configure
from paddle_gan.games.gan import GAN
from paddle_gan.games.optimizers import anneal


def rate(config: dict, images: int, whole: int) -> float:
    """The rate of an optimizer that begins with 2."""
    found = []
    anneal(SimpleNamespace(set_lr=found.append), 2.0, config, images, whole)
    return found[-1]


@pytest.mark.parametrize(("images", "expected"), [(0, 2), (50, 2), (51, 1.96), (75, 1), (99, 0.04)])
def test_the_second_half_falls_linearly(images, expected):
    config = dict(lr_half=0, lr_decay=0.5)
    assert rate(config, images, 100) == pytest.approx(expected)


def test_both_ways_to_fall_multiply():
    config = dict(lr_half=600, lr_decay=1.0)
    # 600 images are seen: a half; and a fifth of the run: 0.8.
    assert rate(config, 600, 3000) == pytest.approx(0.8)


def test_nothing_falls_unless_told():
    assert rate(dict(lr_half=0, lr_decay=0.0), 99, 100) == 2
    assert configure("cyclegan")["lr_decay"] == configure("cyclegan-paper")["lr_decay"] == 0.5
    assert configure("dcgan")["lr_decay"] == 0


def test_a_run_sets_the_rates_of_its_steps(few, tmp_path, monkeypatch):
    """Nine steps of eight images, the last third falling, beside a half-life of 24 images."""
    rates, train_step = [], GAN.train_step

    def watched(game, *rest):
        rates.append([optimizer.get_lr() for optimizer in game.optimizers.values()])
        return train_step(game, *rest)

    monkeypatch.setattr(GAN, "train_step", watched)
    settings = dict(epochs=3, batch_size=8, width=4, latent=8, image_size=16, lr=0.01)
    paddle_gan.train(
        out=tmp_path,
        data=str(few),
        device="cpu",
        lr_half=24,
        lr_decay=1 / 3,
        lr_ratio=1,
        **settings,
    )
    expected = [
        0.01 / (1 + step / 3) * share for step, share in enumerate([1] * 7 + [2 / 3, 1 / 3])
    ]
    for found in zip(*rates):
        assert found == pytest.approx(expected)
