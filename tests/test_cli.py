"""The command line: a thin face that says what is wrong and writes whole files or none."""

import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl import Workbook

import perfkit
from perfkit import cli, rules, tables

DATA = Path(__file__).resolve().parents[1] / "data"
SAMPLES = DATA / "samples"
PACKS = sorted(path.parent.name for path in (DATA / "rules").glob("*/pack.yaml"))
INDICATORS = [
    ["indicator_id", "level1", "level3", "kind", "direction", "target", "unit", "points"],
    ["O1", "产出", "受资助人数", "定量", "≥", 735, "人次", 60],
    ["S1", "满意度", "家长满意度", "满意度", "≥", 95, "%", 40],
]
VALUES = [["unit_id", "indicator_id", "year", "actual"], ["a", "O1", 2022, 735], ["a", "S1", 2022, 98]]
UNITS = [["unit_id", "year", "name", "points_reported"], ["a", 2022, "甲", 100]]


@pytest.fixture
def book(tmp_path):
    """Write a workbook of sheets; a sheet that is None is left out, ``change`` sets cells."""

    def write(change=None, **sheets):
        workbook = Workbook()
        workbook.remove(workbook.active)
        for name, rows in {"indicators": INDICATORS, "values": VALUES, "units": UNITS, **sheets}.items():
            if rows is not None:
                sheet = workbook.create_sheet(name)
                for row in rows:
                    sheet.append(row)
        for (sheet, cell), value in (change or {}).items():
            workbook[sheet][cell] = value
        workbook.save(tmp_path / "填报.xlsx")
        return tmp_path / "填报.xlsx"

    return write


def score(path, out, *more):
    return cli.main(["score", str(path), "--pack", "cn-project-2020", "--on", "2022-12-31", "-o", str(out), *more])


def python(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "perfkit", *arguments],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        **more,
    )


