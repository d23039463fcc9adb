"""StarGAN v2: its losses against numbers worked out beside it, its schedule, what is drawn."""

from __future__ import annotations

import copy

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from paddle_gan import kernels
from paddle_gan.config import configure
from paddle_gan.data import ReferenceSet, to_float
from paddle_gan.errors import UserError
from paddle_gan.games import starganv2
from paddle_gan.games.starganv2 import StarGANv2
from paddle_gan.sampling.pictures import to_uint8, write_picture
from paddle_gan.system import draws
from tests.games.games import real

SIZES = dict(width=2, d_width=2, max_width=4, image_size=16, domains=3, style=4, hidden=4)
NAMES = "thin", "thick", "left"


def game(seed=1, **overrides) -> StarGANv2:
    paddle.seed(seed)
    return StarGANv2(configure("starganv2", **{**SIZES, "batch_size": 4, **overrides}))


@pytest.fixture
def batch() -> dict:
    names = "image", "reference", "other_reference"
    found = {name: real(4, 16, seed=i) for i, name in enumerate(names)}
    domains = paddle.to_tensor([0, 2, 1, 1]), paddle.to_tensor([1, 0, 1, 2])
    return {**found, **dict(zip(("domain", "target"), domains))}


@pytest.fixture
def images() -> ReferenceSet:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 1, 16, 16), np.uint8)
    return ReferenceSet(pixels, np.repeat(np.arange(3), 10), "some", classes=NAMES)


def distance(a, b) -> float:
    return float((a - b).abs().mean())


@pytest.mark.parametrize("mismatch", [0.0, 0.5])
def test_the_losses_are_those_of_the_paper(batch, mismatch, monkeypatch):
    """And that of Reed et al. 2016, section 4.1, where it has a weight."""
    ours, seen = game(lambda_mismatch=mismatch, lambda_cycle=1.0), []

    def noted(loss, *optimizers):
        """The networks in the state in which their losses were computed, and what is to move."""
        names = [name for name, each in ours.optimizers.items() if each in optimizers]
        seen.append((copy.deepcopy(ours.networks), names, float(loss)))
        descend(loss, *optimizers)

    descend = starganv2.descend
    monkeypatch.setattr(starganv2, "descend", noted)
    paddle.seed(7)
    scalars = {name: float(value) for name, value in ours.train_step(batch, 1000).items()}
    paddle.seed(7)
    latents = [draws.randn([4, 16]) for _ in range(2)]
    x, own, target = (batch[name] for name in ("image", "domain", "target"))
    expected = {}
    assert [names for _, names, _ in seen] == [
        ["Dadam"], ["Dadam"], ["Gadam", "Fadam", "Eadam"], ["Gadam"]
    ]  # fmt: skip
    for (networks, _, loss), by, half in zip(seen, "FEFE", "DDGG"):
        g, f, e, d = (networks[f"{name}net"] for name in "GFED")
        if by == "F":
            styles = [f(z, target) for z in latents]
        else:
            styles = [e(batch[name], target) for name in ("reference", "other_reference")]
        fake, other = (g(x, style) for style in styles)
        if half == "D":
            image = x.detach()
            image.stop_gradient = False
            with kernels.plain():
                (slope,) = paddle.grad(d(image, own).sum(), image)
            expected["d_loss"] = float(F.softplus(-d(x, own)).mean())
            expected["d_loss"] += float(F.softplus(d(fake, target)).mean())
            others = [d(x, (own + further) % 3) for further in (1, 2)]
            taken = np.mean([np.log1p(np.exp(each.numpy())) for each in others])
            expected["d_loss"] += mismatch * float(taken)
            expected["penalty_loss"] = float(slope.square().sum([1, 2, 3]).mean()) / 2
            assert loss == pytest.approx(sum(expected.values()), rel=1e-4)
            continue
        found = {
            "g_loss": float(F.softplus(-d(fake, target)).mean()),
            "style_loss": distance(e(fake, target), styles[0]),
            "diversity_loss": distance(fake, other),
            "cycle_loss": distance(g(fake, e(x, own)), x),
        }
        total = found["g_loss"] + found["style_loss"] + found["cycle_loss"]
        total -= ours.diversity(1000) * found["diversity_loss"]
        assert loss == pytest.approx(total, rel=1e-4)
        prefix = "" if by == "F" else "reference_"
        expected.update({prefix + name: value for name, value in found.items()})
    assert {n: scalars[n] for n in expected} == {
        n: pytest.approx(v, 1e-3) for n, v in expected.items()
    }
    assert all(p.grad is None for each in ours.networks.values() for p in each.parameters())


def test_diversity_falls_linearly_by_the_images_seen():
    ours = game(lambda_diversity=2.0, diversity_images=1000)
    found = [ours.diversity(step) for step in (0, 50, 125, 250, 9000)]
    assert found == pytest.approx([2.0, 1.6, 1.0, 0.0, 0.0])
    assert game(batch_size=2, lambda_diversity=2.0, diversity_images=1000).diversity(50) == 1.8


