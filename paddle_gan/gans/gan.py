"""The two-player game of Goodfellow et al. 2014: a generator against a discriminator."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn
from paddle.utils import unique_name

from paddle_gan import distributed
from paddle_gan.init import INITS
from paddle_gan.losses import OBJECTIVES
from paddle_gan.networks import NETWORKS


class GAN:
    """Owns both networks and their optimizers; ``train_step`` plays one round.

    ``config`` is a dict from :func:`paddle_gan.recipes.configure`. A game never logs, saves or
    turns a loss into a float: the loop decides when that is worth waiting for.
    """

    def __init__(self, config: dict):
        generator, discriminator = NETWORKS[config["networks"]]
        image = {name: config[name] for name in ("width", "channels", "image_size")}
        # Optimizer state is kept by parameter name, so names must not depend on what else this
        # process has built.
        with unique_name.guard():
            self.generator = generator(latent=config["latent"], **image)
            self.discriminator = discriminator(**image)
        self.networks = {"Gnet": self.generator, "Dnet": self.discriminator}
        for network in self.networks.values():
            network.apply(INITS[config["init"]])
        self.objective = OBJECTIVES[config["objective"]]
        self.fresh_noise = config["fresh_noise"]
        self.g_optimizer, self.d_optimizer = (
            paddle.optimizer.Adam(
                parameters=trainable(network),
                learning_rate=config["lr"],
                beta1=config["betas"][0],
                beta2=config["betas"][1],
                use_multi_tensor=True,  # one call for all parameters instead of one for each
            )
            for network in self.networks.values()
        )
        self.optimizers = {"Gadam": self.g_optimizer, "Dadam": self.d_optimizer}

    def latents(self, n: int) -> Tensor:
        """``n`` draws from N(0, I), this process's share of what all of them draw alike."""
        rank, world = distributed.rank(), distributed.world()
        drawn = paddle.randn([n * world, self.generator.latent, 1, 1])
        return drawn[rank * n : (rank + 1) * n]  # n x latent x 1 x 1

    def train_step(self, batch: list[Tensor]) -> dict[str, Tensor]:
        """One half-step for each player.

        ``batch`` holds images B x C x H x W in [-1, 1], and labels B where networks with classes
        need them. Returns scalars: both losses, and the mean probabilities D(x) and D(G(z)) before
        D moved.
        """
        real, *labels = batch
        if not self.generator.classes:
            labels = []
        fake = self.generator(self.latents(len(real)), *labels)

        real_logits = self.discriminator.logits(real, *labels)
        fake_logits = self.discriminator.logits(fake.detach(), *labels)
        d_loss = self.objective.discriminator(real_logits, fake_logits)
        descend(d_loss, self.d_optimizer)

        if self.fresh_noise:
            fake = self.generator(self.latents(len(real)), *labels)
        with frozen(self.discriminator):
            g_loss = self.objective.generator(self.discriminator.logits(fake, *labels))
            descend(g_loss, self.g_optimizer)

        return {
            "d_loss": d_loss.detach(),
            "g_loss": g_loss.detach(),
            "d_real": F.sigmoid(real_logits.detach()).mean(),
            "d_fake": F.sigmoid(fake_logits.detach()).mean(),
        }


def trainable(network: nn.Layer) -> list[Tensor]:
    """The parameters an optimizer moves; BatchNorm's running statistics are not among them."""
    return [p for p in network.parameters() if not p.stop_gradient]


def descend(loss: Tensor, optimizer: paddle.optimizer.Optimizer) -> None:
    """Move the optimizer's parameters one step down the gradient of ``loss``."""
    loss.backward()
    distributed.average([p.grad for p in optimizer._parameter_list if p.grad is not None])
    with unique_name.guard():  # the first step names Adam's moments
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
