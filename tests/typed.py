"""Calls as a user writes them, for the type checker: mypy reads this file and nobody runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import paddle_gan
from paddle_gan import Trained


def note(run: Trained) -> None:
    print(run.history[-1]["step"], run.samples[-1].name)


def play(folder: Path) -> np.ndarray:
    run = paddle_gan.train("dcgan", out=str(folder), epochs=1, on_log=note)
    z = paddle_gan.latents(run.generator, 3, seed=0)
    images: np.ndarray = paddle_gan.generate(run.generator, z)
    written: Path = paddle_gan.infer(run.checkpoint, seeds=[1, 2], output=folder / "two.png")
    exported: Path = paddle_gan.export(run.checkpoint, folder / "exported", format="onnx")
    errors: dict[str, float] = paddle_gan.project(written, run.checkpoint, exported)
    scores: dict = paddle_gan.evaluate(images, data="embedded")
    print(errors, scores["fid"])
    return paddle_gan.translate(run.checkpoint, images)


play("a text is no Path")  # type: ignore[arg-type]
