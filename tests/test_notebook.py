"""The notebook runs from its first cell to its last, and says the same in both languages."""

from __future__ import annotations

import re

import pytest

from tests.documents import ROOT

nbclient = pytest.importorskip("nbclient", reason="the extra [test] is not installed")
nbformat = pytest.importorskip("nbformat", reason="nbclient brings it along")
pytest.importorskip("ipykernel", reason="the extra [test] is not installed")
SAVED = nbformat.read(ROOT / "work/dcgan.ipynb", as_version=4)
TINY = {"DATA": "embedded", "WIDTH": 4, "BY_HAND": 2, "STEPS": 3, "SAMPLES": 100, "OUT": "out"}


def pictures(notebook) -> list[int]:
    """How many pictures are below each cell."""
    outputs = (cell.get("outputs", ()) for cell in notebook.cells)
    return [sum("image/png" in out.get("data", {}) for out in each) for each in outputs]


def test_every_cell_runs(tmp_path):
    notebook = nbformat.from_dict(SAVED)
    (parameters,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", ())]
    assert re.findall(r"^(\w+) = ", parameters.source, re.M) == [*TINY]
    parameters.source = "\n".join(f"{name} = {value!r}" for name, value in TINY.items())
    run = nbclient.NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    run.execute()
    assert pictures(notebook) == pictures(SAVED) and sum(pictures(SAVED)) >= 8
    told = "".join(o.get("text", "") for c in notebook.cells for o in c.get("outputs", ()))
    assert "-1.0000 to -0.9922" in told and "-1.0000 to 1.0000" in told  # ±1 where 2 / 255 was
    differences = re.findall(r"largest difference: (\S+)", told)
    assert len(differences) == 2 and max(map(float, differences)) < 1e-5
    assert (tmp_path / "out/from-the-original.png").exists()


def test_what_is_saved_was_run_from_top_to_bottom():
    cells = [cell for cell in SAVED.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    assert not any(out.output_type == "error" for cell in cells for out in cell.outputs)


@pytest.mark.parametrize("cell", [c for c in SAVED.cells if c.cell_type == "markdown"])
def test_both_languages_say_the_same(cell):
    prose = re.sub(r"^(#|\|).*|```.*?```", "", cell.source, flags=re.M | re.S)
    paragraphs = [each for each in prose.split("\n\n") if each.strip()]
    chinese = [each for each in paragraphs if re.search("[\u4e00-\u9fff]", each)]
    assert len(chinese) == len(paragraphs) / 2

    def facts(paragraphs):  # code, figures, and pages of either language
        found = re.findall(r"`[^`]+`|\d[\d.,]*\d|\d|\]\([^)#]*", "\n".join(paragraphs))
        return {each.replace("_cn.", ".") for each in found}

    assert facts(chinese) == facts(each for each in paragraphs if each not in chinese)
