"""Weight initialization: the notebook's four helpers, working, and its ``weight_init``."""

from __future__ import annotations

import functools
from collections.abc import Callable

import paddle
from paddle import Tensor, nn


def _without_gradients(function: Callable) -> Callable:
    """Not ``paddle.no_grad()``: as a decorator all threads return to the mode of one of them."""

    @functools.wraps(function)
    def called(*arguments, **options):
        with paddle.no_grad():
            return function(*arguments, **options)

    return called


_WEIGHTED = (nn.Conv2D, nn.Conv2DTranspose, nn.Linear)


@_without_gradients
def normal_(x: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Fill ``x`` in place with draws from N(mean, std²)."""
    x.set_value(paddle.normal(mean, std, shape=x.shape).astype(x.dtype))
    return x


@_without_gradients
def uniform_(x: Tensor, a: float = -1.0, b: float = 1.0) -> Tensor:
    """Fill ``x`` in place with draws from U[a, b)."""
    x.set_value(paddle.uniform(x.shape, dtype="float32", min=a, max=b).astype(x.dtype))
    return x


@_without_gradients
def kaiming_(x: Tensor, negative_slope: float = 0.0) -> Tensor:
    """Fill the weight ``x`` in place with draws from N(0, 2 / ((1 + slope²) fan_in)).

    He et al. 2015, "Delving Deep into Rectifiers", eq. 10 and 15. ``fan_in`` is the number of
    rows of a Linear weight (in x out) and the product of all but the first dimension of a
    convolution's (out x in x k x k); for a transposed convolution's (in x out x k x k) that is
    the fan of its backward pass, the paper's other choice.
    """
    fan_in = x.shape[0] if x.ndim == 2 else int(x[0].numel())
    return normal_(x, 0.0, (2 / ((1 + negative_slope**2) * fan_in)) ** 0.5)


@_without_gradients
def glorot_(x: Tensor) -> Tensor:
    """Fill the weight ``x`` in place, uniform on ±(6 / (fan_in + fan_out))^½.

    Glorot & Bengio 2010, eq. 16; the fans of a kernel count its area.
    """
    area = int(x[0][0].numel())  # 1 for a linear layer
    bound = (6 / (area * (x.shape[0] + x.shape[1]))) ** 0.5
    return uniform_(x, -bound, bound)


@_without_gradients
def constant_(x: Tensor, value: float) -> Tensor:
    """Fill ``x`` in place with ``value``."""
    x.set_value(paddle.full(x.shape, value, dtype=x.dtype))
    return x


def weight_init(layer: nn.Layer, scale: float = 1.0) -> None:
    """Initialize one layer as Radford et al. 2016 (DCGAN), section 4; use ``net.apply``.

    Conv2D, Conv2DTranspose and Linear weights are drawn from N(0, 0.02²), BatchNorm2D scales from
    N(``scale``, 0.02²); their biases become 0. Other layers are left alone.
    """
    if isinstance(layer, _WEIGHTED):
        normal_(_weight(layer), 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2D):
        if layer.weight is not None:
            normal_(layer.weight, scale, 0.02)
    else:
        return
    if layer.bias is not None:
        constant_(layer.bias, 0.0)


def conv_init(layer: nn.Layer) -> None:
    """What the notebook's ``weight_init`` did in effect: convolutions only, BatchNorm at (1, 0)."""
    if isinstance(layer, (nn.Conv2D, nn.Conv2DTranspose)):
        normal_(_weight(layer), 0.0, 0.02)


def fill_init(layer: nn.Layer, fill: Callable[[Tensor], Tensor]) -> None:
    """Weights of convolutions and linear layers by ``fill``, their biases 0."""
    if isinstance(layer, _WEIGHTED):
        fill(_weight(layer))
        if layer.bias is not None:
            constant_(layer.bias, 0.0)


def _weight(layer: nn.Layer) -> Tensor:
    return getattr(layer, "weight_orig", layer.weight)  # what spectral normalization divides


def keep(layer: nn.Layer) -> None:
    """Leave a layer as its network made it."""


INITS = {
    "dcgan": weight_init,
    "conv": conv_init,
    "kaiming": functools.partial(fill_init, fill=kaiming_),
    "glorot": functools.partial(fill_init, fill=glorot_),
    "zero-scale": functools.partial(weight_init, scale=0.0),
    "own": keep,
}
