"""A run that scores itself: what it writes, what it takes for the best, and what it survives."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from paddle_gan.config import configure
from paddle_gan.data import load_images, to_float
from paddle_gan.errors import UserError
from paddle_gan.games.gan import GAN
from paddle_gan.metrics import JUDGES, digits
from paddle_gan.training import scoring
from tests.data.files import save_idx
from tests.training import harness

# Five steps an epoch.
FLAGS = [*harness.TINY, "--batch-size", "65", "--evaluate-every", "1"]
SCORES = {"fid", "kid", "kid_std", "is", "is_std", "precision", "recall", "digit_shares"}


@pytest.fixture(scope="module", autouse=True)
def quick(tmp_path_factory):
    """A digit network of twenty steps in a cache of its own, and few samples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(digits, "STEPS", 20)
        patch.setattr(scoring, "_SCORED", 100)
        yield


@pytest.fixture(scope="module")
def real():
    """390 training digits, a sixth of them for validation, and 100 test digits."""
    return load_images("embedded", image_size=28)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, real):
    folder = tmp_path_factory.mktemp("data") / "digits"
    for stem, first, n in (("train", 0, 390), ("t10k", 1, 100)):
        save_idx(folder, stem, real.images[first::12, 0][:n], real.labels[first::12][:n])
    return folder


def evaluations(out: Path) -> list[dict]:
    lines = map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
    return [line for line in lines if "fid" in line]


def progress(out: Path) -> dict:
    manifest = (out / "Gnet.pdparams").resolve().parent / "manifest.json"
    return json.loads(manifest.read_text())["progress"]


@pytest.fixture
def scored(monkeypatch):
    """Gives evaluations their results: pairs of FID and validation FID, or errors."""

    def script(*results):
        results = iter(results)

        def score(columns, images, load):
            result = next(results)
            if isinstance(result, Exception):
                raise result
            names = "fid", "validation_fid", "recall"
            return {"protocol": "scripted", **dict(zip(names, result))}

        monkeypatch.setitem(JUDGES, "digits", JUDGES["digits"]._replace(score=score))

    return script


def test_an_evaluation_scores_by_both_sets_and_reports_the_test_set(folder, train, tmp_path):
    status, stdout, stderr = train(tmp_path, *FLAGS, "--data", folder, "--epochs", 2)
    assert status == 0, stderr
    assert f"IDX files in {folder}: 325 digits (split fit)" in stdout
    lines = evaluations(tmp_path)
    assert [line["step"] for line in lines] == [5, 10]
    for line in lines:
        assert {"protocol", "images", "validation_fid", *SCORES} < set(line)
        told = f"FID {line['fid']:.2f}, validation FID {line['validation_fid']:.2f} after"
        assert told in stdout and "100 test digits vs 100 samples" in line["protocol"]
    chosen = min(lines, key=lambda line: line["validation_fid"])
    assert progress(tmp_path)["best"] == {
        name: chosen[name] for name in ("step", "fid", "validation_fid")
    }
    log = harness.dashboard(tmp_path / "log")
    for tag, name in (("FID", "fid"), ("validation_FID", "validation_fid")):
        expected = [(line["step"], pytest.approx(line[name], rel=1e-6)) for line in lines]
        assert log[f"scalar score/{tag}"] == expected


def test_the_best_is_chosen_by_validation_alone(folder, train, tmp_path, scored):
    scored((30, 2), (10, 4), (20, 3))
    assert train(tmp_path, *FLAGS, "--data", folder, "--epochs", 3)[0] == 0
    expected = {"step": 5, "fid": 30, "validation_fid": 2}
    assert progress(tmp_path)["best"] == expected
    best = (tmp_path / "best").resolve()
    assert best.name == "step-00000005" and (best / "Gnet.pdparams").exists()
    scored((20, 1))
    assert train(tmp_path, "--resume", "--epochs", 4)[0] == 0
    assert progress(tmp_path)["best"] == {"step": 20, "fid": 20, "validation_fid": 1}


def test_a_recall_that_falls_is_told_and_noted(folder, train, tmp_path, scored):
    scored((30, 2, 0.8), (20, 1, 0.55))
    status, stdout, _ = train(tmp_path, *FLAGS, "--data", folder, "--epochs", 2)
    assert status == 0 and "warning: at step 10 recall is 0.55 and was 0.80" in stdout
    warned = [line for line in (tmp_path / "metrics.jsonl").open() if '"warning"' in line]
    assert len(warned) == 1 and progress(tmp_path)["health"]["recall"] == 0.8


