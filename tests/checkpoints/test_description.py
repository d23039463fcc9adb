"""What a file says about itself: whoever reads it, whoever has written it."""

import json
import time
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import paddle
import pytest

from paddle_gan.checkpoints.description import KEY, split, with_description
from paddle_gan.checkpoints.generators import load_generator
from paddle_gan.checkpoints.reading import read
from paddle_gan.config import configure
from paddle_gan.errors import UserError
from paddle_gan.games.gan import GAN
from paddle_gan.networks import NETWORKS
from paddle_gan.networks.dcgan import Discriminator, Generator
from paddle_gan.sampling.drawing import generate, latents
from tests import descriptions, notebook
from tests.fuzz_checkpoints import FIXTURES, fuzz_descriptions
from tests.notebook import fill

MEGABYTE = 1 << 20


def description(network: str = "Gnet", **config) -> dict:
    return {
        "network": network,
        "step": 7,
        "pixels": [-1, 1],
        "classes": None,
        "config": configure("dcgan-bce", **config),
    }


@pytest.fixture
def described(tmp_path):
    """The files of both networks at the notebook's size, and the networks."""
    networks = {"Gnet": fill(Generator(), seed=2), "Dnet": fill(Discriminator(), seed=3)}
    for name, network in networks.items():
        network.eval()
        state = with_description(network.state_dict(), description(name))
        paddle.save(state, str(tmp_path / f"{name}.pdparams"))
    return tmp_path, networks


@pytest.mark.parametrize("name", ["Gnet", "Dnet"])
def test_others_read_tensors_and_the_description_is_json(described, name):
    folder, networks = described
    state = paddle.load(str(folder / f"{name}.pdparams"))
    assert all(isinstance(value, paddle.Tensor) for value in state.values())
    told = json.loads(state.pop("paddle_gan.json").numpy().tobytes())
    config = {**configure("dcgan-bce"), "betas": [0.5, 0.999]}
    assert told == {"format": 1, **description(name), "config": config}
    assert state.keys() == networks[name].state_dict().keys()


def test_the_notebooks_generator_ignores_where_classes_are():
    network = GAN(configure(classes=10, latent=100)).generator
    theirs = notebook.Generator()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        missing, unexpected = theirs.set_state_dict(network.state_dict())
    assert (missing, unexpected) == ([], ["regions.offsets"])
    network.eval()
    theirs.eval()
    z = paddle.to_tensor(latents(network, 3, seed=0))
    assert np.abs((network(z) - theirs(z)).numpy()).max() < 1e-5


def test_the_weights_alone_of_a_generator_taught_with_labels(tmp_path):
    network = GAN(configure(classes=10, width=4, latent=12)).generator
    paddle.save(network.state_dict(), str(tmp_path / "Gnet.pdparams"))
    network.eval()
    z = latents(network, 3, seed=0)
    found = generate(load_generator(tmp_path / "Gnet.pdparams"), z)
    assert np.abs(found - generate(network, z)).max() < 1e-6


@pytest.mark.parametrize(
    ("name", "theirs", "shape"),
    [
        ("Gnet", notebook.Generator, [3, 100, 1, 1]),
        ("Dnet", notebook.Discriminator, [3, 1, 32, 32]),
    ],
)
def test_the_notebooks_networks_ignore_it(described, name, theirs, shape):
    folder, networks = described
    network = theirs()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        missing, unexpected = network.set_state_dict(paddle.load(str(folder / f"{name}.pdparams")))
    assert (missing, unexpected) == ([], [KEY])
    network.eval()
    inputs = paddle.to_tensor(np.random.default_rng(1).standard_normal(shape).astype("float32"))
    with paddle.no_grad():
        assert float((network(inputs) - networks[name](inputs)).abs().max()) < 1e-5


