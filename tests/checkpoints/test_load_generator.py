"""A generator from its file alone, and what is said of files that hold none."""

import numpy as np
import paddle
import pytest

from paddle_gan.checkpoints.generators import load_generator
from paddle_gan.commands.infer import infer
from paddle_gan.errors import UserError
from paddle_gan.networks import mlp
from paddle_gan.networks.dcgan import Discriminator, Generator
from paddle_gan.sampling.drawing import generate, latents
from tests import notebook
from tests.notebook import fill


@pytest.mark.parametrize(
    "arguments",
    [
        dict(latent=10, width=4, channels=3, image_size=16),
        dict(latent=1, width=1, channels=1, image_size=32),
        dict(latent=6, width=2, channels=1, image_size=128),
    ],
)
def test_any_generator_comes_back_from_its_file_alone(tmp_path, arguments):
    network = fill(Generator(**arguments), seed=2)
    network.eval()
    paddle.save(network.state_dict(), str(tmp_path / "any.name"))
    loaded = load_generator(tmp_path / "any.name")
    assert not loaded.training and loaded.latent == arguments["latent"]
    z = latents(network, 3, seed=0)
    assert np.array_equal(generate(loaded, z), generate(network, z))


def test_a_small_notebook_checkpoint(tmp_path):
    network = fill(notebook.Generator(latent=5, width=3), seed=3)
    network.eval()
    paddle.save(network.state_dict(), str(tmp_path / "Gnet.pdparams"))
    loaded = load_generator(tmp_path / "Gnet.pdparams")
    z = latents(loaded, 4, seed=0)
    with paddle.no_grad():
        expected = network(paddle.to_tensor(z)).numpy()
    assert np.abs(generate(loaded, z) - expected).max() < 1e-5


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_other_precisions_are_cast(tmp_path, dtype):
    generator = fill(Generator(latent=10, width=4, image_size=16), seed=1)
    generator.eval()
    path = str(tmp_path / "Gnet.pdparams")
    paddle.save({k: v.astype(dtype) for k, v in generator.state_dict().items()}, path)
    z = latents(generator, 4, seed=0)
    assert np.abs(generate(load_generator(path), z) - generate(generator, z)).max() < 0.01


def foreign(kind: str, path) -> None:
    if kind == "discriminator":
        paddle.save(Discriminator(width=2, image_size=16).state_dict(), str(path))
    elif kind == "other network":
        paddle.save(paddle.nn.Linear(3, 2).state_dict(), str(path))
    elif kind == "list":
        paddle.save([1, 2, 3], str(path))
    elif kind == "part of a generator":
        state = Generator(latent=2, width=2, image_size=16).state_dict()
        paddle.save({k: v for k, v in state.items() if k != "gan.1._mean"}, str(path))
    elif kind == "not finite":
        state = Generator(latent=2, width=2, image_size=16).state_dict()
        paddle.save({**state, "gan.6.bias": paddle.to_tensor([float("nan")])}, str(path))
    elif kind == "empty layers":  # Paddle 2.6 builds none, 3.x would, with a bias of 40 GB
        shapes = {"mlp.1.weight": (5, 0), "mlp.3.weight": (0, 10**10)}
        paddle.save({k: paddle.zeros(shape) for k, shape in shapes.items()}, str(path))
    elif kind == "discriminator of mlp":
        paddle.save(mlp.Discriminator(width=2, image_size=8).state_dict(), str(path))
    elif kind in BOMBS:
        paddle.save({k: paddle.zeros(shape) for k, shape in BOMBS[kind].items()}, str(path))
    elif kind == "picture":
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    elif kind == "truncated":
        paddle.save(Generator(latent=2, width=2, image_size=16).state_dict(), str(path))
        path.write_bytes(path.read_bytes()[:500])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir()


# Small files that ask for networks of terabytes.
BOMBS = {
    "bomb of sngan": {
        "gen.0.weight": (10**5, 1, 1, 1),
        "gen.9.weight": (10**5, 1, 1, 1),
    },
    "bomb of conv": {"linear.1.weight": (1, 10**6), "conv.4.weight": (1, 10**6, 1, 1)},
}
KINDS = ["missing", "discriminator", "other network", "list", "part of a generator", "not finite"]
MORE = ["empty layers", "discriminator of mlp"]


@pytest.mark.parametrize("kind", [*KINDS, *BOMBS, *MORE, "picture", "truncated", "empty", "folder"])
def test_what_is_no_generator_is_refused_in_one_line(tmp_path, kind):
    path = tmp_path / "Gnet.pdparams"
    foreign(kind, path)
    for call in (load_generator, infer):
        with pytest.raises(UserError) as caught:
            call(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
