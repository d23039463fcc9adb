"""Memory is used again and stays bounded, whatever the number of shapes and threads."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_gan import kernels
from paddle_gan.kernels import program
from paddle_gan.kernels.layouts import floats
from paddle_gan.kernels.memory import Memory, Pool
from paddle_gan.networks.blocks import Skip
from tests.kernels.cases import fast, noise
from tests.kernels.linear import LINEAR
from tests.kernels.networks import CASES, stack

MB = 1 << 18  # floats


def test_arrays_are_used_again():
    pool = Pool()
    first, second = pool.take(1000), pool.take(1000)
    pool.give(first)
    assert pool.free() == 4000
    assert pool.take(1000) is first
    assert pool.free() == 0
    assert pool.take(1000) is not second  # which is in use


def test_the_smallest_that_fits_is_taken_and_a_large_one_rather_than_let_go():
    pool = Pool()
    arrays = [pool.take(n) for n in (300, 150, 100, 200)]
    for array in arrays:
        pool.give(array)
    assert pool.take(90) is arrays[2]
    assert pool.take(100) is arrays[1]
    assert pool.take(149) is arrays[3]
    assert pool.take(149) is arrays[0]


def test_no_more_is_held_than_was_in_use_at_once():
    pool = Pool()
    for n in (3, 5, 2, 8, 1, 1, 9, 4, 7, 6):
        pool.give(pool.take(n * MB))
        assert pool.free() <= 9 << 20
    assert pool.free() > 0
    pool = Pool()
    arrays = [pool.take(4 * MB) for _ in range(3)]
    for array in arrays:
        pool.give(array)
    assert pool.free() == 12 << 20
    pool.give(pool.take(9 * MB))
    assert pool.free() == 9 << 20  # those that had waited longest had to go
    assert pool.take(3 * MB).size == 3 * MB  # there is room beside it


def test_a_step_makes_no_array_anew():
    """As a GAN's: G's pass lies around D's of two batches and of one, each with a workspace."""
    pool, made = Pool(), []
    for _ in range(3):
        seen, held = [], pool.take(35)
        for passes in ((63, 37), (33, 19)):
            arrays = [pool.take(n) for n in passes]
            seen += arrays
            for array in arrays:
                pool.give(array)
        seen += [held, pool.take(19)]
        for array in seen[-2:]:
            pool.give(array)
        made.append({array.ctypes.data for array in seen})
    assert made[1] == made[2]


def test_no_two_threads_are_given_one_array():
    pool = Pool()

    def use(me: int) -> None:
        for n in range(3000):
            array = pool.take(100 + n % 7)
            array[0] = me
            array[1:] = n  # time for another thread
            assert array[0] == me
            pool.give(array)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, range(4)))
    sys.setswitchinterval(before)
    assert pool._used == 0
    assert 0 < pool.free() <= pool._peak <= 4 * 4 * 212


@pytest.mark.parametrize("name", ["discriminator", "U-Net"])
def test_eight_shapes_keep_what_the_largest_needs(name, pool):
    net, (_, *rest) = CASES[name]()
    sizes = []
    for batch in (96, 64, 80, 32, 48, 16, 72, 8):
        fast(net, noise((batch, *rest))).sum().backward()
        sizes.append(pool.free())
    assert sizes[0] > 1 << 20
    assert max(sizes) <= sizes[0] == pool._peak
    assert pool._used == 0


def test_a_pass_without_gradients_keeps_nothing_in_use(pool):
    net, shape = CASES["generator"]()
    with paddle.no_grad():
        y = fast(net, noise(shape))
    assert pool._used == 0 and pool.free() > 0
    del y


def test_memory_begins_at_a_cache_line(pool):
    held = [Memory(n) for n in range(1, 40)]
    assert {memory.address % 64 for memory in held} == {0}
    ends = sorted((memory.address, memory.address + 4 * n) for n, memory in enumerate(held, 1))
    assert all(end <= start for (_, end), (start, _) in zip(ends, ends[1:]))
    assert all(
        memory.address + 4 * n <= memory._array.ctypes.data + memory._array.nbytes
        for n, memory in enumerate(held, 1)
    )
    del held
    assert pool._used == 0
    assert np.all([array.dtype == np.float32 for array in pool._free])


ALONE = {
    "padding": lambda: stack(nn.Pad2D(2, mode="reflect"), shape=(2, 3, 8, 8)),
    "padding in a branch": lambda: stack(Skip(nn.Pad2D(0, mode="reflect")), shape=(2, 3, 8, 8)),
}


@pytest.mark.parametrize("name", [*CASES, *LINEAR, *ALONE])
def test_nothing_is_written_beyond_the_memory_of_a_call(name, monkeypatch):
    guards = []

    class Guarded(Memory):
        def __init__(self, n: int):
            super().__init__(n + 1000)
            guards.append((self, floats(self.address + 4 * n, 1000)))
            guards[-1][1][:] = 7

    monkeypatch.setattr(program, "Memory", Guarded)
    net, shape = (CASES | LINEAR | ALONE)[name]()
    fast(net, noise(shape)).sum().backward()
    if name in LINEAR:
        kernels.input_gradient(net, noise(shape)).square().sum().backward()
    assert len(guards) >= 2
    assert all((guard == 7).all() for _, guard in guards)
