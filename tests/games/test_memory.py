"""What does not fit into the memory, told before anything of it is allocated."""

import resource
import time

import paddle
import pytest

from paddle_gan.config import configure, game_of
from paddle_gan.errors import UserError
from paddle_gan.games import memory
from paddle_gan.games.gan import GAN
from paddle_gan.networks import NETWORKS
from tests.networks.pairs import NORMALIZED

COUNTED = "spectral", "none"


def refuse(config: dict) -> None:
    memory.check_memory(game_of(config), config)


@pytest.mark.parametrize("sizes", [{"width": 10**6}, {"latent": 10**9}, {"image_size": 128}])
@pytest.mark.parametrize("networks", NETWORKS)
def test_networks_beyond_the_memory_are_refused_at_once(networks, sizes, monkeypatch):
    if networks == "sngan":
        sizes = {"width": 10**6} if "image_size" in sizes else sizes
        sizes = {**sizes, "image_size": 28}
    if networks == "r3gan" and "width" in sizes:
        sizes = {**sizes, "max_width": 10**6}
    monkeypatch.setattr(memory, "_memory", lambda: 100_000)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(UserError, match="parameters; training them takes .* GiB, and this machine"):
        refuse(configure(networks=networks, norm="none", **sizes))
    assert time.monotonic() - start < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


@pytest.mark.parametrize(("networks", "norm"), [p for p in NORMALIZED if p[1] in COUNTED])
def test_what_is_counted_is_what_is_trained(networks, norm, monkeypatch):
    size = 28 if networks == "sngan" else 16
    config = configure(networks=networks, norm=norm, image_size=size, width=4)
    game = GAN(config)
    weights = sum(p.size for network in game.networks.values() for p in network.parameters())
    monkeypatch.setattr(memory, "_memory", lambda: 16 * weights)
    refuse(config)
    monkeypatch.setattr(memory, "_memory", lambda: 16 * weights - 1)
    with pytest.raises(UserError, match=f"have {weights:,} parameters"):
        refuse(config)


def test_counting_draws_no_random_number():
    paddle.seed(3)
    expected = paddle.randn([4]).numpy()
    paddle.seed(3)
    refuse(configure())
    assert (paddle.randn([4]).numpy() == expected).all()
