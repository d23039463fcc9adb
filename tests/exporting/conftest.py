"""A static server and a browser for the tests of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paddle_gan.commands.export import export
from tests.exporting.first_image import served
from tests.exporting.pages import saved
from tests.training.screenshot import browser


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """The address of a static server, and the folder it serves."""
    folder = tmp_path_factory.mktemp("site")
    with served(folder) as address:
        yield address, folder


@pytest.fixture(scope="module")
def driver():
    with browser() as driver:
        yield driver


@pytest.fixture
def opened(site, driver) -> Callable[..., Path]:
    """opened(recipe) -> the checkpoint whose page the browser shows."""
    address, folder = site

    def run(recipe: str, **changed) -> Path:
        number = len(list(folder.iterdir()))
        checkpoint = saved(recipe, folder / f"checkpoint-{number}", **changed)
        export(checkpoint, folder / f"page-{number}", "web")
        driver.get(f"{address}/page-{number}/")
        return checkpoint

    return run
