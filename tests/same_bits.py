"""Compares what two versions of the package train, to the bit: ``python -m tests.same_bits OLD``.

OLD is the root of another version's tree. Every recipe of that version is trained for a few steps
by it and by this one, each in a process of its own with one thread. The table tells whether all
losses and all saved arrays are the same; the exit status is 1 unless all are. What files say about
themselves and what is new in them, such as the description, is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from paddle_gan.checkpoints.description import split
from paddle_gan.checkpoints.reading import read

NEW = Path(__file__).resolve().parents[1]
# A package that is installed elsewhere must not lend what the tree lacks.
CHECK = """
for name, module in list(sys.modules.items()):
    inside = not name.startswith("paddle_gan") or module.__file__.startswith(tree)
    assert inside, f"{module.__file__} is not in {tree}"
"""
LIST = f"""
import sys
tree = sys.argv[1]
try:
    from paddle_gan.recipes import RECIPES  # where early versions have it
except ImportError:
    from paddle_gan.config.recipes import RECIPES
{CHECK}
print(*RECIPES)
"""
TRAIN = f"""
import sys
import paddle_gan
tree, recipe, out = sys.argv[1:]
paddle_gan.train(
    recipe, out=out, device="cpu", data="embedded", seed=5, width=4, max_steps=12
)
{CHECK}
"""


def run(tree: Path, code: str, *arguments: str) -> str:
    """What Python code prints, run with the package of a tree. Raises CalledProcessError."""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tree), *arguments],
        env={**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"},
        cwd=tempfile.gettempdir(),  # not a tree: packages there come before all others
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def numbers(out: Path) -> dict[str, bytes]:
    """Every loss and every array of a run, by name, as bytes."""
    found = {}
    for line in (out / "metrics.jsonl").read_text().splitlines():
        values = json.loads(line)
        values.pop("images_per_second", None)
        values.pop("cpu_seconds", None)
        step = values["step"]
        found.update({f"{name} of step {step}": repr(v).encode() for name, v in values.items()})
    for path in sorted(out.glob("*.pd*")):
        state, _ = split(read(path), path)
        for name, value in state.items():
            found[f"{path.name} {name}"] = np.asarray(value).tobytes()
    return found


def difference(old: Path, recipe: str, folder: Path) -> str:
    """What differs between a recipe's runs in both trees; nothing where they are the same."""
    runs = {}
    for name, tree in (("old", old), ("new", NEW)):
        out = folder / f"{recipe}-{name}"
        try:
            run(tree, TRAIN, recipe, str(out))
        except subprocess.CalledProcessError as error:
            return f"the {name} tree fails: {error.stderr.strip().splitlines()[-1]}"
        runs[name] = numbers(out)
    names = [*runs["old"], *(runs["new"].keys() - runs["old"].keys())]
    differing = [name for name in names if runs["old"].get(name) != runs["new"].get(name)]
    return f"{len(differing)} of {len(names)}, the first {differing[0]}" if differing else ""


def main(old: str) -> int:
    """Print the table; returns the exit status."""
    tree, status = Path(old).resolve(), 0
    recipes = run(tree, LIST).split()
    with tempfile.TemporaryDirectory() as folder:
        for recipe in recipes:
            found = difference(tree, recipe, Path(folder))
            print(f"{recipe:<14} {'different: ' + found if found else 'same'}", flush=True)
            status |= bool(found)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
