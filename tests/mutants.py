"""A plugin of pytest for ``make mutants``: what is quick runs first, so that a mutant dies soon."""

from __future__ import annotations

import json
from pathlib import Path

TIMES = Path("mutmut-stats.json")  # of the run of all tests that mutmut begins with


def pytest_collection_modifyitems(items: list) -> None:
    times = json.loads(TIMES.read_text())["duration_by_test"] if TIMES.exists() else {}

    def cost(item):
        fixtures = (defs[-1] for defs in item._fixtureinfo.name2fixturedefs.values())
        shared = sum(fixture.scope != "function" for fixture in fixtures)
        return shared, times.get(item.nodeid, 0)  # the times leave fixtures out

    items.sort(key=cost)
