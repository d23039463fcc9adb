"""A machine without libGL is told what to install."""

import os
import subprocess
import sys

import pytest

from paddle_gan.system.opencv import import_cv2, silent_libraries


def test_gives_opencv():
    assert import_cv2().__name__ == "cv2"


@pytest.mark.parametrize("paddle_first", [False, True])
def test_missing_libgl_is_one_line_with_the_remedy(tmp_path, paddle_first):
    # A cv2 that fails as the real one does, its guard against a second import included.
    (tmp_path / "cv2").mkdir()
    (tmp_path / "cv2" / "__init__.py").write_text(
        "import sys\n"
        "if hasattr(sys, 'OpenCV_LOADER'): raise ImportError('recursion is detected')\n"
        "sys.OpenCV_LOADER = True\n"
        "raise ImportError('libGL.so.1: cannot open shared object file')\n"
    )
    first = "try:\n    import cv2\nexcept ImportError:\n    pass\n" if paddle_first else ""
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{first}"
        "from paddle_gan.errors import UserError\n"
        "from paddle_gan.system.opencv import import_cv2\n"
        "try:\n    import_cv2()\nexcept UserError as error:\n    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    lines = run.stdout.splitlines()
    assert len(lines) == 1, run.stderr
    assert "pip install opencv-python-headless" in lines[0]


def test_stderr_works_again_afterwards(capfd):
    with pytest.raises(ZeroDivisionError), silent_libraries():
        os.write(2, b"hidden")
        raise ZeroDivisionError
    os.write(2, b"shown")
    assert capfd.readouterr().err == "shown"
