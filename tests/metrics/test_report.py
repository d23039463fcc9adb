from __future__ import annotations

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from paddle_gan.data import to_float
from paddle_gan.errors import UserError
from paddle_gan.metrics import digits, evaluate
from paddle_gan.metrics.report import _draw_history, write_report


@pytest.fixture(scope="module")
def training_digits():
    return digits.digits("embedded", "trainval").images


@pytest.fixture(scope="module")
def samples(training_digits):
    return to_float(training_digits[::20])


@pytest.fixture(scope="module")
def result(samples):
    return evaluate(samples, "embedded")


@pytest.fixture(scope="module")
def report(samples, result, training_digits, tmp_path_factory):
    """A function from a history to the picture of the report."""

    def picture(history):
        path = tmp_path_factory.mktemp("report") / "below" / "report.png"
        write_report(path, samples, result, training_digits, history)
        return cv2.imread(str(path))

    return picture


@pytest.fixture(scope="module")
def empty(report):
    """The picture without a history."""
    return report([])


def test_the_picture_shows_black_ground_and_white_paper(empty):
    height, width, _ = empty.shape
    assert 800 < height < width < 2000
    assert (empty == 255).mean() > 0.3
    assert (empty < 10).mean() > 0.2  # the ground of the digits


def test_history_of_the_same_protocol_is_drawn(report, empty, result):
    losses = {"step": 1, "images": 64, "d_loss": 1.0}
    protocol = result["protocol"]
    scores = [{"images": 1000 * i, "fid": 100 / i, "protocol": protocol} for i in (1, 2, 3)]
    others = [{**line, "protocol": "of another digit network"} for line in scores]
    assert np.array_equal(report([losses, *others]), empty)
    assert not np.array_equal(report([losses, *scores]), empty)


def test_scores_within_a_decade_can_be_read_off():
    axes = Figure().add_subplot()
    history = [{"images": 1000 * i, "fid": 0.8 / i, "protocol": "p"} for i in (1, 2, 3)]
    _draw_history(axes, history, {"protocol": "p", "fid": 0.27, "floor": {"fid": 0.12}})
    low, high = axes.get_ylim()
    labels = ((t.get_position()[1], t.get_text()) for t in axes.get_yticklabels())
    assert [text for at, text in labels if low <= at <= high] == ["0.2", "0.5"]


def test_an_impossible_path_is_told_in_one_line(samples, result, training_digits, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UserError, match="report.png"):
        write_report(tmp_path / "file" / "report.png", samples, result, training_digits)


def test_a_few_samples_are_enough(samples, result, training_digits, tmp_path):
    write_report(tmp_path / "few.png", samples[:3], result, training_digits)
    assert cv2.imread(str(tmp_path / "few.png")).shape[0] > 500
