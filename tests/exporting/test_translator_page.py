"""Exported pages of translators in a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_gan.commands.translate import translate
from paddle_gan.exporting.controls import TEXTS
from tests.exporting.pages import MOVE, needs_browser, needs_onnx, shown, shows, told
from tests.training.screenshot import wait_until

pytestmark = needs_onnx


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> list[Path]:
    """Two pictures as large as the networks were trained on, and one that is not."""
    folder, rng = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    paths = [folder / f"{i}.png" for i in range(3)]
    for path, size in zip(paths, ((16, 16), (16, 16), (48, 90))):
        Image.fromarray(rng.integers(0, 256, (*size, 3), "uint8")).save(path)
    return paths


def upload(driver, place: str, path: Path) -> None:
    driver.find_element("css selector", f"#{place} [type=file]").send_keys(str(path))


@needs_browser
@pytest.mark.parametrize(
    "recipe, channels",
    [("pix2pix", 3), ("cyclegan", 1), ("stargan", 3), ("starganv2", 3), ("starganv2", 1)],
)
def test_the_page_of_a_translator_translates_as_the_package(
    opened, driver, photographs, recipe, channels
):
    changed = {"g_halvings": 2, "hidden": 8, "style": 4} if recipe == "starganv2" else {}
    checkpoint = opened(recipe, channels=channels, **changed)
    has_domains, has_styles = recipe.startswith("star"), recipe == "starganv2"
    button = driver.find_element("css selector", "#translate")
    wait_until(driver, lambda driver: button.is_displayed())
    for place, there in (("domain", has_domains), ("style", has_styles), ("reference", has_styles)):
        assert driver.find_element("css selector", f"#{place}").is_displayed() == there
    path, reference, large = photographs
    picture = Image.open(path).convert("L" if channels == 1 else "RGB")
    given = np.atleast_3d(np.asarray(picture)).transpose(2, 0, 1)[None] / 127.5 - 1
    asked = {"domain": "owl"} if has_domains else {}

    def translated(file: Path = checkpoint, images=given, **asked) -> np.ndarray:
        return translate(file, images, **asked)

    def picture_of(images: np.ndarray) -> np.ndarray:
        return np.rint((images[0].transpose(1, 2, 0) + 1) * 127.5)

    upload(driver, "input", path)
    driver.execute_script(MOVE, "domain", 2)
    driver.execute_script(MOVE, "style", 7)
    button.click()
    output = translated(seed=7, **asked)
    shows(driver, "output", picture_of(output))
    if recipe == "cyclegan":
        shows(driver, "back", picture_of(translated(checkpoint.with_stem("G_BA"), output)))
    if has_styles:
        upload(driver, "reference", reference)
        button.click()
        shows(driver, "output", picture_of(translated(**asked, reference=reference)))
        driver.execute_script(MOVE, "mix", 0.25)
        button.click()
        mixed = translated(seed=7, **asked, reference=reference, mix=0.25)
        shows(driver, "output", picture_of(mixed))
        driver.find_element("css selector", "#reference button").click()  # clears it
        button.click()
        shows(driver, "output", picture_of(output))
    upload(driver, "input", large)
    button.click()
    wait_until(driver, lambda driver: np.ptp(shown(driver, "output") - picture_of(output)) > 9)
    assert told(driver) == ""


@needs_browser
def test_an_image_is_drawn_with_the_mouse_in_chinese(opened, driver):
    from selenium.webdriver import ActionChains

    agent = driver.execute_script("return navigator.userAgent")
    for language in ("zh-CN", "en"):
        override = {"userAgent": agent, "acceptLanguage": language}
        driver.execute_cdp_cmd("Network.setUserAgentOverride", override)
        if language == "zh-CN":
            checkpoint = opened("pix2pix")
        else:
            driver.refresh()
        button = driver.find_element("css selector", "#translate")
        wanted = TEXTS[language]["translate"]
        wait_until(driver, lambda driver, button=button, wanted=wanted: button.text == wanted)
    canvas = driver.find_element("css selector", "#input canvas")
    driver.execute_script("arguments[0].id = 'drawn'", canvas)
    mouse = ActionChains(driver).move_to_element_with_offset(canvas, -90, -90).click_and_hold()
    mouse.move_by_offset(180, 180).release().perform()
    drawn = shown(driver, "drawn")
    assert drawn[8, 8].min() > 200 and drawn[2, 13].max() < 50  # along the diagonal alone
    button.click()
    images = drawn[None, None, ..., 0] / 127.5 - 1
    wanted = np.rint((translate(checkpoint, images)[0, 0] + 1) * 127.5)
    shows(driver, "output", wanted)
