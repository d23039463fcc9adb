"""Derivatives by their definition, to hold gradients against."""

from __future__ import annotations

from typing import Callable

import numpy as np


def difference_quotient(function: Callable, x: np.ndarray, direction: np.ndarray, step: float):
    """The slope of a function of an array at ``x`` along ``direction``."""
    return (function(x + step * direction) - function(x - step * direction)) / (2 * step)


def of_parameter(parameter, compute: Callable) -> Callable[[np.ndarray], float]:
    """What ``compute()`` comes to as a function of a parameter's values."""

    def function(values: np.ndarray) -> float:
        parameter.set_value(values.astype("float32"))
        return float(compute())

    return function
