"""Which class a latent stands for, where a generator is told none but is taught them.

Of latents z from N(0, I) the first K coordinates decide: the class is argmax(z_k + b_k). With b = 0
the K regions are equally probable, and no other K have less of the probability near their borders
(Milman & Neeman 2022, "The Gaussian double-bubble and multi-bubble conjectures"), where a generator
draws something between two classes. Other b make them as probable as the classes are frequent.
"""

from __future__ import annotations

import numpy as np
from paddle import Tensor

_AXIS = np.linspace(-9, 9, 601)
_DENSITY = np.exp(-(_AXIS**2) / 2) / np.sqrt(2 * np.pi) * (_AXIS[1] - _AXIS[0])
_BELOW = np.cumsum(_DENSITY) - _DENSITY / 2  # the share of N(0, 1) below each
_ROUNDS, _STEP = 100, 0.3


def classes(z: Tensor, offsets: Tensor) -> Tensor:
    """The class of each latent, B x latent x 1 x 1 to int64, B; ``offsets`` are b, K."""
    return (z[:, : len(offsets), 0, 0] + offsets).argmax(axis=1)


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
