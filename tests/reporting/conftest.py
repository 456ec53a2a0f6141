"""An office whose orders take no kernel: a stand-in runs the notebooks, and tallies how often it began each."""

import importlib
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from perfkit.reporting import journal

# A module of its own, because workers import what they are to call.
STAND_IN = """
import os, signal, subprocess, sys, time
import nbformat
from perfkit.reporting.execution import Ran

def quick(notebook, parameters, *, root, kept, timeout=None, inputs=""):
    with (root / "begun" / parameters["unit"]).open("a") as tally:
        tally.write("x")
    held = nbformat.read(notebook, as_version=4)
    held.cells[0].source = "# " + parameters["unit"] + " " + (root / parameters["data"]).read_text()
    nbformat.write(held, kept)
    good = not parameters["unit"].startswith("bad")
    return Ran(held, "ok" if good else "cell error", "" if good else "ValueError: bad", 0.1)

def slow(notebook, parameters, *, root, kept, timeout=None, inputs=""):
    kernel = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with (root / "kernels").open("a") as pids:
        pids.write(f"{kernel.pid} ")
    time.sleep(0.2)
    ran = quick(notebook, parameters, root=root, kept=kept)
    kernel.kill()
    kernel.wait()
    return ran

def deadly(notebook, parameters, *, root, kept, timeout=None, inputs=""):
    ran = quick(notebook, parameters, root=root, kept=kept)
    begun = (root / "begun" / parameters["unit"]).read_text()
    if parameters["unit"] == "always" or (parameters["unit"] == "once" and begun == "x"):
        os.kill(os.getpid(), signal.SIGKILL)
    return ran

def refuse_b(notebook, documents):
    return ["no total 无合计"] if "# b" in notebook.cells[0].source else []
"""


class Office:
    """A root with a notebook, an order of it for some units, and a file of data for each."""

    def __init__(self, root):
        self.root = root
        self.order = root / "reports/all.yaml"
        self.out = root / "reports/all"
        for folder in ("notebooks", "reports", "data", "begun", "code"):
            (root / folder).mkdir(parents=True)
        declared = new_code_cell('unit: str = ""  # required\ndata: str = ""', metadata={"tags": ["parameters"]})
        nbformat.write(new_notebook(cells=[new_markdown_cell("# 报告"), declared]), root / "notebooks/a.ipynb")
        (root / "code/stand_in.py").write_text(STAND_IN, encoding="utf-8")

    def asks_for(self, *units):
        runs = "".join(f'\n  - {{unit: "{unit}", data: data/{unit}.txt}}' for unit in units)
        for unit in units:
            (self.root / f"data/{unit}.txt").write_text("1")
        self.order.write_text(f"title: 试\nnotebook: notebooks/a.ipynb\nruns:{runs}\n", encoding="utf-8")
        return self.order

    def begun(self):
        """Return how often each unit's notebook was begun."""
        return {path.name: len(path.read_text()) for path in (self.root / "begun").iterdir()}

    def recorded(self):
        """Return the slugs of all records, in each file's order."""
        files = sorted((self.out / journal.FOLDER).glob("*.jsonl"))
        return [record["slug"] for file in files for _, record in journal._records(file) if "slug" in record]

    def unfinished(self):
        return [path.name for path in self.out.rglob("*.part*")]


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path / "office")


@pytest.fixture
def stand_in(office, monkeypatch):
    monkeypatch.syspath_prepend(str(office.root / "code"))
    yield importlib.import_module("stand_in")
    sys.modules.pop("stand_in", None)
