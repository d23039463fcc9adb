"""The training loop, on one page."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import numpy as np
import paddle

from paddle_gan import data, generation, runtime
from paddle_gan.gans import GAMES
from paddle_gan.recipes import configure
from paddle_gan.training import checkpoint, workspace
from paddle_gan.training.dashboard import Dashboard

_LOG_EVERY = 50  # steps; turning a loss into a float makes a GPU wait for it
_SAMPLES = 64


def train(
    recipe: str = "dcgan",
    out: str = "work",
    device: str = "auto",
    resume: bool = False,
    **overrides,
) -> Path:
    """Train a recipe and write the run under ``out``; returns that path.

    ``overrides`` are values of the recipe (``epochs``, ``batch_size``, ``lr``, ...), ``data``
    ("mnist", "embedded" or a folder), ``seed``, ``max_steps`` and ``checkpoint_every`` (steps).
    With ``resume`` the run in ``out`` goes on from its newest checkpoint with its own
    configuration; ``overrides`` may then lengthen it. Raises UserError for what cannot work.
    """
    out = Path(out)
    if resume:
        config = workspace.resumed_config(out, overrides)
    else:
        config = configure(recipe, **overrides)
    device = runtime.choose_device(device)
    workspace.claim(out, keep=resume)

    images = data.load_images(config["data"], config["image_size"], config["channels"])
    batch_size, seed = config["batch_size"], config["seed"]
    steps_per_epoch = data.batches_per_epoch(images, batch_size)
    total = min(config["epochs"] * steps_per_epoch, config["max_steps"] or float("inf"))

    paddle.seed(seed)
    game = GAMES[config["game"]](config)
    step = checkpoint.load(out, game) if resume else 0
    workspace.write_config(out, config)
    board = Dashboard(out, config, step, total * batch_size)
    board.say(f"{config['recipe']} on {device}; {images.source}")
    board.real(images.images[:_SAMPLES])
    latents = generation.latents(game.generator, _SAMPLES, seed)

    def save() -> None:
        checkpoint.save(out, game, step)
        game.generator.eval()
        board.samples(step, generation.generate(game.generator, latents))
        game.generator.train()

    with StopSignal() as stop:
        while step < total and not stop:
            epoch, first_batch = divmod(step, steps_per_epoch)
            epoch, started = epoch + 1, time.time()
            for batch in data.loader(
                images, batch_size, seed, epoch, first_batch, runtime.place(device)
            ):
                # Every draw is a function of (seed, step), so a resumed run repeats none.
                paddle.seed(step_seed(seed, step))
                scalars = game.train_step(batch)
                step += 1
                if step % _LOG_EVERY == 0 or step == 1:
                    board.scalars(step, epoch, {k: float(v) for k, v in scalars.items()})
                board.step(step)
                at_end = step % steps_per_epoch == 0 or step == total
                if at_end or step % (config["checkpoint_every"] or total) == 0:
                    save()
                if at_end or stop:
                    break
            if at_end:
                board.say(
                    f"[{epoch:03d}/{config['epochs']:03d}] {time.time() - started:.2f} sec(s) "
                    f"D loss: {float(scalars['d_loss']):.6f} G Loss: {float(scalars['g_loss']):.6f}"
                )
        if stop:
            checkpoint.save(out, game, step)
            board.say(f"stopped after step {step}, saved; go on with --resume --out {out}")
    board.close()
    return out


def step_seed(seed: int, step: int) -> int:
    """A seed of its own for every step of every run."""
    return int(np.random.SeedSequence([seed, step]).generate_state(1)[0])


class StopSignal:
    """Notes Ctrl-C and SIGTERM, so that the loop can finish its step; a second one insists."""

    def __enter__(self) -> StopSignal:
        self._came = False
        try:
            self._before = {
                s: signal.signal(s, self._note) for s in (signal.SIGINT, signal.SIGTERM)
            }
        except ValueError:  # signals belong to the main thread
            self._before = {}
        return self

    def _note(self, number, frame) -> None:
        if self._came:
            raise KeyboardInterrupt
        self._came = True

    def __bool__(self) -> bool:
        return self._came

    def __exit__(self, *exception) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
