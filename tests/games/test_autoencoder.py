"""The game of an autoencoder: a step against plain Paddle, its prior, and what it draws."""

import numpy as np
import paddle
import pytest

from paddle_gan import kernels
from paddle_gan.config import configure
from paddle_gan.data import ImageSet, to_float
from paddle_gan.errors import UserError
from paddle_gan.games.autoencoder import Autoencoder
from paddle_gan.sampling.columns import joined
from paddle_gan.sampling.drawing import generate
from tests.notebook import fill

LR = 0.01


def game(recipe="autoencoder", **overrides) -> Autoencoder:
    sizes = dict(width=4, latent=3, image_size=16, components=2, batch_size=6, lr=LR)
    found = Autoencoder(configure(recipe, **{**sizes, **overrides}))
    for seed, network in enumerate(found.networks.values()):
        state = network.state_dict()
        fill(network, seed)
        for name in {"weights", "means", "factors"} & state.keys():
            getattr(network, name).set_value(paddle.zeros(state[name].shape))
    return found


def image_set(n=40, size=16) -> ImageSet:
    images = np.random.default_rng(0).integers(0, 256, (n, 1, size, size), np.uint8)
    return ImageSet(images, None, "noise")


def batch(n=6) -> dict:
    return {"image": paddle.to_tensor(to_float(image_set(n).images))}


def drawers(played: Autoencoder) -> dict:
    for network in played.networks.values():
        network.eval()
    played.fit_prior(played.networks, image_set())
    return played.networks


def plain_step(played: Autoencoder, kl: float) -> dict[str, float]:
    """The same step with Paddle's layers, its own loss functions and one Adam."""
    encoder, generator = played.networks.values()
    adam = paddle.optimizer.Adam(
        LR, 0.9, 0.999, parameters=[*encoder.parameters(), *generator.parameters()]
    )
    x = batch()["image"]
    with kernels.plain():
        found = encoder.conv(x)
        codes, divergence = found, 0.0
        if kl:
            mean, deviation = found[:, :3], (found[:, 3:] / 2).exp()
            codes = mean + deviation * paddle.randn([6, 3, 1, 1])
            ours, standard = (
                paddle.distribution.Normal(*arguments)
                for arguments in ((mean, deviation), (paddle.zeros([1]), paddle.ones([1])))
            )
            divergence = ours.kl_divergence(standard).sum() / 6
        drawn = generator.gan(codes)
        if kl:
            white = paddle.nn.functional.binary_cross_entropy(
                (drawn + 1) / 2, (x + 1) / 2, reduction="sum"
            )
            loss = white / 6
        else:
            loss = ((drawn - x) ** 2).sum() / 6
        (loss + kl * divergence).backward()
    adam.step()
    return {"reconstruction_loss": float(loss), **({"kl_loss": float(divergence)} if kl else {})}


@pytest.mark.parametrize(("recipe", "kl"), [("autoencoder", 0), ("vae", 0.5)])
def test_a_step_is_that_of_plain_paddle(recipe, kl):
    overrides = dict(reconstruction="bce", kl=kl) if kl else {}
    ours, theirs = (game(recipe, **overrides) for _ in range(2))
    before = [p.numpy().copy() for n in ours.networks.values() for p in n.parameters()]
    paddle.seed(3)
    found = ours.train_step(batch(), 0)
    paddle.seed(3)
    expected = plain_step(theirs, kl)
    assert {name: float(value) for name, value in found.items()} == pytest.approx(
        expected, rel=1e-4
    )
    assert all(value.ndim == 0 and value.stop_gradient for value in found.values())
    # Adam's first step is the sign of the gradient, which rounding turns where it is near zero.
    far = moved = 0
    parameters = zip(
        *([p for n in g.networks.values() for p in n.parameters()] for g in (ours, theirs))
    )
    for start, (one, other) in zip(before, parameters):
        far += int((np.abs(one.numpy() - other.numpy()) > LR / 10).sum())
        moved += int((np.abs(one.numpy() - start) > LR / 2).sum())
    assert moved > 1000 and far < moved / 200


def test_both_networks_have_an_optimizer():
    played = game()
    assert played.networks.keys() == {"Enet", "Gnet"}
    assert played.optimizers.keys() == {"Eadam", "Gadam"}
    trained = [p.name for o in played.optimizers.values() for p in o._parameter_list]
    fixed = {played.generator.weights.name, played.generator.means.name}
    assert len(trained) == len(set(trained)) and not fixed & set(trained)


@pytest.mark.parametrize("recipe", ["autoencoder", "vae"])
def test_it_learns(recipe):
    played = game(recipe)
    losses = [float(played.train_step(batch(), step)["reconstruction_loss"]) for step in range(60)]
    assert losses[-1] < 0.8 * losses[0]


