"""What every game is: networks, optimizers, one step of training, and what is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import paddle
from paddle import Tensor, nn
from paddle.utils import unique_name

from paddle_gan import data
from paddle_gan.data import DataSet
from paddle_gan.errors import UserError
from paddle_gan.games.descent import freeze, trainable
from paddle_gan.games.optimizers import OPTIMIZERS
from paddle_gan.networks.initialization import INITS
from paddle_gan.options import Option, Options, Row, Rule, one_of, whole
from paddle_gan.sampling.columns import Columns, joined


class Game:
    """Who plays whom, and when. A subclass is all that a new system has to write.

    It is built from a run's configuration, a dict that ``configure`` gives, and has to fill
    ``optimizers`` (file name -> optimizer), as ``add_optimizer`` does. It never logs, saves or
    turns a tensor into a number: the loop decides when that is worth waiting for.
    """

    options: Options = {
        "image_size": Option(32, whole(1), "images are resized to this many pixels"),
        "channels": Option(1, one_of((1, 3), "1 (gray) or 3 (color)"), "gray or color"),
        "fit": Option("crop", Row(data.FITS), "what is done with images that are no squares"),
        "ground": Option("white", Row(data.GROUNDS), "what is behind transparent or padded images"),
    }
    rules: list[Rule] = []
    data = "images"  # the kind it trains on; a row of data.KINDS
    watched: str | None = None  # the split of that data whose images the pictures are made from
    judge: str | None = None  # of what it draws; see metrics.judge_of
    judged = "output"  # the column that is judged, or each that begins like that
    averaged: tuple[str, ...] = ()  # networks of which an average is kept, to draw with
    drawn_with: tuple[str, ...] = ("Gnet",)  # networks that `draw` may use
    draws_alone: tuple[str, ...] = ()  # those of them whose file draws without the others'
    any_draws = False  # whether `draw` does with any one of them, and uses others that are there
    asked: Options = {}  # what a drawing may be asked for
    styles = False  # whether there are many translations of an image, one for each seed
    # Of networks of `drawn_with`, for exports: the arguments of `forward`, of exporting.INPUTS, if
    # these are not an image alone, and what comes of them, if it is not an image.
    takes: Mapping[str, tuple[str, ...]] = {}
    gives: Mapping[str, str] = {}
    tags: Mapping[str, str] = {}  # where scalars are shown on the dashboard, if not as `loss/NAME`

    def __init__(self, config: dict):
        self.config = config
        # Optimizer state is kept by parameter name, so names must not depend on what else this
        # process has built.
        with unique_name.guard():
            self.networks = self.build(config)
        if "init" in config:
            for network in self.networks.values():
                network.apply(INITS[config["init"]])
        self.optimizers: dict[str, paddle.optimizer.Optimizer] = {}
        self.logits: dict[str, Tensor] = {}  # of the last batch, for the dashboard

    def add_optimizer(self, name: str, *networks: nn.Layer, lr: float | None = None):
        """One for the networks together, of the configured kind, saved as ``name`` and its kind.

        ``lr`` is the configured rate unless given. Of "D" the first layers may be frozen. Returns
        it.
        """
        kind, betas = self.config["optimizer"], self.config["betas"]
        if name == "D":
            for network in networks:
                freeze(network, self.config.get("freeze_d", 0))
        weights = [parameter for network in networks for parameter in trainable(network)]
        decay = self.config.get("weight_decay", 0.0)
        optimizer = OPTIMIZERS[kind](weights, lr or self.config["lr"], betas, decay)
        self.optimizers[f"{name}{kind}"] = optimizer
        return optimizer

    def noted(self, real: Tensor, fake: Tensor, by: str = "Dnet") -> tuple[Tensor, Tensor]:
        """The logits of network ``by`` of real and of generated images, for the dashboard, too."""
        real, fake = real.detach(), fake.detach()
        self.logits.update({f"{by}_real": real, f"{by}_generated": fake})
        return real, fake

    @staticmethod
    def build(config: dict) -> dict[str, nn.Layer]:
        """The networks of a configuration, by the name of the file each is saved in."""
        raise NotImplementedError

    @classmethod
    def with_data(cls, config: dict, images) -> dict:
        """The configuration with what follows from the data set."""
        return config

    @classmethod
    def load(cls, config: dict, split: str) -> DataSet:
        """The data of a split as the game sees it. Raises UserError as ``data.load`` does."""
        form = (config[name] for name in ("image_size", "channels"))
        how = {name: config[name] for name in ("fit", "ground", "labels")}
        return data.load(cls.data, config["data"], *form, split, **how)

    @classmethod
    def reader(cls, config: dict) -> Callable[..., DataSet]:
        """What reads a split as ``load`` does, with other values where it is given some by name."""
        return lambda split, **other: cls.load({**config, **other}, split)

    def check_data(self, images) -> None:
        """Raise UserError for a data set that this game cannot be played on."""

    @staticmethod
    def divisor(config: dict) -> int:
        """What the batch of each process must be a multiple of."""
        return 1

    @property
    def parts(self) -> int:
        """How many parts a step uses its batch in, one after another."""
        return 1

    def train_step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One round on this process's part of a batch; ``step`` counts the steps before.

        Returns scalars by name, losses as ``NAME_loss``.
        """
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """What the game itself remembers: arrays, numbers, lists and dicts of those.

        Saved with each checkpoint. Called in every process at the same step.
        """
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a ``state_dict`` as it was saved, arrays in it as NumPy's."""

    def fit_prior(self, networks: dict[str, nn.Layer], images: DataSet) -> None:
        """Fit what ``networks``, those of ``drawn_with``, draw from, where it is not fixed.

        ``images`` are those trained on. Called before each drawing and each save, in every process,
        with networks in eval mode; a function of both, so that resuming is exact.
        """

    @staticmethod
    def probe(
        networks: dict[str, nn.Layer], n: int, seed: int, images=None, **asked
    ) -> Iterator[Columns]:
        """What ``n`` drawings are made from, in batches: fixed latents, or images to translate.

        A function of the seed. ``networks`` are those of ``drawn_with`` that are there, ``images``
        a data set of the split ``watched``, ``asked`` values of the options of that name.
        """
        raise NotImplementedError

    @staticmethod
    def draw(networks: dict[str, nn.Layer], inputs: Columns) -> Columns:
        """The columns of a picture for one batch of ``probe``: networks in eval mode."""
        raise NotImplementedError

    @classmethod
    def stream(
        cls, networks: dict[str, nn.Layer], n: int, seed: int, images=None, **asked
    ) -> Iterator[Columns]:
        """``n`` drawings, a batch at a time, in bounded memory."""
        for inputs in cls.probe(networks, n, seed, images, **asked):
            yield cls.draw(networks, inputs)

    @staticmethod
    def given(networks: dict[str, nn.Layer], z: np.ndarray, **asked) -> Columns:
        """What `draw` takes, for a user's latents. Raises UserError where it takes none."""
        raise UserError("this checkpoint draws from no latents; leave --latents out")

    @classmethod
    def cases(cls, networks: dict[str, nn.Layer], n: int, seed: int, images=None) -> Columns:
        """What judges score: ``n`` drawings, and beside them what they were made from."""
        inputs = cls.probe(networks, n, seed, images)
        return joined({**each, **cls.draw(networks, each)} for each in inputs)

    @classmethod
    def outputs(cls, columns: Columns) -> np.ndarray:
        """Of what was drawn the images that are new, N x C x H x W."""
        return np.concatenate([c for name, c in columns.items() if name.startswith(cls.judged)])

    @classmethod
    def latents_of(cls, networks: dict[str, nn.Layer], seed: int, **asked) -> np.ndarray:
        """The latents of the first drawing of a seed, 1 x latent x 1 x 1, as `given` takes them."""
        (inputs,) = cls.probe(networks, 1, seed, **asked)
        return inputs["z"]

    @classmethod
    def walk(
        cls,
        networks: dict[str, nn.Layer],
        frames: int,
        seed: int,
        ends: Columns | None = None,
        **asked,
    ) -> Columns:
        """A closed walk between drawings: a few of the seed, or ``ends``, as of ``probe``.

        Raises UserError where there is none.
        """
        raise UserError("this checkpoint draws no walks; leave --interpolation out")

    @staticmethod
    def translate(
        networks: dict[str, nn.Layer], name: str, images: np.ndarray, seed: int = 0, **asked
    ) -> np.ndarray:
        """What the network of file ``name`` makes of a user's images, B x C x H x W.

        H and W are multiples of ``image_size``; ``seed`` and ``asked`` as ``probe`` has them.
        Raises UserError where nothing is translated.
        """
        raise UserError(
            "this checkpoint draws from noise and translates nothing; leave --input out"
        )

    @staticmethod
    def trouble(values: dict[str, float]) -> tuple[str, str] | None:
        """What is wrong if the scalars of a step stay like this: its kind, and a warning."""
        return None

    @staticmethod
    def line(values: dict[str, float]) -> str:
        """What the console says of a step at the end of an epoch."""
        losses = [name for name in values if name.endswith("_loss")]
        return " ".join(f"{name}: {values[name]:.6f}" for name in losses)
