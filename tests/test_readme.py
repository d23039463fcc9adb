"""The documents tell the truth: what they say to type works, and what they point to is there."""

from __future__ import annotations

import importlib
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from paddle_gan.config import configure
from paddle_gan.config.page import page
from paddle_gan.config.recipes import RECIPES
from paddle_gan.data import load_images
from paddle_gan.data.tasks import TASKS
from paddle_gan.metrics import digits
from paddle_gan.training import scoring
from tests.data.files import save_idx
from tests.documents import DOCUMENTS, READMES, ROOT, TEXTS, anchors, blocks, commands, follow
from tests.test_photographs import COMMANDS as OF_PHOTOGRAPHS

INSTALLS = [f'python -m pip install -e ".[{extras}]"' for extras in ("gpu", "cpu", "cpu,test")]
# What cannot run within a test: where it is run instead, and by which words there.
ELSEWHERE = {
    **dict.fromkeys(INSTALLS, (".ci/run", 'pip install .* -e "\\.\\[\\$build,test')),
    'python -m pip install -e ".[cpu,export]"': (".ci/run", "cpu\\]=export "),
    'python -m pip install -e ".[cpu,demo]"': (".ci/run", "lint,demo,"),
    "paddle-gan demo work/Gnet.pdparams --port 7860": (
        "tests/demo/test_page.py",
        '"paddle_gan", "demo"',
    ),
    "python -m http.server --bind 127.0.0.1 --directory work/page 8000": (
        "tests/exporting/first_image.py",
        "http.server.ThreadingHTTPServer",
    ),
    "python -m pytest": (".ci/run", "python -m pytest"),
    "visualdl --logdir work/log --language en": ("tests/training/test_dashboard.py", "visualdl"),
    **dict.fromkeys(OF_PHOTOGRAPHS, ("tests/test_photographs.py", "for command in COMMANDS")),
}
SMALL = "--width 4 --batch-size 10 --max-steps"
# Put behind a command: the last of two equal flags counts.
TINY = {
    "python train.py": f"{SMALL} 3",
    "python infer.py": "--num 20",
    "python benchmarks/notebook.py": "--steps 2 --num 96",
    "paddle-gan evaluate": "--num 100",
    "paddle-gan project": "--steps 1",
}
WRITTEN = re.compile(r"--(?:output|report|out) (\S+)")


def execute(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a command of the README in this process, which has Paddle loaded already."""
    program, *arguments = shlex.split(command)
    with monkeypatch.context() as patch, pytest.raises(SystemExit) as ended:
        if program == "python":
            patch.setattr(sys, "argv", arguments)
            runpy.run_path(arguments[0], run_name="__main__")
            raise SystemExit
        else:
            point = rf'"{program}=(.+):(.+)"'
            module, function = re.search(point, (ROOT / "setup.py").read_text()).groups()
            raise SystemExit(getattr(importlib.import_module(module), function)(arguments))
    assert not ended.value.code, command


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """A folder where somebody has trained for two steps and drawn some samples."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("train.py", "infer.py"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "benchmarks", folder / "benchmarks")
    for stem, split, n in (("train", "fit", 400), ("t10k", "test", 100)):
        real = load_images("embedded", split=split)
        some = np.random.default_rng(0).permutation(len(real))[:n]
        save_idx(folder / "digits", stem, real.images[some, 0], real.labels[some])
    (folder / "photos").mkdir()
    for i, photo in enumerate(np.random.default_rng(1).integers(0, 256, (16, 40, 60, 3), np.uint8)):
        cv2.imwrite(str(folder / f"photos/{i}.png"), photo)
        (folder / f"pets/{'cat' if i % 2 else 'dog'}").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"pets/{'cat' if i % 2 else 'dog'}/{i}.png"), photo)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        execute(f"python train.py --data {folder}/digits {SMALL} 2", patch)
        execute("python infer.py work/Gnet.pdparams --num 100 --output work/samples.npy", patch)
        execute("paddle-gan export work/Gnet.pdparams --output work/exported", patch)
        execute(f"python benchmarks/notebook.py --data {folder}/digits --steps 2 --num 96", patch)
    return folder


@pytest.fixture
def here(prepared, tmp_path, monkeypatch) -> Path:
    """A copy of that folder, and quick scores."""
    folder = tmp_path / "here"
    shutil.copytree(prepared, folder, symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(prepared / "cache"))
    monkeypatch.setattr(digits, "STEPS", 20)
    monkeypatch.setattr(scoring, "_SCORED", 100)
    return folder


