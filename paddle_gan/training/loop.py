"""The training loop, on one page."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import paddle

from paddle_gan import data, kernels
from paddle_gan.checkpoints.reading import read
from paddle_gan.config import configure, game_of
from paddle_gan.errors import UserError
from paddle_gan.games import check_memory
from paddle_gan.system import distributed, runtime
from paddle_gan.training import workspace
from paddle_gan.training.health import NotFinite
from paddle_gan.training.run import Run
from paddle_gan.training.stop import StopSignal
from paddle_gan.training.trained import Trained

Callback = Callable[[Trained], object]
_LOG_EVERY = 50  # steps; turning a loss into a float makes a GPU wait for it


def train(
    recipe: str | None = None,
    out: str = "work",
    device: str = "auto",
    resume: bool = False,
    on_log: Callback | None = None,
    on_save: Callback | None = None,
    on_epoch: Callback | None = None,
    **overrides,
) -> Trained:
    """Train a recipe ("dcgan" unless named) and write the run under ``out``; returns the run.

    Each of the callbacks gets the run as it is by then: ``on_log`` when losses were noted, every 50
    steps, ``on_save`` after a checkpoint, ``on_epoch`` at the end of an epoch; of several processes
    the first calls them. ``overrides`` are options of the recipe, as ``configure`` and
    docs/options.md have them. With ``resume`` the run in ``out`` goes on from its newest checkpoint
    with its own configuration; ``overrides`` may then lengthen it. Raises UserError for what cannot
    work.
    """
    callbacks = {"log": on_log, "save": on_save, "epoch": on_epoch}
    for what, callback in callbacks.items():
        if not (callback is None or callable(callback)):
            raise UserError(f"on_{what} {callback!r}: it must be a function, which gets the run")
    out = Path(out)
    if resume:
        config = workspace.resumed_config(out, {"recipe": recipe, **overrides})
    else:
        config = configure(recipe or "dcgan", **overrides)
    game = game_of(config)
    check_memory(game, config)
    device = runtime.choose_device(device)
    config["amp"] = _choose_amp(config["amp"], device)
    if config["evaluate_every"] and game.judge is None:
        raise UserError(f"{config['recipe']} has no scores; leave --evaluate-every out")
    if not resume and (config["evaluate_every"] or 0) > config["epochs"]:
        raise UserError(
            f"evaluate_every {config['evaluate_every']} counts epochs, and the run has "
            f"{config['epochs']}: nothing would be scored; choose less"
        )
    check_division(config, distributed.world())
    if config["init_from"] and not resume:
        read(config["init_from"])  # refused now rather than after a large set was prepared
    distributed.join()
    if distributed.rank() > 0:
        distributed.wait()  # rank 0 downloads and clears up, the others find the files
    # What judges the samples must not have been learned by heart.
    split = "fit" if config["evaluate_every"] else "train"
    if split == "fit" and resume and not workspace.was_evaluated(out):
        raise UserError(
            "--evaluate-every would judge by images that this run has learned from; leave it "
            "out, or start a new run with it"
        )
    images = game.load(config, split)
    config = game.with_data(config, images)
    watched = game.load(config, game.watched) if game.watched else None
    with contextlib.ExitStack() as stack:
        if resume and distributed.rank() == 0:
            stack.enter_context(workspace.held(out))  # before a checkpoint in it is touched
        run = Run(out, config, images, watched, resume)
        if overrides.get("data") is None:
            run.check_data()
        if distributed.rank() == 0:
            if config["evaluate_every"]:
                run.prepare_scores()  # refused now rather than after an epoch
            if not resume:  # only now, as what was refused until here leaves no trace
                stack.enter_context(workspace.held(out))
                # So that it is found if the run goes on before it has saved.
                config["init_from"] = workspace.set_earlier_aside(out, config["init_from"])
            workspace.write_config(out, config, images.classes)
            distributed.wait()
        distributed.wait()  # for machines that have to prepare the data for themselves
        run.start()
        try:
            _play(run, images, device, callbacks)
        finally:
            run.board.close()
    return Trained(out)


def check_division(config: dict, world: int) -> None:
    """Raise UserError where ``world`` processes cannot share a batch equally."""
    divisor = game_of(config).divisor(config)
    if config["batch_size"] % (world * divisor):
        raise UserError(
            f"a batch of {config['batch_size']} cannot be shared equally by {world} processes, "
            f"in multiples of {divisor} each; choose a multiple of {world * divisor}"
        )


def _choose_amp(asked: bool | None, device: str) -> bool:
    """Whether to compute in bfloat16: as asked, otherwise on a CPU that has it.

    There the scores of three seeds are those of float32. On a GPU nobody has measured them.
    """
    possible = device != "cpu" or kernels.has_bfloat16()
    if asked and not possible:
        raise UserError(
            "bfloat16 (--amp) takes a processor with AVX512-BF16 or AMX, or a GPU; a new run with "
            "--no-amp computes in float32"
        )
    return possible and device == "cpu" if asked is None else asked


def _precision(amp: bool, device: str) -> contextlib.AbstractContextManager:
    """The context in which a step is computed: with ``amp`` in bfloat16."""
    if not amp:
        return contextlib.nullcontext()
    # Paddle's own changes nothing on a CPU.
    return kernels.bfloat16() if device == "cpu" else paddle.amp.auto_cast(dtype="bfloat16")


def _play(
    run: Run, images: data.DataSet, device: str, callbacks: dict[str, Callback | None]
) -> None:
    def tell(what: str) -> None:
        if callbacks[what] and distributed.rank() == 0:
            callbacks[what](Trained(run.out))

    batch_size, seed, place = run.config["batch_size"], run.config["seed"], runtime.place(device)
    share = {"rank": distributed.rank(), "world": distributed.world(), "parts": run.game.parts}
    stopped = False
    with StopSignal() as stop:
        how = f"{device} in bfloat16" if run.config["amp"] else device
        run.board.say(f"{run.config['recipe']} on {how}; {images.source}")
        if run.step >= run.total:
            limit = "--max-steps" if run.total == run.config["max_steps"] else "--epochs"
            run.board.say(f"step {run.step} is the last of this run; more {limit} go on from there")
        while run.step < run.total and not stopped:
            started, (epoch, first) = time.time(), divmod(run.step, run.steps_per_epoch)
            try:
                for batch in data.loader(images, batch_size, seed, epoch, first, place, **share):
                    run.prepare()
                    with _precision(run.config["amp"], device):
                        scalars = run.game.train_step(batch, run.step)
                    run.step += 1
                    run.follow()
                    run.board.tick(run.step)
                    if run.step % _LOG_EVERY == 0 or run.step == 1:
                        run.log(epoch + 1, scalars)
                        tell("log")
                    at_end = run.step % run.steps_per_epoch == 0 or run.step == run.total
                    if run.save_is_due(at_end):
                        run.save(epoch + 1 if at_end else None)
                        tell("save")
                    stopped = stop.asked(run.step)
                    if stopped:
                        run.save_state()
                        tell("save")
                    if at_end or stopped:
                        break
                if at_end:
                    line = run.game.line(run.numbers(scalars))
                    run.board.epoch(epoch + 1, time.time() - started, line)
                    tell("epoch")
            except NotFinite as error:
                run.roll_back(error)
        if stopped:
            distributed.wait()  # or the launcher would end rank 0 while it saves
            run.board.say(f"stopped after step {run.step}; go on with --resume --out {run.out}")
            stop.end()
