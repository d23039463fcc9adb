"""Signs that a run has gone wrong: numbers that are not finite, a winner, a collapse."""

from __future__ import annotations

import math

import numpy as np

_D_HAS_WON, _FOR_STEPS = 0.01, 1000
_ALIKE = 0.02  # standard deviation over samples, in units of the pixel range [-1, 1]
_EARLY = 300  # steps in which samples may still look alike


class NotFinite(Exception):
    """A loss or a weight is NaN or infinite: nothing that follows means anything."""


class Health:
    """Watches a run; every method returns a warning of one line, or None.

    ``state`` is kept in checkpoints, so that a resumed run neither repeats a warning nor misses it.
    """

    def __init__(self, state: dict | None = None):
        self.state = state or {"won_since": None, "warned": []}

    def losses(self, step: int, values: dict[str, float]) -> str | None:
        """Judge the scalars of a step. Raises NotFinite."""
        bad = [name for name, value in values.items() if not math.isfinite(value)]
        if bad:
            raise NotFinite(f"{', '.join(bad)} of step {step} not finite")
        # A loss that falls below 0 is not one that is 0 where D is sure.
        if "d_real" not in values or not 0 <= values["d_loss"] < _D_HAS_WON:
            self.state["won_since"] = None
            return None
        since = self.state["won_since"] = self.state["won_since"] or step
        if step - since < _FOR_STEPS:
            return None
        return self._once(
            "won",
            f"since step {since} D tells every image (loss < {_D_HAS_WON}) and G learns "
            "nothing; a lower --lr or a larger --batch-size keeps the balance",
        )

    def samples(self, step: int, images: np.ndarray) -> str | None:
        """Judge generated images, N x C x H x W in [-1, 1]. Raises NotFinite."""
        if not np.isfinite(images).all():
            raise NotFinite(f"images of step {step} not finite")
        if step < _EARLY or images.std(axis=0).mean() >= _ALIKE:
            self.state["warned"] = [kind for kind in self.state["warned"] if kind != "alike"]
            return None
        return self._once(
            "alike", f"at step {step} all samples look alike: the generator has collapsed"
        )

    def _once(self, kind: str, warning: str) -> str | None:
        if kind in self.state["warned"]:
            return None
        self.state["warned"].append(kind)
        return warning
