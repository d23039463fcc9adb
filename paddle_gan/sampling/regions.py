"""Which class a latent stands for, where a generator is told none but is taught them.

Of latents z from N(0, I) the first K coordinates decide: the class is argmax(z_k + b_k). With b = 0
the K regions are equally probable, and no other K have less of the probability near their borders
(Milman & Neeman 2022, "The Gaussian double-bubble and multi-bubble conjectures"), where a generator
draws something between two classes. Other b make them as probable as the classes are frequent. To
the largest a margin is added, so that nothing is drawn at the borders at all.
"""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

_AXIS = np.linspace(-9, 9, 601)
_DENSITY = np.exp(-(_AXIS**2) / 2) / np.sqrt(2 * np.pi) * (_AXIS[1] - _AXIS[0])
_BELOW = np.cumsum(_DENSITY) - _DENSITY / 2  # the share of N(0, 1) below each
_ROUNDS, _STEP = 100, 0.3
_FAR = 1e4  # beyond any latent


class Regions(nn.Layer):
    """Draws of N(0, I) to those that a generator of K classes is taught with."""

    def __init__(self, classes: int, margin: float):
        super().__init__()
        self.number, self.margin = classes, margin
        self.register_buffer("offsets", paddle.zeros([classes]))  # b

    def set_shares(self, shares: np.ndarray) -> None:
        """Make the classes as probable as ``shares``, K positive numbers with the sum 1."""
        paddle.assign(paddle.to_tensor(offsets(shares), "float32"), output=self.offsets)

    def classes(self, z: Tensor) -> Tensor:
        """The class of each latent, B x latent x 1 x 1 to int64, B."""
        return self._heights(z).argmax(axis=1)

    def forward(self, z: Tensor) -> Tensor:
        """``z``, B x latent x 1 x 1, with the margin."""
        largest = F.one_hot(self.classes(z), self.number)  # B x K
        return self._added(z, self.margin * largest)

    def moved(self, z: Tensor, labels: Tensor) -> Tensor:
        """``z`` of the classes ``labels``, B: the largest and that of the class change places."""
        heights = self._heights(z)
        largest = F.one_hot(heights.argmax(axis=1), self.number)
        wanted = F.one_hot(labels, self.number)
        gap = (heights * (largest - wanted)).sum(axis=1, keepdim=True)
        return self._added(z, gap * (wanted - largest))

    def kept(self, z: Tensor, labels: Tensor) -> Tensor:
        """``z`` with that of ``labels``, B, raised to the margin where it falls short of it."""
        heights, wanted = self._heights(z), F.one_hot(labels, self.number)
        others = (heights - _FAR * wanted).max(axis=1, keepdim=True)
        own = (heights * wanted).sum(axis=1, keepdim=True)
        return self._added(z, F.relu(others + self.margin - own) * wanted)

    def _heights(self, z: Tensor) -> Tensor:
        return z[:, : self.number, 0, 0] + self.offsets

    def _added(self, z: Tensor, numbers: Tensor) -> Tensor:
        rest = paddle.zeros([len(z), z.shape[1] - self.number])
        return z + paddle.concat([numbers, rest], axis=1).reshape(z.shape)


def shares(offsets: np.ndarray) -> np.ndarray:
    """How probable each class is with ``offsets``, K to K: ∫ φ(x - b_k) ∏_{j≠k} Φ(x - b_j) dx."""
    x = _AXIS[:, None]
    logs = np.log(np.interp(x - offsets, _AXIS, _BELOW) + 1e-300)  # X x K
    others = np.exp(logs.sum(1, keepdims=True) - logs)
    densities = np.interp(x - offsets, _AXIS, _DENSITY)
    return (densities * others).sum(0)


def offsets(wanted: np.ndarray) -> np.ndarray:
    """b for classes of the ``wanted`` shares, K positive numbers with the sum 1."""
    b = np.zeros(len(wanted))
    for _ in range(_ROUNDS):  # a class that is too rare gets a larger one
        b += _STEP * np.log(wanted / shares(b))
        b -= b.mean()
    return b
