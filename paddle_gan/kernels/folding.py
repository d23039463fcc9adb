"""BatchNorm with fixed statistics folded into the convolution before it."""

from __future__ import annotations

import copy

import paddle
from paddle import nn

_CONVOLUTIONS = {nn.Conv2D: 0, nn.Conv2DTranspose: 1}  # which dimension counts the outputs


def folded(net: nn.Sequential) -> nn.Sequential:
    """Layers that compute in eval mode what ``net`` computes, without BatchNorm.

    BatchNorm maps y to s (y - mean) + shift with s = scale / sqrt(variance + epsilon). Behind a
    convolution y = W x + b that is a convolution with weights s W and bias s (b - mean) + shift
    (Jacob et al. 2018, section 3.2). ``net`` itself stays as it is.
    """
    layers: list[nn.Layer] = []
    for layer in copy.deepcopy(net):
        if isinstance(layer, nn.BatchNorm2D) and layers and _foldable(layers[-1], layer):
            _fold(layers[-1], layer)
        else:
            layers.append(layer)
    merged = nn.Sequential(*layers)
    merged.eval()
    return merged


def _foldable(before: nn.Layer, norm: nn.BatchNorm2D) -> bool:
    affine = norm.weight is not None and norm.bias is not None
    return affine and type(before) in _CONVOLUTIONS and before._groups == 1


def _fold(convolution: nn.Layer, norm: nn.BatchNorm2D) -> None:
    scale = norm.weight / paddle.sqrt(norm._variance + norm._epsilon)
    shape = [1] * convolution.weight.ndim
    shape[_CONVOLUTIONS[type(convolution)]] = -1
    convolution.weight.set_value(convolution.weight * scale.reshape(shape))
    if convolution.bias is None:
        convolution.bias = convolution.create_parameter(scale.shape, is_bias=True)  # zeros
    convolution.bias.set_value(scale * (convolution.bias - norm._mean) + norm.bias)
