"""Exported pages of tiny checkpoints, and what a browser shows of them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_gan.checkpoints.description import with_description
from paddle_gan.config import configure, game_of
from tests.notebook import fill
from tests.training.screenshot import chromium, wait_until

needs_onnx = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("paddle2onnx", "onnx", "onnxruntime"))),
    reason="the extra [export], of Paddle 2 [export-paddle2], is not installed",
)
needs_browser = pytest.mark.skipif(
    not chromium() and not os.environ.get("PADDLE_GAN_NEEDS_BROWSER"), reason="no Chromium"
)
TINY = dict(width=4, d_width=4, max_width=8, latent=6, components=4, blocks=1, image_size=16)
NAMES = ["cat", "dog", "owl"]
PIXELS = """
const canvas = document.getElementById(arguments[0]);
const {width, height} = canvas;
return [height, width, Array.from(canvas.getContext("2d").getImageData(0, 0, width, height).data)];
"""
MOVE = """
const control = document.getElementById(arguments[0]);
control.value = arguments[1];
control.dispatchEvent(new Event("input"));
"""


def saved(recipe: str, folder: Path, **changed) -> Path:
    """The networks of a tiny recipe, with weights that all matter; gives the first one's file."""
    known = configure(recipe)
    values = {**TINY, "classes": 3, "domains": 3, **changed}
    config = configure(recipe, **{n: v for n, v in values.items() if n in known})
    folder.mkdir()
    game = game_of(config)
    for name in game.drawn_with:
        network = fill(game.build(config)[name], seed=1)
        if getattr(network, "components", 0):
            network.weights.set_value(np.array([1, 2, 3, 2], "float32") / 8)
        about = dict(network=name, step=1, pixels=[-1, 1], classes=NAMES, config=config)
        paddle.save(with_description(network.state_dict(), about), str(folder / f"{name}.pdparams"))
    name = "Gnet" if "Gnet" in game.drawn_with else game.drawn_with[0]
    return folder / f"{name}.pdparams"


def shown(driver, place: str) -> np.ndarray:
    """The picture on a canvas: height x width x 3."""
    height, width, values = driver.execute_script(PIXELS, place)
    return np.array(values, "uint8").reshape(height, width, 4)[..., :3]


def shows(driver, place: str, wanted: np.ndarray) -> None:
    """Wait until a canvas shows a picture, height x width [x 3], to the rounding of its values."""
    wanted = np.broadcast_to(wanted.reshape(*wanted.shape[:2], -1), (*wanted.shape[:2], 3))

    def same(driver) -> bool:
        found = shown(driver, place).astype(int)
        return found.shape == wanted.shape and np.abs(found - wanted).max() <= 1

    assert wanted.std() > 5  # of which an empty canvas is not a rounding
    wait_until(driver, same)


def told(driver) -> str:
    return driver.find_element("css selector", "#told").text
