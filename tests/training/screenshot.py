"""Look at a run's dashboard: ``python -m tests.training.screenshot LOGDIR OUT.png``."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from shutil import which

FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run
--disable-background-networking --disable-component-update --disable-sync
--hide-scrollbars""".split()
CURVE = 300  # colored pixels: a line across a chart, which is 400 wide
# Of the charts that are drawn, how many pixels have a color: axes and letters are gray.
COLORED = """
const colored = canvas => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 0 && Math.abs(data[i + 2] - data[i]) > 60) count++;
  return count;
};
return Array.from(document.querySelectorAll("canvas")).map(colored);
"""


def chromium() -> tuple[str, str] | None:
    """The paths of Chromium and its driver, or None where there are none."""
    browser = which("chromium") or which("chromium-browser") or which("google-chrome")
    driver = which("chromedriver")
    return (browser, driver) if browser and driver else None


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def visualdl(logdir: Path, *flags: str):
    """Serve a log folder with the command the README gives, on a free port; gives the address."""
    port = free_port()
    start = "import sys; from visualdl.server.app import main; sys.argv[0] = 'visualdl'; main()"
    command = [sys.executable, "-c", start, "--logdir", str(logdir), "--language", "en"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--disable-telemetry", *flags]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_for(port, server)
        yield f"http://127.0.0.1:{port}/app"
    finally:
        server.terminate()
        server.communicate()


def wait_for(port: int, server: subprocess.Popen) -> None:
    """Wait until a server answers. Raises RuntimeError with what it printed if it ends before."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    server.kill()
    raise RuntimeError(f"{server.args} does not serve: {server.communicate()[0]}")


@contextmanager
def browser():
    """A headless Chromium with a fresh profile."""
    from selenium import webdriver

    paths = chromium()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = paths[0]
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options, webdriver.ChromeService(paths[1]))
        try:
            yield driver
        finally:
            driver.quit()


def wait_until(driver, condition, seconds: float = 60):
    """Wait until ``condition(driver)`` is true; returns what it gave."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(driver, seconds, 0.1).until(condition)


def set_view(driver, width: int, height: int) -> None:
    """Give the page itself this size, whatever the window around it takes."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def open_charts(driver, address: str, charts: int) -> None:
    """Open the page of scalars and wait until that many charts are there and all have curves."""
    driver.get(f"{address}/scalar")

    def drawn(driver) -> bool:
        colored = driver.execute_script(COLORED)
        return len(colored) == charts and min(colored) > CURVE

    wait_until(driver, drawn)


def screenshot(logdir: Path, picture: Path, width: int = 1400, height: int = 900) -> None:
    """Write a picture of the scalars page with the losses and the probabilities."""
    with visualdl(logdir) as address, browser() as driver:
        set_view(driver, width, height)
        open_charts(driver, address, charts=2)
        driver.find_elements("css selector", "h3")[1].click()
        time.sleep(3)  # charts are drawn with an animation
        driver.execute_script("window.scrollTo(0, 68)")  # past the search field
        picture.parent.mkdir(parents=True, exist_ok=True)
        driver.save_screenshot(str(picture))


if __name__ == "__main__":
    screenshot(Path(sys.argv[1]), Path(sys.argv[2]))
