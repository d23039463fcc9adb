"""D is told that real images are none of another class: Reed et al. 2016, section 4.1."""

import numpy as np
import paddle
import pytest

from paddle_gan.config import configure
from paddle_gan.data import ImageSet
from paddle_gan.errors import UserError
from paddle_gan.games.gan import GAN
from tests.games.games import BATCH, game, real

LABELS = [2, 2, 5, 7, 8, 9]


class Watched:
    """What D is shown, and the logits that it gives, pass by pass."""

    def __init__(self, ours):
        self.passes, logits = [], ours.discriminator.logits

        def watched(images, *labels):
            found = logits(images, *labels)
            self.passes.append(([t.numpy() for t in (images, *labels)], found.numpy().ravel()))
            return found

        ours.discriminator.logits = watched


def played(recipe="cdcgan", step=0, labels=LABELS, **overrides):
    ours = game(recipe, **{"classes": 10, "penalty": "none", "penalty_weight": None, **overrides})
    watched = Watched(ours)
    batch = {"image": real(), "label": paddle.to_tensor(labels)}
    return ours.train_step(batch, step), watched.passes


def softplus(x):
    return np.log1p(np.exp(x))


BARE = dict(penalty_weight_end=None, penalty_every=1)  # of the recipe, without its penalty


def test_the_real_images_of_another_class_count_as_generated():
    scalars, passes = played(lambda_mismatch=0.5, **BARE)
    (first, logits), (shown, wrong), *_ = passes
    on_real, on_fake = np.split(logits, 2)
    assert np.array_equal(shown[0], real().numpy())
    expected = softplus(on_fake - on_real).mean() + 0.5 * softplus(wrong - on_real).mean()
    assert float(scalars["d_loss"]) == pytest.approx(expected, rel=1e-5)


def test_all_other_classes_come_equally_often():
    counts = np.zeros((10, 10), int)
    ours = game(
        "cdcgan", classes=10, lambda_mismatch=0.5, penalty="none", penalty_weight=None, **BARE
    )
    for own in range(10):
        others = ours._others(paddle.full([4500], own, "int64")).numpy()
        counts[own] = np.bincount(others, minlength=10)
    assert (np.diag(counts) == 0).all()
    others = counts[~np.eye(10, dtype=bool)]
    assert others.sum() == 45_000 and abs(others - 500).max() < 120  # 5 standard deviations


@pytest.mark.parametrize(("step", "passes"), [(0, 4), (1, 3), (3, 3), (4, 4)])
def test_it_is_computed_with_the_penalty(step, passes):
    """Every fourth step of the recipe, four times as heavy."""
    overrides = dict(lambda_mismatch=0.5, penalty="r1-r2", penalty_weight=1e-9)
    scalars, found = played(step=step, penalty_weight_end=1e-9, **overrides)
    assert len(found) == passes
    if passes == 4:
        (_, logits), (_, wrong), *_ = found
        on_real, on_fake = np.split(logits, 2)
        expected = softplus(on_fake - on_real).mean() + 4 * 0.5 * softplus(wrong - on_real).mean()
        assert float(scalars["d_loss"]) == pytest.approx(expected, rel=1e-4)


def test_nothing_is_told_where_there_are_no_classes():
    """As of the default on images without labels."""
    config = configure("dcgan", lambda_mismatch=0.5, width=4, latent=12, batch_size=BATCH)
    unlabeled = ImageSet(np.zeros((BATCH, 1, 32, 32), "uint8"), None, "some")
    ours = GAN(GAN.with_data(config, unlabeled))
    watched = Watched(ours)
    ours.train_step({"image": real()}, 0)
    assert [len(shown[0]) for shown, _ in watched.passes] == [2 * BATCH, BATCH, BATCH]


def test_without_classes_it_is_refused():
    with pytest.raises(UserError, match="lambda_mismatch 0.5 is of classes, and D is told none"):
        configure("lsgan", lambda_mismatch=0.5)
