"""BatchNorm with fixed statistics folded into the convolution before it."""

from __future__ import annotations

import paddle
from paddle import nn

_CONVOLUTIONS = {nn.Conv2D: 0, nn.Conv2DTranspose: 1}  # which dimension counts the outputs


@paddle.no_grad()
def folded(net: nn.Sequential) -> nn.Sequential:
    """Layers that compute in eval mode what ``net`` computes, without BatchNorm.

    BatchNorm maps y to s (y - mean) + shift with s = scale / sqrt(variance + epsilon). Behind a
    convolution y = W x + b that is a convolution with weights s W and bias s (b - mean) + shift
    (Jacob et al. 2018, section 3.2).
    """
    layers: list[nn.Layer] = []
    for layer in net:
        convolution = layers[-1] if layers else None
        if isinstance(layer, nn.BatchNorm2D) and type(convolution) in _CONVOLUTIONS:
            layers[-1] = _merged(convolution, layer)
        else:
            layers.append(layer)
    merged = nn.Sequential(*layers)
    merged.eval()
    return merged


def _merged(convolution: nn.Layer, norm: nn.BatchNorm2D) -> nn.Layer:
    outputs = _CONVOLUTIONS[type(convolution)]
    scale = norm.weight / paddle.sqrt(norm._variance + norm._epsilon)
    bias = convolution.bias if convolution.bias is not None else paddle.zeros_like(scale)
    weight = convolution.weight
    merged = type(convolution)(
        convolution._in_channels,
        convolution._out_channels,
        convolution._kernel_size,
        convolution._stride,
        convolution._padding,
    )
    shape = [1] * weight.ndim
    shape[outputs] = -1
    merged.weight.set_value(weight * scale.reshape(shape))
    merged.bias.set_value(scale * (bias - norm._mean) + norm.bias)
    return merged
