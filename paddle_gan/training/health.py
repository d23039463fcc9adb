"""Signs that a run has gone wrong: numbers that are not finite, trouble that lasts, a collapse."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

_FOR_STEPS = 1000  # that trouble has to last
_ALIKE = 0.02  # standard deviation over samples, in units of the pixel range [-1, 1]
_EARLY = 300  # steps in which samples may still look alike
_LOST = 0.2  # recall, from its best


class NotFinite(Exception):
    """A loss or a weight is NaN or infinite: nothing that follows means anything."""


class Health:
    """Watches a run; every method returns a warning of one line, or None.

    ``state`` is kept in checkpoints, so that a resumed run neither repeats a warning nor misses it.
    """

    def __init__(self, state: dict | None = None):
        state = state or {}
        since = state.get("since", state.get("won_since"))  # as version 0.1.0 called it
        self.state = {"since": since, "warned": list(state.get("warned", []))}
        self.state["recall"] = state.get("recall", 0.0)  # the best so far

    def losses(self, step: int, values: dict[str, float], trouble: Callable) -> str | None:
        """Judge the scalars of a step; ``trouble`` is the game's. Raises NotFinite."""
        bad = [name for name, value in values.items() if not math.isfinite(value)]
        if bad:
            raise NotFinite(f"{', '.join(bad)} of step {step} not finite")
        found = trouble(values)
        self.state["since"] = (self.state["since"] or step) if found else None
        if not found or step - self.state["since"] < _FOR_STEPS:
            return None
        kind, warning = found
        return self._once(kind, f"since step {self.state['since']} {warning}")

    def samples(self, step: int, images: np.ndarray) -> str | None:
        """Judge generated images, N x C x H x W in [-1, 1]. Raises NotFinite."""
        if not np.isfinite(images).all():
            raise NotFinite(f"images of step {step} not finite")
        if step < _EARLY or len(images) < 2 or images.std(axis=0).mean() >= _ALIKE:
            return self._recovered("alike")
        return self._once(
            "alike",
            f"at step {step} all samples look alike: the generator has collapsed; what may help: "
            "docs/guidance.md",
        )

    def scores(self, step: int, scores: dict[str, float]) -> str | None:
        """Judge an evaluation by its recall, if it has one."""
        recall = scores.get("recall", self.state["recall"])
        best = self.state["recall"] = max(self.state["recall"], recall)
        if best - recall < _LOST:
            return self._recovered("recall")
        return self._once(
            "recall",
            f"at step {step} recall is {recall:.2f} and was {best:.2f}: samples cover less and "
            "less of the data; what may help: docs/guidance.md",
        )

    def _recovered(self, kind: str) -> None:
        """Let a warning of this kind be told again."""
        self.state["warned"] = [each for each in self.state["warned"] if each != kind]

    def _once(self, kind: str, warning: str) -> str | None:
        if kind in self.state["warned"]:
            return None
        self.state["warned"].append(kind)
        return warning
