"""Whole folders of forms: nothing that cannot be read stops the rest, and the result is the same in any number of
processes."""

import os
import shutil
import sys
from concurrent.futures import BrokenExecutor
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml

from perfkit import cli, tables
from perfkit.cycle import evaluation
from perfkit.cycle.evaluation import folder as module
from perfkit.errors import PerfkitError, TableError
from perfkit.reporting import progress

CASES = Path(__file__).resolve().parents[1] / "cases" / "forms"
SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
TERMS = evaluation.Terms("cn-project-2020", today="2024-03-01")
BAD = {"密码.xlsx": "密码".encode(), "空.xlsx": b"", "旧.doc": b"x", "旧.xls": b"x", "扫描.pdf": b"%PDF"}


@pytest.fixture(scope="module")
def forms(official_form, tmp_path_factory):
    """A folder of published forms, one a district, with files that are none."""
    root = tmp_path_factory.mktemp("forms")
    for path in sorted(CASES.glob("*.yaml")):
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        official_form(root / path.stem[0] / f"{path.stem}.xlsx", facts)
    for name, content in BAD.items():
        (root / name).write_bytes(content)
    official_form(root / "未填.xlsx")
    (root / "~$打开着.xlsx").write_bytes(b"x")
    (root / ".hidden.xlsx").write_bytes(b"x")
    (root / "说明.txt").write_text("x", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def made(forms):
    return evaluation.recheck_folder(forms, TERMS, jobs=1)


def of(made, name):
    found = made["form_findings"]
    return found[found["file"].str.endswith(f"{name}.xlsx")]


class TestPublishedForms:
    """What is wrong with each, worked out by hand."""

    @pytest.mark.parametrize(
        ("name", "found"),
        [
            # 100 of 100 is 10 points, the form prints 7; 98 of 100 is 9.8, it prints 9. 10 + 40 + 30 + 20 by level.
            (
                "yongde-nutrition-2022",
                [
                    ("points_not_by_rule", "7", "10"),
                    ("points_not_by_rule", "9", "9.8"),
                    (
                        "level_weights",
                        "预算执行率 10、产出 40、效益 30、满意度 20",
                        "预算执行率 10、产出 50、效益 30、满意度 10",
                    ),
                ],
            ),
            # 37.24 / 43.2 = 86.20 % -> 8.62, printed 9, twice; no total: 9 + 9 + 8 x 10 = 98.
            (
                "langfang-hvac-2019",
                [("total_missing", "", "98"), ("points_rounded", "9", "8.62"), ("points_rounded", "9", "8.62")],
            ),
            ("liangping-forestry", []),  # 79.27 % of 10 is 7.93; 7.93 + 90 = 97.93
            ("sciencecity-media-2021", []),  # 76 % of 10 is 7.6; 7.6 + 90 = 97.6
            # 31.69 / 32.4 = 97.81 % -> 9.78, printed 9; the row cut off leaves 10 + 50 + 30 = 90 points, 89 scored.
            (
                "lincang-wildlife-2023",
                [
                    ("points_not_by_rule", "9", "9.78"),
                    ("points_not_full", "90", "100"),
                    (
                        "level_weights",
                        "预算执行率 10、产出 50、效益 30",
                        "预算执行率 10、产出 50、效益 30、满意度 10",
                    ),
                    ("total_missing", "", "89"),
                ],
            ),
            # 3,824.26 / 4,753.66 = 80.45 % -> 8.04 of 10 (80.4487 %), printed 100 % and 10.
            ("printed-as-whole", [("points_not_by_rule", "10", "8.04"), ("execution_rate", "100%", "80.45%")]),
            # Total 0 against 90, 89.974 and 89.974 万元 in the parts; 10 + 50 + 30 = 90 points, 80 scored.
            (
                "chizhou-commission-2022",
                [
                    ("money_parts", "0", "900,000"),
                    ("money_parts", "0", "899,740"),
                    ("money_parts", "0", "899,740"),
                    ("points_not_full", "90", "100"),
                    (
                        "level_weights",
                        "预算执行率 10、产出 50、效益 30",
                        "预算执行率 10、产出 50、效益 30、满意度 10",
                    ),
                    ("total_missing", "", "80"),
                ],
            ),
        ],
    )
    def test_findings(self, made, name, found):
        mine = of(made, name)[["kind", "reported", "computed"]].fillna("")
        assert list(mine.itertuples(index=False, name=None)) == found

    def test_recomputed_totals(self, made):
        summary = made["form_summary"].set_index("unit_id")
        # Yongde: 10 + 10 + 10 + 10 + 10 + 10 (reported) + 9.8 + 10 + 10 + 10; Langfang: 2 x 8.62 + 80.
        assert summary["points"].round(2).to_dict() == {
            "chizhou-commission-2022": 80,
            "langfang-hvac-2019": 97.24,
            "liangping-forestry": 97.93,
            "lincang-wildlife-2023": 89.78,
            "printed-as-whole": 98.04,
            "sciencecity-media-2021": 97.6,
            "yongde-nutrition-2022": 99.8,
        }

    def test_samples(self):
        # The six published forms as tables: the same findings as above where a form is in both.
        made = evaluation.recheck_folder(SAMPLES / "forms", TERMS)
        assert len(made["form_summary"]) == 6
        assert set(made["form_summary"]["file"]) == {"."}
        counts = made["finding_counts"].set_index("kind")["findings"].to_dict()
        assert counts["points_not_by_rule"] == 3
        assert counts["points_rounded"] == 2


class TestTables:
    def test_files_in_order_and_relative(self, made):
        files = made["form_summary"]["file"].tolist()
        assert files == sorted(files)
        assert files[0] == "c/chizhou-commission-2022.xlsx"

    def test_findings_stand_by_file_then_severity(self, made):
        found = made["form_findings"]
        ranks = found["severity"].map({"contradiction": 0, "explain": 1, "rounding": 2})
        order = pd.DataFrame({"file": found["file"], "rank": ranks})
        assert order.equals(order.sort_values(["file", "rank"], kind="stable"))

    def test_counts_add_up(self, made):
        found, counts, summary = made["form_findings"], made["finding_counts"], made["form_summary"]
        assert counts["findings"].sum() == len(found)
        for kind, files in found.groupby("kind")["file"]:
            assert counts.loc[counts["kind"] == kind, "forms"].sum() == files.nunique()
        assert summary[["contradictions", "to_explain", "rounded"]].sum().sum() == len(found)

    def test_what_cannot_be_read_is_told(self, made):
        said = made["unreadable"].set_index("file")["message_zh"]
        assert set(said.index) == {*BAD, "未填.xlsx"}
        assert "请另存为 .xlsx 后再核对" in said["旧.xls"]
        assert "请改用 .xlsx 表格填报" in said["旧.doc"]
        assert "尚未填写" in said["未填.xlsx"]
        assert all("文件损坏" in said[name] for name in ("密码.xlsx", "空.xlsx"))

    def test_bases_say_what_is_configured(self, made):
        bases = made["bases"].set_index("parameter")
        assert bases.loc["rate_words", "authority"] == "kit"
        assert bases.loc["full_points", "authority"] == "national"

    def test_one_unit_that_cannot_be_scored_stops_no_other(self, tmp_path):
        for name in ("units", "indicators", "values"):
            shutil.copy(SAMPLES / "forms" / f"{name}.csv", tmp_path)
        path = tmp_path / "indicators.csv"
        text = path.read_text(encoding="utf-8")
        assert "yongde-nutrition-2022,S1,满意度指标,服务对象满意度指标,学生满意度,satisfaction,ge,95.0,%" in text
        path.write_text(
            text.replace("学生满意度,satisfaction,ge,95.0,%", "学生满意度,satisfaction,ge,95.0,", 1), "utf-8"
        )
        made = evaluation.recheck_folder(tmp_path, TERMS)
        assert made["unreadable"]["file"].tolist() == [". › yongde-nutrition-2022"]
        assert "率类指标没有单位" in made["unreadable"]["message_zh"].iloc[0]
        assert len(made["form_summary"]) == 5


@pytest.mark.parametrize("years", [("2021", "2022"), ("", "2022"), ("2022", "2022")])
def test_two_values_of_one_indicator_are_refused_with_their_cell(tmp_path, years):
    home = tmp_path / "forms"
    home.mkdir()
    (home / "units.csv").write_text("unit_id,name\na,甲\n", encoding="utf-8")
    (home / "indicators.csv").write_text(
        "unit_id,indicator_id,level1,level3,kind,direction,target,points\na,O1,产出,户数,quantitative,ge,100,100\n",
        encoding="utf-8",
    )
    rows = "".join(f"a,O1,{year},80\n" for year in years)
    (home / "values.csv").write_text("unit_id,indicator_id,year,actual\n" + rows, encoding="utf-8")
    (row,) = evaluation.recheck_folder(home, TERMS, jobs=1)["unreadable"].itertuples()
    assert "values.csv › " in row.message_zh
    assert "InvalidIndexError" not in row.message_zh
    assert "重复" in row.message_zh


class TestProcesses:
    def test_the_result_is_the_same_in_any_number_of_processes(self, forms, made, tmp_path):
        two = evaluation.recheck_folder(forms, TERMS, jobs=2)
        for name, frame in made.items():
            pd.testing.assert_frame_equal(two[name], frame)
        one = tables.write(made, tmp_path / "1.xlsx").read_bytes()
        assert tables.write(two, tmp_path / "2.xlsx").read_bytes() == one

    def test_a_process_that_dies_takes_nobody_with_it(self, forms, made, monkeypatch):
        class Dying:
            """Stands for a pool: whoever reads Langfang's form is killed, as the system does when memory runs out."""

            def __init__(self, *_, **__):
                self.dead = False

            def submit(self, function, root, sources, terms):
                self.dead = self.dead or any("langfang" in source for source in sources)
                dead = self.dead

                class Result:
                    def result(self):
                        if dead:
                            raise BrokenExecutor
                        return function(root, sources, terms)

                return Result()

            def shutdown(self, **_):
                pass

            def __enter__(self):
                return self

            def __exit__(self, *_):
                pass

        monkeypatch.setattr(module, "ProcessPoolExecutor", Dying)
        got = evaluation.recheck_folder(forms, TERMS, jobs=2)
        lost = got["unreadable"][got["unreadable"]["file"].str.contains("langfang")]
        assert lost["message_zh"].tolist() == ["读取进程意外终止"]
        assert len(got["form_summary"]) == len(made["form_summary"]) - 1
        assert len(got["unreadable"]) == len(made["unreadable"]) + 1

    def test_what_nobody_foresaw_is_one_row(self, forms, monkeypatch):
        def fail(path):
            raise RecursionError("too deep")

        monkeypatch.setattr(module, "open_forms", fail)
        got = evaluation.recheck_folder(forms, TERMS, jobs=1)
        assert len(got["form_summary"]) == 0
        assert got["unreadable"]["message_zh"].str.contains("RecursionError: too deep").sum() == 10

    def test_progress(self, forms):
        seen = []
        evaluation.recheck_folder(forms, TERMS, jobs=1, show=lambda done, total: seen.append((done, total)))
        assert seen == [(at, 13) for at in range(1, 14)]


def test_a_folder_that_may_not_be_entered_is_told(tmp_path, monkeypatch):
    (tmp_path / "锁").mkdir()
    (tmp_path / "旧.doc").write_bytes(b"x")
    scan = os.scandir

    def refuse(path):
        if Path(path).name == "锁":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert evaluation.find_forms(tmp_path) == ["旧.doc", "锁"]


class TestRefusals:
    def test_no_folder_and_nothing_in_it(self, tmp_path):
        with pytest.raises(TableError, match="不是文件夹"):
            evaluation.find_forms(tmp_path / "没有")
        with pytest.raises(TableError, match="没有自评表"):
            evaluation.find_forms(tmp_path)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"pack": "无此包"}, "没有规则包"),
            ({"on": "2019-01-01"}, "2020-02-25"),
            ({"on": "去年"}, "不是日期"),
            ({"scheme": "2019"}, "没有计分办法"),
            ({"denominator": "budget"}, "没有名为"),
        ],
    )
    def test_rules_that_are_not_there(self, forms, change, said):
        terms = evaluation.Terms(**{"pack": "cn-project-2020", "today": "2024-03-01", **change})
        with pytest.raises(PerfkitError, match=said):
            evaluation.recheck_folder(forms, terms)


