"""``perfkit verify``: whatever was changed after the batch is named, and nothing else."""

import json

import pytest

from perfkit.cli import main
from perfkit.errors import OrderError
from perfkit.reporting import batch, manifest, verification


@pytest.fixture
def folder(office, stand_in):
    office.asks_for("a", "b", "bad1")
    return batch.run(office.order, runner=stand_in.quick, show=str).folder


def problems(folder):
    return [(each.what[0], each.where, each.got) for each in verification.verify(folder).problems]


def test_what_was_just_made_is_as_recorded(folder, capsys):
    found = verification.verify(folder)
    # Two pages, their notebooks, the failed one with its page; the notebook and three files of data they rest on.
    assert (found.runs, found.files, found.problems) == (3, 10, ())
    assert main(["verify", str(folder)]) == 0
    assert capsys.readouterr().out == "3 runs, 10 files as recorded 份记录、10 个文件与清单一致\n"


def test_a_changed_and_a_missing_report(folder, capsys):
    pages = sorted(path for path in folder.glob("*.html") if path.stem != "index")
    pages[0].write_text("x")
    pages[1].unlink()
    # SHA-256 of "x", as sha256sum prints it.
    assert problems(folder) == [
        ("a report has changed", pages[0].name, "2d711642b726"),
        ("a report is missing", pages[1].name, ("nothing", "无")),
    ]
    assert main(["verify", str(folder)]) == 1
    told = capsys.readouterr().err
    assert "2 differences in" in told
    assert "处不一致" in told
    assert "报告文件已改动" in told


def test_what_the_reports_rest_on(folder, office):
    (office.root / "data/a.txt").write_text("x")
    (office.root / "data/b.txt").unlink()
    notebook = office.root / "notebooks/a.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    found = verification.verify(folder).problems
    assert {(each.where, each.do[0]) for each in found} == {
        ("data/a.txt", "1 reports rest on it"),
        ("data/b.txt", "1 reports rest on it"),
        ("notebooks/a.ipynb", "3 reports rest on it"),
    }


def test_a_manifest_that_was_edited(folder):
    manifest = folder / "manifest.json"
    held = json.loads(manifest.read_text(encoding="utf-8"))
    held["runs"][2] |= {"outcome": "ok", "error": ""}
    manifest.write_text(json.dumps(held), encoding="utf-8")
    (found,) = verification.verify(folder).problems
    assert (found.what[0], found.got) == ("manifest and journal differ", "error, outcome")


def test_both_may_move_together_and_the_journal_may_stay_behind(folder, office, tmp_path):
    office.root.rename(tmp_path / "elsewhere")
    moved = tmp_path / "elsewhere/reports/all"
    for file in (moved / "journal").iterdir():
        file.unlink()
    (moved / "journal").rmdir()
    assert verification.verify(moved).problems == ()


def test_a_folder_without_a_manifest(tmp_path, capsys):
    with pytest.raises(OrderError, match="no manifest"):
        verification.verify(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    assert main(["verify", str(tmp_path)]) == 2
    assert "没有清单" in capsys.readouterr().err


def test_what_python_leaves_beside_data_is_no_change(tmp_path):
    (tmp_path / "units.csv").write_text("unit_id\na\n", encoding="utf-8")
    before = manifest._of_folder(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "simulate.cpython-311.pyc").write_bytes(b"x")
    assert manifest._of_folder(tmp_path) == before
    (tmp_path / "units.csv").write_text("unit_id\nb\n", encoding="utf-8")
    assert manifest._of_folder(tmp_path) != before
