"""Dropout, and containers that nest: a residual connection, and the skip connection of a U-Net."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from paddle_gan.kernels import containers
from paddle_gan.kernels.chain import OPERATIONS
from paddle_gan.system import draws


class Residual(nn.Layer):
    """body(x) + shortcut(x), both of one shape; He et al. 2016 (ResNet), eq. 1 and 2.

    ``shortcut`` None is the identity. The sum is multiplied by ``scale``.
    """

    def __init__(self, body: nn.Layer, shortcut: nn.Layer | None = None, scale: float = 1.0):
        super().__init__()
        self.body, self.shortcut, self.scale = body, shortcut, scale

    def forward(self, x: Tensor) -> Tensor:
        found = self.body(x) + (x if self.shortcut is None else self.shortcut(x))
        return found if self.scale == 1 else found * self.scale


class Skip(nn.Layer):
    """x and inner(x) as the channels of one: B x (C + C') x H x W, where ``inner`` gives C'.

    ``inner`` keeps H and W. Where it halves them, holds another Skip and doubles them again, both
    are a U-Net (Ronneberger et al. 2015, figure 1).
    """

    def __init__(self, inner: nn.Layer):
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return paddle.concat([x, self.inner(x)], axis=1)


class Dropout(nn.Dropout):
    """Paddle's, but with second derivatives, and each process takes its part of one mask.

    See ``draws`` for the parts.
    """

    def forward(self, x: Tensor) -> Tensor:
        return x * draws.dropout(x.shape, self.p).astype(x.dtype) if self.training else x


OPERATIONS |= {Dropout: OPERATIONS[nn.Dropout]}
OPERATIONS |= {Residual: [containers.Sum], Skip: [containers.Join]}
