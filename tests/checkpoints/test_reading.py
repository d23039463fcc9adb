"""Reading what paddle.save writes, and checking it against a network."""

import pickle
import time
from collections import OrderedDict

import numpy as np
import paddle
import pytest

from paddle_gan.checkpoints.reading import check_state, read
from paddle_gan.errors import UserError
from tests.fuzz_checkpoints import FIXTURES

PROTOCOLS = (2, 3, 4)
VERSIONS = ("2.6.2", "3.3.1")


def assert_same(got, wanted):
    """Equal, of the same types, arrays bit for bit."""
    assert type(got) is type(wanted)
    if isinstance(wanted, dict):
        assert list(got) == list(wanted)
        for key in wanted:
            assert_same(got[key], wanted[key])
    elif isinstance(wanted, (list, tuple)):
        assert len(got) == len(wanted)
        for one, other in zip(got, wanted):
            assert_same(one, other)
    elif isinstance(wanted, np.ndarray):
        assert got.dtype == wanted.dtype and got.shape == wanted.shape
        assert got.tobytes() == wanted.tobytes()
    else:
        assert got == wanted


def numpy_state(state):
    return {key: value.numpy() for key, value in state.items()}


@pytest.fixture
def net():
    paddle.seed(3)
    return paddle.nn.Sequential(
        paddle.nn.Conv2DTranspose(4, 3, 3), paddle.nn.BatchNorm2D(3), paddle.nn.PReLU()
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_network(net, tmp_path, protocol):
    path = tmp_path / "Gnet.pdparams"
    paddle.save(net.state_dict(), str(path), protocol=protocol)
    got = read(path)
    assert_same(got, numpy_state(net.state_dict()))
    assert all(value.flags.writeable for value in got.values())
    assert_same(got, paddle.load(str(path), return_numpy=True))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_adam_with_a_scheduler(net, tmp_path, protocol):
    scheduler = paddle.optimizer.lr.LinearWarmup(0.1, 5, 0.0, 0.1)
    adam = paddle.optimizer.Adam(scheduler, parameters=net.parameters())
    net(paddle.randn([2, 4, 5, 5])).sum().backward()
    adam.step()
    scheduler.step()
    path = tmp_path / "Gadam.pdopt"
    paddle.save(adam.state_dict(), str(path), protocol=protocol)
    got, state = read(path), adam.state_dict()
    assert_same(got.pop("LR_Scheduler"), state.pop("LR_Scheduler"))
    assert len(got) == 4 * 5  # two moments and two powers of beta of each trained parameter
    assert_same(got, numpy_state(state))
    assert all(np.abs(got[key]).sum() > 0 for key in got)


def test_master_weights(net, tmp_path):
    """A tensor in an inner dict makes Paddle write every tensor as ``tuple((name, array))``."""
    weight = net[0].weight
    state = {
        "w_moment1_0": weight * 2,
        "master_weights": {"w": weight},
        "LR_Scheduler": {"lr": 1.0},
    }
    path = tmp_path / "half.pdopt"
    paddle.save(state, str(path))
    assert b"tuple" in path.read_bytes()
    numbers = weight.numpy()
    wanted = dict(state, w_moment1_0=numbers * 2, master_weights={"w": numbers})
    assert_same(read(path), wanted)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_tensors_among_plain_values(net, tmp_path, protocol):
    values = {
        "step": 7,
        "large": -(2**130),  # as in the state of a random generator
        "text": "é中\u2028",
        "nested": [(), (1.5, None), [True, False], {"a": {"b": [1, 2]}}, {3: "three"}],
        "generator": np.random.default_rng(1).bit_generator.state,
        "labels": np.arange(5),
        "columns first": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "strided": np.arange(12, dtype=np.float32)[::3],
        "empty": np.zeros((0, 3), np.float32),
        "bytes": np.arange(256, dtype=np.uint8),
        "mask": np.array([True, False]),
        "half": np.ones(2, np.float16),
        "zero-dimensional": np.array(2.5),
    }
    tensors = {"weight": net[0].weight, "list": [paddle.ones([2]), paddle.to_tensor(3)]}
    dense = paddle.arange(4).astype("float32")
    saved = dict(
        values,
        net=OrderedDict(net.state_dict()),
        cpp=dense.value().get_tensor(),
        fid=np.float64(2.5),
    )
    path = tmp_path / "bundle.pd"
    paddle.save(dict(saved, **tensors), str(path), protocol=protocol)
    got = read(path)
    assert_same({key: got[key] for key in values}, values)
    assert_same(got["weight"], net[0].weight.numpy())
    assert_same(got["list"], [np.ones(2, np.float32), np.array(3)])
    assert_same(got["net"], numpy_state(net.state_dict()))
    assert_same(got["cpp"], np.arange(4, dtype=np.float32))
    assert_same(got["fid"], 2.5)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_one_tensor(tmp_path, protocol):
    path = tmp_path / "latents.pd"
    paddle.save(paddle.full([2, 3], 0.5), str(path), protocol=protocol)
    assert_same(read(path), np.full((2, 3), 0.5, np.float32))


def test_protocol_5_of_plain_numpy(tmp_path):
    state = {"weight": np.arange(6.0).reshape(2, 3), "columns": np.ones((2, 2), order="F")}
    path = tmp_path / "state.pdparams"
    path.write_bytes(pickle.dumps(state, 5))
    assert_same(read(path), state)


def test_large_arrays_cut_into_slices(tmp_path):
    """Protocols 2 and 3 cut arrays of more than 1 GiB; the same form, written small."""
    whole = np.arange(24, dtype=np.float32)
    state = {"bias": np.ones(2), "weight@@.0": whole[:10], "weight@@.1": whole[10:]}
    cut = {"weight": {"OriginShape": (2, 3, 4), "slices": ["weight@@.0", "weight@@.1"]}}
    path = tmp_path / "large.pdparams"
    path.write_bytes(pickle.dumps(dict(state, **{"UnpackBigParamInfor@@": cut}), 2))
    assert_same(read(path), {"bias": np.ones(2), "weight": whole.reshape(2, 3, 4)})
    assert_same(read(path), paddle.load(str(path), return_numpy=True))


@pytest.mark.parametrize("version", VERSIONS)
def test_files_of_both_versions_of_paddle(version):
    """Linear(3, 2) of known weights, and Adam after one step on a gradient of ones."""
    weight, bias = np.arange(6, dtype=np.float32).reshape(3, 2) / 8, np.array([1, -1], np.float32)
    for protocol in (2, 4):
        state = read(FIXTURES / f"linear-{version}-protocol{protocol}.pdparams")
        assert_same(state, {"weight": weight, "bias": bias})
        nested = read(FIXTURES / f"nested-{version}-protocol{protocol}.pd")
        cpp = np.arange(3, dtype=np.float32)
        done = (True, None, "x", 1.5)
        assert_same(nested, {"step": 7, "net": {"bias": bias}, "cpp": cpp, "done": done})
    adam = read(FIXTURES / f"adam-{version}.pdopt")
    assert adam.pop("LR_Scheduler") == {"last_epoch": 1, "last_lr": 0.5}
    after_one_step = {
        "moment1": 0.1,
        "moment2": 0.001,
        "beta1_pow_acc": 0.81,
        "beta2_pow_acc": 0.998001,
    }
    assert len(adam) == 8
    for key, value in adam.items():
        (wanted,) = [number for name, number in after_one_step.items() if name in key]
        np.testing.assert_allclose(value, wanted, rtol=1e-4)


def test_a_checkpoint_of_7_megabytes_reads_fast(tmp_path):
    state = {f"layer{n}": np.full((60, 3000), n, np.float32) for n in range(10)}
    path = tmp_path / "large.pdparams"
    path.write_bytes(pickle.dumps(state, 4))
    times = []
    for _ in range(5):
        began = time.perf_counter()
        read(path)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.2  # 2 ms on a quiet machine


STATE = {"conv.weight": np.ones((4, 3)), "conv.bias": np.zeros(4, np.float32)}
SHAPES = {"conv.weight": (4, 3), "conv.bias": (4,)}


def test_a_state_that_fits():
    check_state(STATE, SHAPES, "Gnet.pdparams")
    check_state(STATE, {"conv.weight": [4, 3], "conv.bias": [4]}, "Gnet.pdparams")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"conv.bias": None}, "conv.bias holds NoneType"),
        ({"conv.bias": np.zeros(4, np.int64)}, "conv.bias holds int64"),
        ({"conv.bias": np.zeros(4, np.uint16)}, "bfloat16"),
        (
            {"conv.bias": np.zeros(5)},
            "another network? conv.bias has shape (5,), the network's (4,)",
        ),
        ({"conv.weight": np.ones((3, 4))}, "conv.weight has shape (3, 4), the network's (4, 3)"),
        ({"conv.bias": np.array([0, 1, np.nan, 0])}, "conv.bias holds NaN or infinity"),
        ({"conv.bias": np.array([0, 1, -np.inf, 0])}, "conv.bias holds NaN or infinity"),
        ({"a": 1, "b\n": 1, "c": 1, "d": 1}, "another network? unexpected: a, b?, c and 1 more"),
        ({7: 1}, "another network? unexpected: 7"),
    ],
)
def test_a_state_that_does_not_fit(change, told):
    with pytest.raises(UserError) as caught:
        check_state({**STATE, **change}, SHAPES, "Gnet.pdparams")
    assert told in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({}, "missing: conv.weight, conv.bias"),
        ({"fc": 1}, "missing: conv.weight, conv.bias; unexpected: fc"),
        ([], "holds a list"),
        (np.ones(3), "holds a ndarray"),
    ],
)
def test_another_state(state, told):
    with pytest.raises(UserError) as caught:
        check_state(state, SHAPES, "Gnet.pdparams")
    assert told in str(caught.value)
