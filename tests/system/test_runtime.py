"""Importing Paddle and choosing a device, each in a process of its own where that matters."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import paddle
import pytest

from paddle_gan.errors import UserError
from paddle_gan.system import runtime

ROOT = Path(__file__).parents[2]
gpus = paddle.device.cuda.device_count() if paddle.is_compiled_with_cuda() else 0
without_gpu = pytest.mark.skipif(gpus > 0, reason="there is a GPU here")


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    inherited = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "GLOG_v")}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**inherited, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


THREADS = """
import os, paddle_gan
paddle_gan.Generator
import paddle
print(os.environ["OMP_NUM_THREADS"])
"""


def test_all_cores_are_used_and_nothing_is_said():
    run = python("-c", THREADS)
    assert (run.returncode, run.stdout, run.stderr) == (0, f"{runtime.cores()}\n", "")


def test_the_number_of_threads_that_the_user_set_is_kept():
    run = python("-c", THREADS, OMP_NUM_THREADS="3")
    assert (run.returncode, run.stdout, run.stderr) == (0, "3\n", "")


LATE = """
import ctypes, os, threading
import paddle
import paddle_gan
from paddle_gan.system import runtime
runtime.cores = lambda: 3
openmp = ctypes.CDLL(os.path.join(os.path.dirname(paddle.__file__), "libs", "libiomp5.so"))
generator = paddle_gan.Generator(latent=8, width=4)
def draw():
    generator(paddle.randn([2, 8, 1, 1]))
    print(openmp.omp_get_max_threads())
print(openmp.omp_get_max_threads())
thread = threading.Thread(target=draw)
thread.start()
thread.join()
"""


def test_all_cores_are_used_where_paddle_was_imported_before():
    """In this thread at once and in another by its first network."""
    run = python("-c", LATE)
    assert (run.returncode, run.stdout) == (0, "3\n3\n"), run.stderr
    assert "paddle_gan" not in run.stderr


@pytest.mark.parametrize(
    ("started_with", "now", "expected"),
    [("", "1", [5]), ("OMP_NUM_THREADS=1\0", "1", []), ("", "2", []), (None, "1", [])],
)
def test_a_number_of_threads_that_paddle_did_not_choose(
    started_with, now, expected, monkeypatch, tmp_path
):
    environment = tmp_path / "environ"
    if started_with is not None:
        environment.write_text("HOME=/root\0" + started_with)
    monkeypatch.setattr(runtime, "_INITIAL_ENVIRONMENT", environment)
    monkeypatch.setattr(runtime, "_imported", False)
    monkeypatch.setattr(runtime, "cores", lambda: 5)
    monkeypatch.setattr(runtime._thread, "settled", False)
    monkeypatch.setenv("OMP_NUM_THREADS", now)
    chosen = []
    monkeypatch.setattr(paddle.base.core, "set_num_threads", chosen.append)
    runtime.use_cores()
    runtime.use_cores()
    assert chosen == expected


def test_a_second_import_changes_nothing():
    before = dict(os.environ)
    runtime.import_paddle()
    assert dict(os.environ) == before


# A machine without Paddle: nothing finds it.
BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
"""


@pytest.mark.parametrize(
    "arguments", ["train --epochs 1 --out {out}", "infer {out}/Gnet.pdparams", "-c"]
)
def test_without_paddle_one_line_says_how_to_install_it(tmp_path, arguments):
    call = "from paddle_gan.cli import main; raise SystemExit(main(sys.argv[1:]))"
    if arguments == "-c":  # from Python it is an exception with the same words
        call = (
            "import paddle_gan\ntry: paddle_gan.train()\nexcept paddle_gan.errors.UserError as e:"
        )
        call += "\n    print('error:', e, file=sys.stderr); raise SystemExit(2)"
    out = tmp_path / "out"
    script = BLOCKED.format(missing="paddle") + call
    run = python("-c", script, *arguments.format(out=out).split())
    assert run.returncode == 2 and run.stdout == ""
    assert run.stderr.count("\n") == 1
    assert run.stderr.startswith("error: PaddlePaddle is not installed; python -m pip install")
    assert ".[cpu]" in run.stderr and ".[gpu]" in run.stderr
    assert not out.exists()


def test_a_broken_paddle_is_not_called_missing(tmp_path):
    (tmp_path / "paddle.py").write_text("import part_of_paddle")
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from paddle_gan.system.runtime import import_paddle; import_paddle()"
    )
    run = python("-c", script)
    assert run.stderr.endswith("ModuleNotFoundError: No module named 'part_of_paddle'\n")


def test_the_list_of_commands_comes_without_paddle():
    loaded = python("-X", "importtime", "-c", "from paddle_gan.cli import main; main(['--help'])")
    assert loaded.returncode == 0 and len(loaded.stdout.splitlines()) > 5
    modules = {line.split("|")[-1].strip() for line in loaded.stderr.splitlines() if "|" in line}
    assert "argparse" in modules  # the list is what it should be
    assert not {m for m in modules if m.split(".")[0] in ("paddle", "cv2", "visualdl")}


def test_garbage_is_looked_for_again_afterwards_where_it_was_before():
    with pytest.raises(KeyError), runtime.without_gc():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()
    gc.disable()
    try:
        with runtime.without_gc():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_cpu_by_name():
    assert runtime.choose_device("cpu") == "cpu"
    assert isinstance(runtime.place("cpu"), paddle.CPUPlace)
    assert paddle.get_device() == "cpu"


@without_gpu
def test_auto_without_a_gpu_is_the_cpu():
    assert runtime.choose_device() == runtime.choose_device("auto") == "cpu"


@without_gpu
@pytest.mark.parametrize("device", ["gpu", "gpu:0", "gpu:3"])
def test_a_gpu_that_is_not_there(device):
    with pytest.raises(UserError, match=f"^--device {device}: .*; --device cpu works here$"):
        runtime.choose_device(device)
    assert paddle.get_device() == "cpu"


@without_gpu
def test_the_reason_depends_on_the_build():
    built = (
        "Paddle sees 0 GPU" if paddle.is_compiled_with_cuda() else "this Paddle is built for CPUs"
    )
    with pytest.raises(UserError, match=built):
        runtime.choose_device("gpu")


@pytest.mark.parametrize("device", ["", "tpu", "cuda", "GPU", "cpu:0", "gpu:x", "gpu:-1", "gpu:²"])
def test_an_unknown_device(device):
    with pytest.raises(UserError, match="choose auto, cpu, gpu or gpu:N"):
        runtime.choose_device(device)
