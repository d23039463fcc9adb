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
    COLORED,
    browser,
    chromium,
    open_charts,
    set_view,
    visualdl,
    wait_until,
)

BLOBS = "css selector", "img[src^=blob]"
# The red parts of an image's pixels, which is gray.
PIXELS = """
const [image, done] = arguments;
image.decode().then(() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
  done(Array.from(data).filter((_, i) => i % 4 === 0));
});
"""


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
    assert steps("histogram", "weights/Gnet.gan.0.weight") == [60, 100, 120]
    assert steps("histogram", "logits/Dnet_real") == [60, 100, 120]


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
            lambda d: len(found := d.find_elements(*BLOBS)) == 3 and found,
        )
        wait_until(driver, lambda d: all(image.size["width"] > 0 for image in shown))
        sizes = {driver.execute_script("return arguments[0].naturalWidth", i) for i in shown}
        assert sizes == {8 * 18 + 2}  # eight images of 16 pixels and borders of 2
        text = driver.find_element("tag name", "body").text
        assert "images/real" in text and "images/samples" in text


@pytest.mark.slow
@pytest.mark.skipif(chromium() is None, reason="Chromium and its driver are not installed")
def test_runs_are_compared_and_the_newest_samples_are_there(run, data):
    """Two runs in one dashboard that is opened when both have ended."""
    other = run.with_name("other")
    arguments = ["--out", str(other), *harness.TINY, "--data", str(data), "--epochs", "3"]
    assert main([*arguments, "--lr", "0.0005"], "train") == 0
    last = {}
    for out in (run, other):
        lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        last[str(out / "log")] = [line["g_loss"] for line in lines if "g_loss" in line][-1]
    with visualdl(run.parent) as address, browser() as driver:
        with urllib.request.urlopen(f"{address}/api/hparams/list") as answer:
            rows = json.load(answer)["data"]
        found = {row["name"]: row["metrics"]["loss/generator"] for row in rows}
        assert found == {name: pytest.approx(value, rel=1e-6) for name, value in last.items()}
        values = {row["name"]: row["hparams"] for row in rows}
        assert values[str(other / "log")]["lr"] == pytest.approx(0.0005)
        assert values[str(run / "log")]["recipe"] == "dcgan"
        set_view(driver, 1400, 900)
        driver.get(f"{address}/hyper-parameter")
        wait_until(driver, lambda d: all(out in body(d) for out in last) and "0.0005" in body(d))
        driver.get(f"{address}/histogram")
        wait_until(driver, lambda d: {"weights", "logits"} <= {*body(d).splitlines()})
        wait_until(driver, lambda d: any(driver.execute_script(COLORED)))
        driver.get(f"{address}/sample/image")
        for out in (run, other):
            card = f"//h4[.='images/newest']/../span[.='{out / 'log/newest'}']/../.."
            found = wait_until(driver, lambda d, card=card: d.find_elements("xpath", card))[0]
            driver.execute_script("arguments[0].scrollIntoView()", found)
            image = wait_until(driver, lambda d, found=found: found.find_elements(*BLOBS))[0]
            newest = max((out / "samples").glob("step-*.png"))
            wanted = cv2.imread(str(newest), cv2.IMREAD_GRAYSCALE)
            pixels = driver.execute_async_script(PIXELS, image)
            assert np.array_equal(np.reshape(pixels, wanted.shape), wanted)


def body(driver) -> str:
    return driver.find_element("tag name", "body").text


def test_final_scores_stand_beside_the_values(tmp_path):
    config = configure(batch_size=8)
    board = Dashboard(tmp_path, config, 0, 10, {"d_loss": "loss/D", "fid": "score/FID"})
    board.scalars(1, 1, {"d_loss": 0.5})
    for step, fid in ((4, 9.0), (8, 3.5)):
        board.record({"step": step, "images": 8 * step, "protocol": "p", "fid": fid, "kid": 1.0})
    board.close()
    with visualdl(tmp_path) as address:
        with urllib.request.urlopen(f"{address}/api/hparams/list") as answer:
            (row,) = json.load(answer)["data"]
    assert row["metrics"]["score/FID"] == 3.5 and row["metrics"]["loss/D"] == 0.5
    told = row["hparams"]
    assert told["recipe"] == "dcgan" and told["betas"] == "0.0 0.99"
    assert told["batch_size"] == 8 and "about" not in told and "max_steps" not in told


def test_pictures_that_a_user_has_put_among_the_samples_stay_and_are_not_shown(tmp_path):
    config, drawn = configure(batch_size=8), {"output": np.zeros((4, 1, 16, 16), "float32")}
    board = Dashboard(tmp_path, config, 0, 10, {})
    board.real({"image": np.zeros((4, 1, 16, 16), np.uint8)})
    for step in (4, 8):
        board.samples(step, drawn)
    board.close()
    own = {"mine.png", "step-00000008 (copy).png", "step-final.png"}
    for name in own:
        (tmp_path / "samples" / name).write_bytes(b"of a user")
    Dashboard(tmp_path, config, 4, 10, {}).close()
    kept = {path.name for path in (tmp_path / "samples").iterdir()}
    assert kept == {*own, "real.png", "step-00000004.png"}
    shown = harness.dashboard(tmp_path / "log")
    assert [step for step, _ in shown["image images/samples"]] == [4]


def test_the_configuration_can_be_read_there(run):
    from visualdl import LogReader

    [log] = (run / "log").glob("vdlrecords.*")
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
