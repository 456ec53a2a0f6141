"""``perfkit report`` from the command line: what it prints, what it refuses. Two runs take a kernel."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from perfkit.cli import main

ROOT = Path(__file__).resolve().parents[1]
# Read by every Python process of a batch when it starts: what leaves the machine is refused, and told.
BLOCKED = """
import os, socket
_open = socket.socket.connect
def _tell(self, address, *rest):
    if self.family == socket.AF_UNIX:
        return _open(self, address, *rest)
    with open(os.environ["TOLD"], "a") as told:
        told.write(f"{address}\\n")
    raise OSError("no network")
def _name(host, *rest, **more):
    return _tell(socket.socket(), host)
socket.socket.connect = socket.socket.connect_ex = _tell
socket.getaddrinfo = socket.gethostbyname = _name
"""


def order_of(folder, source, values):
    """Write a notebook of one cell beside its parameter, and an order of it; return the order's path."""
    declared = new_code_cell('unit: str = ""  # required', metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[declared, new_code_cell(source)]), folder / "a.ipynb")
    path = folder / "o.yaml"
    path.write_text(f"title: 试\nnotebook: a.ipynb\nruns: {{each: unit, values: [{values}]}}\n", encoding="utf-8")
    return path


@pytest.fixture
def order(tmp_path):
    return order_of(tmp_path, "assert unit != 'bad', 'no such unit'", "good, bad")


def test_a_dry_run_then_the_run_then_what_is_left(order, capsys):
    assert main(["report", str(order), "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[1] for line in lines[:2]] == ["new 尚无报告"] * 2
    assert lines[2] == "2 of 2 to make 份待出具（共 2 份）"

    assert main(["report", str(order), "--jobs", "1"]) == 1
    failed, counts, index = capsys.readouterr().out.splitlines()
    assert failed.endswith("· cell error · AssertionError: no such unit")
    assert counts.startswith("2 made this time 份本次出具 · 1 there 份已有 · 1 failed 份失败 · 0 not run")
    assert index == f"index 索引: {order.with_suffix('') / 'index.html'}"
    runs = json.loads((order.with_suffix("") / "manifest.json").read_text(encoding="utf-8"))["runs"]
    assert [run["outcome"] for run in runs] == ["ok", "cell error"]

    assert main(["report", str(order), "--dry-run", "--only-failed"]) == 0
    assert "failed before 上次失败" in capsys.readouterr().out
    assert main(["verify", str(order.with_suffix(""))]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["--shard", "0/3"],
        ["--shard", "4/3"],
        ["--shard", "2"],
        ["--limit", "0"],
        ["--max-failures", "-1"],
        ["--timeout", "0"],
        ["--jobs", "x"],
        ["--fresh", "--only-failed"],
    ],
)
def test_refusals(order, words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["report", str(order), *words])
    assert caught.value.code == 2
    assert not order.with_suffix("").exists()
    assert "perfkit report: error" in capsys.readouterr().err


def without_network(folder, order):
    """Carry out an order in processes that cannot connect anywhere; return the exit code and what they tried."""
    (folder / "code").mkdir()
    (folder / "code/sitecustomize.py").write_text(BLOCKED, encoding="utf-8")
    told = folder / "told"
    told.touch()
    path = os.pathsep.join([str(folder / "code"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "perfkit", "report", str(order), "--jobs", "1"],
        env={**os.environ, "PYTHONPATH": path, "TOLD": str(told), "PERFKIT_PRELOAD": ""},
        cwd=ROOT,
        capture_output=True,
    )
    return done.returncode, told.read_text().splitlines(), done.stderr.decode()


def test_a_batch_needs_no_network(tmp_path):
    shutil.copytree(ROOT / "data/samples/forms", tmp_path / "data/samples/forms")
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks/42_key_evaluation.ipynb", tmp_path / "notebooks")
    order = tmp_path / "o.yaml"
    order.write_text(
        "title: 断网\nnotebook: notebooks/42_key_evaluation.ipynb\nformats: [html, docx, pdf]\n"
        "common: {pack: cn-project-2020, on: '2022-12-31', data: data/samples/forms}\n"
        "runs: {each: unit_id, values: [yongde-nutrition-2022, liangping-forestry]}\n",
        encoding="utf-8",
    )
    assert without_network(tmp_path, order)[:2] == (0, [])
    assert sorted(path.suffix for path in order.with_suffix("").glob("*yongde*")) == [".docx", ".html", ".pdf"]


def test_what_a_notebook_would_fetch_is_noticed(tmp_path):
    order = order_of(tmp_path, "import urllib.request; urllib.request.urlopen('http://192.0.2.1/')", "a")
    code, told, _ = without_network(tmp_path, order)
    assert code == 1
    assert told
