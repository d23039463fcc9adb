"""A checkpoint with what the game remembers, and networks that are kept for good."""

import json

import numpy as np
import paddle
import pytest

from paddle_gan.checkpoints import saving
from paddle_gan.checkpoints.description import split
from paddle_gan.checkpoints.reading import read
from paddle_gan.errors import UserError

DESCRIPTION = {"pixels": [-1, 1], "classes": ["cat", "dog"], "config": {"lr": 0.1}}


def players() -> tuple[dict, dict]:
    network = paddle.nn.Linear(3, 2)
    adam = paddle.optimizer.Adam(0.1, parameters=network.parameters())
    network(paddle.ones([1, 3])).sum().backward()
    adam.step()
    return {"Fnet": network}, {"Fadam": adam}


def save(out, step: int, state: dict, networks: dict, optimizers: dict):
    progress = {"step": step, "best": None}
    return saving.save(out, networks, optimizers, state, progress, DESCRIPTION)


@pytest.fixture
def state() -> dict:
    rng = np.random.default_rng(1)
    return {
        "pool": paddle.to_tensor(rng.standard_normal((4, 1, 2, 2)).astype("float32")),
        "weight": 0.1 + 0.2,
        "seen": 3,
        "kinds": ["a", "b", {"inner": [paddle.arange(3), (), None, True]}],
        "half": rng.standard_normal(5).astype("float16"),
    }


def test_what_the_game_remembers_comes_back_to_the_bit(state, tmp_path):
    networks, optimizers = players()
    folder = save(tmp_path, 5, state, networks, optimizers)
    found = json.loads((folder / "manifest.json").read_text())["files"]
    assert found.keys() == {"Fnet.pdparams", "Fadam.pdopt", "game.pdstate"}
    assert (tmp_path / "game.pdstate").resolve() == (folder / "game.pdstate").resolve()
    progress, loaded = saving.load(tmp_path, networks, optimizers)
    assert progress["step"] == 5 and loaded.keys() == state.keys()
    assert loaded["pool"].dtype == np.float32 and loaded["half"].dtype == np.float16
    assert np.array_equal(loaded["pool"], state["pool"].numpy())
    assert np.array_equal(loaded["half"], state["half"])
    assert loaded["weight"] == 0.1 + 0.2 and loaded["seen"] == 3
    first, second, third = loaded["kinds"]
    assert (first, second) == ("a", "b") and third["inner"][1:] == [(), None, True]
    assert third["inner"][0].tolist() == [0, 1, 2]


def test_a_game_that_remembers_nothing_has_no_file(tmp_path):
    networks, optimizers = players()
    folder = save(tmp_path, 5, {}, networks, optimizers)
    assert not (folder / "game.pdstate").exists()
    assert saving.load(tmp_path, networks, optimizers) == ({"step": 5, "best": None}, {})


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [flip, lambda path: path.unlink()])
def test_where_it_is_damaged_the_checkpoint_before_is_taken(damage, tmp_path, capsys):
    networks, optimizers = players()
    for step in (1, 2):
        weight = networks["Fnet"].weight
        weight.set_value(paddle.full_like(weight, step))
        folder = save(tmp_path, step, {"seen": step}, networks, optimizers)
    damage(folder / "game.pdstate")
    progress, state = saving.load(tmp_path, networks, optimizers)
    assert (progress["step"], state) == (1, {"seen": 1})
    assert (networks["Fnet"].weight.numpy() == 1).all()
    assert "step-00000002" in capsys.readouterr().err
    assert read(tmp_path / "game.pdstate") == {"seen": 1}


def test_each_network_says_which_it_is(tmp_path):
    networks, optimizers = players()
    networks["Enet"] = paddle.nn.Linear(2, 1)
    folder = save(tmp_path, 5, {}, networks, optimizers)
    for name, network in networks.items():
        weights, told = split(read(folder / f"{name}.pdparams"), name)
        assert told == {"format": 1, "network": name, "step": 5, **DESCRIPTION}
        assert weights.keys() == network.state_dict().keys()
    assert "description" not in (folder / "manifest.json").read_text()


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["Gnet"], ["epoch-010.pdparams"]),
        (["Gnet", "Fnet"], ["epoch-010-Fnet.pdparams", "epoch-010-Gnet.pdparams"]),
    ],
)
def test_networks_are_kept_with_their_samples(names, files, tmp_path):
    (tmp_path / "samples").mkdir()
    for step in (3, 12):
        (tmp_path / f"samples/step-{step:08d}.png").write_text(f"of step {step}")
    (tmp_path / "samples/step-best.png").write_text("a user's own")
    networks = {name: paddle.nn.Linear(3, 2) for name in names}
    saving.set_aside(tmp_path, "epoch-010", networks, DESCRIPTION)
    found = sorted(path.name for path in (tmp_path / "generators").iterdir())
    assert found == sorted([*files, "epoch-010.png"])
    assert (tmp_path / "generators/epoch-010.png").read_text() == "of step 12"
    for file, name in zip(files, sorted(names)):
        weights, told = split(read(tmp_path / "generators" / file), file)
        assert told == {"format": 1, "network": name, "step": 12, **DESCRIPTION}
        assert np.array_equal(weights["weight"], networks[name].weight.numpy())


def test_a_description_of_a_newer_version_stops_a_run_from_going_on(tmp_path, capsys):
    networks, optimizers = players()
    save(tmp_path, 5, {}, networks, optimizers)
    path = tmp_path / "Fnet.pdparams"
    newer = path.read_bytes().replace(b'{"format": 1,', b'{"format": 9,')
    manifest = path.resolve().with_name("manifest.json")
    path.write_bytes(newer)
    files = json.loads(manifest.read_text())
    files["files"]["Fnet.pdparams"] = saving._fingerprint(path)
    manifest.write_text(json.dumps(files))
    with pytest.raises(UserError, match="no checkpoint to resume from"):
        saving.load(tmp_path, networks, optimizers)
    assert "another version of paddle_gan; install a newer one" in capsys.readouterr().err
