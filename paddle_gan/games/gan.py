"""The two-player game of Goodfellow et al. 2014: a generator against a discriminator."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import paddle
from paddle import Tensor, nn
from paddle.utils import unique_name

from paddle_gan.errors import unknown
from paddle_gan.games.memory import check_memory
from paddle_gan.games.optimizers import OPTIMIZERS
from paddle_gan.networks import NETWORKS
from paddle_gan.networks.initialization import INITS
from paddle_gan.networks.norms import NORMS
from paddle_gan.objectives.augmentations import AUGMENTATIONS
from paddle_gan.objectives.losses import OBJECTIVES
from paddle_gan.objectives.penalties import PENALTIES
from paddle_gan.sampling import latents
from paddle_gan.system import distributed


class GAN:
    """Owns both networks and their optimizers; ``train_step`` plays one round.

    ``config`` is a dict from ``configure``. A game never logs, saves or
    turns a loss into a float: the loop decides when that is worth waiting for. Raises UserError
    where a value names no row of its table.
    """

    def __init__(self, config: dict):
        chosen = rows(config)
        self.generator, self.discriminator = _build(config)
        self.pack = config["pack"]
        self.networks = {"Gnet": self.generator, "Dnet": self.discriminator}
        for network in self.networks.values():
            network.apply(chosen["init"])
        self.objective, self.penalty = chosen["objective"], chosen["penalty"]
        self.augment = chosen["augment"]
        self.penalty_weight = config["penalty_weight"]
        if self.penalty_weight is None:
            self.penalty_weight = self.penalty.weight
        self.fresh_noise, self.critic_steps = config["fresh_noise"], config["critic_steps"]
        optimizer, name = chosen["optimizer"], config["optimizer"]
        self.g_optimizer, self.d_optimizer = (
            optimizer(trainable(network), lr, config["betas"])
            for network, lr in (
                (self.generator, config["lr"]),
                (self.discriminator, config["lr"] * config["lr_ratio"]),
            )
        )
        self.optimizers = {f"G{name}": self.g_optimizer, f"D{name}": self.d_optimizer}

    def latents(self, n: int) -> Tensor:
        """``n`` draws from the generator's prior, n x latent x 1 x 1."""
        draw = latents.TRAINING[self.generator.prior]
        return draw([n, self.generator.latent, 1, 1])

    def train_step(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """``critic_steps`` steps of D, which share the batch, and one of G.

        ``batch`` has ``image``, B x C x H x W in [-1, 1], and ``label``, B, where networks with
        classes need it. Returns scalars: both losses, and what the objective reports of D before
        it moved.
        """
        needed = ("image", "label") if self.generator.classes else ("image",)
        for real, *labels in zip(*(batch[name].split(self.critic_steps) for name in needed)):
            fake = self.generator(self.latents(len(real)), *labels)
            d_loss, report = self._discriminator_step(real, fake.detach(), labels)

        if self.fresh_noise:
            labels = [label.tile([self.fresh_noise]) for label in labels]
            fake = self.generator(self.latents(self.fresh_noise * len(real)), *labels)
        with frozen(self.discriminator):
            logits = self.discriminator.logits(self._shown(fake), *labels)
            g_loss = self.objective.generator(logits)
            descend(g_loss, self.g_optimizer)
        return {"d_loss": d_loss, "g_loss": g_loss.detach(), **report}

    def _discriminator_step(self, real: Tensor, fake: Tensor, labels: list[Tensor]):
        real, fake = self._shown(real), self._shown(fake)
        real_logits = self.discriminator.logits(real, *labels)
        fake_logits = self.discriminator.logits(fake, *labels)
        loss = self.objective.discriminator(real_logits, fake_logits)
        if self.penalty.term:
            gradient = functools.partial(self._input_gradient, labels)
            loss = loss + self.penalty_weight * self.penalty.term(gradient, real, fake)
        descend(loss, self.d_optimizer)
        if self.penalty.project:
            self.penalty.project(trainable(self.discriminator), self.penalty_weight)
        return loss.detach(), self.objective.report(real_logits.detach(), fake_logits.detach())

    def _input_gradient(self, labels: list[Tensor], images: Tensor) -> Tensor:
        return self.discriminator.input_gradient(images, *labels)

    def _shown(self, images: Tensor) -> Tensor:
        """Images as D sees them: augmented, ``pack`` of them as the channels of one."""
        images = self.augment(images)
        if self.pack == 1:
            return images
        channels, *size = images.shape[1:]
        return images.reshape([-1, self.pack * channels, *size])  # B / pack x pack C x H x W


TABLES = {
    "networks": NETWORKS,
    "norm": NORMS,
    "init": INITS,
    "objective": OBJECTIVES,
    "penalty": PENALTIES,
    "augment": AUGMENTATIONS,
    "optimizer": OPTIMIZERS,
}


def rows(config: dict) -> dict:
    """The row of each table that ``config`` names.

    Raises UserError with the nearest name where there is none, and where networks of these sizes do
    not fit into the memory. That is looked up here and not where a configuration is resolved, which
    must not import Paddle.
    """
    chosen = {}
    for name, table in TABLES.items():
        if config[name] not in table:
            raise unknown(name, config[name], table)
        chosen[name] = table[config[name]]
    with paddle.LazyGuard():  # no weights; spectral norm would need them
        check_memory(_build({**config, "norm": "none"}), config)
    return chosen


def _build(config: dict) -> tuple[nn.Layer, nn.Layer]:
    """Generator and discriminator of ``config``."""
    generator, discriminator = NETWORKS[config["networks"]]
    size = {name: config[name] for name in ("width", "image_size")}
    channels = config["channels"]
    # Optimizer state is kept by parameter name, so names must not depend on what else this process
    # has built.
    with unique_name.guard():
        return (
            generator(config["latent"], channels=channels, **size),
            discriminator(channels=channels * config["pack"], norm=config["norm"], **size),
        )


def trainable(network: nn.Layer) -> list[Tensor]:
    """The parameters an optimizer moves; BatchNorm's running statistics are not among them."""
    return [p for p in network.parameters() if not p.stop_gradient]


def descend(loss: Tensor, optimizer: paddle.optimizer.Optimizer) -> None:
    """Move the optimizer's parameters one step down the gradient of ``loss``."""
    loss.backward()
    distributed.average([p.grad for p in optimizer._parameter_list if p.grad is not None])
    with unique_name.guard():  # the first step names the optimizer's moments
        optimizer.step()
    optimizer.clear_grad(set_to_zero=False)  # released, not zeroed: nothing accumulates


class frozen:
    """Inside this context no gradient of the network's parameters is computed."""

    def __init__(self, network: nn.Layer):
        self._parameters = trainable(network)

    def __enter__(self) -> None:
        for parameter in self._parameters:
            parameter.stop_gradient = True

    def __exit__(self, *exception) -> None:
        for parameter in self._parameters:
            parameter.stop_gradient = False
