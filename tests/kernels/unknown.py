"""Layers that Paddle runs, each on inputs of two channels and 9 x 9 pixels."""

from __future__ import annotations

from paddle import nn

from paddle_gan.networks.blocks import Residual, Skip


class Doubled(nn.ReLU):
    def forward(self, x):
        return 2 * super().forward(x)


def one_bias(layer: nn.Linear) -> nn.Linear:
    layer.bias = layer.create_parameter([1])
    return layer


UNKNOWN = {
    "Sigmoid": lambda: [nn.Conv2D(2, 4, 3), nn.Sigmoid(), nn.Conv2D(4, 2, 3)],
    "Dropout of whole channels": lambda: [nn.Conv2D(2, 4, 3), nn.Dropout(0.5, axis=1)],
    "Dropout that scales later": lambda: [
        nn.Conv2D(2, 4, 3),
        nn.Dropout(0.5, mode="downscale_in_infer"),
    ],
    "GroupNorm": lambda: [nn.Conv2D(2, 4, 3), nn.GroupNorm(2, 4)],
    "dilation": lambda: [nn.Conv2D(2, 4, 3, dilation=2)],
    "transposed dilation": lambda: [nn.Conv2DTranspose(2, 4, 3, dilation=2)],
    "padding by name": lambda: [nn.Conv2D(2, 4, 3, padding="same")],
    "padding on one side": lambda: [nn.Conv2D(2, 4, 3, padding=[0, 1, 0, 2])],
    "padding by reflection": lambda: [nn.Conv2D(2, 4, 3, padding=1, padding_mode="reflect")],
    "BatchNorm without scale": lambda: [nn.BatchNorm2D(2, weight_attr=False)],
    "BatchNorm with fixed statistics": lambda: [nn.BatchNorm2D(2, use_global_stats=True)],
    "output padding beyond the padding": lambda: [nn.Conv2DTranspose(2, 4, 3, 2, output_padding=1)],
    "constant padding": lambda: [nn.Pad2D(1)],
    "Upsample to a size": lambda: [nn.Upsample([18, 18])],
    "Upsample by a fraction": lambda: [nn.Upsample(scale_factor=1.5)],
    "Upsample with aligned corners": lambda: [
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
    ],
    "Upsample from the corners": lambda: [
        nn.Upsample(scale_factor=2, mode="bilinear", align_mode=1)
    ],
    "bicubic": lambda: [nn.Upsample(scale_factor=2, mode="bicubic")],
    "AvgPool of incomplete windows": lambda: [nn.AvgPool2D(2, ceil_mode=True)],
    "AvgPool with a divisor": lambda: [nn.AvgPool2D(2, divisor_override=3)],
    "MaxPool": lambda: [nn.MaxPool2D(2)],
    "Linear along rows": lambda: [nn.Linear(9, 4)],
    "Linear with one bias for all": lambda: [nn.Flatten(), one_bias(nn.Linear(162, 4))],
    "Flatten of the pixels": lambda: [nn.Flatten(2)],
    "in a body": lambda: [Residual(nn.Sequential(nn.Conv2D(2, 2, 1), nn.Sigmoid()))],
    "in a shortcut": lambda: [Residual(nn.Conv2D(2, 2, 1), nn.Sigmoid())],
    "inside Skip": lambda: [Skip(nn.GroupNorm(1, 2))],
    "body and shortcut that are broadcast": lambda: [Residual(nn.Conv2D(2, 1, 1))],
    "a body without layers": lambda: [Residual(nn.Sequential())],
    "negative slope": lambda: [nn.Conv2D(2, 4, 3), nn.LeakyReLU(-0.2)],
    "subclass": lambda: [nn.Conv2D(2, 4, 3), Doubled()],
    "empty": lambda: [],
}
