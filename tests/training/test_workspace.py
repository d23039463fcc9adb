"""The folder of a run: who may write into it, what is moved aside, and which run may go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddle_gan.config import configure
from paddle_gan.errors import UserError
from paddle_gan.training.workspace import (
    held,
    resumed_config,
    set_earlier_aside,
    was_evaluated,
    write_config,
)

# What a run, or the notebook, leaves; and what no run writes.
OURS = (
    *("Gnet.pdparams", "Dadam.pdopt", "config.json", "metrics.jsonl"),
    *("samples/real.png", "log/records", "checkpoints/step-00000001/manifest.json"),
    *("best/Gnet.pdparams", "generators/epoch-001.png", "game.pdstate"),
)
OTHERS = ("notes.txt", "config.json.bak", "Gnet.pdparams.bak", "catalog/log", ".hidden", ".a.1b")


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def files(folder: Path) -> set[str]:
    found = {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}
    return found - {".lock"}


def test_a_new_folder_is_made_with_those_above_it(tmp_path, capsys):
    out = tmp_path / "a" / "b"
    for _ in range(2):  # an empty one is no earlier run
        with held(out):
            set_earlier_aside(out)
    assert out.is_dir() and files(out) == set()
    assert capsys.readouterr() == ("", "")


def test_a_folder_has_one_writer_at_a_time(tmp_path):
    write(tmp_path, *OURS, ".config.json.12")
    with pytest.raises(KeyError), held(tmp_path):
        write(tmp_path, ".metrics.jsonl.12")  # the first is about to
        with pytest.raises(UserError) as caught, held(tmp_path):
            pass
        assert str(caught.value) == f"another run is writing into {tmp_path}; give another --out"
        assert files(tmp_path) == {*OURS, ".metrics.jsonl.12"}
        raise KeyError
    with held(tmp_path):
        assert files(tmp_path) == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_each_part_of_an_earlier_run_is_moved_aside(name, tmp_path, capsys):
    write(tmp_path, name, *OTHERS)
    set_earlier_aside(tmp_path)
    assert files(tmp_path) == {f"earlier-001/{name}", *OTHERS}
    told = f"an earlier run in {tmp_path} was moved to {tmp_path}/earlier-001\n"
    assert capsys.readouterr() == (told, "")


@pytest.mark.parametrize(
    ("file", "then"),
    [
        ("out/Gnet.pdparams", "out/earlier-001/Gnet.pdparams"),
        ("out/notes.txt", "out/notes.txt"),
        ("Gnet.pdparams", "Gnet.pdparams"),
    ],
)
def test_it_is_told_where_a_file_is_then(file, then, tmp_path):
    write(tmp_path, "out/Gnet.pdparams", "out/notes.txt", "Gnet.pdparams")
    assert set_earlier_aside(tmp_path / "out", str(tmp_path / file)) == str(tmp_path / then)


def test_earlier_runs_are_counted_on_from_the_last(tmp_path):
    write(tmp_path, "config.json", "earlier-002/a", "earlier-119/a", "earlier-20/a", "earlier-x/a")
    set_earlier_aside(tmp_path)
    assert (tmp_path / "earlier-120/config.json").exists()


def test_what_a_killed_process_left_unfinished_is_deleted(tmp_path):
    kept = tmp_path / "elsewhere"
    write(kept, "precious")
    unfinished = ".config.json.12", "samples/.step-00000007.png.12", "generators/.epoch-001.png.3"
    write(tmp_path, *unfinished, *OURS, *OTHERS)
    write(tmp_path, "checkpoints/.step-00000007.12/Gnet.pdparams", "catalog/.kept.12")
    links = [tmp_path / name for name in (".best.12", ".Dnet.pdopt.12", "checkpoints/.latest.12")]
    for link in links:
        link.symlink_to(kept)
    with held(tmp_path):
        assert files(tmp_path) == {*OURS, *OTHERS, "catalog/.kept.12", "elsewhere/precious"}
        assert not any(link.is_symlink() for link in links)


def test_hidden_names_of_a_user_that_end_in_digits_stay(tmp_path):
    """As in a project that is trained in itself, with ``--out .``."""
    names = ".python-3.12", ".venv3.11/bin/python", "checkpoints/.cache.3/a", "samples/.mine.4"
    names += ".step-00000007.12/a", ".best.12/a", ".log.1"
    write(tmp_path, *names)
    (tmp_path / ".linked.3").symlink_to(".python-3.12")
    with held(tmp_path):
        assert files(tmp_path) == {*names, ".linked.3"}


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_written(place, tmp_path):
    write(tmp_path, "file")
    why = {"file": "File exists", "file/below": "Not a directory"}[place]
    with pytest.raises(UserError) as caught, held(tmp_path / place):
        pass
    assert str(caught.value) == f"cannot write into {tmp_path / place}: {why}; give another --out"


def test_a_folder_that_is_gone_is_told(tmp_path):
    with pytest.raises(UserError) as caught:
        set_earlier_aside(tmp_path / "gone")
    told = f"cannot write into {tmp_path}/gone: No such file or directory; give another --out"
    assert str(caught.value) == told


def saved(out: Path, **overrides) -> dict:
    config = configure(**{"data": "embedded", **overrides})
    write_config(out, config)
    return config


def test_the_configuration_is_for_people_and_programs_to_read(tmp_path):
    config = saved(tmp_path, lr=0.5)
    text = (tmp_path / "config.json").read_text()
    assert json.loads(text) == {**config, "betas": [0.0, 0.99]}
    assert '\n  "lr": 0.5,\n' in text and text.endswith("}\n")
    assert files(tmp_path) == {"config.json"}


def test_a_run_goes_on_as_it_was_started(tmp_path):
    config = saved(tmp_path, recipe="wgan", lr=0.5, betas=(0.1, 0.9), seed=4)
    expected = json.loads(json.dumps(config))
    assert json.loads(json.dumps(resumed_config(tmp_path, {}))) == expected
    same = {"recipe": "wgan", "lr": 0.5, "betas": (0.1, 0.9), "width": None, "seed": 4}
    assert json.loads(json.dumps(resumed_config(tmp_path, same))) == expected


def test_a_recipe_that_says_more_today_changes_no_earlier_run(tmp_path):
    """Neither what the run named as None nor options that it did not know."""
    unknown = ("conditioning", "classes", "penalty_weight_end")
    earlier = {n: v for n, v in saved(tmp_path, recipe="rpgan").items() if n not in unknown}
    earlier.update(penalty="none", penalty_weight=None)
    write_config(tmp_path, earlier)
    resumed = resumed_config(tmp_path, {})
    assert json.loads(json.dumps({n: resumed[n] for n in earlier})) == json.loads(
        json.dumps(earlier)
    )
    assert [resumed[name] for name in unknown] == ["input", 0, None]


def test_only_its_length_may_change(tmp_path):
    saved(tmp_path)
    lengths = {
        "epochs": 50,
        "max_steps": 9,
        "checkpoint_every": 2,
        "evaluate_every": 3,
        "keep_every": 4,
        "data": "/elsewhere",
        "labels": "/elsewhere/labels.csv",
        "on_nan": "retry",
    }
    config = resumed_config(tmp_path, lengths)
    assert {name: config[name] for name in lengths} == lengths
    with pytest.raises(UserError) as caught:
        resumed_config(tmp_path, {**lengths, "lr": 0.1, "recipe": "hinge", "betas": (0.5, 0.9)})
    assert str(caught.value) == (
        "--resume keeps lr, recipe, betas as the run was started; "
        f"only {', '.join(lengths)} may change"
    )


@pytest.mark.parametrize("content", [None, "", "[]", "1", '{"about": ""}', '{"recipe": "dcgan"}'])
def test_where_there_is_no_run(content, tmp_path):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError) as caught:
        resumed_config(tmp_path, {})
    assert str(caught.value) == f"{tmp_path} holds no run to resume; start without --resume"


@pytest.mark.parametrize(("every", "evaluated"), [(None, False), (2, True)])
def test_whether_a_run_was_evaluated(every, evaluated, tmp_path):
    saved(tmp_path, evaluate_every=every)
    assert was_evaluated(tmp_path) is evaluated
    config = json.loads((tmp_path / "config.json").read_text())
    config.pop("evaluate_every")  # as one of another version
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert was_evaluated(tmp_path) is False
