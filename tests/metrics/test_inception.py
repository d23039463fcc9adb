"""Features of Inception v3: which weights are taken, under which names, and how images come in."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle.vision.models import inceptionv3

from paddle_gan.commands import judging
from paddle_gan.errors import UserError
from paddle_gan.metrics import inception as module
from paddle_gan.metrics.inception import SIZE, enlarged, inception


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    """Random weights of the right shapes, under the names of paddle.vision."""
    network = inceptionv3.InceptionV3(num_classes=0)
    rng = np.random.default_rng(0)

    def draw(name, shape):
        if name.endswith("_variance"):
            return np.ones(shape, np.float32)
        scale = np.sqrt(2 / np.prod(shape[1:])) if len(shape) == 4 else 0.1
        return rng.normal(len(shape) == 1 and name.endswith("weight"), scale, shape).astype("f4")

    return {name: draw(name, value.shape) for name, value in network.state_dict().items()}


def of_2015(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same weights under the names of torchvision, with what belongs to its last layers."""
    blocks = "5b 5c 5d 6a 6b 6c 6d 6e 7a 7b 7c".split()
    ends = {"0": "conv", "1": "bn", "_mean": "running_mean", "_variance": "running_var"}
    found = {"fc.weight": np.zeros((8, 2048), "f4"), "AuxLogits.fc.bias": np.zeros(8, "f4")}
    for name, value in weights.items():
        first, *rest = name.split(".")
        if first == "inception_stem":
            block = rest.pop(0).replace("conv", "Conv2d")
        else:
            block = f"Mixed_{blocks[int(rest.pop(0))]}"
        rest = [ends.get(part, part.replace("_conv", "")) for part in rest]
        found[".".join([block, *rest])] = value
        if rest[-1] == "running_var":
            found[".".join([block, *rest[:-1], "num_batches_tracked"])] = np.int64(7)
    return found


def test_weights_under_either_names(weights, monkeypatch):
    monkeypatch.setattr(module, "SIZE", 75)  # the least that the network takes; quick
    images = np.random.default_rng(1).integers(256, size=(2, 1, 32, 32), dtype=np.uint8)
    paddles, reference = inception(weights, "a.pdparams"), inception(of_2015(weights), "b.npz")
    assert paddles.facts["sha256"] == reference.facts["sha256"]
    for found, kind in ((paddles, "paddle"), (reference, "2015")):
        assert found.name == f"inception-v3-{kind}-{found.facts['sha256'][:8]} at 75 pixels"
    (ours, none), (theirs, _) = (found.embed(images) for found in (paddles, reference))
    assert none is None and ours.shape == theirs.shape == (2, 2048)
    assert np.isfinite(ours).all() and np.abs(ours - theirs).max() > 1e-3  # other pools and ranges

    network = inceptionv3.InceptionV3(num_classes=0)
    network.set_state_dict(weights)
    network.eval()
    given = (enlarged(images) / 255 - [[[[0.485]], [[0.456]], [[0.406]]]]) / [
        [[[0.229]], [[0.224]], [[0.225]]]
    ]
    with paddle.no_grad():
        plain = network(paddle.to_tensor(given.astype("float32"))).numpy()[:, :, 0, 0]
    assert np.abs(ours - plain).max() < 1e-4 * np.abs(plain).max()


def test_images_are_enlarged_as_tensorflow_1_did():
    """Pixel i of 299 is read at i H / 299, between its neighbors; the last stays as it is."""
    image = np.random.default_rng(2).integers(256, size=(32, 32), dtype=np.uint8)
    found = enlarged(image[None, None])
    assert found.shape == (1, 3, SIZE, SIZE) and np.array_equal(found[:, 0], found[:, 2])
    for row, column in ((0, 0), (100, 7), (150, 298), (298, 298)):
        y, x = row * 32 / 299, column * 32 / 299
        top, left = int(y), int(x)
        below, right = min(top + 1, 31), min(left + 1, 31)
        (dy, dx), pixels = (y - top, x - left), image.astype(float)
        upper = pixels[top, left] * (1 - dx) + pixels[top, right] * dx
        lower = pixels[below, left] * (1 - dx) + pixels[below, right] * dx
        assert found[0, 1, row, column] == pytest.approx(upper * (1 - dy) + lower * dy, abs=1e-3)


def test_other_weights_are_refused():
    with pytest.raises(UserError, match="some.npz holds .*conv_1a_3x3.0.weight is missing, not"):
        inception({}, "some.npz")
    with pytest.raises(UserError, match=r"a has shape \(2, 3\), not \(3, 2\)"):
        module._check({"a": np.ones((2, 3))}, {"a": (3, 2)}, "some.npz")
    with pytest.raises(UserError, match="some.npz: a holds NaN or infinity"):
        module._check({"a": np.full(3, np.nan)}, {"a": (3,)}, "some.npz")


def test_files_of_weights(tmp_path, monkeypatch):
    arrays = {"a": np.ones(3, "float32")}
    np.savez(tmp_path / "w.npz", **arrays)
    paddle.save({"a": paddle.ones([3])}, str(tmp_path / "w.pdparams"))
    for name in ("w.npz", "w.pdparams"):
        assert judging._weights(str(tmp_path / name))["a"].tolist() == [1, 1, 1]
    (tmp_path / "broken.npz").write_bytes(b"PK")
    with pytest.raises(UserError, match="broken.npz cannot be read as a .npz of arrays"):
        judging._weights(str(tmp_path / "broken.npz"))
    with pytest.raises(UserError, match="features 'clases'.*did you mean 'classes'"):
        judging._weights("clases")


def test_a_download_that_fails_is_one_line(monkeypatch):
    def fail(*_):
        raise RuntimeError("no network")

    monkeypatch.setattr(inceptionv3, "get_weights_path_from_url", fail)
    with pytest.raises(UserError, match="cannot be downloaded; give --features a file of weights"):
        judging.choose("samples", None, (9, 1, 32, 32), "embedded", "inception")