@pytest.mark.parametrize("dtype", [None, "float16", "float32", "float64"])
def test_files_that_were_saved_again_keep_it(described, dtype):
    folder, networks = described
    state = paddle.load(str(folder / "Gnet.pdparams"))
    if dtype:
        state = {name: value.astype(dtype) for name, value in state.items()}
    paddle.save(state, str(folder / "again.pdparams"))
    weights, told = split(read(folder / "again.pdparams"), "again.pdparams")
    assert KEY not in weights and told["step"] == 7 and told["config"]["recipe"] == "dcgan-bce"
    drawn, expected = (
        generate(network, latents(network, 2, seed=0))
        for network in (load_generator(folder / "again.pdparams"), networks["Gnet"])
    )
    assert np.abs(drawn - expected).max() < (0.02 if dtype == "float16" else 1e-5)


@pytest.mark.parametrize("version", ["2.6.2", "3.3.1"])
def test_files_of_both_versions_of_paddle(version):
    """Each was saved as ``described`` above, of the network below."""
    network = fill(Generator(latent=2, width=1, image_size=16), seed=6)
    network.eval()
    z = latents(network, 3, seed=0)
    loaded = load_generator(FIXTURES / f"described-{version}.pdparams")
    assert np.abs(generate(loaded, z) - generate(network, z)).max() < 1e-5


@pytest.mark.parametrize("name", NETWORKS)
def test_each_generator_is_built_as_described(name, tmp_path):
    sizes = dict(latent=5, width=4, channels=3, image_size=28 if name == "sngan" else 32)
    network = fill(NETWORKS[name].Generator(**sizes), seed=1)
    network.eval()
    told = description("Gnet_raw", networks=name, norm="none", **sizes)
    paddle.save(with_description(network.state_dict(), told), str(tmp_path / "any.name"))
    loaded = load_generator(tmp_path / "any.name")
    assert type(loaded) is type(network) and not loaded.training
    z = latents(network, 2, seed=0)
    assert np.array_equal(generate(loaded, z), generate(network, z))


def test_a_description_is_believed_and_shapes_are_not_guessed(tmp_path):
    """A network that another name in its weights would make unguessable."""
    small = description(latent=3, width=2, image_size=16)
    state = with_description(Generator(3, 2, 1, 16).state_dict(), small)
    paddle.save({f"x{name}": value for name, value in state.items()}, str(tmp_path / "renamed"))
    with pytest.raises(UserError, match="holds no generator"):
        load_generator(tmp_path / "renamed")
    state["new.weight"] = paddle.zeros([1])
    paddle.save(state, str(tmp_path / "more"))
    with pytest.raises(UserError, match="another network. unexpected: new.weight"):
        load_generator(tmp_path / "more")


def test_several_threads_may_load():
    path = FIXTURES / "described-3.3.1.pdparams"
    generator = load_generator(path)
    z = latents(generator, 2, seed=0)
    expected = generate(generator, z)
    with ThreadPoolExecutor(8) as pool:
        for loaded in pool.map(load_generator, [path] * 100):
            assert np.array_equal(generate(loaded, z), expected)


@pytest.mark.parametrize("file", descriptions.hostile(), ids=lambda file: file.name)
def test_a_damaged_or_hostile_description_is_refused_in_a_line(file, tmp_path):
    path = tmp_path / "hostile.pdparams"
    path.write_bytes(file.data)
    tracemalloc.start()
    began = time.perf_counter()
    try:
        with pytest.raises(UserError) as caught:
            load_generator(path)
        assert time.perf_counter() - began < 10
        assert tracemalloc.get_traced_memory()[1] < 50 * MEGABYTE + 8 * len(file.data)
    finally:
        tracemalloc.stop()
    line = str(caught.value)
    assert line.startswith(str(path)) and line.isprintable() and len(line) < 1000
    assert file.told in line


def test_the_hostile_descriptions_differ_from_a_good_one_in_one_thing(tmp_path):
    path = tmp_path / "good.pdparams"
    path.write_bytes(descriptions.with_text(json.dumps(descriptions.GOOD)))
    assert load_generator(path).latent == 2


def test_mutations_of_a_good_description():
    counts = fuzz_descriptions(1000, seed=5)
    assert counts["refused"] > 500
    assert counts["read"] > 10  # where every file is refused, nothing was tested