def test_the_rates_and_the_decay():
    ours = game(lr=0.01, f_lr=0.002, weight_decay=0.5)
    assert {n: o.get_lr() for n, o in ours.optimizers.items()} == {
        "Gadam": 0.01, "Fadam": 0.002, "Eadam": 0.01, "Dadam": 0.01
    }  # fmt: skip
    weight = ours.mapping.shared[0].weight
    before = weight.numpy().copy()
    starganv2.descend(0.0 * weight.sum(), ours.optimizers["Fadam"])
    # Adam's first step is the rate, towards 0 where nothing but the decay pulls.
    np.testing.assert_allclose(weight.numpy(), before - 0.002 * np.sign(before), atol=1e-5)


def drawers(ours) -> dict:
    networks = {name: ours.networks[name] for name in StarGANv2.drawn_with}
    for network in networks.values():
        network.eval()
        network.class_names = list(NAMES)
    return networks


def test_the_columns_of_a_picture(images):
    networks = drawers(game())
    (inputs,) = StarGANv2.probe(networks, 45, 3, images)
    drawn = StarGANv2.draw(networks, inputs)
    outputs = [f"output {i + 1}" for i in range(10)]
    assert list(drawn) == ["input", *outputs, "reference", "guided", "back"]
    assert len(drawn["input"]) == 5 and len(StarGANv2.outputs(drawn)) == 50
    own, target = images.ways(5)
    rows = [
        np.abs(to_float(images.images) - each).max((1, 2, 3)).argmin()
        for each in drawn["reference"]
    ]
    assert images.labels[rows].tolist() == target.tolist()
    g, f, e = networks.values()
    x, t = paddle.to_tensor(drawn["input"]), paddle.to_tensor(target)
    with paddle.no_grad():
        guided = g(x, e(paddle.to_tensor(drawn["reference"]), t))
        first = g(x, f(paddle.to_tensor(inputs["z 1"]), t))
        back = g(first, e(x, paddle.to_tensor(own)))
    for name, expected in {"guided": guided, "output 1": first, "back": back}.items():
        np.testing.assert_allclose(drawn[name], expected.numpy(), atol=1e-5)


def test_a_domain_a_reference_and_styles(images, tmp_path):
    networks, path = drawers(game()), tmp_path / "reference.png"
    write_picture(path, images.images[25].transpose(1, 2, 0))
    (inputs,) = StarGANv2.probe(networks, 3, 0, images, domain="left", reference=str(path))
    drawn = StarGANv2.draw(networks, inputs)
    assert list(drawn) == ["input", "reference", "output"] and len(drawn["input"]) == 3
    assert np.array_equal(to_uint8(drawn["reference"][1]), images.images[25])
    translate = StarGANv2.translate
    found = translate(networks, "Enet", drawn["input"], domain="left", reference=str(path))
    np.testing.assert_allclose(found, drawn["output"], atol=1e-5)
    styles = [
        translate(networks, "Gnet", drawn["input"], seed, domain="left") for seed in (0, 1, 0)
    ]
    assert np.array_equal(styles[0], styles[2]) and not np.array_equal(styles[0], styles[1])
    g, f, e = networks.values()
    x, left = paddle.to_tensor(drawn["input"]), paddle.to_tensor([2])
    z = np.random.default_rng(5).standard_normal((1, f.latent)).astype("float32")
    with paddle.no_grad():
        seen = e(paddle.to_tensor(to_float(images.images[25:26])), left)
        style = 0.25 * seen + 0.75 * f(paddle.to_tensor(z), left)
        mixed = g(x, style.expand([3, -1])).numpy()
    asked = {"domain": "left", "reference": str(path), "mix": 0.25}
    found = translate(networks, "Gnet", drawn["input"], 5, **asked)
    np.testing.assert_allclose(found, mixed, atol=1e-5)
    (inputs,) = StarGANv2.probe(networks, 3, 5, images, **asked)
    found = StarGANv2.draw(networks, inputs)["output"]
    np.testing.assert_allclose(found[0], mixed[0], atol=1e-5)
    with pytest.raises(UserError, match="--mix is between the style of the seed and that of a"):
        translate(networks, "Gnet", drawn["input"], domain="left", mix=0.5)
    (inputs,) = StarGANv2.probe(networks, 20, 0, images, domain="thick")
    assert inputs["target"].tolist() == [1, 1]
    with pytest.raises(UserError, match="to which domain. Give --domain and one of thin"):
        next(StarGANv2.probe(networks, 3, 0, images, reference=str(path)))
    with pytest.raises(UserError, match="no.png"):
        translate(
            networks, "Gnet", drawn["input"], domain="left", reference=str(tmp_path / "no.png")
        )


def test_a_reference_is_prepared_as_in_training(images, tmp_path):
    """All of a rectangle, on black."""
    networks, path = drawers(game(fit="pad", ground="black")), tmp_path / "reference.png"
    wide = images.images[25][:, 4:12]
    write_picture(path, wide.transpose(1, 2, 0))
    asked = {"domain": "left", "reference": str(path)}
    (inputs,) = StarGANv2.probe(networks, 3, 0, images, **asked)
    seen = to_uint8(inputs["reference"][0])
    assert np.array_equal(seen, np.pad(wide, ((0, 0), (4, 4), (0, 0))))
    found = StarGANv2.translate(networks, "Gnet", inputs["input"], **asked)
    np.testing.assert_allclose(found, StarGANv2.draw(networks, inputs)["output"], atol=1e-5)
