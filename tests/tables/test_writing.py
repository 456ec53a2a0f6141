"""Workbooks and templates that people open: titles, text that stays text, whole or not at all."""

import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from perfkit import readers, tables
from perfkit.errors import TableError

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"


def cells(path, sheet):
    return {
        c.coordinate: (c.value, c.data_type) for row in openpyxl.load_workbook(path)[sheet].iter_rows() for c in row
    }


class TestWrite:
    def test_the_same_tables_make_the_same_file(self, tmp_path, monkeypatch):
        frame = pd.DataFrame({"unit_id": ["a"], "indicator_id": ["1"], "actual": [1.5]})
        one = tables.write({"values": frame}, tmp_path / "a.xlsx").read_bytes()
        monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
        two = tables.write({"values": frame}, tmp_path / "b.xlsx").read_bytes()
        assert one == two
        assert b"2000-01-01T00:00:00Z" in zipfile.ZipFile(tmp_path / "a.xlsx").read("docProps/core.xml")

    def test_formulas_in_text_are_text(self, tmp_path):
        frame = pd.DataFrame({"unit_id": ["=1+1"], "indicator_id": ["+A1"], "note": ['=HYPERLINK("http://x")']})
        path = tables.write({"values": frame, "自由": pd.DataFrame({"列": ["=2+2"]})}, tmp_path / "a.xlsx")
        written = cells(path, "指标值")
        assert written["A2"] == ("=1+1", "s")
        assert written["B2"] == ("+A1", "s")
        assert written["C2"] == ('=HYPERLINK("http://x")', "s")
        assert cells(path, "自由")["A2"] == ("=2+2", "s")

    def test_text_like_a_formula_reads_back(self, tmp_path):
        frame = pd.DataFrame({"unit_id": ["=1+1"], "indicator_id": ["007"]})
        held = tables.read(tables.write({"values": frame}, tmp_path / "a.xlsx"), "values")
        assert held.to_numpy()[:, :2].tolist() == [["=1+1", "007"]]

    def test_numbers_are_numbers(self, tmp_path):
        frame = pd.DataFrame(
            {
                "unit_id": ["a"],
                "year": pd.array([2022], dtype="Int64"),
                "points": [np.float64(96.5)],
                "rank": np.array([3]),
                "flag": [True],
            }
        )
        written = cells(tables.write({"results": frame}, tmp_path / "a.xlsx"), "评价结果")
        assert written["C2"] == (96.5, "n")
        assert written["B2"] == (2022, "n")
        assert written["D2"] == (3, "n")

    def test_titles_and_words_in_the_language_asked_for(self, tmp_path):
        frame = pd.DataFrame({"unit_id": ["a"], "indicator_id": ["1"], "status": ["no_evidence"]})
        zh = cells(tables.write({"values": frame}, tmp_path / "zh.xlsx"), "指标值")
        en = cells(tables.write({"values": frame}, tmp_path / "en.xlsx", lang="en"), "values")
        assert (zh["C1"][0], zh["C2"][0]) == ("佐证状态", "无佐证")
        assert (en["C1"][0], en["C2"][0]) == ("status", "no evidence")

    def test_gaps_are_empty_cells(self, tmp_path):
        frame = pd.DataFrame({"unit_id": ["a"], "name": ["甲"], "budget": [np.nan], "note": [pd.NA], "goal": [None]})
        written = cells(tables.write({"units": frame}, tmp_path / "a.xlsx"), "评价对象")
        assert [written[cell][0] for cell in ("C2", "D2", "E2")] == [None, None, None]

    @pytest.mark.parametrize("lang", ["zh", "en"])
    @pytest.mark.parametrize("folder", ["forms", "bonds", "appraisals", "seawall-simulated"])
    def test_samples_come_back_as_they_were(self, tmp_path, folder, lang):
        found = {name: frame for name, frame in readers.open_data(SAMPLES / folder).items() if len(frame)}
        assert found
        path = tables.write(found, tmp_path / "back.xlsx", lang=lang)
        for name, frame in found.items():
            back = tables.read(path, name)
            pd.testing.assert_frame_equal(back.reset_index(drop=True), frame.reset_index(drop=True))


class TestAtomic:
    def test_a_failing_save_leaves_the_old_file(self, tmp_path, monkeypatch):
        path = tables.write({"自由": pd.DataFrame({"列": ["旧"]})}, tmp_path / "a.xlsx")
        before = path.read_bytes()

        def fail(self, name):
            Path(name).write_bytes(b"half")
            raise OSError("disk full")

        monkeypatch.setattr(openpyxl.Workbook, "save", fail)
        with pytest.raises(TableError, match="disk full"):
            tables.write({"自由": pd.DataFrame({"列": ["新"]})}, path)
        assert path.read_bytes() == before
        assert [p.name for p in tmp_path.iterdir()] == ["a.xlsx"]

    def test_an_interrupted_save_leaves_nothing(self, tmp_path, monkeypatch):
        monkeypatch.setattr(openpyxl.Workbook, "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            tables.template("values", tmp_path / "new" / "a.xlsx")
        assert list((tmp_path / "new").iterdir()) == []


class TestTemplate:
    @pytest.mark.parametrize("lang", ["zh", "en"])
    @pytest.mark.parametrize("name", sorted(tables.CONTRACTS))
    def test_reads_back_as_the_empty_table(self, tmp_path, name, lang):
        held = tables.read(tables.template(name, tmp_path / "t.xlsx", lang=lang), name)
        assert len(held) == 0
        assert list(held.columns) == list(tables.contract(name).columns)

    def test_filled_in_it_reads(self, tmp_path):
        path = tables.template("values", tmp_path / "t.xlsx")
        book = openpyxl.load_workbook(path)
        sheet = book["指标值"]
        at = {cell.value: cell.column for cell in sheet[1]}
        for title, value in {
            "单位或项目编码": "007",
            "指标编码": "1",
            "实际完成值": 735,
            "佐证状态": "无佐证",
        }.items():
            sheet.cell(2, at[title], value)
        book.save(path)
        held = tables.read(path, "values")
        assert held[["unit_id", "actual", "status"]].to_numpy().tolist() == [["007", 735.0, "no_evidence"]]

    def test_choices_are_drop_down_lists(self, tmp_path):
        sheet = openpyxl.load_workbook(tables.template("values", tmp_path / "t.xlsx"))["指标值"]
        lists = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
        columns = {cell.value: cell.column_letter for cell in sheet[1]}
        status = lists[f"{columns['佐证状态']}2:{columns['佐证状态']}2000"]
        assert status == '"已填报,未核实,无佐证,未到期,不适用,缺失,原件不可见"'
        assert lists[f"{columns['项目是否完成']}2:{columns['项目是否完成']}2000"] == '"是,否"'
        # Excel refuses a file whose list is longer than 255 characters.
        assert all(len(each) <= 257 for each in lists.values())

    def test_codes_are_formatted_as_text(self, tmp_path):
        sheet = openpyxl.load_workbook(tables.template("units", tmp_path / "t.xlsx")).active
        assert sheet["A2"].number_format == "@"

    def test_explains_its_columns(self, tmp_path):
        book = openpyxl.load_workbook(tables.template("units", tmp_path / "t.xlsx"))
        assert [cell.value for cell in book["说明"]["A"]][1:] == list(tables.contract("units").columns)
        assert book["评价对象"]["A1"].fill.fgColor.rgb != book["评价对象"]["B1"].fill.fgColor.rgb