@pytest.mark.parametrize("command", commands(TEXTS["README.md"]))
def test_every_command_runs(command, here, prepared, monkeypatch):
    if command in ELSEWHERE:
        place, words = ELSEWHERE[command]
        assert re.search(words, (ROOT / place).read_text()), f"{place} does not run it"
        return
    if "onnx" in command or "web" in command:
        pytest.importorskip("paddle2onnx", reason="the extra [export] is not installed")
    if "export " in command:
        shutil.rmtree(here / "work/exported")
    (recipe_name,) = re.findall(r"--recipe (\S+)", command)[:1] or ["dcgan"]
    recipe = RECIPES[recipe_name]
    task = f"{recipe.values['data']}:" if recipe.values.get("data") in TASKS else ""
    data = f"--data {task}{prepared}/digits"
    data = "" if re.search("--data|infer.py|paddle-gan cache|export|project", command) else data
    tiny = TINY.get(" ".join(command.split()[:2]), "")
    if "--recipe" in command and "d_width" in configure(recipe_name):
        tiny = f"--d-width 4 {tiny}"
    if "--digit" in command:  # of a generator that knows them
        execute(f"python train.py --recipe cdcgan --data {prepared}/digits {SMALL} 2", monkeypatch)
    if "work/pets/" in command:
        pets = "--data pets --channels 3 --image-size 64 --out work/pets"
        execute(f"python train.py {pets} {SMALL} 2", monkeypatch)
    execute(f"{command} {data} {tiny if '--help' not in command else ''}", monkeypatch)
    for path in WRITTEN.findall(command):
        assert (here / path).exists()
    if "train.py" in command and "--help" not in command:
        out = (WRITTEN.findall(command) or ["work"])[0]
        assert (here / out / "checkpoints/latest").resolve().name == "step-00000003"


@pytest.mark.parametrize("readme", READMES)
def test_the_python_of_the_readme_runs(readme, here):
    (code,) = blocks(TEXTS[readme], "python")
    assert "epochs=40" in code
    names: dict = {}
    exec(code.replace("epochs=40", "max_steps=2, width=4, batch_size=8"), names)
    assert (names["images"].shape, names["images"].dtype) == ((16, 1, 32, 32), np.float32)
    assert np.abs(names["images"]).max() <= 1


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_and_picture_is_there(name):
    text = re.sub(r"```.*?```", "", TEXTS[name], flags=re.S)
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text)
    for path, anchor in links:
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), f"{name} points to {path}"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf8")), f"{name}: #{anchor}"


def test_the_readme_has_the_section_that_an_error_names():
    """ "see 'GPUs' in the README" says the error for a card that is too new."""
    assert "'GPUs' in the README" in (ROOT / "paddle_gan/system/runtime.py").read_text()
    assert "gpus" in anchors(TEXTS["README.md"])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_is_left_to_measure(name):
    assert re.findall(r"TBD\([^)]*\)", TEXTS[name]) == []


def test_the_table_of_recipes_is_that_of_the_package():
    section = TEXTS["docs/recipes.md"].split("\n## ")[1]
    told = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", section, re.M))
    assert list(told) == [name for name, row in RECIPES.items() if row.values]
    for name, values in told.items():
        assert values == ", ".join(f"{n} {v}" for n, v in RECIPES[name].values.items()), name


def test_the_page_of_options_is_made_from_the_options():
    assert TEXTS["docs/options.md"] == page(), "make options"


def test_what_is_run_elsewhere_is_in_the_readme():
    assert set(ELSEWHERE) <= set(commands(TEXTS["README.md"]))


@pytest.mark.parametrize("readme", READMES)
def test_every_recipe_has_its_command(readme):
    told = re.findall(
        r"^\| `([\w-]+)` \| .+ \| `python train.py --recipe ([\w-]+)` \|$", TEXTS[readme], re.M
    )
    assert told == [(name, name) for name in RECIPES]


def test_a_gan_is_added_as_the_page_says(prepared, tmp_path):
    page = TEXTS["docs/adding-a-gan.md"].partition("## 4. A new game")[0]
    shutil.copytree(ROOT / "paddle_gan", tmp_path / "paddle_gan")
    follow(page, tmp_path / "paddle_gan")
    told = commands(page)
    recipes = re.findall(r"--recipe (\S+)", "\n".join(told))
    assert recipes == ["bce-slow", "deep"]  # tests/training/test_added_game.py has the other
    tiny = {"train": f"--data {prepared}/digits {TINY['python train.py']}", "infer": "--num 20"}
    calls = [line.split()[1:] for block in blocks(page, "sh") for line in block.splitlines()]
    script = ["import paddle_gan.cli as c"]
    for name, *arguments in calls:
        command = name.removesuffix(".py")
        script.append(f"assert c.main({[*arguments, *tiny[command].split()]}, {command!r}) == 0")
        if command == "infer":
            script.append("import os; os.rename('work/generated.png', f'{len(os.listdir())}.png')")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(script)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("*.png"))) == len(recipes)
