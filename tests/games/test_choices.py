"""What a configuration chooses freely, each choice against steps written out with Paddle."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from paddle_gan.config.recipes import RECIPES, configure
from paddle_gan.errors import UserError
from paddle_gan.games.gan import GAN, trainable
from paddle_gan.games.optimizers import OPTIMIZERS
from paddle_gan.objectives.losses import OBJECTIVES
from tests.games.games import BATCH, game, real, twins, weights


def assert_same_weights(one: GAN, other: GAN, before: GAN, tolerance=1e-5) -> None:
    for name in ("generator", "discriminator"):
        triples = zip(*(weights(getattr(g, name)) for g in (one, other, before)))
        for found, expected, start in triples:
            assert np.abs(found - expected).max() < tolerance
            if found.ndim == 4:  # the critic's bias cancels
                assert np.abs(expected - start).max() > 10 * tolerance


def written_out(theirs: GAN, images: paddle.Tensor, d_loss, g_loss) -> tuple[float, float]:
    """A step on G's one batch; ``theirs`` lends its networks and plain Adams move them."""
    adams = [
        paddle.optimizer.Adam(0.001, 0.5, 0.999, parameters=trainable(network))
        for network in (theirs.generator, theirs.discriminator)
    ]
    fake = theirs.generator(paddle.randn([len(images), 5, 1, 1]))
    logits = theirs.discriminator.logits
    first = d_loss(logits(images), logits(fake.detach()))
    first.backward()
    adams[1].step()
    theirs.discriminator.clear_gradients()
    second = g_loss(logits(fake))
    second.backward()
    adams[0].step()
    return float(first), float(second)


STEPS = {
    "hinge": (
        lambda real, fake: F.relu(1 - real).mean() + F.relu(1 + fake).mean(),
        lambda fake: -fake.mean(),
    ),
    "lsgan": (
        lambda real, fake: 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean(),
        lambda fake: 0.5 * ((fake - 1) ** 2).mean(),
    ),
    "dcgan": (
        lambda real, fake: -F.log_sigmoid(real).mean() - F.log_sigmoid(-fake).mean(),
        lambda fake: -F.log_sigmoid(fake).mean(),
    ),
}


@pytest.mark.parametrize("recipe", STEPS)
def test_a_step_written_out(recipe):
    ours, theirs = twins(recipe)
    start = twins(recipe)[0]
    images = real()
    paddle.seed(7)
    found = ours.train_step({"image": images})
    paddle.seed(7)
    d_loss, g_loss = written_out(theirs, images, *STEPS[recipe])
    assert float(found["d_loss"]) == pytest.approx(d_loss, rel=1e-5)
    assert float(found["g_loss"]) == pytest.approx(g_loss, rel=1e-4)
    assert_same_weights(ours, theirs, start, tolerance=2e-5)


def test_a_step_of_wgan_written_out():
    """Five steps of the critic on a fifth of the batch each, and one of the generator."""
    ours, theirs = twins("wgan", batch_size=10, lr=0.001, penalty_weight=0.2, augment="none")
    start = twins("wgan", batch_size=10, augment="none")[0]
    images = real(10)
    paddle.seed(7)
    found = ours.train_step({"image": images})

    paddle.seed(7)
    squares = {}

    def move(network):
        for parameter in trainable(network):
            gradient = parameter.grad.numpy()
            square = 0.99 * squares.get(parameter.name, 0) + 0.01 * gradient**2
            squares[parameter.name] = square
            step = 0.001 * gradient / np.sqrt(square + 1e-8)
            parameter.set_value((parameter.numpy() - step).astype("float32"))
        for each in (theirs.generator, theirs.discriminator):
            each.clear_gradients()

    critic = theirs.discriminator
    for number in range(5):
        fifth = images[2 * number : 2 * number + 2]
        fake = theirs.generator(paddle.randn([2, 5, 1, 1])).detach()
        scores = critic.logits(fifth), critic.logits(fake)
        d_loss = scores[1].mean() - scores[0].mean()
        d_loss.backward()
        move(critic)
        for parameter in trainable(critic):
            parameter.set_value(parameter.numpy().clip(-0.2, 0.2))
    g_loss = -critic.logits(theirs.generator(paddle.randn([2, 5, 1, 1]))).mean()
    g_loss.backward()
    move(theirs.generator)

    assert float(found["d_loss"]) == pytest.approx(float(d_loss), rel=1e-3, abs=1e-6)
    assert float(found["g_loss"]) == pytest.approx(float(g_loss), rel=1e-3, abs=1e-6)
    assert float(found["wasserstein"]) == pytest.approx(-float(d_loss), rel=1e-3, abs=1e-6)
    assert max(np.abs(values).max() for values in weights(critic)) == np.float32(0.2)
    assert_same_weights(ours, theirs, start)


