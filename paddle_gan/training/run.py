"""One run: a game, the step it has reached, and where it is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle

from paddle_gan import distributed, generation, metrics
from paddle_gan.data import ImageSet, batches_per_epoch
from paddle_gan.errors import UserError
from paddle_gan.gans import GAMES
from paddle_gan.training import checkpoint
from paddle_gan.training.dashboard import open_dashboard
from paddle_gan.training.ema import Ema
from paddle_gan.training.health import Health, NotFinite

_SCORED = 10_000
_RETRIES = 3


class Run:
    """The state of a training run and the ways it reaches the disk.

    ``step`` counts finished steps, ``attempt`` how often the run was rolled back; with the seed
    they determine every random draw.
    """

    def __init__(self, out: Path, config: dict, images: ImageSet, resume: bool):
        self.out, self.config = out, config
        self.steps_per_epoch = batches_per_epoch(images, config["batch_size"])
        self.total = config["epochs"] * self.steps_per_epoch
        if config["max_steps"] is not None:
            self.total = min(self.total, config["max_steps"])
        paddle.seed(config["seed"])
        self.game = GAMES[config["game"]](config)
        if classes := self.game.generator.classes:
            found = 0 if images.labels is None else int(images.labels.max()) + 1
            if not 0 < found <= classes:
                raise UserError(
                    f"{config['recipe']} draws {classes} classes at most, and there are "
                    f"{found or 'none'} in {images.source}; give digits, or a folder with a "
                    "subfolder for each class, or take a recipe without classes"
                )
        self.networks, self.ema = dict(self.game.networks), None
        if config["ema_half_life"]:
            self.ema = Ema(self.game.generator, config["ema_half_life"], config["batch_size"])
            # Gnet.pdparams is what people draw with; what training goes on with is beside it.
            self.networks.update(Gnet=self.ema.network, Gnet_raw=self.game.generator)
        self._rates = [(each, each.get_lr()) for each in self.game.optimizers.values()]
        self.step, self.attempt, self.best, self._health = 0, 0, None, Health()
        if resume and checkpoint.newest(out):
            self._restore()
        self._shown = config["canvas"] ** 2
        self._latents = generation.latents(self.game.generator, self._shown, config["seed"])

    def start(self, images: ImageSet) -> None:
        """Let all processes begin alike, and open the dashboard. The first thing that writes."""
        for network in self.networks.values():
            distributed.broadcast(network.parameters())
        self.board = open_dashboard(self.out, self.config, self.step, self.total)
        # From all over the set: many are sorted by class.
        self.board.real(images.images[:: max(1, len(images) // self._shown)][: self._shown])

    def prepare(self) -> None:
        """Seed the step to come and set its rates; functions of the step, so resuming is exact."""
        key = [self.config["seed"], self.step, self.attempt]
        paddle.seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
        if half := self.config["lr_half"]:
            images = self.step * self.config["batch_size"]
            for optimizer, rate in self._rates:
                optimizer.set_lr(rate / (1 + images / half))

    def log(self, epoch: int, scalars: dict) -> None:
        """Turn a step's losses into numbers and record them. Raises NotFinite."""
        values = {name: float(value) for name, value in scalars.items()}
        self._warn(self._health.losses(self.step, values))
        self.board.scalars(self.step, epoch, values)

    def save(self, finished: int | None = None) -> None:
        """Samples, a checkpoint, and what is due after epoch ``finished``, if one ends here.

        Raises NotFinite, saving nothing.
        """
        # The checkpoint comes last: a run that ends in between is resumed before all of them.
        self._settle()
        drawer = self.networks["Gnet"]
        drawer.eval()
        samples = generation.generate(drawer, self._latents)
        self._warn(self._health.samples(self.step, samples))
        self.board.samples(self.step, samples)
        if self._due("evaluate_every", finished):
            self._evaluate(drawer)
        if self.ema is None:
            drawer.train()
        if self._due("keep_every", finished):
            checkpoint.set_aside(self.out, f"epoch-{finished:03d}", drawer)
        self._write()

    def _due(self, every: str, epoch: int | None) -> bool:
        epochs = self.config[every]
        return bool(epoch and epochs and epoch % epochs == 0 and distributed.rank() == 0)

    def _evaluate(self, drawer) -> None:
        drawn = np.concatenate(list(generation.stream(drawer, _SCORED, self.config["seed"])))
        result = metrics.evaluate(drawn, self.config["data"])
        scores = {name: value for name, value in result.items() if not isinstance(value, dict)}
        images = self.step * self.config["batch_size"]
        self.board.record({"step": self.step, "images": images, **scores})
        self.board.say(f"FID {scores['fid']:.1f} after {images:,} images ({scores['protocol']})")
        if self.best is None or scores["fid"] < self.best["fid"]:
            self.best = {"step": self.step, "fid": scores["fid"]}

    def save_state(self) -> None:
        """A checkpoint alone."""
        self._settle()
        self._write()

    def _write(self) -> None:
        if distributed.rank() == 0:
            progress = {
                "step": self.step,
                "attempt": self.attempt,
                "health": self._health.state,
                "best": self.best,
            }
            self.board.sync()
            checkpoint.save(self.out, self.networks, self.game.optimizers, progress)

    def _settle(self) -> None:
        """Let all processes have the same statistics, and all of them finite."""
        for network in self.networks.values():
            statistics = [p for p in network.parameters() if p.stop_gradient]
            distributed.average(statistics)  # each process saw its share of every batch
            if not all(bool(paddle.isfinite(p).all()) for p in network.parameters()):
                raise NotFinite(f"weights of step {self.step} not finite")

    def roll_back(self, error: NotFinite) -> None:
        """Go back to the last checkpoint and on with other draws, if the run may."""
        good = checkpoint.newest(self.out)
        if self.config["on_nan"] != "retry" or self.attempt == _RETRIES or good is None:
            saved = f"the last good checkpoint is {good}" if good else "nothing was saved yet"
            raise UserError(
                f"training went wrong: {error}; {saved}; try a lower --lr, or --on-nan retry"
            ) from error
        attempt = self.attempt + 1
        self._restore()
        self.attempt = attempt
        self._warn(f"{error}; back to step {self.step} for attempt {attempt} of {_RETRIES}")
        self.board.rewind(self.step)

    def _restore(self) -> None:
        progress = checkpoint.load(self.out, self.networks, self.game.optimizers)
        self.step, self.attempt = progress["step"], progress["attempt"]
        self.best, self._health = progress["best"], Health(progress["health"])

    def _warn(self, warning: str | None) -> None:
        if warning:
            self.board.warn(self.step, warning)
