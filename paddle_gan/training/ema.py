"""An exponential moving average of a network, which draws better than the network itself."""

from __future__ import annotations

import copy

import paddle
from paddle import nn

_EVERY = 8  # steps between updates: the average hardly differs, the cost is an eighth
_RAMP = 0.05  # of the images seen so far


class Ema:
    """A slowly following copy of ``network``, BatchNorm statistics included; buffers are copied.

    Its half-life is in images, so that it means the same for every batch size. As in Karras et al.
    2020 (StyleGAN2-ADA, appendix C) it is at most a share of the images seen so far: a fixed decay
    would carry the random initial weights through a short run.
    """

    def __init__(self, network: nn.Layer, batch_size: int):
        self._source, self._batch_size = network, batch_size
        self.network = copy.deepcopy(network)
        self.network.eval()

    def update(self, step: int, half_life: float) -> None:
        """Follow the network after step ``step``; a function of the step, so resuming is exact."""
        if step > _EVERY and step % _EVERY:  # at first after each: nobody wants the random start
            return
        half_life = min(half_life, _RAMP * step * self._batch_size)
        weight = 1 - 0.5 ** (_EVERY * self._batch_size / half_life)
        with paddle.no_grad():
            for average, new in zip(self.network.parameters(), self._source.parameters()):
                average.lerp_(new, paddle.to_tensor(weight, dtype=new.dtype))
            for average, new in zip(self.network.buffers(), self._source.buffers()):
                paddle.assign(new, output=average)  # such as the vector of spectral normalization