def test_a_best_without_a_validation_fid_gives_way(folder, train, tmp_path, scored):
    scored((30, 2), (40, 3))
    assert train(tmp_path, *FLAGS, "--data", folder, "--epochs", 1)[0] == 0
    path = (tmp_path / "Gnet.pdparams").resolve().parent / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["progress"]["best"]["validation_fid"]
    path.write_text(json.dumps(manifest))
    assert train(tmp_path, "--resume", "--epochs", 2)[0] == 0
    assert progress(tmp_path)["best"] == {"step": 10, "fid": 40, "validation_fid": 3}


@pytest.mark.parametrize(
    "error",
    [
        OSError(5, "Input/output error"),
        UserError("some samples hold NaN or infinity"),
        np.linalg.LinAlgError("SVD did not converge"),
        RuntimeError("Out of memory.\n\n  Summary:\n" + 500 * "x"),
    ],
)
def test_an_evaluation_that_fails_costs_no_epoch(error, folder, train, tmp_path, scored):
    scored((30, 2), error, (20, 3))
    status, stdout, stderr = train(tmp_path, *FLAGS, "--data", folder, "--epochs", 3)
    assert (status, stderr) == (0, "")
    (line,) = [line for line in stdout.splitlines() if line.startswith("warning: ")]
    assert line.startswith("warning: epoch 2 could not be evaluated (")
    assert str(error).split("\n")[0] in line
    assert line.endswith("); training goes on") and len(line) < 300
    saved = {path.name for path in tmp_path.glob("checkpoints/step-*")}
    assert saved == {"step-00000005", "step-00000010", "step-00000015"}
    assert harness.check_whole(tmp_path) == 15
    assert progress(tmp_path)["best"] == {"step": 5, "fid": 30, "validation_fid": 2}
    assert [line["step"] for line in evaluations(tmp_path)] == [5, 15]


def test_what_cannot_be_scored_is_refused_before_the_first_step(real, train, tmp_path):
    """Too few to hold any out."""
    for number in range(40):
        path = tmp_path / "images" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), real.images[number, 0])
    flags = [*harness.TINY, "--batch-size", 8, "--evaluate-every", 1, "--epochs", 1]
    status, stdout, stderr = train(tmp_path / "out", *flags, "--data", tmp_path / "images")
    assert (status, stdout) == (2, "")
    assert stderr == (
        f"error: {tmp_path / 'images'} gives no scores: there is no more than 5 images held out, "
        "where patches need 10; add images\n"
    )
    assert not (tmp_path / "out").exists()


def test_digits_are_read_as_the_run_reads_them(real, tmp_path):
    """Digits as narrow as their ink, without classes but in a table; of the judge's size."""
    folder, table = tmp_path / "scans", tmp_path / "elsewhere.csv"
    folder.mkdir()
    for number, image in enumerate(real.images[::10, 0]):
        cv2.imwrite(str(folder / f"{number:03}.png"), image[:, image.any(0)])
    lines = (f"{number:03},{label}\n" for number, label in enumerate(real.labels[::10]))
    table.write_text("".join(lines))
    how = {"fit": "pad", "ground": "black", "labels": str(table)}
    config = configure("dcgan-bce", data=str(folder), image_size=16, **how)

    class Copies(GAN):
        @classmethod
        def cases(cls, *_):
            images = load_images(folder, split="test", **how).images
            return {"samples": to_float(images)}

    scores = scoring.Scoring(Copies, config, None)
    assert scores.judge is JUDGES["digits"]
    assert scores({})["fid"] == pytest.approx(0, abs=1e-3)


def test_an_autoencoder_is_scored_by_reconstructions_and_samples(folder, train, tmp_path):
    flags = "--recipe autoencoder --width 2 --latent 3 --components 2 --device cpu".split()
    flags += ["--batch-size", 65, "--evaluate-every", 1, "--data", folder, "--epochs", 2]
    status, stdout, stderr = train(tmp_path, *flags)
    assert status == 0, stderr
    lines = evaluations(tmp_path)
    assert [line["step"] for line in lines] == [5, 10]
    for line in lines:
        assert SCORES | {"validation_fid", "error", "kept"} <= line.keys()
        assert 0 < line["error"] < 4 and 0 <= line["kept"] <= 1
    best = progress(tmp_path)["best"]
    assert best.keys() == {"step", "fid", "validation_fid", "error", "kept"}
    assert best["validation_fid"] == min(line["validation_fid"] for line in lines)
    assert "of digits kept, FID" in stdout
    tags = {"scalar score/reconstruction_error", "scalar score/digits_kept", "scalar score/FID"}
    assert tags <= harness.dashboard(tmp_path / "log").keys()
