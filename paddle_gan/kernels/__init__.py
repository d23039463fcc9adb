"""Fast training on a CPU: networks run through the oneDNN library inside Paddle's wheel."""

from __future__ import annotations

import contextlib
import contextvars
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator

import paddle
from paddle import Tensor, nn

from paddle_gan.kernels.chain import describe, readable, translate
from paddle_gan.kernels.folding import fixed, folded
from paddle_gan.kernels.onednn import BFLOAT16, FLOAT32, Refused, has_bfloat16, library
from paddle_gan.kernels.operation import Mode
from paddle_gan.kernels.program import Program, ProgramFunction
from paddle_gan.kernels.second import InputGradient
from paddle_gan.system import runtime

__all__ = [
    "batches",
    "bfloat16",
    "folded",
    "has_bfloat16",
    "input_gradient",
    "plain",
    "plain_gradient",
    "run",
]

_wanted = os.environ.get("PADDLE_GAN_KERNELS") != "0"
_enabled = contextvars.ContextVar("enabled", default=_wanted)
_dtype = contextvars.ContextVar("dtype", default=FLOAT32)
_batches = contextvars.ContextVar("batches", default=1)
_programs: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_compiling = threading.RLock()
_SHAPES_KEPT = 32  # of a network; a program takes some 3 MB, and shapes could be endless


@contextlib.contextmanager
def _within(variable: contextvars.ContextVar, value: object) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def plain() -> contextlib.AbstractContextManager[None]:
    """Inside this context networks run on Paddle's own kernels.

    Needed around the forward pass for whatever Paddle's ``PyLayer`` cannot do: a second derivative
    (``create_graph=True``), other than that of :func:`input_gradient`; ``paddle.grad`` with respect
    to some of input and parameters but not all; and another pass through the same graph after
    ``backward(retain_graph=True)``: a second ``backward`` raises an error, ``paddle.grad`` is a
    segmentation fault in Paddle (with any ``PyLayer``). In the other order both work: any number of
    ``paddle.grad(..., retain_graph=True)``, then ``backward``.

    ``PADDLE_GAN_KERNELS=0`` in the environment does the same for a whole process.
    """
    return _within(_enabled, False)


def bfloat16() -> contextlib.AbstractContextManager[None]:
    """Inside this context programs compute in bfloat16, outside in float32.

    Activations and packed weights are bfloat16; parameters, their gradients, statistics of norms
    and sums are float32, and so are input and output of :func:`run`. The backward pass is in the
    type of the forward pass. Only where :func:`has_bfloat16`: elsewhere oneDNN emulates it or
    refuses.
    """
    return _within(_dtype, BFLOAT16)


def batches(count: int) -> contextlib.AbstractContextManager[None]:
    """Inside this context :func:`run` takes ``x`` for ``count`` batches, one after another.

    They are of one size, which ``count`` has to divide, or ValueError is raised. In training
    BatchNorm has the statistics of each, as if each had a pass of its own; one pass is faster.
    """
    return _within(_batches, count)


def run(net: nn.Sequential, x: Tensor, stop: int | None = None) -> Tensor:
    """``net[:stop]`` applied to ``x``: as one oneDNN program where that is possible.

    It is on a CPU, for float32, for the layers of ``chain.OPERATIONS``; elsewhere Paddle runs the
    layers one by one. Both give the same numbers to float32 rounding, unless within
    :func:`bfloat16`. On a CPU a line on stderr says why it is not possible. Within :func:`batches`
    ``x`` is several batches.
    """
    program, parameters = _program(net, x, stop)
    if program is None:
        layers, count = net if stop is None else net[:stop], _batches.get()
        return layers(x) if count == 1 else paddle.concat([layers(b) for b in x.split(count)])
    return _apply(ProgramFunction, program, x, parameters)


def input_gradient(
    net: nn.Sequential, x: Tensor, stop: int | None = None, of: Tensor | None = None
) -> Tensor:
    """The gradient of ``net[:stop](x).sum()`` with respect to ``x``, for gradient penalties.

    With ``of``, of the outputs' shape, it is that of ``(of * net[:stop](x)).sum()``.
    It has the shape of ``x`` and is itself differentiable with respect to the parameters. Where
    the network is piecewise linear (in training mode, neither a norm nor Tanh in it) and
    :func:`run` would take a program, this does too, and ``x`` gets no gradient: it is zero almost
    everywhere. Elsewhere Paddle's double differentiation does it, with respect to ``x`` as well;
    it has none for Conv2DTranspose, LayerNorm, GroupNorm, Upsample, Dropout and Flatten.
    """
    program, parameters = _program(net, x, stop)
    if program is not None and net.training:
        if program.curved is None:
            of = paddle.ones(program.out_shape, "float32") if of is None else of.detach()
            return _apply(InputGradient, program, x.detach(), [of, *parameters])
        _say_slow(f"no second derivative of {program.curved} among the fast kernels")
    return plain_gradient(lambda x: run(net, x, stop) * (1 if of is None else of), x)


