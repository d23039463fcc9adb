"""How soon an exported page draws: ``python -m tests.exporting.first_image FOLDER [TIMES [PNG]]``.

Prints the sizes of its files and, of so many visits by a browser without a cache, the median of the
milliseconds from the request to the first image, from a server on this machine. With the path of a
PNG it writes a picture of the page of a generator, with a walk on it.
"""

from __future__ import annotations

import functools
import http.server
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.training.screenshot import browser, set_view, wait_until

MARK = "return performance.getEntriesByName('image').map(mark => mark.startTime)"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A static server of a folder; gives its address."""
    handler = functools.partial(_Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def first_image(address: str) -> float:
    """Milliseconds, in a browser that was never there."""
    with browser() as driver:
        driver.get(address)
        return wait_until(driver, lambda driver: driver.execute_script(MARK))[0]


def picture(address: str, png: str) -> None:
    with browser() as driver:
        set_view(driver, 1120, 710)
        driver.get(address)
        wait_until(driver, lambda driver: driver.execute_script(MARK))
        driver.find_element("css selector", "#go").click()
        told = "return document.querySelector('#walk').width"
        wait_until(driver, lambda driver: driver.execute_script(told) < 300)  # as it is at first
        driver.save_screenshot(png)


def main(folder: str, times: str = "5", png: str | None = None) -> None:
    files = sorted(Path(folder).iterdir(), key=lambda path: -path.stat().st_size)
    for path in files:
        print(f"{path.stat().st_size / 1e6:6.2f} MB  {path.name}")
    print(f"{sum(path.stat().st_size for path in files) / 1e6:6.2f} MB  together")
    with served(Path(folder)) as address:
        found = [first_image(address) for _ in range(int(times))]
        if png:
            picture(address, png)
    told = ", ".join(f"{each:.0f}" for each in found)
    print(f"first image after {statistics.median(found):.0f} ms, the median of {told}")


if __name__ == "__main__":
    main(*sys.argv[1:])
