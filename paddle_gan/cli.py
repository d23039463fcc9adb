"""The command line: ``paddle-gan COMMAND``, and the tables of arguments behind it."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

import paddle_gan
from paddle_gan.config.recipes import RECIPES, configure
from paddle_gan.errors import UserError
from paddle_gan.system import distributed

_DEVICE = ("--device", dict(default="auto", metavar="auto|cpu|gpu|gpu:N", help="where to compute"))
_SEED = "the seed of every random draw"

TRAIN = [
    ("--recipe", dict(help=f"one of: {', '.join(sorted(RECIPES))}; dcgan unless named")),
    ("--data", dict(metavar="mnist|embedded|stacked|PATH", help="digits, or a folder of images")),
    ("--epochs", dict(type=int, help="times through the data")),
    ("--max-steps", dict(type=int, metavar="N", help="stop after N steps")),
    ("--batch-size", dict(type=int, metavar="N", help="images in a step")),
    ("--lr", dict(type=float, help="learning rate of both networks")),
    (
        "--objective",
        dict(
            metavar="NAME",
            help="non-saturating, minimax, smoothed, least-squares, hinge, wasserstein, "
            "relativistic",
        ),
    ),
    ("--penalty", dict(metavar="NAME", help="on D's slope: none, clip, gradient, r1, r2, r1-r2")),
    ("--penalty-weight", dict(type=float, metavar="W", help="its factor, or where to clip")),
    ("--norm", dict(metavar="NAME", help="of D: batch, instance, spectral, spectral-batch, none")),
    ("--augment", dict(metavar="NAME", help="what D sees: none, translate, noise")),
    ("--pack", dict(type=int, metavar="N", help="images that D judges as one (PacGAN)")),
    ("--critic-steps", dict(type=int, metavar="N", help="steps of D for one of G")),
    ("--image-size", dict(type=int, metavar="N", help="images are resized to this")),
    ("--channels", dict(type=int, metavar="1|3", help="gray or color")),
    ("--width", dict(type=int, metavar="N", help="channels of the widest images' layer")),
    ("--latent", dict(type=int, metavar="N", help="dimensions of the latent space")),
    ("--seed", dict(type=int, help=_SEED)),
    _DEVICE,
    ("--workers", dict(type=int, default=1, metavar="N", help="processes that share each batch")),
    ("--out", dict(default="work", metavar="FOLDER", help="where the run is written")),
    ("--checkpoint-every", dict(type=int, metavar="STEPS", help="save oftener than each epoch")),
    ("--evaluate-every", dict(type=int, metavar="EPOCHS", help="score the samples, keep the best")),
    ("--keep-every", dict(type=int, metavar="EPOCHS", help="set a generator aside for good")),
    ("--on-nan", dict(choices=("stop", "retry"), help="what to do when a loss is not finite")),
    ("--amp", dict(action="store_true", default=None, help="bfloat16 on a GPU (Ampere or newer)")),
    ("--resume", dict(action="store_true", help="go on with the run in --out")),
    ("--dry-run", dict(action="store_true", help="print the configuration and exit")),
]

_DATA = ("--data", dict(default="mnist", metavar="mnist|embedded|PATH", help="the real digits"))
_SOURCE = ("source", dict(help="a Gnet.pdparams, or samples in a .npy file"))
_JSON = ("--json", dict(action="store_true", dest="as_json", help="one line of JSON"))
EVALUATE = [
    _SOURCE,
    _DATA,
    ("--num", dict(type=int, default=10_000, metavar="N", help="how many samples")),
    ("--seed", dict(type=int, default=0, help=_SEED)),
    _JSON,
    ("--report", dict(metavar="FILE.png", help="write a picture of the findings")),
    _DEVICE,
]

MODES = [
    _SOURCE,
    _DATA,
    ("--num", dict(type=int, default=26_000, metavar="N", help="how many samples")),
    ("--seed", dict(type=int, default=0, help=_SEED)),
    _JSON,
    _DEVICE,
]

DIGITS = [
    _DATA,
    ("--rebuild", dict(action="store_true", help="train it again")),
    _DEVICE,
]

INFER = [
    ("checkpoint", dict(help="a Gnet.pdparams of this package or of the notebook")),
    ("--num", dict(type=int, default=64, metavar="N", help="how many images")),
    ("--seed", dict(type=int, default=0, help=_SEED)),
    ("--output", dict(default="work/generated.png", help=".png a grid, .npy raw, .gif a walk")),
    ("--digit", dict(type=int, metavar="0..9", help="draw this digit only")),
    ("--data", dict(default="mnist", metavar="mnist|embedded|PATH", help="who judges --digit")),
    ("--inverted", dict(action="store_true", help="black on white")),
    ("--interpolate", dict(type=int, metavar="N", help="a walk of N frames between latents")),
    _DEVICE,
]


def _train(recipe, dry_run, resume, device, out, workers, **overrides) -> None:
    if dry_run:
        print(json.dumps(_config(recipe, resume, device, out, overrides), indent=2))
        return
    if not out:
        raise UserError("--out is empty; name a folder, or . for this one")
    if workers != 1 and distributed.world() == 1:
        device = _start(device)
        from paddle_gan.training.loop import check_shares

        config = _config(recipe, resume, device, out, overrides)
        if workers > 1:  # before a crowd of processes is started that would find the same
            check_shares(config, workers)
        distributed.launch([sys.executable, *sys.argv], workers, device)
        return
    paddle_gan.train(recipe, out=out, device=device, resume=resume, **overrides)


def _config(recipe, resume, device, out, overrides) -> dict:
    if not resume:
        return configure(recipe or "dcgan", **overrides)
    _start(device)
    from paddle_gan.training.workspace import resumed_config

    return resumed_config(Path(out), {"recipe": recipe, **overrides})


def _infer(device, **arguments) -> None:
    _start(device)
    from paddle_gan.commands.infer import infer

    print(f"wrote {infer(**arguments)}")


def _evaluate(device, as_json, **arguments) -> None:
    _start(device)
    from paddle_gan.commands.evaluate import evaluate_file
    from paddle_gan.metrics import summary

    result = evaluate_file(**arguments)
    print(json.dumps(result) if as_json else summary(result))


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


def _start(device: str) -> str:
    from paddle_gan.system.runtime import choose_device, import_paddle

    import_paddle()
    return choose_device(device)


COMMANDS = {
    "train": (_train, TRAIN, "train a recipe"),
    "infer": (_infer, INFER, "draw images from a checkpoint"),
    "evaluate": (_evaluate, EVALUATE, "score a checkpoint or samples against real digits"),
    "modes": (_modes, MODES, "count the modes that a generator of stacked digits draws"),
    "digits": (_digits, DIGITS, "train or show the digit network behind the scores"),
}


class _Parser(argparse.ArgumentParser):
    """A parser whose mistakes take one line."""

    def error(self, message: str):
        self.exit(2, f"error: {message}; {self.prog} --help lists what there is\n")


def _fill(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    function, arguments, _ = COMMANDS[name]
    for flag, options in arguments:
        parser.add_argument(flag, **options)
    parser.set_defaults(function=function)
    return parser


def main(argv: list[str] | None = None, command: str | None = None) -> int:
    """Run ``paddle-gan``, or one ``command`` of it; returns the exit status."""
    if command is None:
        parser = _Parser("paddle-gan", description=paddle_gan.__doc__.splitlines()[0])
        parser.add_argument("--version", action="version", version=paddle_gan.__version__)
        commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
        for name, (_, _, text) in COMMANDS.items():
            _fill(commands.add_parser(name, help=text, description=text), name)
    else:
        parser = _fill(_Parser(description=COMMANDS[command][2]), command)
    arguments = vars(parser.parse_args(argv))
    try:
        arguments.pop("function")(**arguments)
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
