"""Runs that go wrong say so: in the unit, and in real runs made to fail."""

from __future__ import annotations

import json

import numpy as np
import pytest

from paddle_gan.games.gan import GAN
from paddle_gan.sampling import drawing
from paddle_gan.training.health import Health, NotFinite
from tests.data.files import save_idx
from tests.training import harness

WON = {"d_loss": 0.001, "g_loss": 9.0, "d_real": 1.0, "d_fake": 0.0}


def warnings(out) -> list[str]:
    lines = map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
    return [line["warning"] for line in lines if "warning" in line]


def test_a_discriminator_that_has_won_for_1000_steps_is_told_once():
    health = Health()
    told = {step: health.losses(step, WON, GAN.trouble) for step in range(50, 3000, 50)}
    assert [step for step, warning in told.items() if warning] == [1050]
    assert told[1050] == (
        "since step 50 D tells every image (loss < 0.01) and G learns nothing; "
        "a lower --lr or a penalty on D keeps the balance: docs/guidance.md"
    )


def test_a_discriminator_that_loses_once_starts_anew():
    health = Health()
    for step in range(50, 1000, 50):
        assert health.losses(step, WON, GAN.trouble) is None
    health.losses(1000, {**WON, "d_loss": 0.7}, GAN.trouble)
    assert all(health.losses(step, WON, GAN.trouble) is None for step in range(1050, 2050, 50))
    assert health.losses(2050, WON, GAN.trouble)


@pytest.mark.parametrize(("loss", "won"), [(0.0, True), (0.0099, True), (0.01, False)])
def test_a_discriminator_has_won_with_a_loss_below_a_hundredth(loss, won):
    health = Health()
    told = [health.losses(step, {**WON, "d_loss": loss}, GAN.trouble) for step in (1, 1000, 1001)]
    assert [bool(warning) for warning in told] == [False, False, won]


def test_a_critic_without_probabilities_cannot_win():
    health = Health()
    estimate = {"d_loss": 0.001, "g_loss": 9.0, "wasserstein": 0.001}
    assert [health.losses(step, estimate, GAN.trouble) for step in (1, 1001, 2001)] == [None] * 3


def test_a_loss_that_falls_below_0_is_no_victory():
    """As that of the total variation is wherever D is better than chance."""
    health = Health()
    for step in range(50, 3000, 50):
        assert health.losses(step, {**WON, "d_loss": -0.05}, GAN.trouble) is None


def test_a_collapse_is_told_again_only_after_a_recovery():
    health, rng = Health(), np.random.default_rng(0)
    alike = np.repeat(rng.uniform(-1, 1, (1, 1, 8, 8)), 64, axis=0)
    varied = rng.uniform(-1, 1, (64, 1, 8, 8))
    seen = [health.samples(1000, images) for images in (alike, alike, varied, alike)]
    assert [bool(warning) for warning in seen] == [True, False, False, True]
    assert seen[0] == (
        "at step 1000 all samples look alike: the generator has collapsed; what may help: "
        "docs/guidance.md"
    )
    # Every generator begins like this.
    assert [bool(Health().samples(step, alike)) for step in (1, 299, 300)] == [False, False, True]


@pytest.mark.parametrize(("deviation", "alike"), [(0.0199, True), (0.02, False), (0.03, False)])
def test_samples_are_alike_below_a_deviation_of_a_hundredth_of_the_range(deviation, alike):
    images = deviation * np.array([1.0, -1.0]).reshape(2, 1, 1, 1) * np.ones((2, 1, 8, 8))
    assert bool(Health().samples(1000, images)) == alike


def test_a_single_sample_is_like_no_other():
    """As with --canvas 1, or of a test set of one pair."""
    assert Health().samples(1000, np.zeros((1, 1, 8, 8))) is None
    assert Health().samples(1000, np.zeros((2, 1, 8, 8)))


def test_recall_that_falls_is_told_again_only_after_a_recovery():
    health, told = Health(), []
    for step, recall in enumerate([0.3, 0.8, 0.61, 0.59, 0.2, 0.7, 0.5, 0.9]):
        if step == 4:
            health = Health(json.loads(json.dumps(health.state)))
        told.append(health.scores(step, {"recall": recall}))
    assert [bool(warning) for warning in told] == [0, 0, 0, 1, 0, 0, 1, 0]
    assert told[3] == (
        "at step 3 recall is 0.59 and was 0.80: samples cover less and less of the data; "
        "what may help: docs/guidance.md"
    )
    assert health.state["recall"] == 0.9
    assert health.scores(9, {"fid": 1.0}) is None  # a judge without it