class TestScore:
    def test_a_good_workbook(self, book, tmp_path, capsys):
        out = tmp_path / "new" / "得分.xlsx"
        assert score(book(), out) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        assert printed.out.startswith("1 ")
        assert str(out) in printed.out
        sheets = openpyxl.load_workbook(out).sheetnames
        assert sheets == ["评价结果", "评分表", "依据", "核对发现"]
        results = openpyxl.load_workbook(out)["评价结果"]
        row = dict(zip([c.value for c in results[1]], [c.value for c in results[2]], strict=True))
        assert (row["得分"], row["等级"], row["规则包"]) == (100, "优", "cn-project-2020")
        why = [c.value for c in openpyxl.load_workbook(out)["评分表"]["A"]]
        assert len(why) == 3
        assert [p.suffix for p in out.parent.iterdir()] == [".xlsx"]

    def test_without_units_and_in_english(self, book, tmp_path):
        assert score(book(units=None), tmp_path / "o.xlsx", "--lang", "en") == 0
        assert openpyxl.load_workbook(tmp_path / "o.xlsx").sheetnames == ["results", "scores", "bases"]

    def test_a_folder_and_a_scheme(self, tmp_path):
        assert score(SAMPLES / "forms", tmp_path / "o.xlsx") == 0
        assert score(SAMPLES / "forms", tmp_path / "p.xlsx", "--scheme", "2021") == 0
        one, two = (pd.read_excel(tmp_path / name, sheet_name="评价结果") for name in ("o.xlsx", "p.xlsx"))
        assert one["得分"].tolist()[0] == 99.8
        assert one["得分"].tolist() != two["得分"].tolist()

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"change": {("values", "D2"): "七百三十五"}}, "填报.xlsx › values › D2"),
            ({"change": {("values", "D1"): "actuol"}}, "填报.xlsx › values › D1"),
            ({"change": {("values", "B3"): "O1"}}, "填报.xlsx › values › C3"),
            ({"change": {("values", "B3"): "O9"}}, "填报.xlsx › values › B3"),
            ({"change": {("values", "B3"): None}}, "填报.xlsx › values › B3"),
            ({"change": {("values", "D2"): "=700+35"}}, "填报.xlsx › values › D2"),
            ({"change": {("indicators", "H3"): 39}}, "填报.xlsx › indicators › H2:"),
            ({"change": {("indicators", "D2"): "大概"}}, "填报.xlsx › indicators › D2"),
            ({"change": {("indicators", "F2"): None}}, "填报.xlsx › indicators › F2"),
            ({"change": {("units", "B2"): "去年"}}, "填报.xlsx › units › B2"),
            ({"values": [["unit_id", "actual"], ["a", 1]]}, "填报.xlsx › values › 1:1"),
            ({"values": None}, "values（指标值）"),
        ],
    )
    def test_a_bad_workbook_says_where_and_writes_nothing(self, book, tmp_path, capsys, arguments, said):
        out = tmp_path / "out" / "得分.xlsx"
        assert score(book(**arguments), out) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert said in printed.err
        assert "Traceback" not in printed.err
        assert not out.exists()
        assert not list(tmp_path.rglob("*.part"))

    def test_all_sheets_at_once(self, book, tmp_path, capsys):
        path = book(change={("values", "D2"): "x", ("units", "B2"): "y", ("indicators", "F2"): "z"})
        assert score(path, tmp_path / "o.xlsx") == 2
        error = capsys.readouterr().err
        assert all(cell in error for cell in ("values › D2", "units › B2", "indicators › F2"))

    def test_the_old_result_stays(self, book, tmp_path):
        out = tmp_path / "o.xlsx"
        out.write_bytes(b"old")
        assert score(book(change={("values", "D2"): "x"}), out) == 2
        assert out.read_bytes() == b"old"

    def test_damaged_and_absent_files(self, tmp_path, capsys):
        (tmp_path / "坏.xlsx").write_bytes(b"PK\x03\x04")
        for path in (tmp_path / "坏.xlsx", tmp_path / "没有.xlsx"):
            assert score(path, tmp_path / "o.xlsx") == 2
            assert path.name in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            (["--pack", "cn-project"], "cn-project-2020"),
            (["--on", "2020-02-24"], "2020-02-25"),
            (["--on", "last year"], "last year"),
            (["--scheme", "2019"], "2020, 2021"),
            (["-o", "scores.csv"], ".xlsx"),
        ],
    )
    def test_wrong_choices(self, book, tmp_path, capsys, more, said):
        assert score(book(), tmp_path / "o.xlsx", *more) == 2
        assert said in capsys.readouterr().err
        assert not (tmp_path / "o.xlsx").exists()

    def test_a_place_that_cannot_be_written(self, book, tmp_path, capsys):
        (tmp_path / "file").write_text("x", encoding="utf-8")
        (tmp_path / "folder.xlsx").mkdir()
        for out in (tmp_path / "file" / "o.xlsx", tmp_path / "folder.xlsx"):
            assert score(book(), out) == 2
            assert out.name in capsys.readouterr().err
        assert not list(tmp_path.rglob("*.part"))


