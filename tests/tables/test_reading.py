"""People's files: what is read, and what is said about a file that cannot be used."""

import datetime as dt
import pickle
import re
import zipfile

import pandas as pd
import pytest
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula

from perfkit import tables
from perfkit.errors import ROWS_SHOWN, TableError

HEADER = ["单位或项目编码", "指标编码", "年度", "实际完成值", "档内取值", "佐证状态"]


@pytest.fixture
def book(tmp_path):
    """Write rows to a workbook; ``formats`` are number formats by cell."""

    def write(*rows, sheet="values", formats=None, name="填报.xlsx"):
        workbook = Workbook()
        workbook.active.title = sheet
        for row in rows:
            workbook.active.append(row)
        for cell, style in (formats or {}).items():
            workbook.active[cell].number_format = style
        workbook.save(tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def file(tmp_path):
    """Write lines to a CSV file."""

    def write(*lines, encoding="utf-8", name="values.csv"):
        (tmp_path / name).write_bytes("\n".join(lines).encode(encoding))
        return tmp_path / name

    return write


def problems(path, name="values", **more):
    with pytest.raises(TableError) as caught:
        tables.read(path, name, **more)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301
    return caught.value.problems


def only(path, name="values", **more):
    (problem,) = problems(path, name, **more)
    return problem


class TestOneProblemOneCell:
    def test_text_where_a_number_belongs(self, book):
        problem = only(book(HEADER, ["a", "1", 2022, "七百三十五", None, None]))
        assert problem.where == "填报.xlsx › values › D2"
        assert problem.got == "'七百三十五'"
        assert problem.expected == ("a number", "数字")

    @pytest.mark.parametrize("written", ["-", "约735", "735人", "1e999", "nan", "12 34", "735、736"])
    def test_what_is_no_number(self, file, written):
        assert only(file("unit_id,indicator_id,actual", f"a,1,{written}")).where == "values.csv › C2"

    def test_missing_column_is_one_problem(self, file):
        problem = only(file("unit_id,actual", "a,1", "b,2", "c,3"))
        assert problem.where == "values.csv › 1:1"
        assert problem.expected == "指标编码 / indicator code / indicator_id"
        assert problem.got == "unit_id、actual"

    @pytest.mark.parametrize(
        ("header", "meant"),
        [
            ("实际完成直", "实际完成值 / actual"),
            ("实际完成", "实际完成值 / actual"),
            ("points reportd", "自评得分 / points reported"),
            ("veriffied", "核实值 / verified"),
        ],
    )
    def test_misspelt_header(self, file, header, meant):
        problem = only(file(f"unit_id,indicator_id,{header}", "a,1,735"))
        assert problem.where == "values.csv › C1"
        assert (problem.expected, problem.got) == (meant, header)

    def test_misspelt_header_of_a_needed_column_is_one_problem(self, file):
        problem = only(file("unit_id,指标编吗,actual", "a,1,735", "a,2,736"))
        assert (problem.where, problem.got) == ("values.csv › B1", "指标编吗")
        assert problem.expected == "指标编码 / indicator code"

    def test_column_twice(self, file):
        problem = only(file("unit_id,indicator_id,actual,实际完成值", "a,1,1,2"))
        assert (problem.where, problem.got) == ("values.csv › D1", "实际完成值")

    def test_duplicate_key(self, book):
        rows = [["a", "1", 2022, 1, None, None], ["a", "2", 2022, 2, None, None], ["a", "1", 2022, 3, None, None]]
        problem = only(book(HEADER, *rows))
        assert problem.where == "填报.xlsx › values › C4"
        assert problem.got == ("a / 1 / 2022, also in row 2", "a / 1 / 2022，第 2 行已有")
        assert "unit_id + indicator_id + year once" in problem.line(0)
        assert "单位或项目编码 + 指标编码 + 年度不重复" in problem.line(1)

    def test_the_key_counts_an_empty_year(self, file):
        assert only(file("unit_id,indicator_id,year", "a,1,", "a,1,")).where == "values.csv › C3"
        assert len(tables.read(file("unit_id,indicator_id,year", "a,1,", "a,1,2022"), "values")) == 2

    def test_empty_needed_cell(self, file):
        problem = only(file("unit_id,indicator_id,actual", "a,1,735", "a,  ,736"))
        assert problem.where == "values.csv › B3"
        assert problem.do == ("fill it in", "请填写")

    def test_unknown_choice_lists_the_choices(self, file):
        problem = only(file("unit_id,indicator_id,佐证状态", "a,1,大概"))
        assert (problem.where, problem.got) == ("values.csv › C2", "'大概'")
        assert "无佐证 (no_evidence)" in problem.expected

    def test_out_of_range(self, file):
        problem = only(file("unit_id,indicator_id,judged_share", "a,1,1.2"))
        assert (problem.where, problem.got) == ("values.csv › C2", "1.2")

    @pytest.mark.parametrize(("written", "column"), [("二〇二二", "year"), ("22", "year"), ("可能", "finished")])
    def test_no_year_no_yes(self, file, written, column):
        assert only(file(f"unit_id,indicator_id,{column}", f"a,1,{written}")).where == "values.csv › C2"

    @pytest.mark.parametrize("in_the_last_column", [True, False])
    def test_formula_never_calculated(self, book, in_the_last_column):
        cell = ["=1+1", None] if in_the_last_column else [None, "=0.5+0.5"]
        problem = only(book(HEADER, ["a", "1", 2022, *cell, None]))
        assert problem.where == f"填报.xlsx › values › {'D2' if in_the_last_column else 'E2'}"
        assert problem.got.startswith("=")

    def test_array_formula_never_calculated(self, book, tmp_path):
        workbook = Workbook()
        workbook.active.append(["unit_id", "indicator_id", "actual"])
        workbook.active.append(["a", "1", None])
        workbook.active["C2"] = ArrayFormula("C2", "=SUM(1,2)")
        workbook.save(tmp_path / "array.xlsx")
        problem = only(tmp_path / "array.xlsx")
        assert problem.where == "array.xlsx › Sheet › C2"
        assert problem.got == "=SUM(1,2)"


class TestTheFileAsAWhole:
    def test_all_problems_at_once(self, file):
        found = problems(
            file(
                "unit_id,indicator_id,year,actual,status",
                "a,1,2022,七百,随便",
                ",2,2022,3,",
                "a,1,2022,5,",
            )
        )
        assert {p.where for p in found} == {f"values.csv › {cell}" for cell in ("D2", "E2", "A3", "C4")}

    def test_all_tables_of_a_folder_at_once(self, file, tmp_path):
        file("unit_id,indicator_id,actual", "a,1,x")
        file("unit_id,name,budget", "a,甲,y", name="units.csv")
        with pytest.raises(TableError) as caught:
            tables.read_all(tmp_path, ["units", "values"])
        assert [p.where for p in caught.value.problems] == ["units.csv › C2", "values.csv › C2"]

    def test_more_than_five_of_a_kind_are_counted(self, file):
        path = file("unit_id,indicator_id,actual,status", *(f"a,{i},x{i},无此" for i in range(8)))
        with pytest.raises(TableError) as caught:
            tables.read(path, "values")
        text = str(caught.value)
        assert text.splitlines()[:2] == ["16 problems in values.csv", "values.csv 有 16 处问题"]
        assert len(re.findall(r"^  - wrong value in actual", text, re.MULTILINE)) == ROWS_SHOWN == 5
        assert text.count("… and 3 more of this kind, 8 in all") == 2
        assert text.count("同类问题另有 3 处，共 8 处") == 2
        assert "'x4'" in text
        assert "'x5'" not in text
        assert len(caught.value.problems) == 16

    def test_five_of_a_kind_are_all_shown(self, file):
        path = file("unit_id,indicator_id,actual", *(f"a,{i},x{i}" for i in range(5)))
        with pytest.raises(TableError, match="'x4'") as caught:
            tables.read(path, "values")
        assert "more of this kind" not in str(caught.value)

    def test_english_first_chinese_second(self, file):
        with pytest.raises(TableError) as caught:
            tables.read(file("unit_id,indicator_id,actual", "a,1,x"), "values")
        first, second = str(caught.value).splitlines()[2:]
        assert first.isascii() is False  # the cell's file, arrow and 数字 stand in both
        assert "write the number alone" in first
        assert "请只填数字" in second

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"<html>not a workbook</html>"])
    def test_damaged_workbook(self, tmp_path, content):
        (tmp_path / "坏.xlsx").write_bytes(content)
        with pytest.raises(TableError, match=r"坏\.xlsx"):
            tables.read(tmp_path / "坏.xlsx", "values")
        with pytest.raises(TableError, match=r"坏\.xlsx"):
            tables.read_all(tmp_path / "坏.xlsx", ["values"])

    def test_zip_that_is_no_workbook(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "z.xlsx", "w") as archive:
            archive.writestr("a.txt", "x")
        assert "z.xlsx" in only(tmp_path / "z.xlsx").where

    def test_damaged_parquet_and_csv(self, tmp_path):
        (tmp_path / "a.parquet").write_bytes(b"PAR1")
        (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x81\x20")
        (tmp_path / "c.csv").write_text('unit_id,indicator_id\na,"1\n', encoding="utf-8")
        for name in ("a.parquet", "b.csv", "c.csv"):
            assert name in only(tmp_path / name).where

    def test_wrong_sheet(self, book):
        problem = only(book(HEADER, sheet="一季度"), sheet="二季度")
        assert (problem.expected, problem.got) == ("一季度", "二季度")

    def test_empty_unknown_and_absent_files(self, file, tmp_path):
        assert only(file("", name="values.csv")).what[0] == "no header row"
        assert only(file("x", name="values.txt")).got == ".txt"
        assert only(tmp_path / "nowhere.csv").what[0] == "no such file or folder"

    def test_header_without_rows_is_an_empty_table(self, file):
        assert len(tables.read(file("unit_id,indicator_id"), "values")) == 0


class TestWhatIsRead:
    def test_percent_is_what_the_cell_shows(self, book):
        path = book(HEADER, ["a", "1", 2022, 0.98, 0.98, None], formats={"D2": "0%", "E2": "0.0%"})
        held = tables.read(path, "values")
        assert held["actual"].tolist() == [98.0]
        assert held["judged_share"].tolist() == [0.98]

    def test_percent_as_text(self, file):
        held = tables.read(file("unit_id,indicator_id,actual,judged_share", "a,1,98%,98 ％"), "values")
        assert held[["actual", "judged_share"]].to_numpy().tolist() == [[98.0, 0.98]]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_encodings_of_a_csv(self, file, encoding):
        held = tables.read(file("单位或项目编码,指标编码,备注", "甲,一,镕㐀", encoding=encoding), "values")
        assert held[["unit_id", "note"]].to_numpy().tolist() == [["甲", "镕㐀"]]

    def test_codes_stay_text(self, book, file):
        from_book = tables.read(book(["unit_id", "indicator_id"], ["007", 8], ["1.10", 2022.0]), "values")
        assert from_book.to_numpy()[:, :2].tolist() == [["007", "8"], ["1.10", "2022"]]
        from_csv = tables.read(file("unit_id,indicator_id", "007,1.10"), "values")
        assert from_csv.to_numpy()[:, :2].tolist() == [["007", "1.10"]]

    def test_words_that_pandas_takes_for_gaps_are_codes(self, file):
        held = tables.read(file("unit_id,indicator_id", "NA,null"), "values")
        assert held.to_numpy()[:, :2].tolist() == [["NA", "null"]]

    @pytest.mark.parametrize(
        "header",
        [
            "unit_id,indicator_id,year,actual",
            "单位或项目编码,指标编码,年度,实际完成值",
            "unit code,indicator code,year,actual",
            "ｕｎｉｔ＿ｉｄ,指标编码*,年　度,ACTUAL",
            "Unit Code,Indicator ID,Year：,实际完成值 ",
        ],
    )
    def test_headers(self, file, header):
        held = tables.read(file(header, "a,1,2022,735"), "values")
        assert held[["unit_id", "indicator_id", "year", "actual"]].to_numpy().tolist() == [["a", "1", 2022, 735.0]]

    def test_header_with_or_without_its_unit(self, file):
        for title in ("全年预算数（元）", "全年预算数", "全年预算数(元)"):
            held = tables.read(file(f"unit_id,name,{title}", "a,甲,10", name="units.csv"), "units")
            assert held["budget"].tolist() == [10.0]

    @pytest.mark.parametrize(
        ("written", "read"), [("1，234.5", 1234.5), ("７３５", 735.0), ("￥12", 12.0), (" +3 ", 3.0), (".5", 0.5)]
    )
    def test_numbers(self, file, written, read):
        held = tables.read(file("unit_id,indicator_id,actual", f'a,1,"{written}"'), "values")
        assert held["actual"].tolist() == [read]

    @pytest.mark.parametrize("written", ["2022", "2022年", "2022年度", "2022.0", "２０２２"])
    def test_years(self, file, written):
        assert tables.read(file("unit_id,indicator_id,year", f"a,1,{written}"), "values")["year"].tolist() == [2022]

    @pytest.mark.parametrize(
        ("written", "read"), [("是", True), ("√", True), ("1", True), ("No", False), ("否", False)]
    )
    def test_yes_and_no(self, file, written, read):
        held = tables.read(file("unit_id,indicator_id,finished", f"a,1,{written}"), "values")
        assert held["finished"].tolist() == [read]

    @pytest.mark.parametrize("written", ["无佐证", "no evidence", "no_evidence", "NO EVIDENCE"])
    def test_choices_in_either_language(self, file, written):
        held = tables.read(file("unit_id,indicator_id,status", f"a,1,{written}"), "values")
        assert held["status"].tolist() == ["no_evidence"]

    @pytest.mark.parametrize(
        ("written", "read"), [("≥", "ge"), (">=", "ge"), ("≤", "le"), ("=", "eq"), ("区间", "in")]
    )
    def test_directions(self, file, written, read):
        path = file("indicator_id,level1,level3,kind,direction", f"1,产出,x,定量,{written}", name="indicators.csv")
        assert tables.read(path, "indicators")["direction"].tolist() == [read]

    def test_a_date_cell_in_a_text_column(self, book):
        held = tables.read(book(["unit_id", "indicator_id", "note"], ["a", "1", dt.datetime(2023, 10, 1)]), "values")
        assert held["note"].tolist() == ["2023-10-01"]

    def test_a_formula_that_gives_no_text_is_an_empty_cell(self, book, tmp_path):
        # Excel stores =IF(A2="","","x") as calculated, with an empty text.
        path = book(["unit_id", "indicator_id", "note"], ["a", "1", '=IF(A2="","x","")'])
        calculated = tmp_path / "calculated.xlsx"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(calculated, "w") as new:
            for name in old.namelist():
                text = old.read(name)
                if name == "xl/worksheets/sheet1.xml":
                    text, n = re.subn(
                        rb'<c r="C2">(<f>.*?</f>)<v ?/?>(?:</v>)?</c>', rb'<c r="C2" t="str">\1<v></v></c>', text
                    )
                    assert n == 1
                new.writestr(name, text)
        assert tables.read(calculated, "values")["note"].isna().all()

    def test_blank_rows_are_skipped_and_rows_keep_their_number(self, file):
        path = file("", "unit_id,indicator_id,actual", "", "a,1,735", ",,", "b,1,736")
        held = tables.read(path, "values")
        assert held.index.tolist() == [4, 6]
        assert held.index.name == "row"
        assert tables.place(held, 6, "actual", name="values") == "values.csv › C6"

    def test_further_columns_are_kept_as_text(self, file):
        held = tables.read(file("unit_id,indicator_id,经办人", "a,1,007"), "values")
        assert held["经办人"].tolist() == ["007"]

    def test_missing_optional_columns_are_empty(self, file):
        held = tables.read(file("unit_id,indicator_id", "a,1"), "values")
        assert list(held.columns) == list(tables.contract("values").columns)
        assert held["actual"].isna().all()

    def test_parquet(self, tmp_path):
        pd.DataFrame({"unit_id": ["007"], "指标编码": ["1"], "actual": [735]}).to_parquet(tmp_path / "v.parquet")
        held = tables.read(tmp_path / "v.parquet", "values")
        assert held[["unit_id", "indicator_id", "actual"]].to_numpy().tolist() == [["007", "1", 735.0]]

    def test_the_sheet_named_after_the_table_wins(self, tmp_path):
        workbook = Workbook()
        workbook.active.append(["别的"])
        workbook.create_sheet("指标值").append(["unit_id", "indicator_id"])
        workbook["指标值"].append(["a", "1"])
        workbook.save(tmp_path / "two.xlsx")
        held = tables.read(tmp_path / "two.xlsx", "values")
        assert held["unit_id"].tolist() == ["a"]
        assert held.attrs["where"] == "two.xlsx › 指标值"


class TestReadAll:
    def test_files_of_a_folder(self, file, tmp_path):
        file("unit_id,indicator_id", "a,1", name="指标值.csv")
        file("unit_id,name", "a,甲", name="units.simulated.csv")
        file("anything", "x", name="notes.csv")
        assert sorted(tables.read_all(tmp_path, ["units", "values", "flows"])) == ["units", "values"]

    def test_sheets_of_a_workbook(self, tmp_path):
        path = tables.write({"units": pd.DataFrame({"unit_id": ["a"], "name": ["甲"]})}, tmp_path / "b.xlsx")
        assert list(tables.read_all(path, ["units", "values"])) == ["units"]

    def test_nothing_there(self, tmp_path):
        with pytest.raises(TableError, match="values（指标值）"):
            tables.read_all(tmp_path, ["values"])
        with pytest.raises(TableError, match="does not exist"):
            tables.read_all(tmp_path / "nowhere", ["values"])
