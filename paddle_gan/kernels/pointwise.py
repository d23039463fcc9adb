"""Activations and dropout."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_gan.kernels import onednn as dnn
from paddle_gan.kernels.layouts import channels_last, elementwise, reorder, room, row_major
from paddle_gan.kernels.operation import Mode, Operation
from paddle_gan.system import draws


class Activation(Operation):
    """ReLU, LeakyReLU or Tanh, in place; the derivative is worked out from the output."""

    in_place = True
    moves = False
    settings = ("_negative_slope",)

    @staticmethod
    def knows(layer: nn.Layer, shape: tuple[int, ...]) -> bool:
        return getattr(layer, "_negative_slope", 0.0) >= 0  # else the output's sign says nothing

    def __init__(self, layer: nn.Layer, shape: tuple[int, ...], mode: Mode):
        self.shape = shape
        (function, slope), x = function_of(layer), channels_last(shape, mode.dtype)
        self.curved = None if function == dnn.RELU else type(layer).__name__
        from_output = dnn.FROM_DST[function]
        purpose = dnn.FORWARD_TRAINING if mode.training else dnn.FORWARD_INFERENCE
        method = from_output if mode.training else function
        self._forward = dnn.Primitive(
            "eltwise_forward", [purpose, method, x, x, slope, 0.0], [dnn.SRC, dnn.DST]
        )
        if mode.training:
            self._backward = dnn.Primitive(
                "eltwise_backward",
                [from_output, x, x, x, slope, 0.0],
                [dnn.DST, dnn.DIFF_DST, dnn.DIFF_SRC],
                self._forward,
            )

    def forward(self, x, y, kept, parameters):
        self._forward(x, y)

    def tangent(self, x, y, kept, shift):
        self._backward(y, x + shift, y + shift)

    def backward(self, x, y, kept, dy, dx, gradients, workspace, shift):
        self._backward(y, dy, dx)


class Dropout(Operation):
    """``Dropout`` in training, in place, with the mask that Paddle draws next for all processes.

    In eval mode it is the identity, and no operation is made of it.
    """

    in_place = True
    moves = False
    settings = "p", "axis", "mode"

    @staticmethod
    def knows(layer: nn.Dropout, shape: tuple[int, ...]) -> bool:
        return layer.axis is None and layer.mode == "upscale_in_train"

    def __init__(self, layer: nn.Dropout, shape: tuple[int, ...], mode: Mode):
        self.shape, self.kept, self._p = shape, room(shape, mode.dtype), layer.p
        self._take = reorder(row_major(shape), channels_last(shape, mode.dtype))
        self._multiply = elementwise(dnn.MULTIPLY, shape, mode.dtype)

    def forward(self, x, y, kept, parameters):
        with paddle.no_grad():
            mask = draws.dropout(list(self.shape), self._p)
        self._take(mask.data_ptr(), kept)
        self._multiply(x, kept, y)

    def tangent(self, x, y, kept, shift):
        self._multiply(x + shift, kept, y + shift)

    def backward(self, x, y, kept, dy, dx, gradients, workspace, shift):
        self._multiply(dy, kept, dx)


def function_of(activation: nn.Layer) -> tuple[int, float]:
    """oneDNN's name for an activation, and its slope below zero."""
    if isinstance(activation, nn.Tanh):
        return dnn.TANH, 0.0
    return dnn.RELU, float(getattr(activation, "_negative_slope", 0.0))
