"""``perfkit report`` from the command line: what it prints, what it refuses. Two runs take a kernel."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from perfkit.cli import main


@pytest.fixture
def order(tmp_path):
    cells = [
        new_code_cell('unit: str = ""  # required', metadata={"tags": ["parameters"]}),
        new_code_cell("assert unit != 'bad', 'no such unit'"),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "a.ipynb")
    path = tmp_path / "o.yaml"
    path.write_text("title: 试\nnotebook: a.ipynb\nruns: {each: unit, values: [good, bad]}\n", encoding="utf-8")
    return path


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
