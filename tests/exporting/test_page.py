"""Exported pages in a browser, from a static server."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_gan.commands.export import export
from paddle_gan.demo.playing import Drawer
from paddle_gan.errors import UserError
from paddle_gan.exporting.controls import TEXTS, open_for_page
from tests.exporting.pages import MOVE, NAMES, needs_browser, needs_onnx, saved, shown, shows, told
from tests.training.screenshot import wait_until

pytestmark = needs_onnx


def drawer_of(checkpoint: Path) -> Drawer:
    opened = open_for_page(checkpoint)[1]
    opened.fold()
    return Drawer(opened)


@needs_browser
@pytest.mark.parametrize("recipe", ["dcgan", "cdcgan", "mlp", "autoencoder"])
def test_the_page_of_a_generator_draws_as_the_package(opened, driver, site, recipe):
    drawer = drawer_of(opened(recipe))
    class_ = NAMES[0] if recipe in ("dcgan", "cdcgan") else None

    def picture(seed, truncation, steps=(0,) * 6, class_=class_):
        return drawer.draw(seed, class_, truncation, *steps)[::20, ::20]

    shows(driver, "image", picture(0, 4.0))
    driver.execute_script(MOVE, "way1", 2.5)
    shows(driver, "image", picture(0, 4.0, (0, 2.5, 0, 0, 0, 0)))
    driver.execute_script(MOVE, "truncation", 0.7)
    driver.execute_script(MOVE, "seed", 999)
    shows(driver, "image", picture(999, 0.7, (0, 2.5, 0, 0, 0, 0)))
    driver.find_element("css selector", "#reset").click()
    shows(driver, "image", picture(999, 0.7))
    if class_:
        driver.execute_script(MOVE, "class", 2)
        shows(driver, "image", picture(999, 0.7, class_="owl"))
    assert driver.find_element("css selector", "#class").is_displayed() == bool(class_)
    assert told(driver) == ""
    entries = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    loaded = driver.execute_script(entries)
    assert len(loaded) > 7 and all(each.startswith(site[0]) for each in loaded)


@needs_browser
@pytest.mark.parametrize("recipe", ["cdcgan", "autoencoder"])
def test_seeds_are_walked(opened, driver, recipe):
    drawer = drawer_of(opened(recipe))
    game, networks = drawer._opened.game, drawer._opened.networks
    wait_until(driver, lambda driver: shown(driver, "image").any())
    z = np.concatenate([game.latents_of(networks, seed) for seed in (5, 8)])
    ends = {"z": z, "label": np.ones(2, "int64")}
    frames = np.rint(255 * (game.walk(networks, 6, 0, ends)[game.judged] + 1) / 2)
    driver.execute_script(MOVE, "class", 1)
    driver.execute_script(MOVE, "seeds", "5,8")
    driver.execute_script(MOVE, "frames", 6)
    driver.find_element("css selector", "#go").click()
    for frame in frames:
        shows(driver, "walk", frame.transpose(1, 2, 0))
    for wrong in ("5, 1000", "-1", "1.5", "one"):
        driver.execute_script(MOVE, "seeds", wrong)
        driver.find_element("css selector", "#go").click()
        wait_until(driver, lambda driver: "from 0 to 999" in told(driver))
        driver.execute_script(MOVE, "seed", 0)
        wait_until(driver, lambda driver: told(driver) == "")


def test_what_gives_no_images_has_no_page(tmp_path):
    checkpoint = saved("autoencoder", tmp_path / "checkpoint").with_stem("Enet")
    with pytest.raises(UserError, match="there is no page"):
        export(checkpoint, tmp_path / "page", "web")
    assert not (tmp_path / "page").exists()


def test_the_folder_is_complete_and_tells_how_to_open_it(tmp_path):
    folder = export(saved("mlp", tmp_path / "checkpoint"), tmp_path / "page", "web", "float16")
    text = (folder / "README.md").read_text()
    assert "python -m http.server" in text and "stored as float16" in text
    names = {path.name for path in folder.iterdir()}
    of_the_package = Path(export.__code__.co_filename).parents[1] / "exporting/web"
    others = {"Gnet.onnx", "README.md", "page.json", "latents.bin"}
    assert names == others | {path.name for path in of_the_package.iterdir()}


def test_both_languages_have_the_same_texts():
    assert set(TEXTS["en"]) == set(TEXTS["zh-CN"])
