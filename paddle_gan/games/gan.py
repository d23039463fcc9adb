"""The two-player game of Goodfellow et al. 2014: a generator against a discriminator."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from paddle_gan import kernels
from paddle_gan.games.descent import descend, frozen, trainable
from paddle_gan.games.noise import FromNoise
from paddle_gan.games.optimizers import FREEZE, FREEZE_RULES, OPTIMIZER
from paddle_gan.games.schedules import annealed
from paddle_gan.networks import NETWORKS
from paddle_gan.networks.initialization import INITS
from paddle_gan.networks.norms import BATCH_NORMS
from paddle_gan.objectives.augmentations import AUGMENTATIONS, Augmentation
from paddle_gan.objectives.losses import OBJECTIVES
from paddle_gan.objectives.penalties import PENALTIES, PENALTY, PENALTY_RULES
from paddle_gan.options import POSITIVE, WEIGHT, Option, Row, number, whole
from paddle_gan.sampling.regions import Regions
from paddle_gan.system import draws

_D_HAS_WON = 0.01


class GAN(FromNoise):
    """Noise to images: ``Gnet`` draws, ``Dnet`` tells what it draws from real images."""

    options = {
        **FromNoise.options,
        "networks": Option("dcgan", Row(NETWORKS), "the pair of networks"),
        "init": Option("dcgan", Row(INITS), "how weights are initialized"),
        "objective": Option(
            "non-saturating",
            Row(OBJECTIVES, formerly={"smoothed": "one-sided-smoothing"}),
            "the losses",
        ),
        **PENALTY,
        "augment": Option(
            "instance-noise",
            Row(AUGMENTATIONS, formerly={"noise": "instance-noise"}),
            "what is done to the images that D sees",
        ),
        "augment_p": Option(
            None, number(0, 1), "probability for each image; 1, or with a target 0 at first"
        ),
        "augment_target": Option(
            None, number(0, 1), "adapt it to this mean sign of D on real images (ADA); such as 0.6"
        ),
        "lambda_mismatch": Option(
            0.0, WEIGHT, "weight of telling D that real images are none of another class"
        ),
        "pack": Option(1, whole(1), "images that D judges as one (PacGAN)"),
        "critic_steps": Option(1, whole(1), "steps of D for one of G; they divide the batch"),
        "fresh_noise": Option(
            0, whole(0), "new latents of G's half-step for each of D's; 0: the images D has judged"
        ),
        **OPTIMIZER,
        **FREEZE,
        "lr_ratio": Option(1.0, POSITIVE, "D's learning rate divided by G's"),
    }
    rules = [
        *FREEZE_RULES,
        *PENALTY_RULES,
        (
            lambda c: c["augment"] == "none" and {c["augment_p"], c["augment_target"]} != {None},
            "augment 'none' changes no image, so there is no probability of it; name another",
        ),
        (
            lambda c: c["lambda_mismatch"] and not c.get("classes"),
            "lambda_mismatch {lambda_mismatch} is of classes, and D is told none; "
            "take --classes data, or leave it out",
        ),
        (
            lambda c: c["batch_size"] % (c["critic_steps"] * c["pack"]),
            "batch_size {batch_size}: it must be a multiple of critic_steps x pack, here "
            "{critic_steps} x {pack}",
        ),
    ]
    tags = {
        "d_loss": "loss/discriminator",
        "g_loss": "loss/generator",
        "wasserstein": "loss/wasserstein_estimate",
        "d_real": "output/D(x)",
        "d_fake": "output/D(G(z))",
        "accuracy_real": "output/accuracy_real",
        "accuracy_fake": "output/accuracy_generated",
        "augment_p": "output/augmented",
    }

    def __init__(self, config: dict):
        super().__init__(config)
        self.discriminator = self.networks["Dnet"]
        self.objective = OBJECTIVES[config["objective"]]
        # D judges real and generated images in one pass where BatchNorm keeps them apart, and pairs
        # where there is none, unless a dropout mask would depend on an image's place.
        apart, layers = self.discriminator.keeps_batches_apart, self.discriminator.sublayers()
        random = any(isinstance(layer, nn.Dropout) for layer in layers)
        mixed = any(isinstance(layer, BATCH_NORMS) for layer in layers)
        self.one_pass = not random and (apart or self.objective.compares and not mixed)
        self.penalty = PENALTIES[config["penalty"]]
        p, target, self.pack = config["augment_p"], config["augment_target"], config["pack"]
        p = float(target is None) if p is None else p
        self.augment = Augmentation(AUGMENTATIONS[config["augment"]], p, target)
        self.fresh_noise = config["fresh_noise"]
        self.g_optimizer = self.add_optimizer("G", self.generator)
        d_lr = config["lr"] * config["lr_ratio"]
        self.d_optimizer = self.add_optimizer("D", self.discriminator, lr=d_lr)

    @staticmethod
    def build(config: dict) -> dict[str, nn.Layer]:
        networks, channels = NETWORKS[config["networks"]], config["channels"]
        own = ("latent", "norm", "init", "conditioning", "margin")
        both = {n: config[n] for n in networks.OPTIONS if n not in own}
        if both.get("classes") == "data":  # which has not been read: those of digits
            both["classes"] = 10
        by_latents = both.get("classes") and config.get("conditioning") == "latents"
        of_g = {**both, "classes": 0} if by_latents else both
        generator = networks.Generator(config["latent"], channels=channels, **of_g)
        if by_latents:
            generator.regions = Regions(both["classes"], config["margin"])
        return {
            "Gnet": generator,
            "Dnet": networks.Discriminator(
                channels=channels * config["pack"], norm=config["norm"], **both
            ),
        }

    @staticmethod
    def divisor(config: dict) -> int:
        return config["critic_steps"] * config["pack"]

    @property
    def parts(self) -> int:
        return self.config["critic_steps"]

    def train_step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """``critic_steps`` steps of D, which divide the batch, and one of G.

        ``batch`` holds "image", B x C x H x W in [-1, 1], and "label", B, where a network is told
        classes. Returns both losses, and what the objective reports of D before it moved.
        """
        tensors = [batch["image"]]
        if self.config.get("classes"):
            tensors.append(batch["label"])
        for real, *labels in zip(*(tensor.split(self.parts) for tensor in tensors)):
            fake, told = self.fake(len(real), labels)
            d_loss, report = self._discriminator_step(real, fake.detach(), labels, told, step)

        if self.fresh_noise:
            labels = [label.tile([self.fresh_noise]) for label in labels]
            fake, told = self.fake(self.fresh_noise * len(real), labels)
        with frozen(self.discriminator):
            real_logits = None
            if self.objective.compares:
                real = real.tile([len(fake) // len(real), 1, 1, 1])  # one for each fake
                real_logits = self.discriminator.logits(self._shown(real), *labels)
            fake_logits = self.discriminator.logits(self._shown(fake), *told)
            g_loss = self.objective.generator(real_logits, fake_logits)
            descend(g_loss, self.g_optimizer)
        return {"d_loss": d_loss, "g_loss": g_loss.detach(), **report, **self.augment.report()}

    def _penalty_weight(self, step: int) -> float:
        config = self.config
        ends = config["penalty_weight"] or self.penalty.weight, config["penalty_weight_end"]
        return annealed(*ends, step * config["batch_size"], config["burn_in"])

    def _discriminator_step(
        self, real: Tensor, fake: Tensor, labels: list[Tensor], told: list[Tensor], step: int
    ):
        """``labels`` are the classes of the real images, ``told`` those of the fake ones."""
        real, fake = self._shown(real), self._shown(fake)
        passes = self._passes([[real, *labels], [fake, *told]])
        with kernels.batches(2 // len(passes)):
            logits = paddle.concat([self.discriminator.logits(*given) for given in passes])
        real_logits, fake_logits = logits.split(2)
        lead = self.objective.lead(real_logits, fake_logits)
        self.augment.observe(lead, self.config["batch_size"] // self.parts)
        loss = self.objective.discriminator(real_logits, fake_logits)
        # What regularizes is computed in every Nth step, N times as heavy.
        every, weight = self.config["penalty_every"], self._penalty_weight(step)
        due = step % every == 0
        if due and labels and (mismatch := self.config["lambda_mismatch"]):
            wrong_logits = self.discriminator.logits(real, self._others(*labels))
            loss += every * mismatch * self.objective.discriminator(real_logits, wrong_logits)
        if due and self.penalty.term:

            def gradient(*batches: Tensor) -> Tensor:  # of images between both: as of the real one
                given = [[b, *(told if b is fake else labels)] for b in batches]
                found = (self.discriminator.input_gradient(*each) for each in self._passes(given))
                return paddle.concat([*found])

            loss += every * weight * self.penalty.term(gradient, real, fake)
        descend(loss, self.d_optimizer)
        if self.penalty.project:
            self.penalty.project(trainable(self.discriminator), weight)
        return loss.detach(), self.objective.report(*self.noted(real_logits, fake_logits))

    def _others(self, labels: Tensor) -> Tensor:
        """For each class another, all equally probable."""
        classes = self.config["classes"]
        return (labels + draws.randint(1, classes, [len(labels)])) % classes

    def _passes(self, batches: list[list[Tensor]]) -> list[list[Tensor]]:
        """Images and maybe classes, as D is given them: all at once, or batch by batch."""
        return [[*map(paddle.concat, map(list, zip(*batches)))]] if self.one_pass else batches

    def _shown(self, images: Tensor) -> Tensor:
        """Images as D sees them: augmented, ``pack`` of them as the channels of one."""
        images = self.augment(images)
        if self.pack == 1:
            return images
        channels, *size = images.shape[1:]
        return images.reshape([-1, self.pack * channels, *size])  # B / pack x pack C x H x W

    def state_dict(self) -> dict:
        return self.augment.state_dict()

    def load_state_dict(self, state: dict) -> None:
        self.augment.load_state_dict(state)

    @staticmethod
    def trouble(values: dict[str, float]) -> tuple[str, str] | None:
        # A loss that falls below 0 is not one that is 0 where D is sure.
        if "d_real" in values and 0 <= values["d_loss"] < _D_HAS_WON:
            return "won", (
                f"D tells every image (loss < {_D_HAS_WON}) and G learns nothing; "
                "a lower --lr or a penalty on D keeps the balance: docs/guidance.md"
            )
        return None

    @staticmethod
    def line(values: dict[str, float]) -> str:
        """The notebook's line, and D's accuracy if its objective reports one."""
        parts = [f"D loss: {values['d_loss']:.6f} G Loss: {values['g_loss']:.6f}"]
        if "accuracy_real" in values:
            real, fake = values["accuracy_real"], values["accuracy_fake"]
            parts.append(f"D right on {real:.0%} real, {fake:.0%} generated")
        return " ".join(parts)


GAME = GAN
