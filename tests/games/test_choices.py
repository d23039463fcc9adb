"""What a configuration chooses freely: who moves how often, what D sees, what combines."""

import numpy as np
import paddle
import pytest

from paddle_gan.config import RECIPES, configure
from paddle_gan.data import ImageSet
from paddle_gan.errors import UserError
from paddle_gan.games.gan import GAN
from paddle_gan.objectives.augmentations import Augmentation
from paddle_gan.objectives.losses import OBJECTIVES
from tests.games.games import BATCH, game, real, weights


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
    ours.train_step({"image": real(10)}, 0)
    assert moves(ours) == {"Gadam": 1, "Dadam": steps}
    ours.train_step({"image": real(10)}, 0)
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
    ours.train_step({"image": real()}, 0)
    after = next_draw()
    paddle.seed(5)
    for n in draws:
        paddle.randn([n, 5, 1, 1])
    assert np.array_equal(next_draw(), after)


def test_fresh_noise_with_classes():
    ours = game("cdcgan", fresh_noise=3)
    labels = paddle.to_tensor([2, 2, 5, 5, 5, 9])
    scalars = ours.train_step({"image": real(), "label": labels}, 0)
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
    scalars = ours.train_step({"image": images}, 0)
    assert all(np.isfinite(float(value)) for value in scalars.values())


def test_what_the_discriminator_sees_is_augmented():
    ours, unaugmented = game(augment="instance-noise"), game()
    images = real()
    paddle.seed(3)
    shown = ours._shown(images).numpy()
    paddle.seed(3)
    expected = images.numpy() + 0.1 * paddle.randn(images.shape).numpy()
    np.testing.assert_allclose(shown, expected, atol=1e-6)
    assert unaugmented._shown(images) is images


@pytest.mark.parametrize(("objective", "more"), [("hinge", 1), ("relativistic", 2)])
@pytest.mark.parametrize(("steps", "pack"), [(1, 1), (2, 1), (1, 2)])
def test_every_image_that_reaches_the_discriminator_is_augmented(steps, pack, objective, more):
    """Those that G learns from as well, with its gradient going through."""
    ours = game(critic_steps=steps, pack=pack, objective=objective)
    compute, seen = ours.discriminator._logits, []
    ours.augment = Augmentation(lambda images: images / 100 + 5, 1, None)

    def watched(images):
        seen.append(images.numpy())
        return compute(images)

    ours.discriminator._logits = watched
    before = weights(ours.generator)
    ours.train_step({"image": real()}, 0)
    assert [len(images) * pack * steps for images in seen[:steps]] == [2 * BATCH] * steps
    assert len(seen) == steps + more
    assert all(np.abs(images - 5).max() <= 0.0101 for images in seen)
    assert max(np.abs(a - b).max() for a, b in zip(before, weights(ours.generator))) > 1e-4


@pytest.mark.parametrize("recipe", [name for name, row in RECIPES.items() if row.game == "gan"])
def test_every_recipe_plays(recipe):
    batch = 2 * configure(recipe)["critic_steps"]
    told = {"classes": 10} if configure(recipe).get("classes") else {}
    ours = game(recipe, batch_size=batch, latent=12, **told)
    size = configure(recipe)["image_size"]
    ours.check_data(ImageSet(np.zeros((10, 1, 32, 32), np.uint8), np.arange(10), "ten"))
    before = weights(ours.generator), weights(ours.discriminator)
    labels = paddle.arange(batch) % 10
    for step in range(2):
        scalars = ours.train_step({"image": real(batch, size, seed=step), "label": labels}, 0)
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
        scalars = ours.train_step({"image": real(size=16, seed=step)}, 0)
        assert all(np.isfinite(float(value)) for value in scalars.values())


@pytest.mark.parametrize(
    ("name", "typed", "nearest"),
    [
        ("networks", "dcgam", "dcgan"),
        ("norm", "spektral", "spectral"),
        ("init", "kaimin", "kaiming"),
        ("objective", "wasserstien", "wasserstein"),
        ("penalty", "gradeint-penalty", "gradient-penalty"),
        ("augment", "translation", "translate"),
        ("optimizer", "Adam", "adam"),
    ],
)
def test_a_name_that_is_in_no_table(name, typed, nearest):
    with pytest.raises(UserError) as caught:
        configure(**{name: typed})
    told = str(caught.value)
    assert told.startswith(f"unknown {name} {typed!r}; did you mean {nearest!r}? There are ")
    assert "\n" not in told


def told(monkeypatch, ours, batch) -> dict[str, list]:
    """By what the labels of each call of D are: of real images, or of generated ones."""
    seen, logits = [], ours.discriminator.logits
    monkeypatch.setattr(
        ours.discriminator, "logits", lambda *a: seen.append(a[1].tolist()) or logits(*a)
    )
    ours.train_step(batch, 0)
    return seen


def test_latents_stand_for_classes(monkeypatch):
    """D is told the true ones of real images, of generated ones where their latents lie."""
    labels = np.repeat([0, 1, 2], [1, 1, 4])
    ours = game(classes=3, conditioning="latents")
    assert not ours.generator.classes
    ours.check_data(ImageSet(np.zeros((6, 1, 32, 32), np.uint8), labels, "six"))
    batch = {"image": real(), "label": paddle.to_tensor(labels)}
    paddle.seed(7)
    seen = told(monkeypatch, ours, batch)
    paddle.seed(7)
    regions = ours.generator.regions
    expected = regions.classes(ours.latents(BATCH)).tolist()
    assert seen == [labels.tolist() + expected, expected]
    assert regions.offsets[2] > regions.offsets[0] == regions.offsets[1]


@pytest.mark.parametrize("networks", ["dcgan", "r3gan"])
def test_penalties_with_classes_of_latents(networks):
    ours = game("rpgan", networks=networks, classes=3, conditioning="latents", fresh_noise=2)
    labels = np.array([0, 1, 2, 2, 2, 2])
    ours.check_data(ImageSet(np.zeros((6, 1, 32, 32), np.uint8), labels, "six"))
    scalars = ours.train_step({"image": real(), "label": paddle.to_tensor(labels)}, 0)
    assert all(np.isfinite(float(value)) for value in scalars.values())
    assert ours.discriminator.embedding.weight.shape[0] == 3


@pytest.mark.parametrize(
    ("labels", "classes"),
    [(None, 0), ([0, 0], 0), ([0, 1], 2), ([0, 4], 5), ([0, 5], 0)],
)
def test_classes_where_there_are_some_and_latents_for_them(labels, classes):
    labels = labels and np.array(labels)
    images = ImageSet(np.zeros((2, 1, 32, 32), np.uint8), labels, "two")
    config = configure("dcgan", latent=5)
    assert GAN.with_data(config, images)["classes"] == classes
    packed = configure("dcgan", latent=5, pack=2)
    assert GAN.with_data(packed, images)["classes"] == 0


@pytest.mark.parametrize("recipe", ["dcgan", "cdcgan"])
def test_a_class_without_an_image_to_train_on_is_one_all_the_same(recipe):
    """Names are of all splits: the network of a checkpoint has one output for each of them."""
    images = np.zeros((2, 1, 32, 32), np.uint8)
    pets = ImageSet(images, np.array([0, 1]), "two", classes=("cat", "dog", "owl"))
    assert GAN.with_data(configure(recipe), pets)["classes"] == 3
    game(recipe, classes=3).check_data(pets)
    with pytest.raises(UserError, match="draws 2 classes at most, and there are 3"):
        game(recipe, classes=2).check_data(pets)
