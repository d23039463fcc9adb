"""The page as people see it: in a browser, and by several at once."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import paddle
import pytest
from PIL import Image

import paddle_gan
from paddle_gan.checkpoints.description import with_description
from paddle_gan.commands.translate import translate
from paddle_gan.config import configure, game_of
from paddle_gan.demo import serve
from paddle_gan.demo.playing import Drawer, Translator
from paddle_gan.errors import UserError
from paddle_gan.exporting.controls import classes_of, open_for_page
from paddle_gan.networks.conditional import Generator
from paddle_gan.sampling.drawing import generate, latents
from tests.notebook import fill
from tests.training.screenshot import browser, chromium, free_port, wait_for, wait_until

pytest.importorskip("gradio", reason="the extra [demo] is not installed")
needs_browser = pytest.mark.skipif(
    not chromium() and not os.environ.get("PADDLE_GAN_NEEDS_BROWSER"), reason="no Chromium"
)
NAMES = ["cat", "dog", "owl"]
SIZES = dict(latent=6, width=4, image_size=16)


def start(*command: str) -> tuple[int, subprocess.Popen]:
    """Serve a page by a command of Python, which is told the port as AI Studio does; gives it."""
    port = free_port()
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port)}
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return port, subprocess.Popen([sys.executable, *command], env=environment, **pipes)


def saved(folder: Path, recipe: str, **changed) -> dict[str, Path]:
    """The files of the networks of a tiny game on three classes."""
    config = configure(recipe, **{"width": 2, "image_size": 16, **changed})
    folder.mkdir()
    paths = {}
    for name, network in game_of(config).build(config).items():
        about = dict(network=name, step=1, pixels=[-1, 1], classes=NAMES, config=config)
        paths[name] = folder / f"{name}.pdparams"
        state = with_description(fill(network, seed=2).state_dict(), about)
        paddle.save(state, str(paths[name]))
    return paths


@pytest.fixture(scope="module")
def domains(tmp_path_factory) -> Path:
    """A translator among domains in styles."""
    sizes = dict(g_halvings=2, blocks=1, max_width=4, style=4, hidden=8, latent=3, domains=3)
    return saved(tmp_path_factory.mktemp("domains") / "new", "starganv2", **sizes)["Gnet"]


@pytest.fixture(scope="module")
def generator() -> Generator:
    network = fill(Generator(**SIZES, classes=10), seed=1)
    network.eval()
    return network


@pytest.fixture(scope="module")
def servers(tmp_path_factory, generator, domains):
    """Ports and processes of pages: that generator, as AI Studio starts it, and two translators."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "work").mkdir()
    paddle.save(generator.state_dict(), str(folder / "work/Gnet.pdparams"))
    shutil.copy(Path(paddle_gan.__file__).parents[1] / "main.gradio.py", folder)
    sides = saved(folder / "sides", "cyclegan", blocks=1)["G_AB"]
    command = "-m", "paddle_gan", "demo"
    servers = [start(str(folder / "main.gradio.py"))]
    servers += [start(*command, str(each), "--device", "cpu") for each in (sides, domains)]
    try:
        for port, server in servers:
            wait_for(port, server)
        yield servers
    finally:
        for _, server in servers:
            server.terminate()
            server.communicate()


@pytest.fixture
def addresses(servers) -> list[str]:
    return [f"http://127.0.0.1:{port}" for port, _ in servers]


@pytest.fixture
def address(addresses) -> str:
    return addresses[0]


def test_a_line_says_where_the_page_is_and_none_how_to_publish_it(servers):
    port, server = servers[0]
    lines = iter(server.stdout.readline, "")
    assert next(line for line in lines if "page" in line or "link" in line or "URL" in line) == (
        f"the page is at http://127.0.0.1:{port}; Ctrl-C ends it\n"
    )


def sources(driver, place: str) -> list[str]:
    """The addresses of the pictures in a place of the page."""
    return [e.get_attribute("src") for e in driver.find_elements("css selector", f"#{place} img")]


@needs_browser
def test_a_slider_moves_the_image_and_seeds_are_walked(address):
    from selenium.webdriver.common.keys import Keys

    with browser() as driver:
        driver.get(address)
        (before,) = wait_until(driver, lambda driver: sources(driver, "image"))
        slider = driver.find_element("css selector", "#way0 input[type=range]")
        slider.send_keys(Keys.ARROW_RIGHT * 20)
        wait_until(driver, lambda driver: sources(driver, "image") not in ([], [before]))
        texts = driver.find_element("tag name", "body").text
        assert "Truncation" in texts and "Image" in texts and "[object" not in texts
        driver.find_element("css selector", "#go").click()
        (walk,) = wait_until(driver, lambda driver: sources(driver, "walk"))
        with urllib.request.urlopen(walk) as answer:
            assert Image.open(io.BytesIO(answer.read())).n_frames == 60