def test_what_was_told_is_kept_in_a_checkpoint():
    health, varied = Health(), np.random.default_rng(0).uniform(-1, 1, (64, 1, 8, 8))
    assert health.losses(1, WON, GAN.trouble) is None
    health = Health(json.loads(json.dumps(health.state)))
    assert health.losses(1001, WON, GAN.trouble)
    assert health.samples(1001, np.zeros((64, 1, 8, 8)))
    health = Health(json.loads(json.dumps(health.state)))
    assert health.losses(1002, WON, GAN.trouble) is None
    assert health.samples(1002, np.zeros((64, 1, 8, 8))) is None
    assert health.samples(1003, varied) is None
    assert health.losses(1003, WON, GAN.trouble) is None  # the samples have recovered, D has not


def test_what_was_told_is_kept_in_the_form_of_earlier_versions():
    health = Health({"since": 1, "warned": ["won", "alike"]})
    assert health.losses(1001, WON, GAN.trouble) is None
    assert health.samples(1001, np.zeros((64, 1, 8, 8))) is None
    assert health.state == {"since": 1, "warned": ["won", "alike"], "recall": 0.0}
    health.losses(1002, {**WON, "d_loss": 1.0}, GAN.trouble)
    health.samples(1002, np.random.default_rng(0).uniform(-1, 1, (64, 1, 8, 8)))
    assert health.state == {"since": None, "warned": ["won"], "recall": 0.0}
    assert Health().state == {"since": None, "warned": [], "recall": 0.0}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_never_good(bad):
    with pytest.raises(NotFinite, match="^g_loss of step 7 not finite$"):
        Health().losses(7, {**WON, "g_loss": bad}, GAN.trouble)
    with pytest.raises(NotFinite, match="^d_loss, g_loss of step 7 not finite$"):
        Health().losses(7, {**WON, "d_loss": bad, "g_loss": bad}, GAN.trouble)
    with pytest.raises(NotFinite, match="images of step 7"):
        Health().samples(7, np.full((2, 1, 8, 8), bad))


@pytest.mark.slow
def test_a_run_on_one_single_image_warns_of_the_collapse(train, tmp_path):
    save_idx(tmp_path / "data", "train", np.zeros((2400, 28, 28), np.uint8))  # 300 steps an epoch
    out, arguments = tmp_path / "out", [*harness.TINY, "--data", tmp_path / "data"]
    status, printed, _ = train(out, *arguments, "--epochs", "1")
    assert status == 0
    assert [w for w in warnings(out) if "all samples look alike" in w]
    assert "the generator has collapsed" in printed


def test_without_a_checkpoint_there_is_nothing_to_go_back_to(train, few, tmp_path):
    arguments = [*harness.TINY, "--data", few, "--lr", "1e30", "--on-nan", "retry"]
    status, _, error = train(tmp_path, *arguments)
    assert status == 2
    assert error.count("\n") == 1 and "nothing was saved yet" in error


def test_retry_goes_back_three_times_and_then_names_the_checkpoint(train, few, tmp_path):
    """A good epoch is saved; then the rate is spoiled, so that every attempt must fail."""
    assert train(tmp_path, *harness.TINY, "--data", few, "--epochs", "1")[0] == 0
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "lr": 1e30}))
    arguments = ["--resume", "--epochs", "9", "--on-nan", "retry"]
    status, printed, error = train(tmp_path, *arguments)
    assert status == 2
    assert error.count("\n") == 1
    assert f"the last good checkpoint is {tmp_path}/checkpoints/step-00000003" in error
    told = [line for line in printed.splitlines() if "back to step 3" in line]
    assert [line[-6:] for line in told] == ["1 of 3", "2 of 3", "3 of 3"]
    # Put right, it goes on from what was good.
    config.write_text(json.dumps({**json.loads(config.read_text()), "lr": 1e-4}))
    assert train(tmp_path, "--resume", "--epochs", "2")[0] == 0


def test_a_run_without_an_average_trains_on_in_train_mode_after_a_retry(
    train, few, tmp_path, monkeypatch
):
    """Samples that are not finite are met while G is in eval mode; the second time they are."""
    drawn, modes = [], []

    def generate(generator, z, label):
        drawn.append(np.zeros((len(z), 1, 16, 16)) * (np.nan if len(drawn) == 1 else 1))
        return drawn[-1]

    def noted(self, batch, step, train_step=GAN.train_step):
        modes.append(self.generator.training)
        return train_step(self, batch, step)

    monkeypatch.setattr(drawing, "generate", generate)
    monkeypatch.setattr(GAN, "train_step", noted)
    arguments = "--recipe aistudio --checkpoint-every 2 --max-steps 6 --on-nan retry --data"
    assert train(tmp_path, *harness.TINY, *arguments.split(), few)[0] == 0
    assert ["back to step 2" in warning for warning in warnings(tmp_path)] == [True]
    assert modes == [True] * 8  # two of the six steps are repeated