def test_the_prior_is_fitted_to_the_codes_of_the_training_images():
    played = game(components=1)
    generator = drawers(played)["Gnet"]
    with paddle.no_grad(), kernels.plain():
        x = paddle.to_tensor(to_float(image_set().images))
        codes = played.encoder(x).numpy().reshape([40, 3])
    factor = generator.factors.numpy()[0]
    assert generator.weights.numpy().tolist() == [1]
    assert generator.means.numpy()[0] == pytest.approx(codes.mean(0), abs=1e-4)
    expected = np.cov(codes.T, bias=True)
    assert np.abs(factor @ factor.T - expected).max() < 2e-3 * codes.var(0).mean() + 1e-5


def test_an_average_and_the_network_behind_it_share_the_prior():
    played, averages = game(), game(seed=1)
    for network in averages.networks.values():
        network.eval()
    played.fit_prior(averages.networks, image_set())
    for name in ("weights", "means", "factors"):
        one, other = (getattr(each.generator, name).numpy() for each in (played, averages))
        assert np.array_equal(one, other) and one.any()


def test_codes_of_a_variational_encoder_are_fitted_with_their_spread():
    played = game("vae", components=1)
    encoder = played.encoder
    encoder.conv[-1].weight.set_value(paddle.zeros_like(encoder.conv[-1].weight))
    bias = np.array([1, 2, 3, 0, 0, 0], "float32")  # each code is N((1, 2, 3), I)
    encoder.conv[-1].bias.set_value(paddle.to_tensor(bias))
    for network in played.networks.values():
        network.eval()
    played.fit_prior(played.networks, image_set(4000))
    factor = played.generator.factors.numpy()[0]
    assert played.generator.means.numpy()[0] == pytest.approx([1, 2, 3], abs=0.1)
    assert factor @ factor.T == pytest.approx(np.eye(3), abs=0.15)


def test_without_components_codes_are_standard_normal():
    played = game("vae", components=0)
    (inputs,) = Autoencoder.probe({"Gnet": played.generator}, 5, seed=4)
    expected = generate(
        played.generator, np.random.default_rng(4).standard_normal((5, 3, 1, 1), "float32")
    )
    assert np.array_equal(Autoencoder.draw({"Gnet": played.generator}, inputs)["output"], expected)


def test_the_decoder_alone_draws_new_images_by_the_seed():
    alone = {"Gnet": drawers(game())["Gnet"]}
    first, again, other = (joined(Autoencoder.stream(alone, 300, seed)) for seed in (0, 0, 1))
    assert first.keys() == {"output"} and first["output"].shape == (300, 1, 16, 16)
    assert np.array_equal(first["output"], again["output"])
    assert np.abs(first["output"] - other["output"]).max() > 0.01
    fewer = joined(Autoencoder.stream(alone, 7, 0))["output"]
    assert np.abs(fewer - first["output"][:7]).max() < 1e-5


def test_both_show_images_beside_their_reconstructions():
    networks, images = drawers(game()), image_set(300)
    found = joined(Autoencoder.stream(networks, 280, 0, images))
    assert list(found) == ["input", "output", "sample"]
    assert np.array_equal(found["input"], to_float(images.examples(280)["image"]))
    with paddle.no_grad(), kernels.plain():
        x = paddle.to_tensor(found["input"])
        expected = networks["Gnet"].gan(networks["Enet"].conv(x)).numpy()
    assert np.abs(found["output"] - expected).max() < 1e-4
    new = joined(Autoencoder.stream({"Gnet": networks["Gnet"]}, 280, 0))["output"]
    assert np.array_equal(found["sample"], new)
    assert len(joined(Autoencoder.stream(networks, 1000, 0, images))["sample"]) == 300


def test_a_walk_is_closed():
    alone = {"Gnet": drawers(game())["Gnet"]}
    frames = Autoencoder.walk(alone, 40, seed=2)["output"]
    steps = np.abs(frames - np.roll(frames, 1, axis=0)).mean((1, 2, 3))
    assert len(frames) == 40 and steps.min() > 0
    ends = joined(Autoencoder.stream(alone, 4, 2))["output"]
    assert np.abs(frames[::10] - ends).max() < 1e-5


def test_between_takes_the_encoder_and_a_number_of_frames():
    alone = {"Gnet": drawers(game())["Gnet"]}
    with pytest.raises(UserError, match="--between takes the encoder; give the Enet.pdparams"):
        Autoencoder.walk(alone, 4, 0, between=["a.png", "b.png"])
    with pytest.raises(UserError, match="--interpolation N"):
        next(Autoencoder.probe(alone, 4, 0, between=["a.png", "b.png"]))
