"""English pages and their Chinese twins: the same commands, figures, links and pictures."""

from __future__ import annotations

import re
from pathlib import PurePath

import pytest

from tests.documents import DOCUMENTS, TEXTS, commands

# Pages in English alone: what changed, how to contribute, and what is made from the options.
ENGLISH = {"CHANGELOG.md", "CONTRIBUTING.md", "docs/options.md"}
PAIRS = [(name.replace("_cn.", "."), name) for name in DOCUMENTS if "_cn." in name]


def test_every_other_page_has_a_twin():
    assert {*DOCUMENTS} - {name for pair in PAIRS for name in pair} == ENGLISH


@pytest.mark.parametrize("names", PAIRS)
def test_they_point_to_each_other(names):
    for text, other in zip(map(TEXTS.get, names), reversed(names)):
        links = re.findall(r"^\[(?:中文.*|English)\]\((.+)\)$", text, re.M)
        assert links == [PurePath(other).name]


@pytest.mark.parametrize("names", PAIRS)
def test_there_is_the_same_to_type(names):
    english, chinese = (without_remarks(TEXTS[name]) for name in names)
    assert commands(english) == commands(chinese)
    assert code(english) == code(chinese)
    assert spans(english) <= spans(chinese)


def without_remarks(text: str) -> str:
    """Without what is said behind a line of code."""
    return re.sub(r"(?<=\S) +# .*$", "", text, flags=re.M)


def code(text: str) -> list[str]:
    """The code blocks, marked or indented, without those that are no code."""
    found = re.findall(r"^```.*?^```|^    [^\n]+$", text, re.M | re.S)
    return [each for each in found if not each.startswith("```\n")]


def spans(text: str) -> set[str]:
    """What is set as code within sentences."""
    found = re.findall(r"`[^`]+`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    return {" ".join(each.split()) for each in found}


@pytest.mark.parametrize("names", PAIRS)
def test_figures_are_the_same(names):
    english, chinese = (TEXTS[name] for name in names)

    def figures(text):
        return set(re.findall(r"\d+(?:[.,]\d+)*", text))

    def rows(text):  # headings, and the figures of each row of a table
        lines = re.findall(r"^#+ |^\|.*\|$", text, re.M)
        return [(line.count("|"), sorted(re.findall(r"\d+(?:[.,]\d+)*", line))) for line in lines]

    assert figures(english) == figures(chinese)
    assert rows(english) == rows(chinese)


@pytest.mark.parametrize("names", PAIRS)
def test_links_and_pictures_are_the_same(names):
    english, chinese = map(links, names)
    assert [link.replace("_cn.", ".") for link in chinese] == english
    translated = {name for _, name in PAIRS}
    folder = PurePath(names[1]).parent
    for link in chinese:  # a reader of Chinese is led to Chinese pages where there are any
        assert str(folder / link.replace(".md", "_cn.md")) not in translated


def links(name: str) -> list[str]:
    """The pages and pictures that one points to, in their order, but not its twin."""
    found = re.findall(r"\]\((?!https?:|#)([^)#]+)", TEXTS[name])
    other = PurePath(name.replace("_cn.", ".") if "_cn." in name else name.replace(".", "_cn."))
    return [link for link in found if link != other.name]
