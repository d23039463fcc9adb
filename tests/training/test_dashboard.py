"""The dashboard as people see it: VisualDL in a browser."""

from __future__ import annotations

import io
import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from paddle_gan.cli import main
from paddle_gan.config import configure
from paddle_gan.training.dashboard import Dashboard
from tests.training import harness
from tests.training.screenshot import (
    browser,
    chromium,
    open_charts,
    set_view,
    visualdl,
    wait_until,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory, data) -> Path:
    """A run of 60 steps, which a test prolongs to 120."""
    out = tmp_path_factory.mktemp("runs") / "run"
    arguments = ["--out", str(out), *harness.TINY, "--data", str(data), "--epochs", "3"]
    assert main(arguments, "train") == 0
    return out


@pytest.fixture(scope="module")
def address(run) -> Iterator[str]:
    """Where the run is shown."""
    with visualdl(run / "log", "--cache-timeout", "0.2") as address:
        yield address


def test_a_page_that_is_open_goes_on_after_a_resume(run, address, train):
    def steps(component, tag):
        query = urllib.parse.urlencode({"run": str(run / "log"), "tag": tag})
        with urllib.request.urlopen(f"{address}/api/{component}/list?{query}") as answer:
            rows = json.load(answer)["data"]
        return [row["step"] if component == "image" else row[1] for row in rows]

    urllib.request.urlopen(f"{address}/api/components").close()
    assert steps("scalar", "loss/generator") == [1, 50]
    assert train(run, "--resume", "--epochs", "6")[0] == 0
    time.sleep(0.3)  # until what VisualDL keeps in memory has grown old
    assert steps("scalar", "loss/generator") == [1, 50, 100]
    assert steps("image", "images/samples") == [60, 100, 120]
    assert steps("image", "images/real") == [0]


@pytest.mark.slow
@pytest.mark.skipif(chromium() is None, reason="Chromium and its driver are not installed")
def test_the_page_shows_the_curves_and_the_samples(run, address):
    with browser() as driver:
        set_view(driver, 1400, 900)
        open_charts(driver, address, charts=2)  # waits for both curves
        text = driver.find_element("tag name", "body").text
        assert "loss" in text and "output" in text and "speed" in text
        assert str(run / "log") in text
        picture = np.frombuffer(driver.get_screenshot_as_png(), np.uint8)
        assert cv2.imdecode(picture, cv2.IMREAD_COLOR).shape == (900, 1400, 3)

        driver.get(f"{address}/sample/image")
        shown = wait_until(
            driver,
            lambda d: (
                len(found := d.find_elements("css selector", "img[src^=blob]")) == 2 and found
            ),
        )
        wait_until(driver, lambda d: all(image.size["width"] > 0 for image in shown))
        sizes = {driver.execute_script("return arguments[0].naturalWidth", i) for i in shown}
        assert sizes == {8 * 18 + 2}  # eight images of 16 pixels and borders of 2
        text = driver.find_element("tag name", "body").text
        assert "images/real" in text and "images/samples" in text


def test_the_configuration_can_be_read_there(run):
    from visualdl import LogReader

    [log] = (run / "log").iterdir()
    [record] = LogReader(file_path=str(log)).get_data("text", "config")
    text = record.text.encoded_text_string
    config = json.loads((run / "config.json").read_text())
    assert all(f"{name} {json.dumps(value)}" in text for name, value in config.items())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("rolled_back", [False, True])
def test_the_bar_counts_only_the_steps_of_this_process_as_speed(rolled_back, tmp_path, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    board = Dashboard(tmp_path, configure(batch_size=8), step=9000, total_steps=20_000, tags={})
    if rolled_back:
        board.tick(9001)
        board.rewind(5000)
    shown_before = len(terminal.getvalue())
    step = 5000 if rolled_back else 9000
    for _ in range(3):
        time.sleep(0.15)  # longer than between two pictures of the bar
        board.tick(step := step + 1)
    board.close()
    shown = terminal.getvalue()[shown_before:]
    speeds = [float(number) for number in re.findall(r"([\d.]+) images/s", shown)]
    assert f"{step * 8}/160000" in shown
    assert speeds and max(speeds) <= 8 / 0.15
