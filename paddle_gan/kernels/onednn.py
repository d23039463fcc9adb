"""A minimal binding to the oneDNN library that Paddle's CPU wheels carry.

Paddle reaches oneDNN (https://uxlfoundation.github.io/oneDNN/) only for inference; its training
convolutions are im2col, one image at a time, on one thread. The library lies beside Paddle as
``libdnnl.so.3`` and has a stable C interface, so ``ctypes`` is all it takes to train with it.
Only what this room needs is bound: descriptors of float32 and bfloat16 arrays and primitives that
are called with addresses.
"""

from __future__ import annotations

import ctypes
import functools
import glob
import os
import threading

import numpy as np
import paddle

from paddle_gan.system import runtime

# Values of the C enumerations in oneDNN 3 (dnnl_types.h); they have not changed since 3.0.
SRC, SRC_1, DST, WEIGHTS, BIAS = 1, 2, 17, 33, 41
MEAN, VARIANCE, SCALE, SHIFT, WORKSPACE, _SCRATCHPAD = 49, 50, 51, 52, 64, 80
DIFF_SRC, DIFF_DST, DIFF_WEIGHTS, DIFF_BIAS, DIFF_SCALE, DIFF_SHIFT = 129, 145, 161, 169, 255, 256
FORWARD_TRAINING, FORWARD_INFERENCE, BACKWARD = 64, 96, 128
RELU, TANH, SCALED = 0x20, 0x21, 0x26
FROM_DST = {RELU: 0x100, TANH: 0x101}  # the same, differentiated from their output
USE_GLOBAL_STATS, USE_SCALE_AND_SHIFT, FUSE_RELU = 1, 2 | 4, 8
DIRECT_CONVOLUTION, DIRECT_DECONVOLUTION = 1, 10
AVERAGE_WITH_PADDING, AVERAGE_WITHOUT_PADDING = 0x2FF, 0x3FF
ADD, MULTIPLY = 0x1FFF0, 0x1FFF1
NEAREST, LINEAR = 0x2FFF0, 0x2FFF1
BFLOAT16, FLOAT32 = 2, 3
BYTES = {BFLOAT16: 2, FLOAT32: 4}  # of a number
_ANY_LAYOUT, _CPU, _IN_ORDER, _ARGUMENT_LAYOUT = 1, 1, 1, 255
_ISA_BFLOAT16 = 0xE7  # avx512_core_bf16; what has more, AMX for example, has these bits too
_USERS_SCRATCHPAD, _SAME_TYPE = 1, 0

Dims = ctypes.c_int64 * 12
_pointer = ctypes.c_void_p


class _Argument(ctypes.Structure):
    _fields_ = [("index", ctypes.c_int), ("memory", _pointer)]


@functools.cache
def library() -> ctypes.CDLL | None:
    """The oneDNN 3 inside the installed Paddle, or None with a message where there is none."""
    libs = os.path.join(os.path.dirname(paddle.__file__), "libs")
    for path in glob.glob(os.path.join(libs, "libdnnl.so.3*")):
        try:
            lib = ctypes.CDLL(path)
        except OSError:
            continue
        lib.dnnl_primitive_desc_query_md.restype = _pointer
        lib.dnnl_primitive_desc_query_md.argtypes = [_pointer, ctypes.c_int, ctypes.c_int]
        lib.dnnl_memory_desc_get_size.restype = ctypes.c_size_t
        lib.dnnl_memory_desc_get_size.argtypes = [_pointer]
        lib.dnnl_memory_set_data_handle.argtypes = [_pointer, _pointer]
        lib.dnnl_primitive_execute.argtypes = [_pointer, _pointer, ctypes.c_int, _pointer]
        kinds = "memory", "memory_desc", "primitive", "primitive_desc", "primitive_attr"
        for kind in kinds:
            getattr(lib, f"dnnl_{kind}_destroy").argtypes = [_pointer]
        return lib
    runtime.say_once(
        f"paddle_gan: no oneDNN (libdnnl.so.3) in {libs}; Paddle's own kernels run the networks, "
        "about five times slower on a CPU"
    )
    return None


