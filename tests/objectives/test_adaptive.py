"""More augmentations, and how often one is applied: fixed, or adapted to how sure D is."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_gan.config import configure
from paddle_gan.errors import UserError
from paddle_gan.objectives.augmentations import AUGMENTATIONS, Augmentation, color, cutout, flip
from paddle_gan.objectives.losses import OBJECTIVES
from paddle_gan.system import distributed, draws
from tests.games.games import game, real


def images(n: int, channels: int = 1, size: int = 16) -> paddle.Tensor:
    values = np.random.default_rng(0).uniform(-1, 1, (n, channels, size, size))
    return paddle.to_tensor(values.astype("float32"))


def test_half_of_the_images_are_mirrored():
    paddle.seed(1)
    before = images(400)
    after = flip(before).numpy()
    mirrored = (after == before.numpy()[..., ::-1]).all(axis=(1, 2, 3))
    kept = (after == before.numpy()).all(axis=(1, 2, 3))
    assert (mirrored ^ kept).all() and abs(mirrored.mean() - 0.5) < 5 * 0.5 / 400**0.5


def test_color_of_gray_images_changes_brightness_and_contrast_alone():
    """Each image becomes a times itself plus b, with a from 0.5 to 1.5 and its mean moved by b."""
    paddle.seed(2)
    before = images(300)
    after = color(before).numpy()
    slopes, moves = [], []
    for x, y in zip(before.numpy().reshape(300, -1), after.reshape(300, -1)):
        slope, constant = np.polyfit(x, y, 1)
        assert np.abs(slope * x + constant - y).max() < 1e-5
        slopes.append(slope)
        moves.append(y.mean() - x.mean())
    for values, low, high in ((slopes, 0.5, 1.5), (moves, -0.5, 0.5)):
        assert low - 1e-4 < min(values) < low + 0.05 and high - 0.05 < max(values) < high + 1e-4


def test_color_changes_the_saturation_of_colored_images(monkeypatch):
    """With the middle of every draw nothing changes; with saturation 0 it is gray."""
    before = images(3, channels=3)
    for saturation, expected in ((0.5, before), (0.0, before.mean(axis=1, keepdim=True))):
        drawn = paddle.to_tensor([[0.5, saturation, 0.5]] * 3)
        monkeypatch.setattr(draws, "uniform", lambda shape, drawn=drawn: drawn)
        assert np.abs((color(before) - expected).numpy()).max() < 1e-6


def test_cutout_takes_a_square_of_half_the_size():
    paddle.seed(3)
    gone = cutout(paddle.ones([500, 2, 16, 16])).numpy() == 0
    assert (gone[:, 0] == gone[:, 1]).all()
    heights, widths = gone[:, 0].any(axis=2).sum(axis=1), gone[:, 0].any(axis=1).sum(axis=1)
    assert (gone[:, 0].sum(axis=(1, 2)) == heights * widths).all()  # rectangles
    assert heights.max() == widths.max() == 8 and heights.min() >= 3  # cut off at the borders
    everywhere = gone[:, 0].any(axis=0)
    assert everywhere.all()


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_generator_gets_a_gradient_through_each(name):
    paddle.seed(4)
    shown = images(4, channels=3)
    shown.stop_gradient = False
    AUGMENTATIONS[name](shown).square().sum().backward()
    gradient = shown.grad.numpy()
    assert np.isfinite(gradient).all() and np.abs(gradient).sum(axis=(1, 2, 3)).min() > 0


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_two_processes_see_together_what_one_does(name, monkeypatch):
    whole = images(6)
    paddle.seed(5)
    expected = Augmentation(AUGMENTATIONS[name], 0.5, None)(whole).numpy()
    parts = []
    for rank in range(2):
        monkeypatch.setattr(draws, "world", lambda: 2)
        monkeypatch.setattr(draws, "rank", lambda rank=rank: rank)
        paddle.seed(5)
        part = whole[3 * rank : 3 * rank + 3]
        parts.append(Augmentation(AUGMENTATIONS[name], 0.5, None)(part).numpy())
    assert np.abs(np.concatenate(parts) - expected).max() < 1e-6


def test_a_share_of_the_images_is_changed():
    paddle.seed(6)
    seen = Augmentation(lambda x: x + 9, 0.3, None)(paddle.zeros([2000, 1, 1, 1])).numpy()
    assert abs((seen == 9).mean() - 0.3) < 5 * (0.3 * 0.7 / 2000) ** 0.5
    assert set(np.unique(seen)) == {0, 9}


def test_the_share_follows_how_sure_d_is():
    """4 steps of 1,000 images move p by 4,000 / 100,000."""
    ada = Augmentation(lambda x: x, 0.0, target=0.6)
    surer, less = paddle.to_tensor([1.0, 2.0, 0.1, 3.0]), paddle.to_tensor([1.0, -1.0])
    for steps, logits, expected in (
        (3, surer, 0),
        (1, surer, 0.04),
        (8, surer, 0.12),
        (8, less, 0.04),
        (8, less, 0),
        (4, less, 0),
    ):
        for _ in range(steps):
            ada.observe(logits, images=1000)
        assert float(ada.p) == pytest.approx(expected, abs=1e-6)


def test_an_adapted_share_goes_on_where_it_was_saved():
    ada, again = (Augmentation(lambda x: x, p, target=0.6) for p in (0.2, 0.9))
    for _ in range(6):
        ada.observe(paddle.ones([3]), 5000)
    saved = {n: getattr(v, "numpy", lambda v=v: v)() for n, v in ada.state_dict().items()}
    again.load_state_dict(saved)
    for each in (ada, again):
        for _ in range(2):
            each.observe(-paddle.ones([3]), 5000)
    assert float(again.p) == float(ada.p) == pytest.approx(0.2)  # up, and down again
    assert Augmentation(lambda x: x, 1.0, None).state_dict() == {}


def test_the_processes_adapt_it_together(monkeypatch):
    monkeypatch.setattr(
        distributed, "average", lambda tensors: paddle.assign(-tensors[0], tensors[0])
    )
    ada = Augmentation(lambda x: x, 0.5, target=0.6)
    for _ in range(4):
        ada.observe(paddle.ones([3]), 1000)
    assert float(ada.p) == pytest.approx(0.46)


def test_a_game_adapts_it_by_its_discriminator():
    ours = game(augment="diffaugment", augment_target=0.6)
    assert float(ours.augment.p) == 0
    ours.discriminator.dgan[-2].bias.set_value(paddle.full([1], 30.0))  # takes all for real
    for step in range(4):
        scalars = ours.train_step({"image": real()}, step)
    assert float(ours.augment.p) == pytest.approx(4 * len(real()) / 100_000)
    assert float(scalars["augment_p"]) == float(ours.augment.p)
    assert ours.state_dict().keys() == {"p", "signs", "calls"}
    assert game().state_dict() == {} and "augment_p" not in game().train_step({"image": real()}, 0)


@pytest.mark.parametrize(
    ("objective", "real", "fake", "right"),
    [
        ("non-saturating", [-0.1, 0.1], [5, 5], [False, True]),
        ("hinge", [-0.1, 0.1], [5, 5], [False, True]),
        ("least-squares", [0.4, 0.6], [5, 5], [False, True]),  # between 0 and 1
        ("relativistic", [5, 5], [6, 4], [False, True]),
        ("wasserstein", [-5, -5], [-4, -6], [False, True]),
    ],
)
def test_what_d_is_right_about_is_in_the_terms_of_the_loss(objective, real, fake, right):
    logits = (paddle.to_tensor(values, "float32") for values in (real, fake))
    assert (OBJECTIVES[objective].lead(*logits) > 0).tolist() == right


@pytest.mark.parametrize("added", [-30.0, 30.0])
@pytest.mark.parametrize(("seed", "sure"), [(0, False), (2, True)])
def test_what_d_adds_to_all_logits_of_pairs_does_not_count(seed, sure, added):
    """The networks of seed 0 happen to be wrong on most pairs, those of seed 2 right on all."""
    ours = game("dcgan", seed, classes=0, augment="diffaugment", augment_target=0.6, lr=1e-9)
    ours.discriminator.dgan[-2].bias.set_value(paddle.full([1], added))
    for step in range(4):
        ours.train_step({"image": real()}, step)
    assert float(ours.augment.p) == pytest.approx(sure * 4 * len(real()) / 100_000)


def test_a_share_of_nothing_is_refused():
    for given in (dict(augment_p=0.0), dict(augment_p=0.5), dict(augment_target=0.6)):
        with pytest.raises(UserError, match="augment 'none' changes no image"):
            configure(augment="none", **given)
        configure(augment="translate", **given)
