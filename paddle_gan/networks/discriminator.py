"""What every discriminator has besides its layers."""

from __future__ import annotations

import paddle.nn.functional as F
from paddle import Tensor, nn

from paddle_gan import kernels
from paddle_gan.networks.norms import SpectralNorm


class Discriminator(nn.Layer):
    """Images B x C x H x W in [-1, 1] to the probability of being real, one for each image.

    A subclass defines ``_logits(images)``, the log-odds of it, with the labels for a second
    argument where it wants them, and calls ``normalize_spectrally`` where it is to be. It may
    define a faster ``_input_gradient``. If ``kernels.run`` runs all of its BatchNorms, which follow
    ``kernels.batches`` there, it sets ``keeps_batches_apart`` and gets several batches in one pass.
    """

    keeps_batches_apart = False

    def __init__(self):
        super().__init__()
        self._spectral: list[SpectralNorm] = []

    def normalize_spectrally(self) -> None:
        """Bound every convolution, transposed ones too, and linear layer by spectral norm."""
        kinds = (nn.Conv2D, nn.Conv2DTranspose, nn.Linear)
        # Within LazyGuard a weight has no value, and all that is wanted is its shape.
        layers = [
            m for m in self.sublayers() if isinstance(m, kinds) and m.weight._is_initialized()
        ]
        self._spectral = [SpectralNorm(layer) for layer in layers]

    def remove_spectral_norm(self) -> None:
        """Keep the weights as they are now, so that nothing is computed but the layers."""
        for norm in self._spectral:
            norm.remove()
        self._spectral = []

    def logits(self, images: Tensor, *labels: Tensor) -> Tensor:
        """The log-odds of being real, or what a critic puts out; one for each image."""
        self._normalize()
        # Under automatic mixed precision the sums before it are bfloat16, too coarse for a loss.
        return self._logits(images, *labels).astype("float32")

    def forward(self, images: Tensor, *labels: Tensor) -> Tensor:
        return F.sigmoid(self.logits(images, *labels))

    def input_gradient(self, images: Tensor, *labels: Tensor) -> Tensor:
        """The gradient of each logit by its image, B x C x H x W; it has a derivative itself.

        Only where an image's logit depends on that image alone, so not with BatchNorm.
        """
        self._normalize()
        return self._input_gradient(images.detach(), *labels)

    def _input_gradient(self, images: Tensor, *labels: Tensor) -> Tensor:
        """``input_gradient`` with the weights as they are."""
        return kernels.plain_gradient(lambda images: self._logits(images, *labels), images)

    def _normalize(self) -> None:
        for norm in self._spectral:
            norm()
