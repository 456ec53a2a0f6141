"""Every notebook is thin, runs with its default parameters, and says nothing on stderr."""

import ast
import io
import json
import tokenize
from pathlib import Path

import nbformat
import papermill as pm
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted(path for path in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
CELL_LINES = 8
NOT_THIN = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.For, ast.AsyncFor, ast.While, ast.If, ast.IfExp, ast.Match),
    *(ast.Try, ast.TryStar, ast.With, ast.AsyncWith),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


def parameter_problems(source: str) -> list[str]:
    """Return the lines that are no ``name: type = value  # what it is``."""
    problems = []
    for line in filter(str.strip, source.splitlines()):
        try:
            (statement,) = ast.parse(line).body
            said = [
                token
                for token in tokenize.generate_tokens(io.StringIO(line).readline)
                if token.type == tokenize.COMMENT
            ]
        except (SyntaxError, ValueError, tokenize.TokenError):
            statement, said = None, []
        if not (isinstance(statement, ast.AnnAssign) and statement.value and said and said[0].string.strip("# ")):
            problems.append(f"parameters: not 'name: type = value  # what it is': {line}")
    return problems


def cell_problems(cell: dict, where: str) -> list[str]:
    """Return what is wrong with one code cell."""
    source, problems = "".join(cell["source"]), []
    lines = len([line for line in source.splitlines() if line.strip()])
    if lines > CELL_LINES:
        problems.append(f"{where}: {lines} lines, more than {CELL_LINES}")
    if cell["outputs"] or cell["execution_count"] is not None:
        problems.append(f"{where}: stored outputs or execution count")
    try:
        nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, NOT_THIN)]
    except SyntaxError:
        return [*problems, f"{where}: not plain Python"]
    return problems + [f"{where}: {type(node).__name__} belongs in perfkit" for node in nodes]


def notebook_problems(notebook: dict) -> list[str]:
    """Return in what a notebook is not thin."""
    cells, problems = notebook["cells"], []
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    if not cells or cells[0]["cell_type"] != "markdown" or not "".join(cells[0]["source"]).startswith("# "):
        problems.append("the first cell is no '# title'")
    if [cell["cell_type"] for cell in tagged] != ["code"]:
        problems.append(f"{len(tagged)} cells are tagged parameters, or it is no code cell")
    for cell in tagged:
        problems.extend(parameter_problems("".join(cell["source"])))
    said = False
    for number, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            said = said or cell["cell_type"] == "markdown"
            continue
        problems.extend(cell_problems(cell, f"cell {number}"))
        if cell not in tagged:
            problems.extend([] if said else [f"cell {number}: no sentence above it"])
            said = False
    return problems


def complaints(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what went wrong in an executed notebook: errors, stderr, code cells that never ran."""
    found = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        if cell.execution_count is None and cell.source.strip():
            found.append(f"cell {number} did not run")
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"cell {number}: {output.ename}: {output.evalue}")
            elif output.output_type == "stream" and output.name == "stderr":
                found.append(f"cell {number}: stderr: {output.text}")
    return found


def run(notebook: Path, cwd: Path, folder: Path) -> list[str]:
    kept = folder / notebook.name
    pm.execute_notebook(str(notebook), str(kept), cwd=str(cwd), kernel_name="python3", progress_bar=False)
    return complaints(nbformat.read(kept, as_version=4))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_notebook_is_thin(notebook):
    assert notebook_problems(json.loads(notebook.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_notebook_runs_from_the_root(notebook, tmp_path):
    assert run(notebook, ROOT, tmp_path) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS[:1], ids=[path.stem for path in NOTEBOOKS[:1]])
def test_notebook_runs_from_its_folder_as_in_jupyterlab(notebook, tmp_path):
    assert run(notebook, notebook.parent, tmp_path) == []


def test_complaints_are_seen():
    cell = nbformat.v4.new_code_cell("1", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", name="stderr", text="FutureWarning")]
    silent = nbformat.v4.new_code_cell("1", execution_count=2)
    unrun = nbformat.v4.new_code_cell("1")
    found = complaints(nbformat.v4.new_notebook(cells=[cell, silent, unrun]))
    assert found == ["cell 0: stderr: FutureWarning", "cell 2 did not run"]


def thin() -> dict:
    """Return a notebook that keeps the rules."""
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "\n", "text"]},
            {**code, "metadata": {"tags": ["parameters"]}, "source": ['unit: str = "A#1"  # which unit']},
            {**code, "source": ["from perfkit import tables"]},
            {"cell_type": "markdown", "metadata": {}, "source": "Read."},
            {**code, "source": ["data = tables.read(unit)"]},
        ]
    }


def test_a_thin_notebook_is_let_through():
    assert notebook_problems(thin()) == []


@pytest.mark.parametrize(
    ("cell", "change"),
    [
        (0, {"source": "No title"}),
        (1, {"metadata": {}}),
        (1, {"source": "unit = 1  # which unit"}),
        (1, {"source": 'unit: str = "# not a comment"'}),
        (1, {"source": "unit: str  # which unit"}),
        (2, {"metadata": {"tags": ["parameters"]}}),
        (4, {"source": "1\n" * (CELL_LINES + 1)}),
        (4, {"source": "def f(): ..."}),
        (4, {"source": "x = [y for y in z]"}),
        (4, {"source": "x = 1 if y else 2"}),
        (4, {"source": "with x: y"}),
        (4, {"source": "%matplotlib inline"}),
        (4, {"outputs": [{"output_type": "stream"}]}),
        (4, {"execution_count": 3}),
        (3, {"cell_type": "raw"}),
    ],
)
def test_a_notebook_that_is_not_thin_is_caught(cell, change):
    notebook = thin()
    notebook["cells"][cell].update(change)
    assert notebook_problems(notebook)
