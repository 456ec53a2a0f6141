"""A sheet to sign: what is on it, how it prints, and that text stays text."""

import openpyxl
import pandas as pd
import pytest

from perfkit import tables
from perfkit.errors import TableError


def differences(*rows):
    row = {"kind": "weight", "indicator_id": "1", "level3": "培训人次", "why_zh": "改了", "why_en": "changed"}
    return tables.check(pd.DataFrame([row | each for each in rows]), "library_differences")


@pytest.fixture
def sheet(tmp_path):
    def write(frame, **more):
        path = tables.write_signable(frame, "library_differences", tmp_path / "a.xlsx", title="对照表", **more)
        return openpyxl.load_workbook(path).active

    return write


def column(held, letter):
    return [cell.value for cell in held[letter] if cell.value is not None]


def test_title_facts_rows_and_who_signs(sheet):
    held = sheet(differences({"before": "10", "after": "12"}, {"kind": "added"}), facts=["调整前：甲", "调整后：乙"])
    assert column(held, "A")[:6] == ["对照表", "调整前：甲", "调整后：乙", "序号", 1, 2]
    assert [cell.value for cell in held[4]] == [
        "序号",
        "变化类型",
        "指标编码",
        "三级指标",
        "调整前",
        "调整后",
        "说明",
    ]
    assert [cell.value for cell in held[5]] == [1, "分值调整", "1", "培训人次", "10", "12", "改了"]
    signed = column(held, "A")[-1]
    assert [signed.index(word) for word in ("编制", "审核", "批准", "日期")] == sorted(
        signed.index(word) for word in ("编制", "审核", "批准", "日期")
    )


def test_landscape_a4_one_page_wide_with_the_header_on_each_page(sheet):
    held = sheet(differences({}), facts=["一"])
    assert (held.page_setup.orientation, int(held.page_setup.paperSize)) == ("landscape", 9)
    assert held.sheet_properties.pageSetUpPr.fitToPage
    assert (held.page_setup.fitToWidth, held.page_setup.fitToHeight) == (1, 0)
    assert held.print_title_rows == "$3:$3"
    assert held["A1"].coordinate in held.merged_cells


def test_every_cell_of_the_table_has_borders_and_wraps(sheet):
    held = sheet(differences({"before": "长" * 60}))
    for row in held["A2:E3"]:
        for cell in row:
            assert cell.border.left.style == cell.border.bottom.style == "thin"
            assert cell.alignment.wrap_text
    # 60 characters of full width take 120 columns: with 46 a line three lines, higher than the header's one.
    assert held.column_dimensions["E"].width == 48
    assert held.row_dimensions[3].height == 3 * 15 + 5
    assert held.row_dimensions[2].height == 15 + 5


def test_text_like_a_formula_stays_text(sheet):
    held = sheet(differences({"before": "=1+1", "after": '=HYPERLINK("http://x")'}), facts=["=2+2"])
    assert held["A2"].data_type == held["E4"].data_type == held["F4"].data_type == "s"
    assert held["E4"].value == "=1+1"


def test_in_english(sheet):
    held = sheet(differences({}), lang="en")
    assert [cell.value for cell in held[2]] == ["no.", "kind of change", "indicator code", "level 3", "in words"]
    assert [cell.value for cell in held[3]] == [1, "changed weight", "1", "培训人次", "changed"]
    assert column(held, "A")[-1].startswith("Prepared by:")


def test_nothing_changed_still_can_be_signed(sheet):
    held = sheet(differences({}).iloc[:0], facts=["没有变化"])
    assert column(held, "A")[:3] == ["对照表", "没有变化", "序号"]
    assert column(held, "A")[-1].startswith("编制")


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "a.xlsx").mkdir()
    with pytest.raises(TableError, match=r"a\.xlsx"):
        tables.write_signable(differences({}), "library_differences", tmp_path / "a.xlsx", title="x")
