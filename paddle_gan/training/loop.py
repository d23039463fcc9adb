"""The training loop, on one page."""

from __future__ import annotations

import time
from pathlib import Path

import paddle

from paddle_gan import data, distributed, gans, metrics, runtime
from paddle_gan.errors import UserError
from paddle_gan.recipes import configure
from paddle_gan.training import workspace
from paddle_gan.training.health import NotFinite
from paddle_gan.training.run import Run
from paddle_gan.training.stop import StopSignal

_LOG_EVERY = 50  # steps; turning a loss into a float makes a GPU wait for it


def train(
    recipe: str | None = None,
    out: str = "work",
    device: str = "auto",
    resume: bool = False,
    **overrides,
) -> Path:
    """Train a recipe ("dcgan" unless named) and write the run under ``out``; returns that path.

    ``overrides`` are values of the recipe (``epochs``, ``batch_size``, ``lr``, ...), ``data``
    ("mnist", "embedded", "stacked" or a folder), ``seed``, ``max_steps`` and ``checkpoint_every``
    (steps). With ``resume`` the run in ``out`` goes on from its newest checkpoint with its own
    configuration; ``overrides`` may then lengthen it. Raises UserError for what cannot work.
    """
    out = Path(out)
    if resume:
        config = workspace.resumed_config(out, {"recipe": recipe, **overrides})
    else:
        config = configure(recipe or "dcgan", **overrides)
    gans.rows(config)  # a mistyped name is told before anything is downloaded
    device = runtime.choose_device(device)
    if config["amp"] and device == "cpu":
        raise UserError("--amp computes in bfloat16 on a GPU; leave it out on a CPU")
    if config["evaluate_every"] and config["channels"] != 1:
        raise UserError("--evaluate-every scores digits of one channel; leave it out with 3")
    check_shares(config, distributed.world())
    distributed.join()
    if distributed.rank() > 0:
        distributed.wait()  # rank 0 downloads, the others find the files
    # What judges the samples must not have been learned by heart.
    split = "fit" if config["evaluate_every"] else "train"
    size = config["image_size"], config["channels"]
    images = data.load_images(config["data"], *size, split)
    if split == "fit" and resume and not workspace.was_evaluated(out):
        if len(data.load_images(config["data"], *size, "train")) > len(images):
            raise UserError(
                "--evaluate-every would judge by images that this run has learned from; leave it "
                "out, or start a new run with it"
            )
    run = Run(out, config, images, resume)
    if distributed.rank() == 0:
        if config["evaluate_every"]:
            metrics.digit_network(config["data"])  # trained now rather than in the midst of it
        held = workspace.claim(out, keep=resume)  # noqa: F841  (until this function ends)
        workspace.write_config(out, config)
        distributed.wait()
    run.start(images)
    run.board.say(f"{config['recipe']} on {device}; {images.source}")
    if run.step >= run.total:
        limit = "--max-steps" if run.total == config["max_steps"] else "--epochs"
        run.board.say(f"step {run.step} is the last of this run; more {limit} go on from there")
    try:
        _play(run, images, runtime.place(device))
    finally:
        run.board.close()
    return out


def check_shares(config: dict, world: int) -> None:
    """Raise UserError where ``world`` processes cannot share a batch equally."""
    share = world * config["critic_steps"] * config["pack"]
    if config["batch_size"] % share:
        raise UserError(
            f"a batch of {config['batch_size']} cannot be shared equally by {world} processes with "
            f"critic_steps {config['critic_steps']} and pack {config['pack']}; "
            f"choose a multiple of {share}"
        )


def _play(run: Run, images: data.ImageSet, place) -> None:
    batch_size, seed = run.config["batch_size"], run.config["seed"]
    save_every = run.config["checkpoint_every"]
    share = {
        "rank": distributed.rank(),
        "world": distributed.world(),
        "parts": run.config["critic_steps"],
    }
    stopped = False
    with StopSignal() as stop:
        while run.step < run.total and not stopped:
            started, (epoch, first) = time.time(), divmod(run.step, run.steps_per_epoch)
            try:
                for batch in data.loader(images, batch_size, seed, epoch, first, place, **share):
                    run.prepare()
                    with paddle.amp.auto_cast(enable=run.config["amp"], dtype="bfloat16"):
                        scalars = run.game.train_step(batch)
                    run.step += 1
                    if run.ema:
                        run.ema.update(run.step)
                    run.board.tick(run.step)
                    if run.step % _LOG_EVERY == 0 or run.step == 1:
                        run.log(epoch + 1, scalars)
                    at_end = run.step % run.steps_per_epoch == 0 or run.step == run.total
                    if at_end or (save_every and run.step % save_every == 0):
                        run.save(epoch + 1 if at_end else None)
                    stopped = stop.asked(run.step)
                    if at_end or stopped:
                        break
            except NotFinite as error:
                run.roll_back(error)
                continue
            if at_end:
                run.board.epoch(epoch + 1, time.time() - started, scalars)
        if stopped:
            run.save_state()
            run.board.say(f"stopped after step {run.step}; go on with --resume --out {run.out}")
            stop.end()
