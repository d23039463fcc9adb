"""BatchNorm with fixed statistics folded into the convolution before it."""

from __future__ import annotations

import copy
import weakref

import paddle
from paddle import nn

from paddle_gan.kernels.chain import OPERATIONS
from paddle_gan.kernels.operation import Operation

_CONVOLUTIONS = {nn.Conv2D: 0, nn.Conv2DTranspose: 1}  # which dimension counts the outputs


fixed: weakref.WeakSet[nn.Layer] = weakref.WeakSet()  # networks whose weights never change


def folded(net: nn.Sequential) -> nn.Sequential:
    """Layers that compute in eval mode what ``net`` computes, without BatchNorm.

    BatchNorm maps y to s (y - mean) + shift with s = scale / sqrt(variance + epsilon). Behind a
    convolution y = W x + b that is a convolution with weights s W and bias s (b - mean) + shift
    (Jacob et al. 2018, section 3.2). Inside containers it is folded too. ``net`` itself stays as it
    is. What is returned is for drawing only: changes of its weights may go unnoticed.
    """
    merged = _folded(copy.deepcopy(net))
    merged.eval()
    fixed.add(merged)
    return merged


def _folded(layer: nn.Layer) -> nn.Layer:
    """The layer with what can be folded inside it folded; it changes."""
    inside = OPERATIONS.get(type(layer), [Operation])[0].parts(layer)
    for name, child in layer.named_children():
        if type(layer) is nn.Sequential or any(child is part for part in inside):
            layer._sub_layers[name] = _folded(child)
    if type(layer) is not nn.Sequential:
        return layer
    layers: list[nn.Layer] = []
    for each in layer:
        if isinstance(each, nn.BatchNorm2D) and layers and _foldable(layers[-1], each):
            _fold(layers[-1], each)
        else:
            layers.append(each)
    return nn.Sequential(*layers)


def _foldable(before: nn.Layer, norm: nn.BatchNorm2D) -> bool:
    affine = norm.weight is not None and norm.bias is not None
    # The groups of a transposed convolution have weights along its first dimension, the inputs'.
    whole = type(before) is nn.Conv2D or getattr(before, "_groups", 1) == 1
    return affine and type(before) in _CONVOLUTIONS and whole


def _fold(convolution: nn.Layer, norm: nn.BatchNorm2D) -> None:
    scale = norm.weight / paddle.sqrt(norm._variance + norm._epsilon)
    shape = [1] * convolution.weight.ndim
    shape[_CONVOLUTIONS[type(convolution)]] = -1
    convolution.weight.set_value(convolution.weight * scale.reshape(shape))
    if convolution.bias is None:
        convolution.bias = convolution.create_parameter(scale.shape, is_bias=True)  # zeros
    convolution.bias.set_value(scale * (convolution.bias - norm._mean) + norm.bias)