@needs_browser
def test_a_translator_shows_the_way_back_and_speaks_chinese(addresses):
    with browser() as driver:
        agent = driver.execute_script("return navigator.userAgent")
        language = {"userAgent": agent, "acceptLanguage": "zh-CN"}
        driver.execute_cdp_cmd("Network.setUserAgentOverride", language)
        driver.get(addresses[1])
        button = wait_until(driver, lambda driver: driver.find_element("css selector", "#go"))
        wait_until(driver, lambda driver: button.text == "翻译")
        wait_until(driver, lambda driver: driver.find_elements("css selector", "#input canvas"))
        button.click()
        for place in ("output", "back"):
            assert wait_until(driver, lambda driver, place=place: sources(driver, place))


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> list[Path]:
    folder, rng = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    paths = [folder / f"{i}.png" for i in range(2)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (16, 16), "uint8")).save(path)
    return paths


@pytest.mark.parametrize("guided", [False, True])
def test_a_translation_takes_the_style_of_a_seed_or_of_a_reference(domains, photographs, guided):
    path, reference = photographs
    image = np.asarray(Image.open(path))[None, None] / 127.5 - 1
    asked = {"reference": reference, "mix": 0.25} if guided else {}
    (wanted,) = np.rint((translate(domains, image, seed=7, domain="owl", **asked) + 1) * 127.5)
    translator = Translator(open_for_page(domains)[1])
    given = {"composite": str(path)}
    found = translator.translate(given, "owl", 7, str(reference) if guided else None, 0.25)
    assert found.shape == (320, 320) and wanted.std() > 5
    assert np.abs(found[::20, ::20] - wanted[0]).max() <= 1


@needs_browser
def test_a_reference_stands_beside_the_source(addresses, photographs):
    with browser() as driver:
        driver.get(addresses[2])
        find = driver.find_elements
        wait_until(driver, lambda driver: find("css selector", "#input canvas"))
        go = find("css selector", "#go")[0]
        go.click()
        (before,) = wait_until(driver, lambda driver: sources(driver, "output"))
        find("css selector", "#reference input[type=file]")[0].send_keys(str(photographs[1]))
        wait_until(driver, lambda driver: sources(driver, "reference"))
        go.click()
        wait_until(driver, lambda driver: sources(driver, "output") not in ([], [before]))
        assert find("css selector", "#domain")[0].is_displayed()


def test_the_page_is_that_of_the_checkpoint(addresses):
    for address, title in zip(addresses, ("Gnet", "cyclegan: G_AB", "starganv2: Gnet")):
        with urllib.request.urlopen(f"{address}/config") as answer:
            assert json.load(answer)["title"] == title


def test_eight_at_once_get_their_own_image(address, generator):
    api = f"{address}/gradio_api"

    def ask(seed: int) -> np.ndarray:
        body = json.dumps({"data": [seed, str(seed), 4.0, *[0] * 6]}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{api}/call/draw", body, headers)
        with urllib.request.urlopen(request) as answer:
            event = json.load(answer)["event_id"]
        with urllib.request.urlopen(f"{api}/call/draw/{event}") as answer:
            data = next(line[5:] for line in answer.read().decode().splitlines() if "data:" in line)
        with urllib.request.urlopen(json.loads(data)[0]["url"]) as answer:
            return np.asarray(Image.open(io.BytesIO(answer.read())).convert("L"))

    with ThreadPoolExecutor(8) as clients:
        found = list(clients.map(ask, range(8)))
    for seed, picture in enumerate(found):
        (wanted,) = generate(generator, latents(generator, 1, seed), seed)
        assert picture.shape == (320, 320)
        assert np.abs(picture[::20, ::20] / 127.5 - 1 - wanted[0]).max() < 1 / 127


def test_what_draws_no_images_has_no_page(tmp_path):
    checkpoint = saved(tmp_path / "new", "autoencoder", latent=3)["Enet"]
    with pytest.raises(UserError, match="there is no page"):
        serve(checkpoint)


def test_classes_that_latents_stand_for_are_offered(tmp_path):
    checkpoint = saved(tmp_path / "new", "dcgan", latent=6, width=4, classes=3)["Gnet"]
    _, opened = open_for_page(checkpoint)
    assert classes_of(opened) == NAMES
    pictures = [Drawer(opened).draw(0, name, 1.0) for name in NAMES]
    assert len({picture.tobytes() for picture in pictures}) == 3


@pytest.mark.parametrize("seeds", ["a, b", "", "3;9", "1.5"])
def test_seeds_that_are_none(seeds, tmp_path):
    checkpoint = saved(tmp_path / "new", "dcgan", latent=6, width=4, classes=3)["Gnet"]
    drawer = Drawer(open_for_page(checkpoint)[1])
    with pytest.raises(UserError, match="^seeds are whole numbers with commas between"):
        drawer.walk(seeds, None, 1.0, 2, tmp_path)


@pytest.mark.parametrize("port", [0, -1, 65536, "abc"])
def test_a_port_that_is_none(port, monkeypatch):
    with pytest.raises(UserError, match=f"^port {port}: it must be a whole number from 1 to 65535"):
        serve("Gnet.pdparams", port)
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(port))
    with pytest.raises(UserError, match=f"^port {port}: it must be"):
        serve("Gnet.pdparams")
