"""The command line: ``paddle-gan COMMAND``."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import paddle_gan
from paddle_gan.commands import arguments as of
from paddle_gan.errors import UserError
from paddle_gan.options import flags
from paddle_gan.system import distributed


def _train(recipe, dry_run, resume, device, out, workers, **overrides) -> None:
    if dry_run:
        print(json.dumps(_config(recipe, resume, out, overrides), indent=2))
        return
    if not out:
        raise UserError("--out is empty; name a folder, or . for this one")
    if workers != 1 and distributed.world() == 1:
        device = _start(device)
        from paddle_gan.training.loop import check_division

        config = _config(recipe, resume, out, overrides)
        if workers > 1:  # before a crowd of processes is started that would find the same
            check_division(config, workers)
        distributed.launch([sys.executable, *sys.argv], workers, device)
        return
    paddle_gan.train(recipe, out=out, device=device, resume=resume, **overrides)


def _config(recipe, resume, out, overrides) -> dict:
    from paddle_gan.config import configure
    from paddle_gan.training.workspace import resumed_config

    if resume:
        return resumed_config(Path(out), {"recipe": recipe, **overrides})
    return configure(recipe or "dcgan", **overrides)


def _train_flags(known: argparse.Namespace, given: dict) -> dict:
    """The options of the recipe that is named, or that the run to resume has."""
    from paddle_gan.config import sections

    return sections(_recipe(known), given)


def _recipe(known: argparse.Namespace) -> str:
    from paddle_gan.training.workspace import recipe_of

    found = known.recipe or (recipe_of(Path(known.out)) if known.resume else None)
    return found or "dcgan"


def _train_has_no(known: argparse.Namespace, flag: str) -> UserError:
    from paddle_gan.config import no_option

    return no_option(_recipe(known), flag, besides=[name[2:] for name, _ in of.TRAIN])


def _infer(device, **arguments) -> None:
    _start(device)
    from paddle_gan.commands.infer import infer

    print(f"wrote {infer(**arguments)}")


def _infer_flags(known: argparse.Namespace, given: dict) -> dict:
    """What any game's drawings may be asked for."""
    from paddle_gan.config import games

    asked = {name: option for game in games() for name, option in game.asked.items()}
    return {"of some checkpoints": (asked, {})}


def _writer(name: str) -> Callable[..., None]:
    """The command of that name, which writes files and says where."""

    def run(device="cpu", **arguments) -> None:
        _start(device)
        command = importlib.import_module(f"paddle_gan.commands.{name}")
        print(f"wrote {getattr(command, name)(**arguments)}")

    return run


def _project(device, output, **arguments) -> None:
    _start(device)
    from paddle_gan.commands.project import project

    for name, error in project(output=output, **arguments).items():
        print(f"{name}: error {error:.4f}")
    print(f"wrote {output}")


def _demo(device, **arguments) -> None:
    _start(device)
    from paddle_gan.demo import serve

    serve(**arguments)


def _evaluate(device, as_json, **arguments) -> None:
    _start(device)
    from paddle_gan.commands.evaluate import evaluate_file
    from paddle_gan.metrics import summary

    result = evaluate_file(**arguments)
    print(json.dumps(result) if as_json else summary(result))


def _compare(**arguments) -> None:
    from paddle_gan.commands.compare import compare

    print(compare(**arguments))


def _modes(device, as_json, **arguments) -> None:
    _start(device)
    from paddle_gan.commands.evaluate import modes_of_file
    from paddle_gan.metrics import modes_summary

    result = modes_of_file(**arguments)
    print(json.dumps(result) if as_json else modes_summary(result))


def _digits(device, **arguments) -> None:
    _start(device)
    from paddle_gan.metrics import digit_network

    network = digit_network(**arguments)
    print(
        f"{network.accuracy:.2%} of {network.tested_on:,} test digits right, "
        f"sha256 {network.sha256}, trained on {network.source}"
    )


def _cache(**arguments) -> None:
    from paddle_gan.commands.cache import cache

    print(cache(**arguments))


def _start(device: str | None) -> str | None:
    """Import Paddle, and compute on ``device`` if one is named."""
    from paddle_gan.system.runtime import choose_device, import_paddle

    import_paddle()
    return device and choose_device(device)