def moves(game: GAN) -> dict[str, int]:
    """How often each Adam has moved, by the power of beta1 that it keeps."""
    found = {}
    for name, optimizer in game.optimizers.items():
        powers = [v for k, v in optimizer.state_dict().items() if "beta1_pow" in k]
        # Paddle keeps the power that the next step takes.
        counts = {round(np.log(v.item()) / np.log(0.5)) - 1 for v in powers}
        (found[name],) = counts
    return found


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_critic_steps_are_of_the_discriminator(steps):
    ours = game(critic_steps=steps, batch_size=10)
    ours.train_step({"image": real(10)})
    assert moves(ours) == {"Gadam": 1, "Dadam": steps}
    ours.train_step({"image": real(10)})
    assert moves(ours) == {"Gadam": 2, "Dadam": 2 * steps}


def next_draw() -> np.ndarray:
    return paddle.randn([3]).numpy()


@pytest.mark.parametrize(
    ("overrides", "draws"),
    [
        (dict(fresh_noise=0), [6]),
        (dict(fresh_noise=1), [6, 6]),
        (dict(fresh_noise=3), [6, 18]),
        (dict(fresh_noise=2, critic_steps=3), [2, 2, 2, 4]),
        (dict(fresh_noise=0, critic_steps=3), [2, 2, 2]),
    ],
)
def test_latents_that_a_step_draws(overrides, draws):
    ours = game(**overrides)
    paddle.seed(5)
    ours.train_step({"image": real()})
    after = next_draw()
    paddle.seed(5)
    for n in draws:
        paddle.randn([n, 5, 1, 1])
    assert np.array_equal(next_draw(), after)


def test_fresh_noise_with_classes():
    ours = game("cdcgan", fresh_noise=3)
    labels = paddle.to_tensor([2, 2, 5, 5, 5, 9])
    scalars = ours.train_step({"image": real(), "label": labels})
    assert all(np.isfinite(float(value)) for value in scalars.values())


