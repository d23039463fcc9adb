"""What a run writes, and what becomes of the run before it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

import paddle_gan
from paddle_gan.config import configure
from paddle_gan.errors import UserError
from paddle_gan.kernels import has_bfloat16
from paddle_gan.metrics import JUDGES
from paddle_gan.sampling.drawing import generate, latents
from paddle_gan.sampling.pictures import grid, to_uint8
from tests.training import harness

FIELDS = {"step", "epoch", "images", "d_loss", "g_loss", "d_real", "d_fake", "cpu_seconds"}
FIELDS |= {"accuracy_real", "accuracy_fake", "images_per_second"}


@pytest.fixture(scope="module")
def run(tmp_path_factory, few) -> Path:
    """Two epochs of three steps from Python; saved at 2 and 4 and at the epochs' ends."""
    out = tmp_path_factory.mktemp("runs") / "new" / "run"
    sizes = dict(width=4, latent=8, image_size=16, batch_size=8)
    returned = paddle_gan.train(
        out=str(out), device="cpu", data=str(few), epochs=2, checkpoint_every=2, seed=7, **sizes
    )
    assert returned.out == out
    return out


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_run_has_the_promised_files(run):
    promised = {*harness.FOUR, "config.json", "metrics.jsonl", "samples", "log"}
    assert promised <= {path.name for path in run.iterdir()}
    samples = {path.name for path in run.glob("samples/*")}
    assert samples == {"real.png", *(f"step-{n:08d}.png" for n in (2, 4, 6))}
    assert len(list(run.glob("log/vdlrecords.*"))) == 1


def test_the_configuration_is_kept(run, few):
    written = json.loads((run / "config.json").read_text())
    expected = configure(
        data=str(few), epochs=2, checkpoint_every=2, seed=7, width=4, latent=8, image_size=16,
        batch_size=8, amp=has_bfloat16(), classes=0,
    )  # fmt: skip
    assert written == json.loads(json.dumps(expected))
    assert [step for step, _ in harness.dashboard(run / "log")["text config"]] == [0]


def test_metrics_have_a_line_each_interval(tmp_path, data, train):
    arguments = [*harness.TINY, "--data", data, "--epochs", "6"]
    assert train(tmp_path, *arguments)[0] == 0  # 120 steps
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    lines = [line for line in lines if "d_loss" in line]
    steps = [line["step"] for line in lines]
    assert steps == sorted({*steps}) and len(steps) >= 3 and steps[-1] <= 120
    for line in lines:
        assert FIELDS <= {*line}
        assert line["images"] == 8 * line["step"]
        assert line["epoch"] == (line["step"] - 1) // 20 + 1
        assert 0 < line["d_real"] < 1 and 0 < line["d_fake"] < 1
        assert all(np.isfinite(line[name]) and line[name] >= 0 for name in FIELDS)
    log = harness.dashboard(tmp_path / "log")
    for tag, field in (
        ("loss/discriminator", "d_loss"),
        ("loss/generator", "g_loss"),
        ("output/D(x)", "d_real"),
        ("output/D(G(z))", "d_fake"),
    ):
        expected = [(line["step"], pytest.approx(line[field], rel=1e-6)) for line in lines]
        assert log[f"scalar {tag}"] == expected


