"""One run: a game, the step it has reached, and where it is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
from paddle import nn

from paddle_gan.checkpoints import saving, transfer
from paddle_gan.config import game_of
from paddle_gan.data import DataSet, batches_per_epoch
from paddle_gan.errors import UserError
from paddle_gan.games.optimizers import anneal
from paddle_gan.games.schedules import annealed
from paddle_gan.sampling.columns import joined, labels_of
from paddle_gan.sampling.drawing import in_eval_mode
from paddle_gan.system import distributed
from paddle_gan.training.clock import Clock
from paddle_gan.training.dashboard import open_dashboard
from paddle_gan.training.ema import Ema
from paddle_gan.training.health import Health, NotFinite
from paddle_gan.training.scoring import Scoring

_RETRIES = 3
_STEPS_BETWEEN = 100  # saves at the ends of epochs
_REASON = 200  # characters of an error


class Run:
    """The state of a training run and the ways it reaches the disk.

    ``step`` counts finished steps, ``attempt`` how often the run was rolled back; with the seed
    they determine every random draw.
    """

    def __init__(
        self, out: Path, config: dict, images: DataSet, watched: DataSet | None, resume: bool
    ):
        self.out, self.config = out, config
        self._description = {
            "pixels": [-1, 1],
            "classes": images.classes and list(images.classes),
            "config": config,
        }
        self.steps_per_epoch = batches_per_epoch(images, config["batch_size"])
        self.total = config["epochs"] * self.steps_per_epoch
        if config["max_steps"] is not None:
            self.total = min(self.total, config["max_steps"])
        paddle.seed(config["seed"])
        self.game = game_of(config)(config)
        resumed = resume and saving.newest(out)
        fresh = config["init_from"] and not resumed and distributed.rank() == 0  # start() shares it
        begun = transfer.begin_from(config["init_from"], self.game.networks) if fresh else None
        self.game.check_data(images)  # tells G, too, how frequent each class is in them
        if begun:
            print(begun)
        self.networks, self._averages = dict(self.game.networks), []
        has_average = config["ema_half_life"] or config["ema_half_life_end"]
        for name in self.game.averaged if has_average else ():
            source = self.game.networks[name]
            average = Ema(source, config["batch_size"])
            # NAME.pdparams is what people draw with; what training goes on with is beside it.
            self.networks.update({name: average.network, f"{name}_raw": source})
            self._averages.append(average)
        self._rates = [(each, each.get_lr()) for each in self.game.optimizers.values()]
        self.data, self._learned_from, self._data_set = images.fingerprint(), None, images
        self.step, self.attempt, self.best, self._health = 0, 0, None, Health()
        if resumed:
            self._restore()
            self.game.check_data(images)  # again, as they may be others than before
        self._shown, self._watched, self._scoring = config["canvas"] ** 2, watched, None
        self._inputs = list(self.game.probe(self._drawers(), self._shown, config["seed"], watched))

    def prepare_scores(self) -> None:
        """Make ready what evaluations take. Raises UserError where there can be none."""
        self._scoring = Scoring(self.game, self.config, self._watched)

    def start(self) -> None:
        """Let all processes begin alike, and open the dashboard. The first thing that writes."""
        for network in self.networks.values():
            distributed.broadcast([*network.parameters(), *network.buffers()])
        tags = {**self.game.tags, **(self._scoring.tags if self._scoring else {})}
        self.board = open_dashboard(self.out, self.config, self.step, self.total, tags)
        if self._scoring and self._scoring.why:
            self.board.say(self._scoring.why)
        self._clock = Clock(self.board.cpu_seconds)
        self.board.real(self._data_set.examples(self._shown))

    def prepare(self) -> None:
        """Seed the step to come and set its rates; functions of the step, so resuming is exact."""
        key = [self.config["seed"], self.step, self.attempt]
        paddle.seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
        whole = self.total * self.config["batch_size"]
        for optimizer, rate in self._rates:
            anneal(optimizer, rate, self.config, self._images, whole)

    def follow(self) -> None:
        """Let the averages follow the step that was made."""
        ends = self.config["ema_half_life"], self.config["ema_half_life_end"]
        half_life = annealed(*ends, self._images, self.config["burn_in"])
        for average in self._averages:
            average.update(self.step, half_life)

    @property
    def _images(self) -> int:
        """How many the run has seen."""
        return self.step * self.config["batch_size"]

    def check_data(self) -> None:
        """Raise UserError if the checkpoint that was resumed has learned from other data."""
        before, now = self._learned_from, self.data
        if self.step and not before and self.config["evaluate_every"]:
            raise UserError(
                "this run is older than the validation split, on which it has trained; name the "
                "data with --data to go on without that part of it, or start a new run"
            )
        if before and before["sha256"] != now["sha256"]:
            raise UserError(
                f"the data has changed since step {self.step}: {before['images']:,} images of "
                f"{before['source']} then, {now['images']:,} of {now['source']} now; bring it "
                "back, or name it with --data to go on with it as it is"
            )

    def numbers(self, scalars: dict) -> dict[str, float]:
        """A step's scalars as numbers: their means over all processes."""
        values = paddle.stack([value.astype("float32").reshape([]) for value in scalars.values()])
        distributed.average([values])
        return dict(zip(scalars, values.tolist()))

    def log(self, epoch: int, scalars: dict) -> None:
        """Record a step's losses. Raises NotFinite, in every process or in none."""
        values = self.numbers(scalars)
        self._warn(self._health.losses(self.step, values, self.game.trouble))
        self.board.scalars(self.step, epoch, {**values, "cpu_seconds": self._clock.seconds()})

    def save_is_due(self, at_end: bool) -> bool:
        """Whether to save after this step, which is ``at_end`` of an epoch or not.

        A function of the step, so that a resumed run saves when an undisturbed one does.
        """
        every, length = self.config["checkpoint_every"], self.steps_per_epoch
        if self.step == self.total or (every and self.step % every == 0):
            return True
        # Epochs of a few steps would fill the disk with pictures.
        crossed = self.step // _STEPS_BETWEEN > (self.step - length) // _STEPS_BETWEEN
        epoch = self.step // length
        return at_end and (crossed or any(self._due(w, epoch) for w in ("evaluate", "keep")))

    def save(self, finished: int | None = None) -> None:
        """Samples, a checkpoint, and what is due after epoch ``finished``, if one ends here.

        Raises NotFinite, in every process or in none, saving nothing.
        """
        # The checkpoint comes last: a run that ends in between is resumed before all of them.
        self._settle()
        drawers = self._drawers()
        with in_eval_mode(drawers.values()):
            columns = joined(self.game.draw(drawers, inputs) for inputs in self._inputs)
            self._warn(self._health.samples(self.step, self.game.outputs(columns)))
            names = self._description["classes"]
            self.board.samples(self.step, columns, labels_of(self._inputs), names)
            self.board.histograms(self.step, self.game)
            if self._due("evaluate", finished):
                with self._clock.stopped():
                    if distributed.rank() == 0:
                        self._evaluate(drawers, finished)
                    distributed.wait()  # which is more patient than the next step
        if distributed.rank() == 0 and self._due("keep", finished):
            saving.set_aside(self.out, f"epoch-{finished:03d}", drawers, self._description)
        self._write()

    def _drawers(self) -> dict[str, nn.Layer]:
        """The networks to draw with, averages where there are any."""
        return {name: self.networks[name] for name in self.game.drawn_with}

    def _due(self, what: str, epoch: int | None) -> bool:
        epochs = self.config[f"{what}_every"]
        return bool(epoch and epochs and epoch % epochs == 0)

    def _evaluate(self, drawers: dict[str, nn.Layer], epoch: int) -> None:
        """Score the samples and remember the best; a failure is a warning, never a lost epoch."""
        judge = self._scoring.judge
        try:
            result = self._scoring(drawers)
        except Exception as error:  # whatever it may be, memory and numerics among it
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:_REASON]
            self._warn(f"epoch {epoch} could not be evaluated ({reason}); training goes on")
            return
        scores = {name: value for name, value in result.items() if not isinstance(value, dict)}
        self.board.record({"step": self.step, "images": self._images, **scores})
        told = f"{judge.line.format(**scores)} after {self._images:,} images ({scores['protocol']})"
        self.board.say(told)
        self._warn(self._health.scores(self.step, scores))
        # A checkpoint from before there was a validation set gives nothing to compare with.
        if scores[judge.best] < (self.best or {}).get(judge.best, np.inf):
            self.best = {"step": self.step, **{name: scores[name] for name in judge.shown}}

    def save_state(self) -> None:
        """A checkpoint alone."""
        self._settle()
        self._write()

    def _write(self) -> None:
        state = self.game.state_dict()
        if distributed.rank() == 0:
            progress = {name: getattr(self, name) for name in ("step", "attempt", "best", "data")}
            progress["health"] = self._health.state
            self.board.sync()
            played = self.networks, self.game.optimizers, state
            saving.save(self.out, *played, progress, self._description)

    def _settle(self) -> None:
        """Let all processes have the same statistics, all finite, and what draws its prior."""
        finite = True
        for network in self.networks.values():
            statistics = [p for p in network.parameters() if p.stop_gradient]
            distributed.average(statistics)  # each process saw its share of every batch
            finite &= all(bool(paddle.isfinite(p).all()) for p in network.parameters())
        if distributed.any_of(not finite):
            raise NotFinite(f"weights of step {self.step} not finite")
        drawers = self._drawers()
        with in_eval_mode(drawers.values()):
            self.game.fit_prior(drawers, self._data_set)

    def roll_back(self, error: NotFinite) -> None:
        """Go back to the last checkpoint and on with other draws, if the run may."""
        good = saving.newest(self.out)
        if self.config["on_nan"] != "retry" or self.attempt == _RETRIES or good is None:
            saved = f"the last good checkpoint is {good}" if good else "nothing was saved yet"
            raise UserError(
                f"training went wrong: {error}; {saved}; try a lower --lr, or --on-nan retry"
            ) from error
        attempt = self.attempt + 1
        distributed.first_then_others(self._restore)  # rank 0 also clears away what is damaged
        self.attempt = attempt
        self._warn(f"{error}; back to step {self.step} for attempt {attempt} of {_RETRIES}")
        self.board.rewind(self.step)

    def _restore(self) -> None:
        progress, state = saving.load(self.out, self.networks, self.game.optimizers)
        self.game.load_state_dict(state)
        self.step, self.attempt = progress["step"], progress["attempt"]
        self.best, self._health = progress["best"], Health(progress["health"])
        self._learned_from = progress.get("data")  # older checkpoints have none

    def _warn(self, warning: str | None) -> None:
        if warning:
            self.board.warn(self.step, warning)