class Command(NamedTuple):
    """What runs, its arguments, one line of help, and flags that depend on these arguments."""

    function: Callable
    arguments: list
    about: str
    flags: Callable[[argparse.Namespace, dict], dict] | None = None
    has_no: Callable[[argparse.Namespace, str], UserError] | None = None  # such flag


COMMANDS = {
    "train": Command(_train, of.TRAIN, "train a recipe", _train_flags, _train_has_no),
    "infer": Command(_infer, of.INFER, "draw images from a checkpoint", _infer_flags),
    "embed": Command(
        _writer("embed"), of.EMBED, "write the codes that an autoencoder gives to images"
    ),
    "export": Command(
        _writer("export"), of.EXPORT, "write a network for Paddle Inference, ONNX or a browser"
    ),
    "project": Command(_project, of.PROJECT, "find the latents of images"),
    "demo": Command(_demo, of.DEMO, "open a page in the browser to play with a checkpoint"),
    "evaluate": Command(_evaluate, of.EVALUATE, "score a checkpoint or samples"),
    "compare": Command(_compare, of.COMPARE, "print the scores of runs, draw their curves"),
    "modes": Command(_modes, of.MODES, "count the modes that a generator of stacked digits draws"),
    "prepare": Command(
        _writer("prepare"), of.PREPARE, "write a task made of digits as folders of images"
    ),
    "cache": Command(_cache, of.CACHE, "list or delete the image sets that were prepared"),
    "digits": Command(_digits, of.DIGITS, "show the digit network behind the scores, or train one"),
}


class _Parser(argparse.ArgumentParser):
    """A parser whose mistakes take one line."""

    def error(self, message: str):
        self.exit(2, f"error: {message}; {self.prog} --help lists what there is\n")


def _arguments(command: Command, argv: list[str], prog: str | None) -> dict:
    """The arguments of a command, in as many passes as its flags depend on each other."""
    sections, given = {}, {}
    for last in (False, False, True) if command.flags else (True,):
        parser = _Parser(prog, description=command.about, add_help=last)
        for name, form in command.arguments:
            # Words behind flags that are unknown as yet would be taken for it.
            parser.add_argument(name, **form if last or name[0] == "-" else {**form, "nargs": "?"})
        for title, (options, defaults) in sections.items():
            flags(parser.add_argument_group(title), options, defaults)
        found, unknown = parser.parse_known_args(argv)
        if not last:
            _start(None)
            names = (name for options, _ in sections.values() for name in options)
            given = {n: getattr(found, n) for n in names if getattr(found, n) is not None}
            sections = command.flags(found, given)
    if unknown and unknown[0].startswith("--") and command.has_no:
        raise command.has_no(found, unknown[0][2:].partition("=")[0])
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return vars(found)


def main(argv: list[str] | None = None, command: str | None = None) -> int:
    """Run ``paddle-gan``, or one ``command`` of it; returns the exit status."""
    argv, prog = sys.argv[1:] if argv is None else argv, None
    try:
        if command is None:
            parser = _Parser("paddle-gan", description=paddle_gan.__doc__.splitlines()[0])
            parser.add_argument("--version", action="version", version=paddle_gan.__version__)
            commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
            for name, each in COMMANDS.items():
                commands.add_parser(name, help=each.about, add_help=False)
            command = parser.parse_known_args(argv)[0].command
            argv, prog = argv[argv.index(command) + 1 :], f"paddle-gan {command}"
        COMMANDS[command].function(**_arguments(COMMANDS[command], argv, prog))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # nobody reads on, as in ``paddle-gan evaluate ... | head -1``
        sys.stdout = open(os.devnull, "w")  # which the interpreter flushes at its end
        return 128 + signal.SIGPIPE
    except OSError as error:  # a disk that fills up or fails may do so anywhere
        where, why = error.filename or "the output", error.strerror or error
        print(f"error: {where}: {why}; what was saved before is whole", file=sys.stderr)
        return 2
    except MemoryError:
        print("error: this does not fit into the memory; make it smaller", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # a run that was stopped has said so
        return 128 + signal.SIGINT
    return 0
