"""Fast training on a CPU: networks run through the oneDNN library inside Paddle's wheel."""

from __future__ import annotations

import contextlib
import contextvars
import weakref

import paddle
from paddle import Tensor, nn

from paddle_gan.kernels.onednn import library
from paddle_gan.kernels.program import Program, Run, translate

_enabled = contextvars.ContextVar("enabled", default=True)
_programs: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_SHAPES_KEPT = 8  # programs are small next to their activations, but shapes could be endless


@contextlib.contextmanager
def plain():
    """Inside this context networks run on Paddle's own kernels, as a second derivative needs."""
    token = _enabled.set(False)
    try:
        yield
    finally:
        _enabled.reset(token)


def run(layers: nn.Sequential, x: Tensor, stop: int | None = None) -> Tensor:
    """``layers[:stop]`` applied to ``x``: as one oneDNN program where that is possible.

    It is on a CPU, in float32, for the layers that :func:`translate` knows; elsewhere Paddle runs
    the layers one by one. Both give the same numbers to float32 rounding.
    """
    program = _program(layers, x, stop)
    if program is None:
        for layer in list(layers)[:stop]:
            x = layer(x)
        return x
    return Run.apply(program, x.contiguous(), *program.parameters())


def _program(layers: nn.Sequential, x: Tensor, stop: int | None) -> Program | None:
    usable = (
        _enabled.get()
        and x.place.is_cpu_place()
        and x.dtype == paddle.float32
        and x.ndim == 4
        and x.shape[0] > 0
        and not any(layer._forward_pre_hooks or layer._forward_post_hooks for layer in layers)
        # With fixed statistics BatchNorm has another derivative, which nobody has asked for yet.
        and (layers.training or not paddle.is_grad_enabled())
        and library() is not None
    )
    if not usable:
        return None
    programs = _programs.setdefault(layers, {})
    key = (tuple(x.shape), layers.training, stop)
    if key not in programs:
        if len(programs) == _SHAPES_KEPT:
            programs.pop(next(iter(programs)))
        operations = translate(list(layers)[:stop], tuple(x.shape), layers.training)
        programs[key] = operations and Program(operations, tuple(x.shape))
    return programs[key]
