"""A minimal binding to the oneDNN library that Paddle's CPU wheels carry.

Paddle reaches oneDNN (https://uxlfoundation.github.io/oneDNN/) only for inference; its training
convolutions are im2col, one image at a time, on one thread. The library lies beside Paddle as
``libdnnl.so.3`` and has a stable C interface, so ``ctypes`` is all it takes to train with it.
Only what this room needs is bound: descriptors of float32 arrays and
primitives that are called with addresses.
"""

from __future__ import annotations

import ctypes
import functools
import glob
import os

import paddle

# Values of the C enumerations in oneDNN 3 (dnnl_types.h); they have not changed since 3.0.
SRC, DST, WEIGHTS, BIAS = 1, 17, 33, 41
MEAN, VARIANCE, SCALE, SHIFT, WORKSPACE = 49, 50, 51, 52, 64
DIFF_SRC, DIFF_DST, DIFF_WEIGHTS, DIFF_BIAS, DIFF_SCALE, DIFF_SHIFT = 129, 145, 161, 169, 255, 256
FORWARD_TRAINING, FORWARD_INFERENCE, BACKWARD = 64, 96, 128
RELU, TANH = 0x20, 0x21
FROM_DST = {RELU: 0x100, TANH: 0x101}  # the same, differentiated from their output
USE_GLOBAL_STATS, USE_SCALE_AND_SHIFT, FUSE_RELU = 1, 2 | 4, 8
DIRECT_CONVOLUTION, DIRECT_DECONVOLUTION = 1, 10
_FLOAT32, _ANY_LAYOUT, _CPU, _IN_ORDER, _ARGUMENT_LAYOUT = 3, 1, 1, 1, 255

Dims = ctypes.c_int64 * 12
_pointer = ctypes.c_void_p


class _Argument(ctypes.Structure):
    _fields_ = [("index", ctypes.c_int), ("memory", _pointer)]


@functools.cache
def library() -> ctypes.CDLL | None:
    """The oneDNN 3 inside the installed Paddle, or None where there is none to be had."""
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
        lib.dnnl_memory_desc_equal.argtypes = [_pointer, _pointer]
        kinds = "memory", "memory_desc", "primitive", "primitive_desc", "primitive_attr"
        for kind in kinds:
            getattr(lib, f"dnnl_{kind}_destroy").argtypes = [_pointer]
        return lib
    return None


def _check(status: int, what: str) -> None:
    if status:
        raise RuntimeError(f"oneDNN refused {what} (status {status})")


@functools.cache
def _engine_and_stream() -> tuple[_pointer, _pointer]:
    engine, stream = _pointer(), _pointer()
    _check(library().dnnl_engine_create(ctypes.byref(engine), _CPU, ctypes.c_size_t(0)), "a CPU")
    _check(library().dnnl_stream_create(ctypes.byref(stream), engine, _IN_ORDER), "a stream")
    return engine, stream


class Layout:
    """The shape and strides of a float32 array; ``strides=None`` lets a primitive choose."""

    def __init__(self, shape: tuple[int, ...], strides: tuple[int, ...] | None = None):
        self.handle = _pointer()
        rank, dims = len(shape), Dims(*shape)
        if strides is None:
            create, last = library().dnnl_memory_desc_create_with_tag, _ANY_LAYOUT
        else:
            create, last = library().dnnl_memory_desc_create_with_strides, Dims(*strides)
        _check(create(ctypes.byref(self.handle), rank, dims, _FLOAT32, last), f"shape {shape}")

    def __del__(self):
        library().dnnl_memory_desc_destroy(self.handle)


def _attributes(then: tuple[int, float]) -> _pointer:
    lib, attributes, operations = library(), _pointer(), _pointer()
    function, slope = then
    _check(lib.dnnl_primitive_attr_create(ctypes.byref(attributes)), "attributes")
    _check(lib.dnnl_post_ops_create(ctypes.byref(operations)), "attributes")
    zero = ctypes.c_float(0.0)
    status = lib.dnnl_post_ops_append_eltwise(operations, function, ctypes.c_float(slope), zero)
    _check(status, "a function after the result")
    _check(lib.dnnl_primitive_attr_set_post_ops(attributes, operations), "attributes")
    lib.dnnl_post_ops_destroy(operations)
    return attributes


class Primitive:
    """One compiled operation: ``primitive(address, ...)`` runs it on the arguments in order.

    ``kind`` is the C function's name between ``dnnl_`` and ``_primitive_desc_create``, ``spec`` its
    arguments after the engine, ``arguments`` the indices whose addresses a call will give. ``hint``
    is the forward primitive of a backward one; ``then`` an element-wise function and its slope,
    applied to the result before it leaves the registers.
    """

    def __init__(
        self,
        kind: str,
        spec: list,
        arguments: list[int],
        hint: Primitive | None = None,
        then: tuple[int, float] | None = None,
    ):
        lib, (engine, self._stream) = library(), _engine_and_stream()
        spec = [item.handle if isinstance(item, Layout) else item for item in spec]
        spec = [ctypes.c_float(item) if isinstance(item, float) else item for item in spec]
        if hint is not None:
            spec.append(hint._descriptor)
        self._descriptor, self._primitive, self._memories = _pointer(), _pointer(), []
        create = getattr(lib, f"dnnl_{kind}_primitive_desc_create")
        # A reorder names the engine once for each side, every other primitive once.
        spec = [spec[0], engine, spec[1], engine] if kind == "reorder" else [engine, *spec]
        attributes = _attributes(then) if then else None
        _check(create(ctypes.byref(self._descriptor), *spec, attributes), kind)
        lib.dnnl_primitive_attr_destroy(attributes)
        _check(lib.dnnl_primitive_create(ctypes.byref(self._primitive), self._descriptor), kind)
        for index in arguments:
            memory, no_data = _pointer(), None
            layout = self.layout(index)
            _check(lib.dnnl_memory_create(ctypes.byref(memory), layout, engine, no_data), kind)
            self._memories.append(memory)
        pairs = [_Argument(*pair) for pair in zip(arguments, self._memories)]
        self._arguments = (_Argument * len(pairs))(*pairs)
        self._execute, self._set = lib.dnnl_primitive_execute, lib.dnnl_memory_set_data_handle

    def layout(self, index: int) -> _pointer:
        """The layout the primitive chose for an argument; belongs to the primitive."""
        return _pointer(
            library().dnnl_primitive_desc_query_md(self._descriptor, _ARGUMENT_LAYOUT, index)
        )

    def size(self, index: int) -> int:
        """How many float32 the array of an argument takes in the layout chosen for it."""
        return library().dnnl_memory_desc_get_size(self.layout(index)) // 4

    def __call__(self, *addresses: int) -> None:
        for memory, address in zip(self._memories, addresses):
            self._set(memory, address)
        status = self._execute(self._primitive, self._stream, len(self._memories), self._arguments)
        _check(status, "to run")

    def __del__(self):
        for memory in self._memories:
            library().dnnl_memory_destroy(memory)
        library().dnnl_primitive_destroy(self._primitive)
        library().dnnl_primitive_desc_destroy(self._descriptor)
