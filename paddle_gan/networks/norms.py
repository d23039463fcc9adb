"""How a discriminator is normalized: a layer behind each convolution, spectral norm, or neither."""

from __future__ import annotations

from typing import Callable, NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from paddle_gan.kernels.chain import OPERATIONS
from paddle_gan.kernels.norms import AdaptiveInstanceNorm

BATCH_NORMS = nn.BatchNorm, nn.BatchNorm1D, nn.BatchNorm2D


class Norm(NamedTuple):
    """``layer(features)`` follows each inner convolution; ``spectral`` is of every weight."""

    layer: Callable[[int], nn.Layer] | None = None
    spectral: bool = False

    @property
    def of_batch(self) -> bool:
        """Whether what it makes of an image depends on the others of the batch."""
        return self.layer is nn.BatchNorm2D

    @property
    def bounds(self) -> bool:
        """Whether it bounds a network's slope; BatchNorm would undo that of spectral norm."""
        return self.spectral and self.layer is None

    def after(self, features: int) -> list[nn.Layer]:
        """The normalizing layer, if there is one."""
        return [self.layer(features)] if self.layer else []

    @property
    def bias(self) -> bool | None:
        """``bias_attr`` of the layer before: a mean that is subtracted makes a bias useless."""
        return False if self.layer else None


NORMS = {
    "batch": Norm(nn.BatchNorm2D),
    "instance": Norm(nn.InstanceNorm2D),
    "spectral": Norm(spectral=True),
    "spectral-batch": Norm(nn.BatchNorm2D, spectral=True),
    "none": Norm(),
}


def plain_instance_norm(features: int) -> nn.Layer:
    """InstanceNorm without an affine map, as PyTorch's is by default and Paddle's is not."""
    return nn.InstanceNorm2D(features, weight_attr=False, bias_attr=False)


class AdaptiveInstanceNorm2D(nn.Layer):
    """InstanceNorm whose scale and shift follow from a style; Huang & Belongie 2017, eq. 8.

    Whoever runs the network sets ``scale`` and ``bias``, B x C, before and None after it.
    """

    _epsilon = 1e-5

    def __init__(self, features: int):
        super().__init__()
        self.features = features
        self.scale = self.bias = None

    def forward(self, x: Tensor) -> Tensor:
        scale, bias = (each.unsqueeze([2, 3]) for each in (self.scale, self.bias))
        return F.instance_norm(x, eps=self._epsilon) * scale + bias


OPERATIONS |= {AdaptiveInstanceNorm2D: [AdaptiveInstanceNorm]}


class SpectralNorm:
    """Divides a layer's weight by its largest singular value; Miyato et al. 2018, algorithm 1.

    The trained parameter becomes ``weight_orig``, and ``weight`` what was last computed from it.
    The singular value is found by power iteration, one round for each call in training; its left
    vector is the buffer ``weight_u``. No hooks, as they would keep a network off the fast kernels:
    whoever runs the layer calls this first.
    """

    def __init__(self, layer: nn.Layer):
        self.layer = layer
        self.weight = layer._parameters.pop("weight")
        layer.add_parameter("weight_orig", self.weight)
        u = paddle.randn([self._matrix().shape[0]])
        layer.register_buffer("weight_u", F.normalize(u, axis=0))
        layer.weight = self.weight.detach()

    def __call__(self) -> None:
        matrix, u = self._matrix(), self.layer.weight_u
        with paddle.no_grad():
            v = F.normalize(matrix.t().mv(u), axis=0)
            u = F.normalize(matrix.mv(v), axis=0)
            if self.layer.training:
                paddle.assign(u, output=self.layer.weight_u)
        sigma = (u * matrix.mv(v)).sum()
        self.layer.weight = self.weight / sigma

    def remove(self) -> None:
        """Leave the layer as an ordinary one that computes the same."""
        self()
        value = self.layer.weight.detach()
        del (
            self.layer.weight,
            self.layer._buffers["weight_u"],
            self.layer._parameters["weight_orig"],
        )
        self.weight.set_value(value)
        self.layer.add_parameter("weight", self.weight)

    def _matrix(self) -> Tensor:
        weight = self.weight
        if isinstance(self.layer, nn.Conv2DTranspose):  # in x out x kernel, others out first
            weight = weight.transpose([1, 0, 2, 3])
        return weight.reshape([weight.shape[0], -1])
