"""The command library: checked, shown, compared and updated, inputs never overwritten."""

import shutil
from pathlib import Path

import openpyxl
import pytest

from perfkit import cli, tables

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "samples" / "library"


@pytest.fixture
def held(tmp_path):
    for name in ("library.csv", "library_changes.csv"):
        shutil.copy(SAMPLES / name, tmp_path)
    return tmp_path / "library.csv"


def run(*arguments):
    return cli.main(["library", *map(str, arguments)])


def test_check(held, capsys):
    assert run("check", held) == 0
    assert "33 versions" in capsys.readouterr().out
    assert run("check", held, "--full-points", 90) == 2
    assert "营养改善计划 · 2022-01-01 · 100 ≠ 90" in capsys.readouterr().err


def test_show_is_ready_to_score_by(held, tmp_path, capsys):
    out = tmp_path / "有效指标.xlsx"
    assert run("show", held, "--on", "2023-12-31", "--part", "transfer", "--budget", "general", "-o", out) == 0
    capsys.readouterr()
    whole = tables.read(out, "indicators")
    # Five on the last day of 2023; one retires that day. 预算执行率 is the name of what Z-0102 extends.
    assert whole["indicator_id"].tolist() == ["Z-0101", "Z-0102", "Z-0201", "Z-0301", "Z-0302"]
    assert whole["level3"].tolist()[1] == "预算执行率"
    assert whole["points"].tolist() == [20, 20, 30, 10, 20]
    assert tables.read(out, "library")["field"].unique().tolist() == ["示例专项（自设）"]
    assert run("show", held, "--on", "2024-01-01", "--part", "transfer", "--budget", "insurance", "-o", out) == 0
    assert len(tables.read(out, "indicators")) == 0


def test_merge_shows_every_outcome_and_compare_what_came_of_it(held, tmp_path, capsys):
    new, report, changes = tmp_path / "新库.xlsx", tmp_path / "核对.xlsx", tmp_path / "对照.xlsx"
    source = held.read_bytes()
    assert (
        run("merge", held, tmp_path / "library_changes.csv", "--on", "2025-01-01", "-o", new, "--report", report) == 0
    )
    printed = capsys.readouterr().out
    assert "采纳 4 条，须关注 2 条，不采纳 16 条" in printed
    assert "G-09 仍细化该指标" in printed
    assert held.read_bytes() == source
    assert len(tables.read(new, "library")) == 33 + 4  # three changed, one new
    sheet = openpyxl.load_workbook(report).active
    outcome = [cell.value for cell in sheet[4]].index("核对结果")
    assert [row[outcome].value for row in sheet.iter_rows(min_row=5, max_row=26)].count("不采纳") == 16

    assert run("compare", held, new, "-o", changes) == 0
    assert "新增指标 1 项，停用指标 1 项，标准调整 1 项，分值调整 1 项，文字修改 1 项" in capsys.readouterr().out
    assert run("compare", held, held, "--on", "2023-12-31", "--to", "2024-01-01", "-o", changes) == 0
    assert "停用指标 1 项，分值调整 1 项" in capsys.readouterr().out
    assert run("compare", held, held, "-o", changes) == 0
    assert "没有变化" in capsys.readouterr().out


def test_compare_rule_packs_by_name_where_no_code_is_shared(tmp_path, capsys):
    out = tmp_path / "对照.xlsx"
    assert (
        run("compare", "cn-project-2020", "teaching-demo", "--on", "2022-12-31", "--to", "2022-12-31", "-o", out) == 0
    )
    capsys.readouterr()
    facts = [row[0].value for row in openpyxl.load_workbook(out).active.iter_rows(max_row=5)]
    assert any("按三级指标名称对应" in str(fact) for fact in facts)
    # 预算执行率 and 管理制度健全性 are in both; the rest of 17 and 8 is not.
    assert "新增指标 6 项，停用指标 15 项" in facts[3]


@pytest.mark.parametrize("name", ["library.csv", "library_changes.csv"])
def test_inputs_are_never_overwritten(held, tmp_path, capsys, name):
    for each in ("library", "library_changes"):
        tables.write({each: tables.read(tmp_path / f"{each}.csv", each)}, tmp_path / f"{each}.xlsx")
    library, changes = tmp_path / "library.xlsx", tmp_path / "library_changes.xlsx"
    before = {path: path.read_bytes() for path in (library, changes)}
    there = tmp_path / name.replace("csv", "xlsx")
    fresh = tmp_path / "new.xlsx"
    day = ("--on", "2025-01-01")
    assert run("merge", library, changes, *day, "-o", there) == 2
    assert run("merge", library, changes, *day, "-o", fresh, "--report", there) == 2
    assert run("merge", library, changes, *day, "-o", fresh, "--report", fresh) == 2
    assert run("show", library, *day, "-o", library) == 2
    assert run("compare", library, library, "-o", library) == 2
    assert "结果不得覆盖数据" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before
    assert not fresh.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "没有.xlsx"], "没有.xlsx"),
        (["show", SAMPLES / "library.csv", "--on", "明年", "-o", "o.xlsx"], "明年"),
        (["show", SAMPLES / "library.csv", "--on", "2025-01-01", "-o", "o.csv"], ".xlsx"),
        (["compare", "cn-nothing", SAMPLES / "library.csv", "-o", "o.xlsx"], "cn-nothing"),
        (
            ["merge", SAMPLES / "library_changes.csv", SAMPLES / "library.csv", "--on", "2025-01-01", "-o", "o.xlsx"],
            "启用日期",
        ),
    ],
)
def test_what_cannot_be_used(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert "Traceback" not in printed.err
    assert list(tmp_path.iterdir()) == []
