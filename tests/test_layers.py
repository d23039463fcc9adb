"""The layers of the package: imports run downwards, and files stay short."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import paddle_gan

# From the top down: each may import what stands below it.
LAYERS = """__main__ cli demo commands exporting training checkpoints pretrained config games
metrics sampling objectives networks kernels data options system errors""".split()
PACKAGE = Path(paddle_gan.__file__).parent
ROOT = Path(__file__).parents[1]
FILES = [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in LAYERS]


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> set[str]:
    """The layers that a file imports from."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("paddle_gan"):
            names = node.module.split(".")[1:2] or [alias.name for alias in node.names]
            found.update(name for name in names if name in LAYERS)
    return found


def test_every_folder_has_its_layer():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert folders | files == {*LAYERS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downwards_and_files_are_short(path):
    below = LAYERS[LAYERS.index(layer(path)) :]
    assert imported(path) <= {*below}
    assert len(path.read_text().splitlines()) <= 250


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_what_stands_beside_the_package_is_short_too(folder):
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths
    long = [path for path in paths if len(path.read_text().splitlines()) > 250]
    assert [str(path.relative_to(ROOT)) for path in long] == []
