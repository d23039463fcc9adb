"""Translation learned without pairs, there and back: CycleGAN, Zhu et al. 2017."""

from __future__ import annotations

from collections.abc import Iterator

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from paddle_gan import kernels
from paddle_gan.errors import UserError
from paddle_gan.games.descent import descend, frozen
from paddle_gan.games.pool import Pool
from paddle_gan.games.translation import DIRECTION, Translation, drawn
from paddle_gan.networks.norms import plain_instance_norm
from paddle_gan.networks.patch import patch
from paddle_gan.networks.resnet import resnet
from paddle_gan.objectives.losses import OBJECTIVES
from paddle_gan.options import WEIGHT, Option, whole
from paddle_gan.sampling.columns import Columns

_LOSS = OBJECTIVES["least-squares"]
_DIRECTIONS = {"AtoB": "G_AB", "BtoA": "G_BA"}


class CycleGAN(Translation):
    """``G_AB`` and ``G_BA`` translate and undo each other; ``D_A`` and ``D_B`` judge a side."""

    options = {
        **Translation.options,
        "blocks": Option(6, whole(1), "residual blocks of a translator"),
        "lambda_cycle": Option(10.0, WEIGHT, "weight of the way there and back"),
        "lambda_identity": Option(5.0, WEIGHT, "weight of leaving alone what is of the side"),
        "pool_size": Option(50, whole(1), "earlier images of which D is shown some again"),
    }
    data = "unpaired"
    averaged = drawn_with = ("G_AB", "G_BA")
    any_draws = True
    asked = {"direction": Option(None, DIRECTION, "which way, of both that a CycleGAN has")}

    def __init__(self, config: dict):
        super().__init__(config)
        self.add_optimizer("G", self.networks["G_AB"], self.networks["G_BA"])
        self.add_optimizer("D", self.networks["D_A"], self.networks["D_B"])
        self.pools = {side: Pool(config["pool_size"]) for side in "AB"}

    @staticmethod
    def build(config: dict) -> dict[str, nn.Layer]:
        channels = config["channels"]

        def judge() -> nn.Layer:
            return patch(channels, config["d_width"], config["patch_layers"], plain_instance_norm)

        translators = (resnet(channels, config["width"], config["blocks"]) for _ in range(2))
        return {**dict(zip(("G_AB", "G_BA"), translators)), "D_A": judge(), "D_B": judge()}

    def train_step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """A step of both translators, then one of both judges, on "a" and "b", B x C x H x W each.

        Equations 1 to 3 with squares for logarithms (section 4), and section 5.2's identity loss.
        """
        to_g, to_d = self.optimizers.values()
        a, b = batch["a"], batch["b"]
        # InstanceNorm treats each image by itself, so what each network reads can be one batch.
        identity = self.config["lambda_identity"] > 0
        fake_b, *same_b = self._run("G_AB", a, *([b] if identity else []))
        fake_a, *same_a = self._run("G_BA", b, *([a] if identity else []))
        (again_a,), (again_b,) = self._run("G_BA", fake_b), self._run("G_AB", fake_a)
        with frozen(self.networks["D_A"], self.networks["D_B"]):
            judged = self._run("D_A", fake_a)[0], self._run("D_B", fake_b)[0]
            g_loss = 2 * sum(_LOSS.generator(None, logits) for logits in judged)  # E[(D - 1)²]
            cycle_loss = F.l1_loss(again_a, a) + F.l1_loss(again_b, b)
            losses = {"g_loss": g_loss, "cycle_loss": cycle_loss}
            loss = g_loss + self.config["lambda_cycle"] * cycle_loss
            if identity:
                losses["identity_loss"] = F.l1_loss(same_a[0], a) + F.l1_loss(same_b[0], b)
                loss += self.config["lambda_identity"] * losses["identity_loss"]
            descend(loss, to_g)
        pairs = {"A": (a, fake_a), "B": (b, fake_b)}
        d_losses = []
        for side, (real, fake) in pairs.items():
            logits = self._run(f"D_{side}", real, self.pools[side](fake))
            d_losses.append(_LOSS.discriminator(*logits))
            self.noted(*logits, by=f"D_{side}")
        descend(sum(d_losses), to_d)
        losses.update(zip(("d_a_loss", "d_b_loss"), d_losses))
        return {name: loss.detach() for name, loss in losses.items()}

    def _run(self, name: str, *images: Tensor) -> list[Tensor]:
        """What a network makes of batches of one size, at once."""
        found = kernels.run(self.networks[name], paddle.concat(images))
        return found.astype("float32").split(len(images))

    def state_dict(self) -> dict:
        return {side: pool.state_dict() for side, pool in self.pools.items()}

    def load_state_dict(self, state: dict) -> None:
        for side, pool in self.pools.items():
            pool.load_state_dict(state[side])

    @staticmethod
    def draw(networks, inputs: Columns) -> Columns:
        """From A to B and back, and in reverse; of one network alone ``input`` and ``output``.

        The way of the first of the networks comes first.
        """
        sides = {"G_AB": inputs["input"], "G_BA": inputs["target"]}
        present, columns = [name for name in networks if name in sides], {}
        for name, given, way in zip(present, ("input", "target"), ("", "reverse_")):
            columns[given] = sides[name]
            columns[f"{way}output"] = drawn(networks[name], sides[name])
            for other in present:
                if other != name:
                    columns[f"{way}back"] = drawn(networks[other], columns[f"{way}output"])
        return columns

    @classmethod
    def stream(cls, networks, n, seed, images=None, direction=None) -> Iterator[Columns]:
        """With ``direction`` that way alone, and the way back."""
        chosen = _chosen(networks, direction)
        first = {name: networks[name] for name in (chosen, *networks) if name in networks}
        for columns in super().stream(first, n, seed, images):
            way = ("input", "output", "back") if direction else columns
            yield {name: columns[name] for name in way if name in columns}

    @staticmethod
    def translate(networks, name: str, images, seed: int = 0, direction=None):
        return drawn(networks[_chosen(networks, direction) or name], images)


def _chosen(networks: dict[str, nn.Layer], direction: str | None) -> str | None:
    """The network of a direction. Raises UserError where it is not there."""
    name = _DIRECTIONS.get(direction)
    if name and name not in networks:
        raise UserError(f"--direction {direction} takes {name}.pdparams, and it is not there")
    return name


GAME = CycleGAN
