"""Translation learned from pairs: pix2pix, Isola et al. 2017."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from paddle_gan import kernels
from paddle_gan.data import DataSet
from paddle_gan.games.descent import descend, frozen
from paddle_gan.games.translation import DIRECTION, Translation, drawn
from paddle_gan.networks.patch import patch
from paddle_gan.networks.unet import unet
from paddle_gan.objectives.losses import OBJECTIVES
from paddle_gan.options import FLAG, WEIGHT, Option, whole
from paddle_gan.sampling.columns import Columns

_LOSS = OBJECTIVES["non-saturating"]


class Pix2Pix(Translation):
    """``Gnet`` translates A to B, held to the true B; ``Dnet`` sees A with either, stacked."""

    options = {
        **Translation.options,
        "direction": Option("AtoB", DIRECTION, "which side is translated"),
        "depth": Option(
            None, whole(2, 8), "halvings of the U-Net; unless given, down to 1 x 1 or eight"
        ),
        "dropout": Option(False, FLAG, "in the three innermost steps up of the U-Net, in training"),
        "lambda_l1": Option(100.0, WEIGHT, "weight of the L1 distance"),
        "lambda_gan": Option(1.0, WEIGHT, "weight of D's judgment; 0: the L1 distance alone"),
    }
    rules = [
        *Translation.rules,
        (
            lambda c: c["depth"] and c["image_size"] % 2 ** c["depth"],
            "depth {depth} halves images of {image_size} pixels too often; leave it out, or "
            "choose less",
        ),
    ]
    data = "pairs"
    averaged = ("Gnet",)
    tags = {"d_real": "output/D(a, b)", "d_fake": "output/D(a, G(a))"}

    def __init__(self, config: dict):
        super().__init__(config)
        self.generator, self.discriminator = self.networks["Gnet"], self.networks["Dnet"]
        self.add_optimizer("G", self.generator)
        self.add_optimizer("D", self.discriminator)

    @staticmethod
    def build(config: dict) -> dict[str, nn.Layer]:
        channels = config["channels"]
        depth = config["depth"] or min(config["image_size"].bit_length() - 1, 8)
        return {
            "Gnet": unet(channels, config["width"], depth, config["dropout"]),
            "Dnet": patch(2 * channels, config["d_width"], config["patch_layers"]),
        }

    @classmethod
    def load(cls, config: dict, split: str) -> DataSet:
        """``direction`` BtoA swaps the sides here, so that nothing else has to know of it."""
        images = super().load(config, split)
        return images.swapped() if config["direction"] == "BtoA" else images

    def train_step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """A step of D, then one of G, on the pairs "a" and "b", B x C x H x W each.

        L = E[log D(a, b)] + E[log(1 - D(a, G(a)))] + λ E[|b - G(a)|]; eq. 4. D's loss is halved.
        ``lambda_gan`` weighs the first two for G.
        """
        to_g, to_d = self.optimizers.values()
        a, b = batch["a"], batch["b"]
        translated = kernels.run(self.generator, a).astype("float32")
        l1_loss = F.l1_loss(translated, b)
        if not self.config["lambda_gan"]:
            descend(self.config["lambda_l1"] * l1_loss, to_g)
            return {"l1_loss": l1_loss.detach()}
        with kernels.batches(2):
            both = paddle.concat([a, a]), paddle.concat([b, translated.detach()])
            real, fake = self._logits(*both).split(2)
        d_loss = _LOSS.discriminator(real, fake) / 2
        descend(d_loss, to_d)
        with frozen(self.discriminator):
            g_loss = _LOSS.generator(None, self._logits(a, translated))
            weighted = self.config["lambda_gan"] * g_loss + self.config["lambda_l1"] * l1_loss
            descend(weighted, to_g)
        losses = {"d_loss": d_loss, "g_loss": g_loss, "l1_loss": l1_loss}
        found = {name: loss.detach() for name, loss in losses.items()}
        return {**found, **_LOSS.report(*self.noted(real, fake))}

    def _logits(self, a: Tensor, b: Tensor) -> Tensor:
        pair = paddle.concat([a, b], axis=1)
        return kernels.run(self.discriminator, pair).astype("float32")

    @staticmethod
    def draw(networks, inputs: Columns) -> Columns:
        output = drawn(networks["Gnet"], inputs["input"])
        return {"input": inputs["input"], "output": output, "target": inputs["target"]}


GAME = Pix2Pix
