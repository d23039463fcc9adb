"""What D is shown instead of the images: moved ones, noisy ones, the same for any processes."""

import numpy as np
import paddle
import pytest

from paddle_gan.objectives.augmentations import AUGMENTATIONS, noise, translate


def pictures(n: int, channels: int = 1, size: int = 16) -> np.ndarray:
    """Pixels that are all different, so that a place can be told from its value."""
    count = n * channels * size**2
    values = np.random.default_rng(0).permutation(count) / count - 0.5
    return values.reshape(n, channels, size, size).astype("float32")


def moved(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """C x H x W with its content ``down`` rows and ``right`` columns on, black where it was."""
    result = np.full_like(image, -1)
    to, source = (
        tuple(slice(max(0, sign * by), min(0, sign * by) or None) for by in (down, right))
        for sign in (1, -1)
    )
    result[:, to[0], to[1]] = image[:, source[0], source[1]]
    return result


def shift(before: np.ndarray, after: np.ndarray, reach: int) -> tuple[int, int]:
    """The one translation of up to ``reach`` that leads from one image to the other."""
    steps = range(-reach, reach + 1)
    found = [(d, r) for d in steps for r in steps if np.array_equal(moved(before, d, r), after)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(("size", "reach", "channels"), [(16, 2, 1), (28, 3, 3), (4, 1, 1)])
def test_translation_by_whole_pixels(size, reach, channels):
    paddle.seed(1)
    before = pictures(60, channels, size)
    after = translate(paddle.to_tensor(before))
    assert after.shape == list(before.shape) and after.dtype == paddle.float32
    shifts = [shift(*pair, reach) for pair in zip(before, after.numpy())]
    for direction in zip(*shifts):
        assert {min(direction), max(direction)} == {-reach, reach}
    assert len(set(shifts)) > 5  # each image goes its own way
    assert any(down != right for down, right in shifts)


@pytest.mark.parametrize("offset", [0, 2, 3, 4])
def test_each_offset_and_the_middle_one_is_the_identity(monkeypatch, offset):
    monkeypatch.setattr(
        paddle,
        "randint",
        lambda low, high, shape: paddle.to_tensor([[offset, 2]] * shape[0], dtype="int64"),
    )
    before = pictures(3)
    after = translate(paddle.to_tensor(before)).numpy()
    for image, result in zip(before, after):
        assert np.array_equal(result, moved(image, 2 - offset, 0))
    assert np.array_equal(before, after) == (offset == 2)


def test_the_gradient_reaches_the_pixels_that_remain():
    paddle.seed(2)
    before = pictures(20)
    images = paddle.to_tensor(before, stop_gradient=False)
    after = translate(images)
    weights = np.random.default_rng(3).normal(size=before.shape).astype("float32")
    (after * paddle.to_tensor(weights)).sum().backward()
    shifts = [shift(*pair, 2) for pair in zip(before, after.numpy())]
    assert any(shifts)
    for gradient, weight, (down, right) in zip(images.grad.numpy(), weights, shifts):
        inside = moved(np.zeros_like(weight), -down, -right) == 0
        expected = np.where(inside, moved(weight, -down, -right), 0)
        np.testing.assert_allclose(gradient, expected, atol=1e-6)


def test_noise_of_its_standard_deviation_on_every_pixel():
    paddle.seed(3)
    before = pictures(50, channels=3)
    images = paddle.to_tensor(before, stop_gradient=False)
    after = noise(images)
    added = after.numpy() - before
    n = added.size
    assert abs(added.std() / 0.1 - 1) < 5 / (2 * n) ** 0.5
    assert abs(added.mean()) < 5 * 0.1 / n**0.5
    for one, other in ((added[0], added[1]), (added[:, 0], added[:, 1])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.15
    after.sum().backward()
    assert np.array_equal(images.grad.numpy(), np.ones_like(before))


def test_none_is_the_images_themselves():
    images = paddle.to_tensor(pictures(2))
    assert AUGMENTATIONS["none"](images) is images


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_two_processes_draw_together_what_one_draws(monkeypatch, name):
    before = pictures(6)
    paddle.seed(4)
    alone = AUGMENTATIONS[name](paddle.to_tensor(before)).numpy()
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "2")
    halves = []
    for rank in range(2):
        monkeypatch.setenv("PADDLE_TRAINER_ID", str(rank))
        paddle.seed(4)
        mine = paddle.to_tensor(before[3 * rank : 3 * rank + 3])
        halves.append(AUGMENTATIONS[name](mine).numpy())
    assert np.array_equal(np.concatenate(halves), alone)


def test_new_draws_at_each_call():
    images = paddle.to_tensor(pictures(20))
    for change in (translate, noise):
        assert not np.array_equal(change(images).numpy(), change(images).numpy())