@pytest.mark.parametrize(("pack", "channels"), [(2, 1), (3, 1), (2, 3)])
def test_packed_images_are_the_channels_of_one(pack, channels):
    ours = game(pack=pack, channels=channels, image_size=16)
    assert ours.discriminator.dgan[0].weight.shape == [4, pack * channels, 4, 4]
    images = real(size=16, channels=channels)
    shown = ours._shown(images)
    assert shown.shape == [BATCH // pack, pack * channels, 16, 16]
    for i, image in enumerate(images.numpy()):
        place = slice(i % pack * channels, (i % pack + 1) * channels)
        assert np.array_equal(shown.numpy()[i // pack, place], image)
    assert ours.discriminator.logits(shown).shape == [BATCH // pack, 1, 1, 1]
    scalars = ours.train_step({"image": images})
    assert all(np.isfinite(float(value)) for value in scalars.values())


def test_what_the_discriminator_sees_is_augmented():
    ours, plain = game(augment="noise"), game()
    images = real()
    paddle.seed(3)
    shown = ours._shown(images).numpy()
    paddle.seed(3)
    expected = images.numpy() + 0.1 * paddle.randn(images.shape).numpy()
    np.testing.assert_allclose(shown, expected, atol=1e-6)
    assert plain._shown(images) is images


@pytest.mark.parametrize(("steps", "pack"), [(1, 1), (2, 1), (1, 2)])
def test_every_image_that_reaches_the_discriminator_is_augmented(steps, pack):
    """Those that G learns from as well, with its gradient going through."""
    ours = game(critic_steps=steps, pack=pack)
    score, seen = ours.discriminator.score, []
    ours.augment = lambda images: images / 100 + 5

    def watched(images):
        seen.append(images.numpy())
        return score(images)

    ours.discriminator.score = watched
    before = weights(ours.generator)
    ours.train_step({"image": real()})
    assert len(seen) == 2 * steps + 1
    assert all(np.abs(images - 5).max() <= 0.0101 for images in seen)
    assert max(np.abs(a - b).max() for a, b in zip(before, weights(ours.generator))) > 1e-4


def test_each_player_has_its_betas():
    ours = game(betas=(0.0, 0.9))
    for optimizer in ours.optimizers.values():
        assert (optimizer._beta1, optimizer._beta2) == (0.0, 0.9)


def test_each_player_has_its_rate():
    ours = game(lr=0.002, lr_ratio=0.25)
    assert ours.g_optimizer.get_lr() == 0.002
    assert ours.d_optimizer.get_lr() == pytest.approx(0.0005)


def test_rmsprop_written_out():
    weight = paddle.create_parameter([3], "float32")
    weight.set_value(paddle.to_tensor([1.0, -2.0, 0.5]))
    optimizer = OPTIMIZERS["rmsprop"]([weight], 0.01, (0.5, 0.999))
    value, square = np.array([1.0, -2.0, 0.5]), np.zeros(3)
    for factor in (1.0, -3.0, 0.2):
        (factor * weight.square()).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
        gradient = 2 * factor * value
        square = 0.99 * square + 0.01 * gradient**2
        value = value - 0.01 * gradient / np.sqrt(square + 1e-8)
        np.testing.assert_allclose(weight.numpy(), value, rtol=1e-5)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_plays(recipe):
    batch = 2 * configure(recipe)["critic_steps"]
    ours = game(recipe, batch_size=batch)
    size = configure(recipe)["image_size"]
    before = weights(ours.generator), weights(ours.discriminator)
    labels = paddle.arange(batch) % 10
    for step in range(2):
        scalars = ours.train_step({"image": real(batch, size, seed=step), "label": labels})
        assert {"d_loss", "g_loss"} < scalars.keys()
        assert all(np.isfinite(float(value)) for value in scalars.values())
    for start, network in zip(before, (ours.generator, ours.discriminator)):
        assert any(not np.array_equal(*pair) for pair in zip(start, weights(network)))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("augment", ["none", "translate"])
def test_every_objective_plays_with_all_that_goes_with_it(objective, augment):
    ours = game(
        objective=objective, augment=augment, norm="spectral", penalty="r1", pack=2, critic_steps=3,
        fresh_noise=2, lr_ratio=2.0, image_size=16,
    )  # fmt: skip
    for step in range(2):
        scalars = ours.train_step({"image": real(size=16, seed=step)})
        assert all(np.isfinite(float(value)) for value in scalars.values())


@pytest.mark.parametrize(
    ("name", "typed", "nearest"),
    [
        ("game", "gam", "gan"),
        ("networks", "dcgam", "dcgan"),
        ("norm", "spektral", "spectral"),
        ("init", "kaimin", "kaiming"),
        ("objective", "wasserstien", "wasserstein"),
        ("penalty", "gradeint", "gradient"),
        ("augment", "translation", "translate"),
        ("optimizer", "Adam", "adam"),
    ],
)
def test_a_name_that_is_in_no_table(name, typed, nearest):
    config = configure(**{name: typed})
    assert config[name] == typed
    with pytest.raises(UserError) as caught:
        GAN(config)
    told = str(caught.value)
    assert told.startswith(f"unknown {name} {typed!r}; did you mean {nearest!r}? There are ")
    assert "\n" not in told
