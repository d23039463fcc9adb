"""What has to be settled before Paddle is imported, and which device it then uses."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import math
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

from paddle_gan.errors import UserError
from paddle_gan.system import signals

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # <malloc.h>
_LARGEST_MMAP_THRESHOLD = 32 << 20  # glibc refuses more
_CONTROL_GROUPS, _OWN_CONTROL_GROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
_INITIAL_ENVIRONMENT = Path("/proc/self/environ")
_said: dict[str, object] = {}


def say_once(line: str) -> None:
    """Print a line to stderr, the first time any thread asks for it."""
    mine = object()
    if _said.setdefault(line, mine) is mine:
        print(line, file=sys.stderr, flush=True)


@contextlib.contextmanager
def without_gc() -> Iterator[None]:
    """Inside, or in a function that this decorates, Python does not look for garbage in cycles.

    To make hundreds of thousands of small objects then takes a third less time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def cores() -> int:
    """How many cores this process may use: a container's share of them is rounded up."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        count = os.cpu_count() or 1
    return max(1, math.ceil(min([count, *_quotas()])))


def _quotas() -> Iterator[float]:
    """The CPU quotas, in cores, of this process's control groups (Linux cgroups v1 and v2)."""
    with contextlib.suppress(OSError):
        for line in _OWN_CONTROL_GROUPS.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            root = _CONTROL_GROUPS / "cpu" if controllers else _CONTROL_GROUPS
            group = root / path.lstrip("/")
            # A group is limited by its parents too. In a container the path may be the host's, and
            # only the root exists.
            for folder in (group, *group.parents):
                yield from _quota(folder)
                if folder == root:
                    break


def _quota(folder: Path) -> Iterator[float]:
    with contextlib.suppress(OSError, ValueError):  # no such group, or "max": no limit
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota, period = ((folder / f"cpu.cfs_{n}_us").read_text() for n in ("quota", "period"))
        if int(quota) > 0:
            yield int(quota) / int(period)


class _Thread(threading.local):
    """OpenMP has a number of threads for each Python thread that calls it."""

    settled = False


_thread = _Thread()
_imported = False  # whether it was this module that imported Paddle


def import_paddle() -> None:
    """Import Paddle with all cores in use and without its start-up chatter.

    Paddle computes on one thread unless ``OMP_NUM_THREADS`` is set before the import; a value the
    user has set is left alone. Raises UserError where Paddle is not installed.
    """
    global _imported
    if "paddle" in sys.modules:
        use_cores()
        return
    _imported = True
    os.environ.setdefault("OMP_NUM_THREADS", str(cores()))
    # Errors only: the build for GPUs has six lines about cuDNN for a machine without one.
    os.environ.setdefault("GLOG_minloglevel", "2")
    keep_memory()
    warnings.filterwarnings("ignore", message="No ccache found")
    warnings.filterwarnings("ignore", message="When training, we now always track")
    warnings.filterwarnings("ignore", message="You are using GPU version Paddle")
    try:
        # Paddle warns of OMP_NUM_THREADS > 1 on stderr; it means builds with OpenBLAS.
        with contextlib.redirect_stderr(io.StringIO()), signals.blocked():
            import paddle  # noqa: F401  (imported here for its effect on later imports)
    except ModuleNotFoundError as error:
        if error.name != "paddle":
            raise
        raise UserError(
            "PaddlePaddle is not installed; python -m pip install -e '.[cpu]' installs it "
            "('.[gpu]' with an NVIDIA card)"
        ) from error


def use_cores() -> None:
    """Let the calling thread compute on all cores, if Paddle was imported before this package.

    Paddle then uses one thread. ``OMP_NUM_THREADS`` in the environment that Python was started with
    is the user's choice and left alone.
    """
    if _thread.settled or _imported:
        return
    _thread.settled = True
    keep_memory()
    one = os.environ.get("OMP_NUM_THREADS") == "1" and _INITIAL_ENVIRONMENT.exists()
    if one and b"OMP_NUM_THREADS=" not in _INITIAL_ENVIRONMENT.read_bytes():
        import paddle

        paddle.base.core.set_num_threads(cores())


def restore_cores() -> None:
    """Let the calling thread compute on as many cores as before somebody else set their number."""
    import paddle

    told = _imported or b"OMP_NUM_THREADS=" in _INITIAL_ENVIRONMENT.read_bytes()
    paddle.base.core.set_num_threads(int(os.environ["OMP_NUM_THREADS"]) if told else cores())


def keep_memory() -> None:
    """Let freed memory stay with the process, where the C library is glibc.

    Activations come and go every step. Returning them to the system each time costs a page fault
    for every 4 KiB.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def choose_device(device: str = "auto") -> str:
    """Make ``auto``, ``cpu``, ``gpu`` or ``gpu:N`` Paddle's device and return its name.

    ``auto`` takes a GPU where Paddle can use one. Raises UserError where the named device is not
    there.
    """
    import paddle

    kind, _, number = device.partition(":")
    if kind not in ("auto", "cpu", "gpu") or (number and (kind != "gpu" or not number.isdecimal())):
        raise UserError(f"device {device!r}: choose auto, cpu, gpu or gpu:N")
    # One GPU for each of several processes, as they were told by whoever started them.
    given = os.environ.get("FLAGS_selected_gpus", "").split(",")[0]
    several = int(os.environ.get("PADDLE_TRAINERS_NUM", 1)) > 1
    number = (given or number if several else number or given) or "0"
    obstacle = None if kind == "cpu" else _gpu_obstacle(int(number))
    if kind == "gpu" and obstacle:
        raise UserError(f"--device {device}: {obstacle}; --device cpu works here")
    if kind == "cpu" or obstacle:
        return paddle.set_device("cpu") and "cpu"
    paddle.set_device(f"gpu:{number}")
    return f"gpu:{number}"


def place(device: str):
    """The Paddle place of a device that :func:`choose_device` returned."""
    import paddle

    kind, _, number = device.partition(":")
    return paddle.CUDAPlace(int(number)) if kind == "gpu" else paddle.CPUPlace()


def _gpu_obstacle(number: int) -> str | None:
    """Why Paddle cannot use GPU ``number``, or None where it can."""
    import paddle

    if not paddle.is_compiled_with_cuda():
        return "this Paddle is built for CPUs (the extra '.[gpu]' brings the other build)"
    count = paddle.device.cuda.device_count()
    if number >= count:
        return f"Paddle sees {count} GPU(s) on this machine"
    major = paddle.device.cuda.get_device_capability(number)[0]
    if major >= 9 and paddle.__version__.startswith("2."):
        return (
            f"the GPU is newer (compute capability {major}.x) than Paddle {paddle.__version__} "
            "has code for; see 'GPUs' in the README"
        )
    return None