def plain_gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient of ``function(x).sum()`` with respect to ``x``, by Paddle's own kernels.

    It is itself differentiable, as far as Paddle differentiates the layers of ``function`` twice.
    """
    with plain(), paddle.enable_grad():
        if x.stop_gradient:
            x = x.detach()
            x.stop_gradient = False
        return paddle.grad(function(x).sum(), x, create_graph=True)[0]


def _apply(operation: type, program: Program, x: Tensor, parameters: list[Tensor]) -> Tensor:
    memory = program.memory()
    y = operation.apply(program, memory, *(t.contiguous() for t in (x, *parameters)))
    if not y.stop_gradient:
        y.register_hook(_once(weakref.ref(memory)))
    return y


def _once(memory: weakref.ref) -> Callable[[Tensor], None]:
    """A hook that raises in a second backward pass, when the first has released ``memory``.

    Paddle releases the context of a ``PyLayer`` after ``backward``, even with
    ``retain_graph=True``, and a second ``backward`` dereferences it: a segmentation fault.
    """

    def check(gradient: Tensor) -> None:
        if memory() is None:
            raise RuntimeError(
                "second backward pass through the same graph: add the losses and call backward "
                "once, or run the forward pass within paddle_gan.kernels.plain()"
            )

    return check


def _program(
    net: nn.Sequential, x: Tensor, stop: int | None
) -> tuple[Program | None, list[Tensor]]:
    """The program for ``net[:stop]`` on ``x``, or None where Paddle runs it, and its parameters."""
    usable = _enabled.get() and paddle.in_dynamic_mode() and paddle.get_device() == "cpu"
    if not usable or 0 in x.shape or library() is None:
        return None, []
    count = _batches.get() if net.training else 1  # fixed statistics are everybody's
    if x.shape[0] % count:
        raise ValueError(f"{x.shape[0]} images are not {count} batches of one size")
    layers = tuple(net)[:stop]
    mode = Mode(net.training, _dtype.get(), net in fixed and not net.training, count)
    try:
        _check(net, x)
        description, parameters = describe(layers)
    except Refused as error:
        _say_slow(str(error))
        return None, []
    runtime.use_cores()
    key = (tuple(x.shape), mode, tuple(_tree(layers)))
    with _compiling:
        programs = _programs.setdefault(net, {})
        if key not in programs or programs[key][0] != description:
            programs[key] = description, _compile(layers, *key[:2])
            if len(programs) > _SHAPES_KEPT:
                del programs[next(iter(programs))]
        return programs[key][1], parameters


def _check(net: nn.Sequential, x: Tensor) -> None:
    """Raise Refused where no program of any layers would do."""
    if x.ndim not in (2, 4):
        raise Refused(f"no fast kernels for inputs of {x.ndim} dimensions")
    if not readable(x):
        raise Refused(f"no fast kernels for {x.dtype} on {x.place}")
    for layer in (net, *_tree(net)):
        name = type(layer).__name__
        if layer._forward_pre_hooks or layer._forward_post_hooks:
            raise Refused(f"a hook on {name}")
        if layer.training != net.training:
            raise Refused(f"{name} is not in the mode of the network, training or eval")
    # With fixed statistics BatchNorm has another derivative, which nobody has asked for yet.
    if not net.training and paddle.is_grad_enabled():
        raise Refused("gradients in eval mode (paddle.no_grad() turns them off)")


def _tree(layers: Iterable[nn.Layer]) -> Iterator[nn.Layer]:
    """The layers and all within them."""
    for layer in layers:
        yield layer
        yield from _tree(layer._sub_layers.values())


def _compile(layers: tuple[nn.Layer, ...], shape: tuple[int, ...], mode: Mode) -> Program | None:
    try:
        return Program(translate(layers, shape, mode), shape)
    except Refused as error:
        _say_slow(str(error))
        return None


def _say_slow(reason: str) -> None:
    runtime.say_once(f"paddle_gan: {reason}; Paddle's own kernels run the network, which is slower")