def test_samples_show_one_set_of_latents(run):
    generator = paddle_gan.load_generator(run / "Gnet.pdparams")
    images = generate(generator, latents(generator, 64, seed=7))
    drawn = cv2.imread(str(run / "samples/step-00000006.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(drawn, grid(to_uint8(images))[..., 0])
    real = cv2.imread(str(run / "samples/real.png"), cv2.IMREAD_UNCHANGED)
    assert real.min() == 0 and real.max() > 200


def test_a_seed_determines_a_run(run, few, train, tmp_path):
    arguments = [*harness.TINY, *"--epochs 2 --checkpoint-every 2 --data".split(), few]
    assert train(tmp_path / "same", *arguments, "--seed", "7")[0] == 0
    assert train(tmp_path / "other", *arguments, "--seed", "8")[0] == 0
    expected = harness.snapshot(run)
    assert harness.differences(expected, harness.snapshot(tmp_path / "same")) == []
    other = harness.snapshot(tmp_path / "other")
    name = "Gnet.pdparams /gan.0.weight"
    assert other[name] != expected[name]
    assert other["step-00000006.png"] != expected["step-00000006.png"]


def test_an_epoch_has_a_line_like_the_notebook(few, train, tmp_path):
    status, stdout, stderr = train(tmp_path, *harness.TINY, "--data", few, "--epochs", "2")
    line = (
        r"\[00%d/002\] \d+\.\d\d sec\(s\) D loss: \d+\.\d{6} G Loss: \d+\.\d{6}"
        r" D right on \d+%% real, \d+%% generated"
    )
    first, *epochs = stdout.splitlines()
    assert (status, stderr) == (0, "")
    assert str(few) in first and "24 digits" in first and "dcgan" in first and "cpu" in first
    assert [bool(re.fullmatch(line % n, told)) for n, told in enumerate(epochs, 1)] == [True] * 2


def test_short_epochs_are_not_all_saved(few, train, tmp_path):
    """Of the 35 epochs of three steps, those that pass a multiple of 100 steps, and the last."""
    assert train(tmp_path, *harness.TINY, "--data", few, "--epochs", "35")[0] == 0
    assert sorted(path.name for path in tmp_path.glob("samples/step-*")) == [
        "step-00000102.png",
        "step-00000105.png",
    ]


def test_max_steps_ends_within_an_epoch(few, train, tmp_path):
    assert train(tmp_path, *harness.TINY, "--data", few, "--max-steps", "5")[0] == 0
    assert harness.check_whole(tmp_path) == 5
    samples = sorted(path.name for path in tmp_path.glob("samples/step-*"))
    assert samples == ["step-00000005.png"]


@pytest.mark.parametrize("data", ["embedded", "few"])
def test_no_run_is_judged_by_what_it_has_learned(data, tmp_path, few, monkeypatch):
    """A run that was not evaluated from the start has trained on what is held out for judging."""
    digits = JUDGES["digits"]._replace(**dict.fromkeys(("prepare", "unfit"), lambda *_: None))
    monkeypatch.setitem(JUDGES, "digits", digits)
    tiny = dict(width=4, latent=8, image_size=16, batch_size=8, max_steps=1)
    data = str(few) if data == "few" else data
    paddle_gan.train(out=tmp_path, device="cpu", data=data, **tiny)
    before = files(tmp_path)
    again = dict(out=tmp_path, device="cpu", resume=True, max_steps=1, evaluate_every=1)
    with pytest.raises(UserError, match="judge by images that this run has learned from"):
        paddle_gan.train(**again)
    assert files(tmp_path) == before
    paddle_gan.train(out=tmp_path / "evaluated", device="cpu", data=data, evaluate_every=2, **tiny)
    paddle_gan.train(**{**again, "out": tmp_path / "evaluated"})


def test_a_call_that_is_repeated_resumes_its_run(tmp_path, few):
    """With a folder as a path, and pairs, which the file of the run has as lists."""
    tiny = dict(width=4, latent=8, image_size=16, batch_size=8, betas=(0.1, 0.9))
    call = dict(tiny, out=tmp_path, device="cpu", data=few)
    paddle_gan.train(**call, max_steps=1)
    assert json.loads((tmp_path / "config.json").read_text())["data"] == str(few)
    paddle_gan.train(**call, max_steps=2, resume=True)
    with pytest.raises(UserError, match="keeps betas as the run was started"):
        paddle_gan.train(**{**call, "betas": (0.1, 0.8)}, resume=True)


def test_a_run_at_its_end_names_what_ends_it(few, train, tmp_path):
    assert train(tmp_path, *harness.TINY, "--data", few, "--max-steps", "2")[0] == 0
    for flag, value, words in (
        ("--epochs", 5, "step 2 is the last of this run; more --max-steps"),
        ("--max-steps", 15, "[005/005]"),
        ("--max-steps", 90, "step 15 is the last of this run; more --epochs"),
    ):
        status, stdout, _ = train(tmp_path, "--resume", flag, value)
        assert status == 0 and words in stdout


def test_a_longer_run_goes_on_where_the_shorter_ended(run, few, train, tmp_path):
    arguments = [*harness.TINY, "--seed", "7", "--data", few, "--checkpoint-every", "2"]
    assert train(tmp_path, *arguments, "--max-steps", "4")[0] == 0
    status, stdout, _ = train(tmp_path, "--resume", "--max-steps", "6", "--epochs", "2")
    assert status == 0 and "[002/002]" in stdout and "[001/" not in stdout
    differing = harness.differences(harness.snapshot(run), harness.snapshot(tmp_path))
    assert [name for name in differing if "config" not in name] == []  # it says how long to run


def test_color_pictures_of_any_size(train, tmp_path):
    rng = np.random.default_rng(1)
    for n in range(16):
        picture = np.zeros((20 + n, 30, 3), np.uint8)
        picture[..., 2] = rng.integers(100, 256)  # OpenCV's third channel is red
        cv2.imwrite(str(tmp_path / f"{n}.{('png', 'jpg', 'bmp')[n % 3]}"), picture)
    out = tmp_path / "out"
    arguments = [*harness.TINY, "--channels", "3", "--epochs", "1"]
    assert train(out, *arguments, "--data", tmp_path)[0] == 0
    real = cv2.imread(str(out / "samples/real.png"), cv2.IMREAD_UNCHANGED)
    assert real.shape[2] == 3 and real[..., 2].max() > 99 and real[..., :2].max() < 20
    generator = paddle_gan.load_generator(out / "Gnet.pdparams")
    assert generate(generator, latents(generator, 3, 0)).shape == (3, 3, 16, 16)
    for name in ("real.png", "step-00000002.png"):
        assert cv2.imread(str(out / "samples" / name), cv2.IMREAD_UNCHANGED).shape[2] == 3


def test_a_second_run_moves_the_first_aside(few, train, tmp_path):
    arguments, kept = [*harness.TINY, "--data", few, "--max-steps", "1"], []
    (tmp_path / "notes.txt").write_text("mine")
    for seed in range(3):
        status, stdout, _ = train(tmp_path, *arguments, "--seed", seed)
        assert status == 0
        ours = files(tmp_path)
        kept.append(
            {n: d for n, d in ours.items() if not n.startswith(("earlier-", "notes", ".lock"))}
        )
        for number, run in enumerate(kept[:-1], 1):
            folder = tmp_path / f"earlier-{number:03d}"
            assert files(folder) == run
            assert paddle_gan.load_generator(folder / "Gnet.pdparams").latent == 8
        assert (f"earlier-{seed:03d}" in stdout) == (seed > 0)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_an_earlier_run_that_was_deleted_is_no_obstacle(few, train, tmp_path):
    arguments = [*harness.TINY, "--data", few, "--max-steps", "1"]
    (tmp_path / "earlier-002").mkdir()
    (tmp_path / "earlier-002" / "kept").write_text("kept")
    assert train(tmp_path, *arguments)[0] == train(tmp_path, *arguments)[0] == 0
    assert (tmp_path / "earlier-003" / "config.json").exists()
    assert files(tmp_path / "earlier-002") == {"kept": b"kept"}


def test_files_of_the_notebook_are_not_overwritten(few, train, tmp_path):
    """Its checkpoints lie in the same folder under the same names, without a config.json."""
    mine = {"Gnet.pdparams": b"40 epochs", "Dadam.pdopt": b"of work", "log/notes": b"x"}
    (tmp_path / "log").mkdir()
    for name, content in mine.items():
        (tmp_path / name).write_bytes(content)
    assert train(tmp_path, *harness.TINY, "--data", few, "--max-steps", "1")[0] == 0
    assert files(tmp_path / "earlier-001") == mine


@pytest.mark.parametrize(
    "wrong", [["--data", "/nowhere"], ["--batch-size", "25"], ["--device", "gpu:99"]]
)
def test_a_call_that_fails_leaves_the_run_before_it_in_place(wrong, run, few, train):
    before = files(run)
    assert train(run, *harness.TINY, "--data", few, *wrong)[0] == 2
    assert files(run) == before
    assert train(run, "--resume")[0] == 0


def test_numbers_that_are_not_finite_end_the_run(few, train, tmp_path):
    arguments = [*harness.TINY, "--data", few, "--lr", "1e30", "--epochs", "40"]
    status, _, stderr = train(tmp_path, *arguments)
    assert (status, len(stderr.splitlines())) == (2, 1)
    assert stderr.startswith("error: ") and "finite" in stderr
    assert harness.check_whole(tmp_path) is None
