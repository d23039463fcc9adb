"""Rates that fall in the last part of a run, worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from paddle_gan.config import configure
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
