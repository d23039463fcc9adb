"""Steps of the residual networks, and a run of them."""

import numpy as np
import paddle
import pytest

import paddle_gan
from paddle_gan.checkpoints.reading import read
from paddle_gan.sampling.drawing import generate, latents
from tests.data.files import save_idx
from tests.games.games import game, real, weights

SIZES = dict(image_size=16, blocks=1, lr_end=0.0005)


@pytest.mark.parametrize("recipe", ["r3gan", "cr3gan"])
def test_steps_are_finite_and_move_both(recipe):
    ours = game(recipe, **SIZES)
    fixed = [p.numpy().copy() for p in ours.discriminator.parameters() if p.stop_gradient]
    before = weights(ours.generator), weights(ours.discriminator)
    labels = paddle.to_tensor([0, 1, 2, 3, 9, 9])
    for step in range(4):
        batch = {"image": real(size=16, seed=step), "label": labels}
        scalars = ours.train_step(batch, step)
        assert all(np.isfinite(float(value)) for value in scalars.values())
    for network, old in zip((ours.generator, ours.discriminator), before):
        for now, then in zip(weights(network), old):
            assert np.isfinite(now).all() and np.abs(now - then).max() > 1e-5
    after = [p.numpy() for p in ours.discriminator.parameters() if p.stop_gradient]
    assert len(fixed) == 2 and all(np.array_equal(*pair) for pair in zip(fixed, after))


@pytest.mark.parametrize("recipe", ["r3gan", "cr3gan"])
def test_a_run_and_its_generator_from_the_file(recipe, tmp_path):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (24, 28, 28)).astype("uint8")
    save_idx(tmp_path / "data", "train", pictures, np.arange(24) % 10)
    run = dict(data=str(tmp_path / "data"), device="cpu", width=4, latent=8, batch_size=8)
    out = paddle_gan.train(recipe, out=tmp_path / "out", max_steps=3, **run, **SIZES)
    generator = paddle_gan.load_generator(out / "Gnet.pdparams")
    assert generator.classes == (10 if recipe == "cr3gan" else 0) and not generator.training
    images = generate(generator, latents(generator, 4, seed=0))
    assert images.shape == (4, 1, 16, 16) and np.abs(images).max() <= 1 and images.std() > 0.01
    raw = read(out / "Gnet_raw.pdparams")
    average = read(out / "Gnet.pdparams")
    filters = [name for name in raw if raw[name].shape[1:] == (1, 4, 4)][1:]
    assert filters and all(np.array_equal(raw[name], average[name]) for name in filters)
