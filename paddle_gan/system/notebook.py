"""What a Jupyter notebook shows otherwise than a terminal: its progress bar, and pictures."""

from __future__ import annotations

import importlib.util
import sys

from tqdm import tqdm


def within() -> bool:
    """Whether this process computes the cells of a notebook."""
    if "ipykernel" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def progress_bar(**arguments) -> tqdm:
    """``tqdm`` where somebody looks: a terminal, or a notebook, which has its own."""
    if within() and importlib.util.find_spec("ipywidgets"):
        from tqdm.notebook import tqdm as bar

        return bar(**arguments)
    return tqdm(dynamic_ncols=True, disable=not (within() or sys.stderr.isatty()), **arguments)


class Picture:
    """A place below a cell that shows one picture after another; nothing outside notebooks."""

    def __init__(self):
        self._place = None

    def show(self, png: bytes) -> None:
        if not within():
            return
        from IPython.display import Image, display

        if self._place is None:
            self._place = display(Image(png), display_id=True)
        else:
            self._place.update(Image(png))