def has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 (AVX512-BF16 or AMX), and oneDNN may use it."""
    return library() is not None and (
        library().dnnl_get_effective_cpu_isa() & _ISA_BFLOAT16 == _ISA_BFLOAT16
    )


class Refused(RuntimeError):
    """oneDNN cannot compile or run an operation."""


def _check(status: int, what: str) -> None:
    if status:
        raise Refused(f"oneDNN refused {what} (status {status})")


@functools.cache
def _engine_and_stream() -> tuple[_pointer, _pointer]:
    # All threads share one: a CPU stream has no state, a primitive has run when the call returns.
    engine, stream = _pointer(), _pointer()
    _check(library().dnnl_engine_create(ctypes.byref(engine), _CPU, ctypes.c_size_t(0)), "a CPU")
    _check(library().dnnl_stream_create(ctypes.byref(stream), engine, _IN_ORDER), "a stream")
    return engine, stream


class Layout:
    """The shape, strides and type of an array; ``strides=None`` lets a primitive choose."""

    def __init__(
        self, shape: tuple[int, ...], strides: tuple[int, ...] | None = None, dtype: int = FLOAT32
    ):
        self.shape, self.strides, self.handle = shape, strides, _pointer()
        rank, dims = len(shape), Dims(*shape)
        if strides is None:
            create, last = library().dnnl_memory_desc_create_with_tag, _ANY_LAYOUT
        else:
            create, last = library().dnnl_memory_desc_create_with_strides, Dims(*strides)
        _check(create(ctypes.byref(self.handle), rank, dims, dtype, last), f"shape {shape}")

    def __del__(self):
        library().dnnl_memory_desc_destroy(self.handle)


def _attributes(then: tuple[int, float] | None, add: bool) -> _pointer:
    lib, attributes = library(), _pointer()
    _check(lib.dnnl_primitive_attr_create(ctypes.byref(attributes)), "attributes")
    # oneDNN's own scratchpad belongs to the thread that created the primitive.
    status = lib.dnnl_primitive_attr_set_scratchpad_mode(attributes, _USERS_SCRATCHPAD)
    _check(status, "a scratchpad")
    if then or add:
        operations = _pointer()
        _check(lib.dnnl_post_ops_create(ctypes.byref(operations)), "attributes")
        zero, one = ctypes.c_float(0.0), ctypes.c_float(1.0)
        if add:
            status = lib.dnnl_post_ops_append_sum(operations, one, 0, _SAME_TYPE)
        else:
            function, slope = then[0], ctypes.c_float(then[1])
            status = lib.dnnl_post_ops_append_eltwise(operations, function, slope, zero)
        _check(status, "a function after the result")
        _check(lib.dnnl_primitive_attr_set_post_ops(attributes, operations), "attributes")
        lib.dnnl_post_ops_destroy(operations)
    return attributes


class _Thread(threading.local):
    """The scratchpad of each thread; its primitives run one at a time and share it."""

    floats, address = 0, None

    def scratchpad(self, floats: int) -> int | None:
        """The address of at least ``floats`` float32."""
        if floats > self.floats:
            self._array = np.empty(floats, "float32")
            self.floats, self.address = floats, self._array.ctypes.data
        return self.address


_thread = _Thread()


class _Arguments:
    """The memory objects that pass the addresses of one call at a time."""

    def __init__(self, layouts: dict[int, _pointer]):
        lib, (engine, _) = library(), _engine_and_stream()
        self.memories, no_data = [], None
        for layout in layouts.values():
            memory = _pointer()
            status = lib.dnnl_memory_create(ctypes.byref(memory), layout, engine, no_data)
            _check(status, "a memory object")
            self.memories.append(memory)
        pairs = [_Argument(*pair) for pair in zip(layouts, self.memories)]
        self.array = (_Argument * len(pairs))(*pairs)

    def __del__(self):
        for memory in self.memories:
            library().dnnl_memory_destroy(memory)


class Primitive:
    """One compiled operation: ``primitive(address, ...)`` runs it on the arguments in order.

    ``kind`` is the C function's name between ``dnnl_`` and ``_primitive_desc_create``, ``spec`` its
    arguments after the engine, ``arguments`` the indices whose addresses a call will give. ``hint``
    is the forward primitive of a backward one; ``then`` an element-wise function and its slope,
    applied to the result before it leaves the registers; with ``add`` the result is added to what
    is there. Several threads may call it at the same time. Raises Refused where oneDNN has no such
    operation.
    """

    def __init__(
        self,
        kind: str,
        spec: list,
        arguments: list[int],
        hint: Primitive | None = None,
        then: tuple[int, float] | None = None,
        add: bool = False,
    ):
        lib, (engine, self._stream) = library(), _engine_and_stream()
        spec = [item.handle if isinstance(item, Layout) else item for item in spec]
        spec = [ctypes.c_float(item) if isinstance(item, float) else item for item in spec]
        if hint is not None:
            spec.append(hint._descriptor)
        self._descriptor, self._primitive = _pointer(), _pointer()
        create = getattr(lib, f"dnnl_{kind}_primitive_desc_create")
        # A reorder names the engine once for each side, every other primitive once.
        spec = [spec[0], engine, spec[1], engine] if kind == "reorder" else [engine, *spec]
        attributes = _attributes(then, add)
        status = create(ctypes.byref(self._descriptor), *spec, attributes)
        lib.dnnl_primitive_attr_destroy(attributes)
        _check(status, kind)
        _check(lib.dnnl_primitive_create(ctypes.byref(self._primitive), self._descriptor), kind)
        self._count, self._scratch = len(arguments), self.size(_SCRATCHPAD)
        indices = [*arguments, _SCRATCHPAD] if self._scratch else arguments
        self._layouts = {index: self.layout(index) for index in indices}
        self._idle = [_Arguments(self._layouts)]
        self._execute, self._set = lib.dnnl_primitive_execute, lib.dnnl_memory_set_data_handle

    def layout(self, index: int) -> _pointer:
        """The layout the primitive chose for an argument; belongs to the primitive."""
        return _pointer(
            library().dnnl_primitive_desc_query_md(self._descriptor, _ARGUMENT_LAYOUT, index)
        )

    def size(self, index: int) -> int:
        """How many float32 the array of an argument takes in the layout chosen for it."""
        return -(-library().dnnl_memory_desc_get_size(self.layout(index)) // 4)

    def __call__(self, *addresses: int) -> None:
        if len(addresses) != self._count:
            raise TypeError(f"{len(addresses)} addresses for {self._count} arguments")
        try:
            arguments = self._idle.pop()
        except IndexError:  # every one is in use by another thread
            arguments = _Arguments(self._layouts)
        for memory, address in zip(arguments.memories, addresses):
            self._set(memory, address)
        if self._scratch:
            self._set(arguments.memories[-1], _thread.scratchpad(self._scratch))
        count = len(arguments.memories)
        status = self._execute(self._primitive, self._stream, count, arguments.array)
        self._idle.append(arguments)
        _check(status, "to run")

    def __del__(self):
        library().dnnl_primitive_destroy(self._primitive)
        library().dnnl_primitive_desc_destroy(self._descriptor)
