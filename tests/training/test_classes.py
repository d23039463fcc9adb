"""Classes from the data: as many as there are, by their names, in training and in drawing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import paddle
import pytest

import paddle_gan
from paddle_gan.checkpoints.generators import open_checkpoint
from paddle_gan.commands.infer import infer
from paddle_gan.errors import UserError
from paddle_gan.sampling.drawing import generate, latents, probe
from paddle_gan.sampling.pictures import read_picture
from paddle_gan.sampling.regions import offsets
from tests.data.files import save
from tests.training import harness

TINY = dict(device="cpu", image_size=16, width=4, latent=8, batch_size=6, max_steps=2)


@pytest.fixture(scope="module")
def pets(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "pets"
    for name in ("cat", "dog", "owl"):
        for number in range(6):
            save(folder / name / f"{number}.png", size=(20, 20))
    return folder


@pytest.fixture(scope="module", params=["cdcgan", "cr3gan"])
def run(request, pets, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("run") / request.param
    sizes = {name: value for name, value in TINY.items() if name != "latent"}
    return paddle_gan.train(request.param, out=out, data=pets, **sizes)


def test_there_are_as_many_as_folders(run):
    config = json.loads((run / "config.json").read_text())
    assert config["classes"] == 3 and config["class_names"] == ["cat", "dog", "owl"]
    opened = open_checkpoint(run / "Gnet.pdparams")
    generator = opened.networks["Gnet"]
    assert generator.classes == 3 and generator.class_names == ["cat", "dog", "owl"]


def test_one_is_drawn_by_its_name(run, tmp_path):
    generator = paddle_gan.load_generator(run / "Gnet.pdparams")
    dogs = np.load(infer(run / "Gnet.pdparams", num=5, output=tmp_path / "d.npy", class_="dog"))
    expected = generate(generator, latents(generator, 5, seed=0), 1)
    assert np.abs(dogs - expected).max() < 1e-4
    with pytest.raises(UserError, match="unknown class 'dgo'; did you mean 'dog'"):
        infer(run / "Gnet.pdparams", output=tmp_path / "x.png", class_="dgo")


def test_pictures_have_a_row_for_each(run, tmp_path):
    pictures = [read_picture(path) for path in (run / "samples").glob("step-*.png")]
    drawn = read_picture(infer(run / "Gnet.pdparams", num=9, output=tmp_path / "a.png"))
    for picture, columns in [(picture, 22) for picture in pictures] + [(drawn, 3)]:
        height, width, _ = picture.shape  # 64 are 22, 21 and 21; an image has 16 pixels
        margin = width - 2 - 18 * columns
        assert height == 2 + 18 * 3 and margin > 16 and picture[:, :margin].max() > 200
    one = read_picture(infer(run / "Gnet.pdparams", num=9, output=tmp_path / "a.png", class_="dog"))
    assert one.shape[:2] == (56, 56)


def test_latents_of_one_class_by_its_name(pets, tmp_path):
    """A generator that takes latents alone, and D that was told the classes of these."""
    run = paddle_gan.train("dcgan", out=tmp_path / "run", data=pets, **TINY)
    generator = paddle_gan.load_generator(run / "Gnet.pdparams")
    assert (generator.classes, generator.regions.margin) == (0, 0.5)
    drawn = infer(run / "Gnet.pdparams", num=5, seed=2, output=tmp_path / "d.npy", class_="dog")
    (inputs,) = probe(generator, 5, seed=2, digit=1)
    z = inputs["z"]
    assert (generator.regions.classes(paddle.to_tensor(z)) == 1).all()
    assert np.abs(np.load(drawn) - generate(generator, z)).max() < 1e-4
    of_digit = generate(generator, latents(generator, 5, seed=2), digit=1)
    assert np.abs(of_digit - generate(generator, z)).max() < 1e-6
    scored = open_checkpoint(run / "Gnet.pdparams").game.cases({"Gnet": generator}, 30, seed=2)
    meant = np.array([max(range(3), key=lambda k: z[k, 0, 0]) for z in scored["z"]])
    assert (scored["label"] == meant).all() and len({*meant}) == 3
    assert np.abs(scored["samples"] - generate(generator, scored["z"])).max() < 1e-6
    with pytest.raises(UserError, match="digit 7: this generator was trained with classes 0 to 2"):
        infer(run / "Gnet.pdparams", output=tmp_path / "x.npy", digit=7)
    with pytest.raises(UserError, match="unknown class 'dgo'; did you mean 'dog'"):
        infer(run / "Gnet.pdparams", output=tmp_path / "x.png", class_="dgo")


def test_another_runs_weights_do_not_bring_its_shares_of_classes(pets, tmp_path):
    sizes = {**TINY, "max_steps": 1}
    run = paddle_gan.train("dcgan", out=tmp_path / "first", data=pets, **sizes)
    expected = run.generator.regions.offsets.numpy()
    other = paddle.load(str(run.checkpoint))
    other["regions.offsets"] = expected + np.array([1, 0, -1], "float32")
    paddle.save(other, str(run.checkpoint))
    begun = paddle_gan.train(
        "dcgan", out=tmp_path / "next", data=pets, init_from=str(run.checkpoint), **sizes
    )
    assert np.array_equal(begun.generator.regions.offsets.numpy(), expected)


def test_other_data_has_other_shares_of_classes(pets, tmp_path):
    run = paddle_gan.train("dcgan", out=tmp_path / "run", data=pets, **TINY)
    assert run.generator.regions.offsets.numpy().tolist() == [0, 0, 0]
    more = shutil.copytree(pets, tmp_path / "more")
    for number in range(6, 17):
        save(more / "dog" / f"{number}.png", size=(20, 20))
    run = paddle_gan.train(out=run.out, device="cpu", resume=True, data=more, max_steps=8)
    # One more of each class than there are, so that none is impossible: 7, 18 and 7.
    wanted = offsets(np.array([7, 18, 7]) / 32)
    assert np.abs(run.generator.regions.offsets.numpy() - wanted).max() < 1e-6


def test_it_resumes_with_its_classes(run, pets, tmp_path):
    paddle_gan.train(out=run, device="cpu", resume=True, max_steps=3)
    assert harness.check_whole(run.out) == 3


def test_labels_of_a_table_are_classes(pets, tmp_path):
    """A folder whose subfolders say nothing, and a picture on black."""
    lines = [f"{path.relative_to(pets)},{path.stem}\n" for path in pets.glob("*/[0-2].png")]
    (tmp_path / "labels.csv").write_text("file,label\n" + "".join(lines))
    how = dict(labels=tmp_path / "labels.csv", fit="pad", ground="black")
    sizes = {name: value for name, value in TINY.items() if name != "latent"}
    run = paddle_gan.train("cdcgan", out=tmp_path / "run", data=pets, **how, **sizes)
    config = json.loads((run / "config.json").read_text())
    assert (config["classes"], config["fit"], config["ground"]) == (3, "pad", "black")
    assert paddle_gan.load_generator(run / "Gnet.pdparams").class_names == ["0", "1", "2"]


def test_digits_are_classes_by_their_numbers(tmp_path, capsys):
    paddle_gan.train("cdcgan", out=tmp_path, data="embedded", **{**TINY, "max_steps": 1})
    checkpoint = tmp_path / "Gnet.pdparams"
    by_name, by_digit = (
        infer(checkpoint, num=3, output=tmp_path / f"{len(asked)}{value}.npy", **{asked: value})
        for asked, value in (("class_", "7"), ("digit", 7))
    )
    assert by_name.read_bytes() == by_digit.read_bytes()


def test_a_run_of_the_version_before_has_ten(pets, tmp_path):
    """It had no such option, and ten classes whatever the data."""
    paddle_gan.train("cdcgan", out=tmp_path, data=pets, networks="cdcgan", classes=10, **TINY)
    config = json.loads((tmp_path / "config.json").read_text())
    del config["classes"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    paddle_gan.train(out=tmp_path, device="cpu", resume=True, max_steps=3)
    assert open_checkpoint(tmp_path / "Gnet.pdparams").networks["Gnet"].classes == 10


def test_fewer_than_there_are_do_not_train(pets, tmp_path):
    with pytest.raises(UserError, match="draws 2 classes at most, and there are 3 in images"):
        paddle_gan.train("cdcgan", out=tmp_path / "out", data=pets, classes=2, **TINY)
    assert not (tmp_path / "out").exists()
    with pytest.raises(UserError, match="^classes 0: networks 'cdcgan' are told one"):
        paddle_gan.train("cdcgan", out=tmp_path, networks="cdcgan", data=pets, classes=0, **TINY)


def test_the_number_of_classes_in_a_call():
    from paddle_gan.networks import conditional

    generator = conditional.Generator(latent=4, width=2, image_size=16, classes=3)
    assert generator.embedding.weight.shape == [3, 50]
    images = generator(paddle.randn([2, 4, 1, 1]), paddle.to_tensor([0, 2]))
    assert images.shape == [2, 1, 16, 16]
