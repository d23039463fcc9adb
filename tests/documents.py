"""The documents, what they say to type, and doing what they say."""

from __future__ import annotations

import re
from pathlib import Path

import paddle_gan

ROOT = Path(paddle_gan.__file__).parents[1]
READMES = ("README.md", "README_cn.md")
DOCUMENTS = [*READMES, "CHANGELOG.md", "CONTRIBUTING.md"]
DOCUMENTS += [*(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
TEXTS = {name: (ROOT / name).read_text(encoding="utf8") for name in DOCUMENTS}


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def anchors(text: str) -> list[str]:
    """The fragments under which a page's headings are found on GitHub."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def commands(text: str) -> list[str]:
    """Everything a reader may type into a shell, in blocks and within sentences, once each."""
    within = re.findall(
        r"`((?:python|paddle-gan [a-z]+|visualdl) [^`]+)`",
        re.sub(r"```.*?```", "", text, flags=re.S),
    )
    lines = [*"".join(blocks(text, "sh")).splitlines(), *(" ".join(w.split()) for w in within)]
    return list(dict.fromkeys(part.strip() for line in lines for part in line.split("&&")))


def follow(page: str, package: Path) -> None:
    """Do to a copy of the package what a page tells by the first line of each block."""
    for block in blocks(page, "python"):
        head, body = block.split("\n", 1)
        path, *where = head.removeprefix("# paddle_gan/").split(", ")
        target = package / path
        if not where:
            assert not target.exists()
            target.write_text(body)
            continue
        text = target.read_text()
        if where == ["with the imports"]:
            place = re.search(r"^(?=(?:from|import) (?!__future__))", text, re.M).end()
        else:  # behind the line that opens the table
            place = re.search(rf"^{where[0].split()[-1]}.* = {{\n", text, re.M).end()
        target.write_text(f"{text[:place]}{body}{text[place:]}")