class TestCommand:
    def test_it_writes_the_workbook(self, forms, tmp_path, capsys):
        out = tmp_path / "findings.xlsx"
        assert cli.main(["recheck", str(forms), "-o", str(out), "--jobs", "1"]) == 1
        printed = capsys.readouterr()
        assert printed.out.startswith("7 forms rechecked")
        assert "6 unreadable" in printed.err
        assert openpyxl.load_workbook(out).sheetnames == ["文件汇总", "逐表核对发现", "问题统计", "未能读取", "依据"]
        found = pd.read_excel(out, sheet_name="逐表核对发现")
        assert found["退回修改意见"].notna().all()

    def test_all_read_is_success_whatever_was_found(self, tmp_path, capsys):
        out = tmp_path / "findings.xlsx"
        assert cli.main(["recheck", str(SAMPLES / "forms"), "-o", str(out), "--scheme", "2020"]) == 0
        assert "2 with contradictions" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "arguments",
        [
            ["没有这个文件夹", "-o", "o.xlsx"],
            [str(SAMPLES / "forms"), "-o", "o.csv"],
            [str(SAMPLES / "forms"), "-o", "o.xlsx", "--pack", "无此包"],
            [str(SAMPLES / "forms"), "-o", "o.xlsx", "--on", "2019-01-01"],
        ],
    )
    def test_wrong_arguments(self, arguments, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        assert cli.main(["recheck", *arguments]) == 2
        assert capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["o.xlsx", "y/o.xlsx", "y/yongde-nutrition-2022.xlsx"])
    def test_the_result_does_not_lie_among_the_forms(self, forms, name, capsys):
        before = (forms / "y" / "yongde-nutrition-2022.xlsx").read_bytes()
        assert cli.main(["recheck", str(forms), "-o", str(forms / name)]) == 2
        assert (forms / "y" / "yongde-nutrition-2022.xlsx").read_bytes() == before
        assert "请写到别处" in capsys.readouterr().err

    @pytest.mark.parametrize("jobs", ["0", "-1", "many"])
    def test_jobs_is_a_count(self, jobs, capsys):
        with pytest.raises(SystemExit) as caught:
            cli.main(["recheck", ".", "-o", "o.xlsx", "--jobs", jobs])
        assert caught.value.code == 2


class TestProgress:
    def test_a_line_a_minute_where_nobody_looks(self, monkeypatch, capsys):
        clock = iter([0.0, 30.0, 61.0, 90.0, 121.5])
        monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
        with progress.shown("recheck") as show:
            for done in (1, 2, 3, 4):
                show(done, 10)
        lines = capsys.readouterr().err.splitlines()
        # 2 in 61 s leave 8 x 30.5 s; 4 in 121.5 s leave 6 x 30.375 s.
        assert lines == ["recheck 2/10 · 0.0/s · 244 s left 剩余", "recheck 4/10 · 0.0/s · 182 s left 剩余"]

    def test_a_bar_on_a_terminal(self, monkeypatch, capsys):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        with progress.shown("recheck") as show:
            show(1, 2)
            show(2, 2)
        assert "2/2" in capsys.readouterr().err


def test_the_default_number_of_processes(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert [module._processes(forms, None) for forms in (1, 127, 128, 10_000)] == [1, 1, 2, 4]
    assert [module._processes(3, jobs) for jobs in (1, 2, 8)] == [1, 2, 3]
