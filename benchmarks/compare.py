"""Draw and tabulate what benchmarks/recipes.py has trained: the comparison of the recipes.

python benchmarks/compare.py work/experiments --picture docs/pictures/comparison.png

Every finished run below the folder is taken; ``paddle-gan compare`` has the rest.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from paddle_gan.commands.compare import compare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--picture")
    options = parser.parse_args()
    runs = sorted(done.parent for done in options.folder.glob("*/seconds"))
    if not runs:
        parser.error(f"{options.folder} has no finished run")
    print(compare(runs, options.picture))


if __name__ == "__main__":
    main()
