"""What every operation of a program has.

An operation is built for one input shape and one ``Mode`` and is then immutable. All its calls take
addresses; ``x`` and ``y`` are its input and output, ``kept`` is where it stores what its backward
pass needs, for containers the activations inside them too. Shapes are N x C x H x W, in memory
N x H x W x C, or N x F.
"""

from __future__ import annotations

from typing import NamedTuple

from paddle import nn

from paddle_gan.kernels import onednn as dnn


class Mode(NamedTuple):
    """What operations are built for: training or not, the type of activations, fixed weights, and
    how many batches the input is.

    In bfloat16 so are the packed weights; parameters, their gradients, statistics and sums are in
    float32 (Kalamkar et al. 2019, "A Study of BFLOAT16 for Deep Learning Training"). Fixed weights
    never change, and are packed once instead of in every pass. In training BatchNorm has the
    statistics of each of ``batches`` equal parts of the input.
    """

    training: bool
    dtype: int = dnn.FLOAT32
    fixed: bool = False
    batches: int = 1


class Operation:
    """One layer or container of a network, forward and backward.

    ``OPERATIONS`` in ``chain`` says of which layers; the first class that ``knows`` the layer is
    built as ``operation(layer, shape, mode)``.
    """

    in_place = False  # whether y may be x
    moves = True  # whether dx must not be dy
    curved: str | None = None  # the layer, if any, that is not piecewise linear
    dtypes = dnn.FLOAT32, dnn.BFLOAT16  # of the modes that it has
    kept = workspace = 0  # in float32; the workspace keeps nothing between calls
    parameters = 0  # how many there are
    shape: tuple[int, ...]  # of the output
    tensors: tuple[str, ...] = ()  # attributes of the layer; those of parameters first, at most two
    settings: tuple[str, ...] = ()  # the other attributes that the operation depends on

    @staticmethod
    def parts(layer: nn.Layer) -> list[nn.Layer]:
        """The networks that a container runs, in the order of their parameters."""
        return []

    @staticmethod
    def knows(layer: nn.Layer, shape: tuple[int, ...]) -> bool:
        """Whether the layer's settings are ones that the operation can do."""
        return True

    def fuse(self, activation: nn.Layer) -> bool:
        """Let the activation follow within the same pass over memory, if that can be."""
        return False

    def forward(self, x: int, y: int, kept: int, parameters: list[int]) -> None:
        raise NotImplementedError

    def tangent(self, x: int, y: int, kept: int, shift: int) -> None:
        """Apply the derivative at x to the tangent at ``x + shift``, giving that at ``y + shift``.

        For operations that are piecewise linear. Inside a container every activation has its
        tangent at the same distance.
        """
        raise NotImplementedError

    def backward(
        self,
        x: int,
        y: int,
        kept: int,
        dy: int,
        dx: int | None,
        gradients: list[int] | None,
        workspace: int,
        shift: int,
    ) -> None:
        """Compute ``dx`` and the parameters' ``gradients``, from ``dy``, which stays as it is.

        ``dx`` is None where nobody needs it, which only operations that move ever see;
        ``gradients`` where the parameters are frozen. The gradients of weights are taken with
        ``x + shift`` for the input: 0, or the distance to the tangents.
        """
        raise NotImplementedError


class LinearMap(Operation):
    """An operation without parameters, y = A x; a subclass sets both calls.

    ``_apply(x, y)`` is the product with A, ``_transpose(dy, dx, workspace)`` that with its
    transpose.
    """

    def forward(self, x, y, kept, parameters):
        self._apply(x, y)

    def tangent(self, x, y, kept, shift):
        self._apply(x + shift, y + shift)

    def backward(self, x, y, kept, dy, dx, gradients, workspace, shift):
        if dx is not None:
            self._transpose(dy, dx, workspace)
