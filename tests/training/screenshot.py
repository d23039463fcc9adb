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
--window-size=1400,900 --hide-scrollbars""".split()


def chromium() -> tuple[str, str] | None:
    """The paths of Chromium and its driver, or None where there are none."""
    browser = which("chromium") or which("chromium-browser") or which("google-chrome")
    driver = which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def visualdl(logdir: Path):
    """Serve a log folder with the command the README gives, on a free port; gives the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = "import sys; from visualdl.server.app import main; sys.argv[0] = 'visualdl'; main()"
    command = [sys.executable, "-c", start, "--logdir", str(logdir), "--language", "en"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--disable-telemetry"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}/app"
    finally:
        server.terminate()
        server.communicate()


def _wait_for(port: int, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    server.kill()
    raise RuntimeError(f"visualdl does not serve: {server.communicate()[0]}")


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
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options, webdriver.ChromeService(paths[1]))
        try:
            yield driver
        finally:
            driver.quit()


def wait_until(driver, condition, seconds: float = 30):
    """Wait until ``condition(driver)`` is true; returns what it gave."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(driver, seconds, 0.1).until(condition)