class TestRules:
    def test_all_packs(self, capsys):
        assert cli.main(["rules"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split("\t")[0] for line in lines[1:]] == PACKS

    @pytest.mark.parametrize("pack", PACKS)
    def test_one_pack(self, pack, capsys):
        assert cli.main(["rules", pack, "--on", "2099-12-31"]) == 0
        printed = capsys.readouterr().out
        assert printed.startswith(f"{pack} · ")
        assert "full_points" in printed
        # Its own, or those of the pack that it extends.
        assert ("indicators 项指标" in printed) == bool(rules.load(pack, "2099-12-31").indicator_rows)

    def test_on_a_day(self, capsys):
        assert cli.main(["rules", "cn-project-2020", "--on", "2021-08-17"]) == 0
        assert "rule_threshold_2021" not in capsys.readouterr().out

    @pytest.mark.parametrize("arguments", [["nothing"], ["cn-project-2020", "--on", "1999-01-01"]])
    def test_unknown(self, arguments, capsys):
        assert cli.main(["rules", *arguments]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err


class TestTables:
    def test_all(self, capsys):
        assert cli.main(["tables"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split("\t")[0] for line in lines[1:]] == list(tables.CONTRACTS)

    def test_one(self, capsys):
        assert cli.main(["tables", "values"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split("\t")[0] for line in lines[1:]] == list(tables.contract("values").columns)

    def test_template(self, tmp_path, capsys):
        path = tmp_path / "指标值.xlsx"
        assert cli.main(["tables", "values", "--template", str(path)]) == 0
        assert capsys.readouterr().out.strip() == str(path)
        assert len(tables.read(path, "values")) == 0

    @pytest.mark.parametrize(
        "arguments",
        [["valuez"], ["--template", "x.xlsx"], ["values", "--template", "x.csv"], ["", "--template", "x"]],
    )
    def test_wrong(self, arguments, capsys, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert cli.main(["tables", *arguments]) == 2
        assert capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []


def test_doctor_says_what_it_found(capsys):
    code = cli.main(["doctor"])
    printed = capsys.readouterr().out
    assert printed.startswith(f"perfkit {perfkit.__version__}")
    assert all(pack in printed for pack in PACKS)
    broken = [line for line in printed.splitlines() if line.lstrip().startswith(("缺失", "有误"))]
    assert code == (1 if broken else 0)
    assert ("all well" in printed) == (code == 0)


def test_doctor_names_what_is_broken(capsys, monkeypatch):
    def fail():
        raise RuntimeError("no such font")

    monkeypatch.setattr(cli, "_font", fail)
    assert cli.main(["doctor"]) == 1
    assert "有误  fonts 字体: no such font" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["score", "--help"]])
def test_version_and_help(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 0
    assert "perfkit" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["scores"], ["score"], ["score", "x", "--pack", "p"]])
def test_usage(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_interrupted(monkeypatch, capsys):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_rules", stop)
    assert cli.main(["rules"]) == 130
    assert "Traceback" not in capsys.readouterr().err


class TestAsAModule:
    def test_in_a_pipe_it_is_plain_text(self):
        run = python("rules")
        assert run.returncode == 0
        assert run.stderr == b""
        text = run.stdout.decode("utf-8")
        assert "\x1b" not in text
        assert "\r" not in text.replace("\r\n", "\n")
        assert len(text.splitlines()) == len(PACKS) + 1

    def test_an_error_goes_to_stderr_without_traceback(self, tmp_path):
        run = python("rules", "无此包", cwd=tmp_path)
        assert run.returncode == 2
        assert run.stdout == b""
        error = run.stderr.decode("utf-8")
        assert "无此包" in error
        assert "Traceback" not in error

    def test_a_c_locale_does_not_fail_on_chinese(self, tmp_path):
        # LANG, not LC_ALL: under that Python itself cannot start from a checkout whose path is Chinese.
        plain = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
        plain |= {"LANG": "C", "PYTHONIOENCODING": "ascii"}
        run = python("tables", "values", cwd=tmp_path, env=plain)
        assert run.returncode == 0
        assert "实际完成值" in run.stdout.decode("utf-8")

    def test_a_reader_that_hangs_up_is_no_error(self):
        with subprocess.Popen(
            [sys.executable, "-m", "perfkit", "tables"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as run:
            run.stdout.close()
            error = run.stderr.read().decode("utf-8")
        assert error == ""
        assert run.returncode == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["recheck", ".", "--jobs", "0", "-o", "x.xlsx"], "a whole number from 1 on 须为正整数: 0"),
        (["library", "check", "x.csv", "--full-points", "nan"], "a number above 0 须为正数: nan"),
        (["library", "check", "x.csv", "--full-points", "many"], "a number above 0 须为正数: many"),
    ],
)
def test_an_option_that_is_no_count(capsys, command, said):
    with pytest.raises(SystemExit) as caught:
        cli.main(command)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err
