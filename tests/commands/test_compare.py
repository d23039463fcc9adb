"""``paddle-gan compare``: what it reads of runs on disk, and how it puts them together."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from paddle_gan.cli import main
from paddle_gan.commands.compare import compare
from paddle_gan.commands.runs import read_run
from paddle_gan.errors import UserError

CONFIG = {
    "recipe": "dcgan",
    "game": "gan",
    "about": "a",
    "data": "/pets",
    "lr": 0.002,
    "image_size": 8,
}
SPENT = {"known": 90.0, "unknown": 0.0}  # CPU seconds of an interval


def write(folder: Path, scores: list[dict], cpu_seconds: float = 0, **config) -> Path:
    """A run of 2,000 images at 100 a second, in two log intervals, and its evaluations.

    ``cpu_seconds`` are those of an interval, 0 where they are not known.
    """
    (folder / "samples").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({**CONFIG, **config}))
    lines = [
        {"step": n, "images": 1000 * n, "g_loss": 2.0 / n, "images_per_second": 100.0}
        for n in (1, 2)
    ]
    for line in lines if cpu_seconds else ():
        line["cpu_seconds"] = line["step"] * cpu_seconds
    lines += [
        {"step": 2, "images": 1000 * (n + 1), "protocol": "P", **s} for n, s in enumerate(scores)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    cv2.imwrite(str(folder / "samples" / "step-00000002.png"), np.full((42, 42), 99, np.uint8))
    return folder


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture
def runs(tmp_path):
    """Two seeds of one configuration, and a better run at another rate."""
    return [
        write(tmp_path / "a", [{"fid": 30.0, "recall": 0.5}, {"fid": 20.0, "recall": 0.4}], seed=0),
        write(tmp_path / "b", [{"fid": 31.0, "recall": 0.5}, {"fid": 24.0, "recall": 0.6}], seed=1),
        write(
            tmp_path / "c",
            [{"fid": 9.0, "recall": 0.7}, {"fid": 10.0, "recall": 0.8}],
            seed=0,
            lr=0.001,
        ),
    ]


def test_seeds_are_grouped_and_the_best_comes_first(runs):
    head, _, first, second = rows(compare(runs))
    assert head == ["run", "images", "seeds", "FID", "recall", "images/s", "hours"]
    assert first == ["`dcgan lr 0.001`", "2,000", "0", "10.00 (9.00)", "0.800", "100", "0.01"]
    # Of 20 and 24 the mean is 22, the deviation 4 / √2; of 0.4 and 0.6 it is 0.2 / √2.
    expected = ["`dcgan lr 0.002`", "2,000", "0, 1", "22.00 ± 2.83", "0.500 ± 0.141", "100", "0.01"]
    assert second == expected
    assert compare(runs).splitlines()[-1] == "scores: P"


def test_runs_that_differ_in_nothing_else_are_called_by_their_recipe(runs):
    assert rows(compare(runs[:2]))[2][0] == "`dcgan`"


def test_of_several_recipes_what_they_have_as_they_are_is_not_told(tmp_path):
    configs = {
        "wgan": {"lr": 0.0005, "betas": [0.5, 0.999]},
        "dcgan": {"betas": [0.0, 0.99]},
        "dcgan lr 0.001": {"betas": [0.0, 0.99], "lr": 0.001},
        "older lr 0.001": {"lr": 0.001},
    }
    runs = [
        write(tmp_path / name, [], seed=0, recipe=name.partition(" ")[0], **config)
        for name, config in configs.items()
    ]
    assert {row[0] for row in rows(compare(runs))[2:]} == {f"`{name}`" for name in configs}


def test_scores_of_different_protocols_are_told(runs, tmp_path):
    other = write(tmp_path / "d", [{"swd": 50.0, "protocol": "Q"}], seed=0, data="/cars")
    text = compare([*runs[:1], other])
    assert "scores of different protocols do not compare:" in text and "scores: Q" in text
    cells = {row[0]: row for row in rows(text)[2:]}
    assert cells["`dcgan data cars`"][3:6] == ["", "50.0", ""]


def test_a_run_without_scores_is_compared_by_its_losses(tmp_path, capsys):
    run = write(tmp_path / "run", [], seed=3)
    picture = tmp_path / "curves.png"
    assert main(["compare", str(run), "--picture", str(picture)]) == 0
    assert rows(capsys.readouterr().out)[2] == ["`dcgan`", "2,000", "3", "100", "0.01"]
    assert cv2.imread(str(picture)).std() > 5


def test_the_picture_has_curves_and_samples(runs, tmp_path):
    compare(runs, tmp_path / "all.png")
    with_samples = cv2.imread(str(tmp_path / "all.png"))
    for run in runs:
        (run / "samples" / "step-00000002.png").unlink()
    compare(runs, tmp_path / "curves.png")
    curves = cv2.imread(str(tmp_path / "curves.png"))
    assert (with_samples == 99).all(2).sum() > 200 + (curves == 99).all(2).sum()
    assert (curves < 250).any(2).mean() > 0.02


def test_scores_over_the_cpu_time_where_it_is_known(tmp_path):
    scores = [{"fid": 40.0}, {"fid": 2.0}]
    runs = [write(tmp_path / name, scores, each, seed=0) for name, each in SPENT.items()]
    known, unknown = (read_run(run).scores for run in runs)
    assert [line["cpu_seconds"] for line in known] == [90.0, 180.0]
    assert not any("cpu_seconds" in line for line in unknown)
    widths = []
    for run in runs:
        compare([run], tmp_path / "one.png")
        widths.append(cv2.imread(str(tmp_path / "one.png")).shape[1])
    assert widths == [2000, 1400]  # a panel more


def test_another_programs_run_sets_nothing_apart(tmp_path):
    """Its file lacks most of the options, in which the others do not differ."""
    ours = [write(tmp_path / name, [{"fid": 2.0}], seed=0) for name in "ab"]
    other = write(tmp_path / "other", [{"fid": 9.0}], seed=0, recipe="PyTorch DCGAN")
    text = json.dumps({"recipe": "PyTorch DCGAN", "seed": 0, "image_size": 8})
    (other / "config.json").write_text(text)
    names = [row[0] for row in rows(compare([*ours, other], tmp_path / "one.png"))[2:]]
    assert names == ["`dcgan`", "`PyTorch DCGAN`"]


def test_an_option_that_an_older_run_lacks_sets_it_apart(tmp_path):
    runs = [write(tmp_path / "a", [], seed=0), write(tmp_path / "b", [], seed=0, margin=0.5)]
    assert {row[0] for row in rows(compare(runs))[2:]} == {"`dcgan`", "`dcgan margin 0.5`"}


@pytest.mark.parametrize("content", [None, "{}", "[]", '{"recipe": "dcgan"}'])
def test_what_is_no_run_is_refused_in_one_line(content, tmp_path):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match="holds no run; give the --out of one, as work"):
        compare([tmp_path])
    with pytest.raises(UserError, match="its suffix must be .png"):
        compare([tmp_path], "curves.jpg")
