"""What is done to the images that D sees, real ones and generated ones alike.

Zhao et al. 2020 (DiffAugment): D may then be shown a small set many times without learning it by
heart, and G, who gets the gradient through it, does not learn to draw the distortion.
"""

from __future__ import annotations

from collections.abc import Callable

import paddle
import paddle.nn.functional as F
from paddle import Tensor

from paddle_gan.system import distributed, draws

SHIFT = 8  # at most an eighth of the image, in each direction
NOISE = 0.1  # standard deviation, of pixels in [-1, 1]


def translate(images: Tensor) -> Tensor:
    """Each image B x C x H x W moved by up to an eighth of its size; what comes in is black."""
    n, channels, height, width = images.shape
    reach = max(1, height // SHIFT)
    offsets = draws.randint(0, 2 * reach + 1, [n, 2])
    wide = F.pad(images, [reach] * 4, value=-1.0)
    across = width + 2 * reach
    rows = offsets[:, :1] + paddle.arange(height)  # B x H
    columns = offsets[:, 1:] + paddle.arange(width)  # B x W
    chosen = (rows.unsqueeze(2) * across + columns.unsqueeze(1)).reshape([n, 1, -1])
    moved = paddle.take_along_axis(wide.flatten(2), chosen.tile([1, channels, 1]), axis=2)
    return moved.reshape([n, channels, height, width])


def noise(images: Tensor) -> Tensor:
    """Gaussian noise on every pixel; Arjovsky & Bottou 2017, section 3."""
    return images + NOISE * draws.randn(images.shape)


def flip(images: Tensor) -> Tensor:
    """Each image with an even chance mirrored, left and right exchanged."""
    return _for_some(draws.uniform([len(images), 1, 1, 1]) < 0.5, images.flip(3), images)


def color(images: Tensor) -> Tensor:
    """Brightness, saturation and contrast of each image changed; Zhao et al. 2020, appendix.

    Brightness by up to a quarter of the range, saturation by a factor of 0 to 2 (of gray images
    there is none), contrast by one of 0.5 to 1.5.
    """
    n, channels = images.shape[:2]
    brightness, saturation, contrast = draws.uniform([n, 3]).split(3, axis=1)
    images = images + (brightness - 0.5).reshape([n, 1, 1, 1])
    if channels > 1:
        gray = images.mean(axis=1, keepdim=True)
        images = gray + (images - gray) * (2 * saturation).reshape([n, 1, 1, 1])
    mean = images.mean(axis=[1, 2, 3], keepdim=True)
    return mean + (images - mean) * (contrast + 0.5).reshape([n, 1, 1, 1])


def cutout(images: Tensor) -> Tensor:
    """A square of half the size in each image made gray (0); its center lies anywhere inside."""
    n, _, height, width = images.shape
    centers = draws.uniform([n, 2])

    def outside(position: Tensor, size: int) -> Tensor:
        away = (paddle.arange(size) + 0.5 - size * position).abs()  # n x size
        return away > size / 4

    rows, columns = outside(centers[:, :1], height), outside(centers[:, 1:], width)
    kept = paddle.logical_or(rows.unsqueeze(2), columns.unsqueeze(1))  # n x H x W
    return images * kept.unsqueeze(1).astype(images.dtype)


def diffaugment(images: Tensor) -> Tensor:
    """Color, translation and cutout, one after the other; Zhao et al. 2020 (DiffAugment)."""
    return cutout(translate(color(images)))


def _for_some(chosen: Tensor, changed: Tensor, images: Tensor) -> Tensor:
    return paddle.where(chosen.expand_as(images), changed, images)


class Augmentation:
    """An augmentation of each image with probability ``p``, adapted where there is a ``target``.

    Karras et al. 2020 (StyleGAN2-ADA), section 3.1: D overfits as the mean sign of its logits on
    real images, E[sign(D(x))], nears 1; where the loss compares two logits that is the sign of
    their difference, as D is free to add what it likes to both. Every few steps ``p`` moves up
    where it is above the target and down where it is below, so fast that 100,000 images would take
    it from 0 to 1; the paper has 500,000, of 25 million in a run.
    """

    EVERY, WHOLE_WAY = 4, 100_000  # steps, images

    def __init__(self, change: Callable[[Tensor], Tensor], p: float, target: float | None):
        self.change, self.target, self.certain = change, target, p == 1 and target is None
        self.p, self.signs, self.calls = paddle.full([], p), paddle.zeros([]), 0

    def __call__(self, images: Tensor) -> Tensor:
        """Images B x C x H x W as D is to see them."""
        if self.certain:
            return self.change(images)
        chosen = draws.uniform([len(images), 1, 1, 1]) < self.p
        return _for_some(chosen, self.change(images), images)

    def observe(self, lead: Tensor, images: int) -> None:
        """Take note of ``lead``, above 0 for the real images that D is right about.

        They are of ``images`` in all processes together.
        """
        if self.target is None:
            return
        self.signs, self.calls = self.signs + lead.detach().sign().mean(), self.calls + 1
        if self.calls == self.EVERY:
            mean = self.signs / self.EVERY
            distributed.average([mean])
            step = self.EVERY * images / self.WHOLE_WAY
            self.p = (self.p + step * (mean - self.target).sign()).clip(0, 1)
            self.signs, self.calls = paddle.zeros([]), 0

    def report(self) -> dict[str, Tensor]:
        """What is noted of a step: the probability where it is adapted."""
        return {} if self.target is None else {"augment_p": self.p}

    def state_dict(self) -> dict:
        """Empty where nothing is adapted. Called in every process."""
        if self.target is None:
            return {}
        signs = self.signs.clone()
        distributed.average([signs])
        return {"p": self.p, "signs": signs, "calls": self.calls}

    def load_state_dict(self, state: dict) -> None:
        """Go on from a state as it was saved; without one, from the start."""
        if state:
            self.p, self.signs = (paddle.to_tensor(state[name]) for name in ("p", "signs"))
            self.calls = int(state["calls"])


AUGMENTATIONS = {
    "none": lambda images: images,
    "translate": translate,
    "instance-noise": noise,
    "flip": flip,
    "color": color,
    "cutout": cutout,
    "diffaugment": diffaugment,
}
