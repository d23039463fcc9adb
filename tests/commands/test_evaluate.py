"""What is told of a file before it is scored."""

import numpy as np
import paddle
import pytest

import paddle_gan
from paddle_gan.commands import evaluate
from paddle_gan.errors import UserError
from paddle_gan.games.noise import FromNoise


@pytest.fixture
def drawn(monkeypatch):
    """The numbers of samples that were asked for, one for each time."""
    numbers = []
    probe = FromNoise.probe

    def counted(networks, num, *rest, **asked):
        if num > 1:  # one image tells how many channels there are
            numbers.append(num)
        return probe(networks, num, *rest, **asked)

    monkeypatch.setattr(FromNoise, "probe", counted)
    return numbers


@pytest.mark.parametrize(
    ("score", "channels", "why"),
    [
        (
            evaluate.evaluate_file,
            3,
            "images of 3 channels have nothing in common with the digits of",
        ),
        (evaluate.modes_of_file, 1, "has images of 1 channels; paddle-gan modes counts stacks"),
    ],
)
@pytest.mark.parametrize("name", ["Gnet.pdparams", "samples.npy"])
def test_the_wrong_channels_are_refused_before_anything_is_drawn(
    score, channels, why, name, drawn, tmp_path
):
    path = tmp_path / name
    if path.suffix == ".npy":
        np.save(path, np.zeros((9, channels, 32, 32), "float32"))
    else:
        generator = paddle_gan.Generator(latent=8, width=4, channels=channels, image_size=16)
        paddle.save(generator.state_dict(), str(path))
    with pytest.raises(UserError, match=why):
        score(path, "mnist")
    assert drawn == []


def test_samples_may_have_an_upper_case_suffix(tmp_path):
    path = tmp_path / "SAMPLES.NPY"
    np.save(tmp_path / "samples.npy", np.full((99, 1, 32, 32), np.nan, "float32"))
    (tmp_path / "samples.npy").rename(path)
    with pytest.raises(UserError, match="some samples hold NaN"):  # so they were read
        evaluate.evaluate_file(path, "embedded")
