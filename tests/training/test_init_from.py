"""Fine-tuning: a run that begins with the weights of another, and layers of D that stay."""

from __future__ import annotations

import re

import numpy as np
import paddle
import pytest

import paddle_gan
from paddle_gan.checkpoints.description import split
from paddle_gan.checkpoints.reading import read
from paddle_gan.checkpoints.transfer import begin_from
from paddle_gan.config import configure, game_of
from paddle_gan.errors import UserError
from paddle_gan.games.descent import freeze
from paddle_gan.games.gan import GAN
from paddle_gan.networks.dcgan import Discriminator
from tests.training import harness

STILL = ["--epochs", 1, "--max-steps", 1, "--lr", 1e-12]  # what begins is what is saved


def weights(path) -> dict[str, np.ndarray]:
    return split(read(path), path)[0]


@pytest.fixture
def data(few):
    return ["--data", few]


@pytest.fixture
def first(stopped):
    """A run of two steps, to begin with."""
    return stopped


@pytest.mark.parametrize("name", ["Gnet", "Gnet_raw"])
def test_both_networks_begin_as_the_other_run_left_them(name, first, data, train, tmp_path):
    file = first / f"{name}.pdparams"
    flags = [*harness.TINY, *data, "--seed", 7, "--init-from", file, *STILL]
    status, stdout, stderr = train(tmp_path, *flags)
    assert status == 0, stderr
    assert stdout.splitlines()[0] == f"Gnet, Dnet from {first}"
    for ours, theirs in (("Gnet_raw", name), ("Dnet", "Dnet")):
        found, expected = (
            weights(out / f"{n}.pdparams") for out, n in ((tmp_path, ours), (first, theirs))
        )
        moving = [key for key in expected if "_mean" not in key and "_variance" not in key]
        assert all(np.abs(found[key] - expected[key]).max() < 1e-6 for key in moving)


def test_layers_of_other_shapes_start_fresh_and_are_named(first, data, train, tmp_path):
    flags = [*harness.TINY, *data, "--channels", 3, "--init-from", first / "Gnet.pdparams", *STILL]
    status, stdout, stderr = train(tmp_path, *flags)
    assert status == 0, stderr
    told = stdout.splitlines()[0]
    assert told.startswith(f"Gnet, Dnet from {first}; fresh: Gnet.") and ", Dnet." in told
    found, expected = (weights(out / "Dnet.pdparams") for out in (tmp_path, first))
    kept = [k for k in expected if found[k].shape == expected[k].shape and k.endswith("weight")]
    changed = [k for k in expected if found[k].shape != expected[k].shape]
    assert changed and kept
    assert all(np.abs(found[key] - expected[key]).max() < 1e-6 for key in kept)


def test_a_network_that_is_not_there_starts_fresh(first, data, train, tmp_path):
    (tmp_path / "Gnet.pdparams").write_bytes((first / "Gnet.pdparams").read_bytes())
    flags = [*harness.TINY, *data, "--init-from", tmp_path / "Gnet.pdparams", *STILL]
    status, stdout, _ = train(tmp_path / "out", *flags)
    assert status == 0 and stdout.splitlines()[0] == f"Gnet from {tmp_path}; fresh: Dnet"


def test_frozen_layers_stay_and_the_run_is_resumed_to_the_same_bits(first, data, train, tmp_path):
    flags = [*harness.TINY, *data, "--init-from", first / "Gnet.pdparams", "--freeze-d", 2]
    flags += ["--checkpoint-every", 2]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert train(whole, *flags, "--max-steps", 3)[0] == 0
    assert train(parts, *flags, "--max-steps", 2)[0] == 0
    status, stdout, stderr = train(parts, "--resume", "--max-steps", 3)
    assert status == 0 and " from " not in stdout.splitlines()[0], stderr
    assert harness.differences(*map(harness.snapshot, (whole, parts))) == []

    before, after = (weights(out / "Dnet.pdparams") for out in (first, whole))
    still = [key for key in before if np.array_equal(before[key], after[key])]
    matrices = [key for key in before if before[key].ndim > 1]
    assert [key for key in matrices if key in still] == matrices[:2]
    moments = {name for name in read(whole / "Dadam.pdopt") if "moment1" in name}
    frozen = {key.rpartition(".")[0] for key in matrices[:2]}
    # Pairs do not tell the last bias anything: it is trained, and has not moved.
    assert len(moments) == len([key for key in before if key.rpartition(".")[0] not in frozen])


def test_a_run_that_ended_before_its_first_save_begins_again_with_the_same_weights(
    first, data, train, tmp_path, monkeypatch
):
    """Though the file that it was given was moved aside, being of the run that it replaces."""

    def ended(*arguments):
        raise UserError("ended")

    out = harness.copy(first, tmp_path / "out")
    flags = [*harness.TINY, *data, "--init-from", out / "Gnet.pdparams", *STILL]
    with monkeypatch.context() as patch:
        patch.setattr(GAN, "train_step", ended)
        assert train(out, *flags)[::2] == (2, "error: ended\n")
    assert not (out / "Gnet.pdparams").exists()
    status, stdout, stderr = train(out, "--resume")
    assert status == 0, stderr
    assert stdout.splitlines()[0] == f"Gnet, Dnet from {out}/earlier-001"
    assert harness.check_whole(out) == 1


