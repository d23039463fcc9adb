"""From latents to images: seeds and walks."""

import re

import numpy as np
import paddle
import pytest

from paddle_gan import kernels
from paddle_gan.errors import UserError
from paddle_gan.networks import conditional
from paddle_gan.networks.dcgan import Generator
from paddle_gan.sampling.drawing import generate, latents, slerp, stream, walk
from paddle_gan.sampling.regions import Regions
from tests.notebook import fill


@pytest.fixture(scope="module")
def generator() -> Generator:
    network = fill(Generator(latent=10, width=4, image_size=16), seed=1)
    network.eval()
    return network


def test_latents_are_the_same_everywhere(generator):
    found = latents(Generator(latent=100, width=1), 2, seed=0)
    assert found.shape == (2, 100, 1, 1) and found.dtype == np.float32
    # From NumPy's PCG64 and its ziggurat, which are fixed by its policy on streams.
    expected = [[1.117622, -1.3871249, -0.4265716], [-0.41793495, 0.5500046, -0.29697934]]
    assert found[:, :3, 0, 0] == pytest.approx(np.array(expected), abs=1e-6)
    assert not np.array_equal(latents(generator, 2, 0), latents(generator, 2, 1))


def test_more_latents_begin_with_the_same_ones(generator):
    assert np.array_equal(latents(generator, 100, 5)[:7], latents(generator, 7, 5))


def test_latents_are_standard_normal(generator):
    z = latents(generator, 4000, seed=3)
    assert abs(z.mean()) < 5 / z.size**0.5 and abs(z.std() - 1) < 5 / (2 * z.size) ** 0.5


def test_drawing_uses_neither_paddles_generator_nor_numpys(generator):
    paddle.seed(3), np.random.seed(3)
    first = generate(generator, latents(generator, 5, seed=1))
    paddle.seed(4), np.random.seed(4)
    assert np.array_equal(generate(generator, latents(generator, 5, seed=1)), first)


def test_images_do_not_depend_on_their_batch(generator):
    z = latents(generator, 300, seed=2)
    whole = generate(generator, z)
    assert whole.shape == (300, 1, 16, 16) and whole.dtype == np.float32
    assert np.abs(whole).max() <= 1 and whole.std() > 0.01
    one_by_one = np.concatenate([generate(generator, z[i : i + 1]) for i in range(len(z))])
    assert np.abs(one_by_one - whole).max() < 1e-6
    with kernels.plain():
        assert np.abs(generate(generator, z) - whole).max() < 1e-5


def test_a_stream_gives_what_is_drawn_at_once(generator):
    batches = list(stream(generator, 600, seed=4))
    assert len(batches) > 1
    whole = generate(generator, latents(generator, 600, seed=4), batch=600)
    assert np.abs(np.concatenate(batches) - whole).max() < 1e-6


def test_latents_of_any_type_are_taken(generator):
    z = latents(generator, 5, seed=2)
    expected = generate(generator, z)
    for given in (z.astype("float64"), z.tolist(), paddle.to_tensor(z)):
        found = generate(generator, given)
        assert found.dtype == np.float32 and np.array_equal(found, expected)


@pytest.mark.parametrize(
    "shape", [(5, 10), (10, 1, 1), (5, 9, 1, 1), (5, 10, 2, 1), (0, 10, 1, 1), ()]
)
def test_latents_of_another_shape_are_told_the_right_one(generator, shape):
    told = f"latents have shape {re.escape(str(shape))}; this generator draws from N x 10 x 1 x 1"
    with pytest.raises(UserError, match=told):
        generate(generator, np.zeros(shape))


@pytest.mark.parametrize("latents", [[[1, 2], [3]], ["one", "two"], {"z": 1}])
def test_latents_that_are_no_array(generator, latents):
    with pytest.raises(UserError, match="latents must be an array of numbers"):
        generate(generator, latents)


def test_a_digit_that_cannot_be_asked_for(generator):
    with pytest.raises(UserError, match="digit 7: this generator was trained with no classes"):
        generate(generator, latents(generator, 2, seed=0), digit=7)
    network = fill(conditional.Generator(latent=10, width=4, image_size=16), seed=2)
    network.eval()
    for digit in (-1, 10):
        with pytest.raises(
            UserError, match=f"digit {digit}: this generator was trained with classes 0 to 9"
        ):
            generate(network, latents(network, 2, seed=0), digit=digit)
    assert generate(network, latents(network, 2, seed=0), digit=9).shape == (2, 1, 16, 16)


def test_a_digit_for_each_of_latents_that_stand_for_classes(generator, monkeypatch):
    monkeypatch.setattr(generator, "regions", Regions(3, 0.5), raising=False)
    z, seen = latents(generator, 4, seed=0), []
    hook = generator.register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    generate(generator, z, digit=np.array([2, 0, 1, 1]))
    hook.remove()
    assert generator.regions.classes(seen[0]).tolist() == [2, 0, 1, 1]
    with pytest.raises(UserError, match="digit 3: this generator was trained with classes 0 to 2"):
        generate(generator, z, digit=3)


def test_slerp_worked_by_hand():
    x, y = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert slerp(x, y, 0) == pytest.approx(x)
    assert slerp(x, y, 1) == pytest.approx(y, abs=1e-12)
    assert slerp(x, y, 0.5) == pytest.approx([0.5**0.5, 0.5**0.5])
    assert slerp(x, y, 1 / 3) == pytest.approx([3**0.5 / 2, 0.5])  # 30 of 90 degrees


def test_slerp_between_lengths():
    # 60 degrees apart, 2 and 4 long, half-way: sin 30 / sin 60 = 0.577350 of the sum.
    a, b = np.array([2.0, 0.0]), np.array([2.0, 12**0.5])
    assert slerp(a, b, 0.5) == pytest.approx(0.5773503 * (a + b))


def test_slerp_of_the_same_point():
    a = np.array([0.3, -0.4])
    assert slerp(a, a.copy(), 0.25) == pytest.approx(a)


def test_slerp_keeps_the_norm_and_the_pace():
    rng = np.random.default_rng(0)
    a, b = (v / np.linalg.norm(v) for v in rng.normal(size=(2, 100)))
    path = np.array([slerp(a, b, t) for t in np.linspace(0, 1, 21)])
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1, rtol=1e-12)
    steps = np.arccos((path[:-1] * path[1:]).sum(1))
    np.testing.assert_allclose(steps, np.arccos(a @ b) / 20, rtol=1e-6)


def test_a_walk_passes_its_ends_and_closes():
    ends = latents(Generator(latent=100, width=1), 4, seed=1)
    path = walk(ends, 40)
    assert path.shape == (40, 100, 1, 1) and path.dtype == np.float32
    np.testing.assert_allclose(path[::10], ends, atol=1e-6)
    np.testing.assert_allclose(path[35], slerp(ends[3], ends[0], 0.5), atol=1e-6)
    # 100 dimensions put the ends near 10 from the origin and at right angles to each other.
    steps = np.linalg.norm((path - np.roll(path, 1, axis=0)).reshape(40, -1), axis=1)
    assert np.abs(steps / (10 * np.pi / 2 / 10) - 1).max() < 0.3


@pytest.mark.parametrize("frames", [2, 3, 7, 41])
def test_a_walk_of_any_length_moves_evenly(generator, frames):
    ends = latents(generator, 4, seed=1)
    path = walk(ends, frames)
    assert len(path) == frames
    for i, point in enumerate(path):
        at = 4 * i / frames
        leg = int(at)
        np.testing.assert_allclose(
            point, slerp(ends[leg], ends[(leg + 1) % 4], at - leg), atol=1e-6
        )
