"""Put the networks of a run into the package, as ``pretrained:NAME``, and write their card.

python benchmarks/pretrained.py NAME work/Gnet.pdparams --commit COMMIT

Weights are stored in float16; the scores on the card are of what is stored.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import paddle

from paddle_gan.checkpoints.description import split, with_description
from paddle_gan.checkpoints.generators import beside, open_checkpoint
from paddle_gan.checkpoints.pretrained import FOLDER
from paddle_gan.checkpoints.reading import read
from paddle_gan.commands.evaluate import evaluate_file
from paddle_gan.errors import UserError


def store(source: Path, folder: Path) -> dict:
    """Write the file and those it is drawn with to ``folder``; returns what describes the file."""
    opened, found = open_checkpoint(source), {}
    for name in opened.networks:
        file = beside(source, opened.name, name)
        state, description = split(read(file), file)
        if description is None or any(map(is_path, description["config"].values())):
            raise UserError(f"{file} says nothing of itself, or where its data is on this machine")
        found[name] = state, description
    shutil.rmtree(folder, ignore_errors=True)  # now that all that takes its place is there
    folder.mkdir(parents=True)
    for name, (state, description) in found.items():
        state = {key: paddle.to_tensor(value.astype("float16")) for key, value in state.items()}
        paddle.save(with_description(state, description), str(folder / f"{name}.pdparams"))
    return found[opened.name][1]


def is_path(value: object) -> bool:
    return isinstance(value, str) and Path(value).is_absolute()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("source", type=Path, metavar="FILE", help="the G of a run")
    parser.add_argument("--commit", required=True, help="of the package that trained it")
    parser.add_argument("--num", type=int, default=10_000, help="samples that are scored")
    options = parser.parse_args()
    folder = FOLDER / options.name
    description = store(options.source, folder)
    config, files = description["config"], sorted(folder.glob("*.pdparams"))
    card = {
        "recipe": config["recipe"],
        "steps": description["step"],
        "images": description["step"] * config["batch_size"],
        "seed": config["seed"],
        "data": config["data"],
        "config": config,
        "commit": options.commit,
        "scores": evaluate_file(f"pretrained:{options.name}", num=options.num),
        "sha256": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n")
    print(json.dumps({key: card[key] for key in ("recipe", "images", "scores")}, indent=1))


if __name__ == "__main__":
    main()