@pytest.mark.slow
def test_two_workers_begin_with_the_weights_of_the_run_that_they_replace(first, data, tmp_path):
    out = harness.copy(first, tmp_path / "out")
    flags = [*harness.TINY, *data, "--init-from", out / "Gnet.pdparams", *STILL, "--workers", 2]
    status, _, stderr = harness.train(out, *flags)
    assert status == 0, stderr
    before, after = (weights(each / "Dnet.pdparams") for each in (out / "earlier-001", out))
    for key in (key for key in before if not key.endswith(("._mean", "._variance"))):
        assert np.abs(after[key] - before[key]).max() < 1e-6


def test_a_missing_file_is_told_before_the_data_is_looked_at(train, tmp_path):
    missing = tmp_path / "none.pdparams"
    flags = ["--data", tmp_path / "neither", "--init-from", missing]
    status, stdout, stderr = train(tmp_path / "out", *harness.TINY, *flags)
    assert (status, stdout) == (2, "")
    assert stderr == f"error: {missing} cannot be read: No such file or directory\n"


def test_the_embedding_of_classes_is_trained_whatever_is_frozen():
    discriminator = Discriminator(width=4, image_size=16, norm="batch", classes=3)
    freeze(discriminator, 2)
    trained = [name for name, p in discriminator.named_parameters() if not p.stop_gradient]
    assert trained == ["dgan.6.weight", "dgan.6.bias", "embedding.weight"]
    with pytest.raises(UserError, match="freeze_d 3 leaves nothing of D to train; it has 3 layers"):
        freeze(Discriminator(width=4, image_size=16, classes=3), 3)


def test_the_notebooks_checkpoint_will_do(data, train, tmp_path):
    generator = paddle_gan.Generator(latent=8, width=4, image_size=16)
    paddle.save(generator.state_dict(), str(tmp_path / "Gnet.pdparams"))
    flags = [*harness.TINY, *data, "--init-from", tmp_path / "Gnet.pdparams", *STILL]
    assert train(tmp_path / "out", *flags)[0] == 0
    begun = weights(tmp_path / "out" / "Gnet_raw.pdparams")
    key = next(key for key, value in generator.state_dict().items() if value.ndim > 1)
    assert np.abs(begun[key] - generator.state_dict()[key].numpy()).max() < 1e-6


def test_translators_begin_with_all_their_networks(tmp_path):
    """The other way's translator and both discriminators are found beside the file."""
    sizes = dict(image_size=16, width=4, d_width=4, blocks=1, patch_layers=1)
    config = configure("cyclegan", **sizes)
    theirs, ours = (game_of(config)(config).networks for _ in range(2))
    for name, network in theirs.items():
        paddle.save(network.state_dict(), str(tmp_path / f"{name}.pdparams"))
    told = begin_from(tmp_path / "G_BA.pdparams", ours)
    assert told == f"G_AB, G_BA, D_A, D_B from {tmp_path}"
    for name, network in theirs.items():
        for one, other in zip(network.parameters(), ours[name].parameters()):
            assert np.array_equal(one.numpy(), other.numpy())


def test_biases_before_a_batch_norm_move_its_means(tmp_path):
    """Those of the notebook's files, for which this package's networks have no place."""
    sizes = dict(networks="dcgan", width=4, image_size=16, latent=8)
    config = configure("dcgan-bce", **sizes)
    networks = game_of(config)(config).networks
    state = {key: value.numpy() for key, value in networks["Gnet"].state_dict().items()}
    state["gan.0.bias"] = np.full_like(state["gan.0.bias"], 0.75)
    state["gan.1._mean"] = np.full_like(state["gan.1._mean"], 2.0)
    paddle.save(state, str(tmp_path / "Gnet.pdparams"))
    begin_from(tmp_path / "Gnet.pdparams", networks)
    assert networks["Gnet"].gan[1]._mean.numpy().tolist() == [1.25] * 8


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--init-from", "{none}"], "none.pdparams cannot be read: No such file"),
        (["--init-from", "{adam}"], "holds a network Gadam|no layer of .*Gadam"),
        (
            ["--init-from", "{g}", "--width", 6],
            "no layer of .*Gnet.pdparams fits into Gnet as confi",
        ),
        (
            ["--freeze-d", 1],
            "freeze_d 1 would keep random layers; name a trained D with --init-from",
        ),
        (
            ["--init-from", "{g}", "--freeze-d", 99],
            "freeze_d 99 leaves nothing of D to train; it has",
        ),
        (
            ["--init-from", "{alone}", "--freeze-d", 1],
            "--freeze-d would keep the random weights of Dnet.dgan.0, as .*/alone has none that",
        ),
        (
            ["--init-from", "{g}", "--freeze-d", 1, "--channels", 3],
            "--freeze-d would keep the random weights of Dnet.dgan.0, as .*/Dnet.pdparams has none",
        ),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(flags, why, first, data, train, tmp_path):
    alone = tmp_path / "alone" / "Gnet.pdparams"
    alone.parent.mkdir()
    alone.write_bytes((first / "Gnet.pdparams").read_bytes())
    places = {
        "alone": alone,
        "g": first / "Gnet.pdparams",
        "adam": first / "Gadam.pdopt",
        "none": first / "none.pdparams",
    }
    flags = [str(flag).format(**places) for flag in flags]
    out = tmp_path / "out"
    status, stdout, stderr = train(out, *harness.TINY, *data, "--epochs", 1, *flags)
    assert (status, stdout, len(stderr.splitlines())) == (2, "", 1) and not out.exists()
    assert re.search(why, stderr), stderr
