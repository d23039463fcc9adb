"""The commands as people type them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
from PIL import Image

import paddle_gan
from paddle_gan.cli import COMMANDS, main
from paddle_gan.config import RECIPES, configure
from tests import notebook
from tests.training import harness

REPOSITORY = Path(paddle_gan.__file__).parents[1]
# Runs a script after its import of Paddle, or of anything else that is slow, became impossible.
WITHOUT = """
import runpy, sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"paddle", "cv2", "visualdl", "matplotlib"}:
            raise ModuleNotFoundError(f"no {name}", name=name)
sys.meta_path.insert(0, Nothing())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def without_paddle(script: str, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(REPOSITORY / script), *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        env={"PYTHONPATH": str(REPOSITORY)},
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    paddle.seed(4)
    path = tmp_path_factory.mktemp("checkpoint") / "Gnet.pdparams"
    generator = paddle_gan.Generator(latent=8, width=4, channels=3, image_size=16)
    paddle.save(generator.state_dict(), str(path))
    return path


@pytest.fixture
def infer(checkpoint, tmp_path, capsys):
    """infer(output, *arguments) -> the path that was written, as the command says."""

    def run(output, *arguments, checkpoint=checkpoint):
        target = tmp_path / "new" / output
        given = [str(checkpoint), "--output", str(target), *map(str, arguments)]
        assert main(given, command="infer") == 0
        assert str(target) in capsys.readouterr().out
        return target

    return run


def test_help_of_the_package_needs_no_paddle():
    status, stdout, stderr = without_paddle("paddle_gan/__main__.py", "--help")
    assert (status, stderr) == (0, "")
    assert all(command in stdout for command in COMMANDS)


@pytest.mark.parametrize("command", ["train", "infer"])
def test_help_lists_every_flag(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"], command=command)
    told = capsys.readouterr().out
    flags = {
        "train": "recipe epochs max-steps batch-size lr seed device data out checkpoint-every "
        "resume dry-run " + " ".join(configure().keys() - {"about", "game"}),
        "infer": "num seed output interpolation digit",
    }
    assert all(f"--{flag.replace('_', '-')}" in told for flag in flags[command].split())


def test_help_tells_the_values_of_the_recipe_that_is_named(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--recipe", "wgan-gp", "--help"], command="train")
    told = " ".join(capsys.readouterr().out.split())
    assert "the recipe wgan-gp:" in told and "(wasserstein)" in told and "(0.0 0.9)" in told


def test_a_dry_run_prints_the_configuration(capsys):
    flags = ["--recipe", "aistudio", "--epochs", "3", "--lr", "0.5", "--data", "embedded"]
    assert main([*flags, "--dry-run"], command="train") == 0
    expected = configure("aistudio", epochs=3, lr=0.5, data="embedded")
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(expected))
    assert (expected["batch_size"], expected["seed"]) == (16, 0)


@pytest.mark.parametrize("script", ["train.py", "infer.py"])
def test_without_paddle_a_line_says_how_to_install_it(script, tmp_path):
    arguments = ["--out", str(tmp_path)] if script == "train.py" else ["Gnet.pdparams"]
    status, _, stderr = without_paddle(script, *arguments)
    assert status == 2 and len(stderr.splitlines()) == 1
    assert stderr.startswith("error: ") and "pip install" in stderr and "[cpu]" in stderr


def test_a_dry_run_of_resuming_prints_what_would_go_on(tmp_path, capsys):
    config = configure("wgan", seed=7, width=4)
    (tmp_path / "config.json").write_text(json.dumps(config))
    arguments = ["--out", str(tmp_path), "--resume", "--epochs", "90", "--dry-run"]
    assert main(arguments, command="train") == 0
    assert json.loads(capsys.readouterr().out) == {**json.loads(json.dumps(config)), "epochs": 90}
    assert main(["--out", str(tmp_path / "none"), *arguments[2:]], command="train") == 2


def test_a_dry_run_writes_nothing(tmp_path, capsys):
    assert main(["--out", str(tmp_path / "out"), "--dry-run"], command="train") == 0
    assert json.loads(capsys.readouterr().out)["recipe"] == "dcgan"
    assert list(tmp_path.iterdir()) == []


def test_the_package_command_has_the_same_commands(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = capsys.readouterr().out
    assert "train" in told and "infer" in told
    assert main(["train", "--dry-run", "--recipe", "aistudio"]) == 0
    assert json.loads(capsys.readouterr().out)["recipe"] == "aistudio"


def test_the_package_command_tells_its_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.strip() == paddle_gan.__version__


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--objective", "least-squares"),
        ("--penalty", "clip"),
        ("--penalty-weight", 0.25),
        ("--norm", "instance"),
        ("--augment", "translate"),
        ("--pack", 2),
        ("--critic-steps", 4),
        ("--keep-every", 3),
    ],
)
def test_a_flag_of_the_family_sets_its_value(flag, value, capsys):
    others = "--recipe dcgan-bce --penalty r1 --norm none".split()  # a weight is of a penalty
    assert main([*others, flag, str(value), "--dry-run"], command="train") == 0
    resolved = json.loads(capsys.readouterr().out)
    name = flag.strip("-").replace("-", "_")
    expected = json.loads(json.dumps(configure("dcgan-bce", penalty="r1", norm="none")))
    assert expected[name] != value and resolved == {**expected, name: value}


@pytest.mark.parametrize(
    "flags", ["--recipe r3gan --blocks 3", "--networks r3gan --init own --norm none --blocks 3"]
)
def test_a_flag_of_the_networks_that_are_chosen(flags, capsys):
    assert main([*flags.split(), "--dry-run"], command="train") == 0
    assert json.loads(capsys.readouterr().out)["blocks"] == 3


def test_a_choice_that_is_in_no_table_ends_in_a_line(tmp_path, capsys):
    arguments = ["--norm", "bach", "--data", str(harness.digits(tmp_path / "digits", 24))]
    assert main([*harness.TINY, *arguments, "--out", str(tmp_path / "out")], "train") == 2
    told = capsys.readouterr().err
    assert told.startswith("error: unknown norm 'bach'; did you mean 'batch'?")
    assert len(told.splitlines()) == 1 and not (tmp_path / "out").exists()


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_flag_overrides_one_value_of_the_recipe(recipe, capsys):
    def resolved(*flags):
        assert main(["--recipe", recipe, "--dry-run", *flags], command="train") == 0
        return json.loads(capsys.readouterr().out)

    unchanged, changed = resolved(), resolved("--batch-size", "45")
    assert changed == {**unchanged, "batch_size": 45}


def test_infer_draws_a_grid(infer):
    picture = cv2.imread(str(infer("grid.png")), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (8 * 18 + 2, 8 * 18 + 2, 3)  # 64 images with borders of 2
    assert picture[2:18, 2:18].std() > 0


def test_infer_writes_raw_images(infer):
    images = np.load(infer("raw.npy", "--num", 70, "--seed", 3))
    assert (images.shape, images.dtype) == ((70, 3, 16, 16), np.float32)
    assert -1 <= images.min() < images.max() <= 1
    again = np.load(infer("again.npy", "--num", 70, "--seed", 3))
    np.testing.assert_array_equal(images, again)
    fewer = np.load(infer("fewer.npy", "--num", 5, "--seed", 3))
    np.testing.assert_allclose(images[:5], fewer, atol=1e-6)
    assert abs(images - np.load(infer("other.npy", "--num", 70, "--seed", 4))).max() > 0.01


def test_infer_draws_black_on_white(infer):
    normal, inverted = (
        cv2.imread(str(infer(f"{len(flags)}.png", *flags)), cv2.IMREAD_UNCHANGED)
        for flags in ([], ["--inverted"])
    )
    inside = normal.max(axis=2) > 0  # the border is black in both
    difference = normal.astype(int) + inverted - 255
    assert inside.mean() > 0.7 and np.abs(difference[inside]).max() <= 1
    raw = [np.load(infer(f"{len(flags)}.npy", *flags)) for flags in ([], ["--inverted"])]
    np.testing.assert_array_equal(*raw)


def test_a_walk_by_the_name_its_flag_once_had(infer):
    walk = infer("walk.npy", "--interpolate", 3).read_bytes()
    assert walk == infer("again.npy", "--interpolation", 3).read_bytes()


def test_infer_walks_between_latents(infer):
    strip = cv2.imread(str(infer("strip.png", "--interpolation", 6)), cv2.IMREAD_UNCHANGED)
    assert strip.shape == (16 + 4, 6 * 18 + 2, 3)
    frames = np.load(infer("frames.npy", "--interpolation", 40))
    assert frames.shape == (40, 3, 16, 16)
    steps = [abs(b - a).mean() for a, b in zip(frames, np.roll(frames, -1, 0))]
    assert 0 < min(steps) and max(steps) < abs(frames[0] - frames[20]).mean()
    with Image.open(infer("walk.gif", "--interpolation", 12)) as animation:
        assert (animation.n_frames, animation.size) == (12, (16, 16))


def test_infer_draws_what_the_notebook_would(infer, tmp_path):
    paddle.seed(6)
    network = notebook.Generator(latent=12, width=4)
    for parameter in network.parameters():  # biases and running statistics too
        parameter.set_value(paddle.rand(parameter.shape) - 0.3)
    variances = {k: v.abs() + 0.1 for k, v in network.state_dict().items() if "variance" in k}
    network.set_state_dict({**network.state_dict(), **variances})
    path = tmp_path / "notebook.pdparams"
    paddle.save(network.state_dict(), str(path))
    ours = np.load(infer("ours.npy", "--num", 9, "--seed", 2, checkpoint=path))
    latents = np.random.default_rng(2).standard_normal((9, 12, 1, 1), dtype="float32")
    network.eval()
    np.testing.assert_allclose(ours, network(paddle.to_tensor(latents)).numpy(), atol=1e-5)
    assert ours.std() > 0.01
