"""Filled forms in the official layout: made here with openpyxl, facts from published forms (tests/cases/forms)."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml

from perfkit import readers
from perfkit.errors import TableError

CASES = Path(__file__).resolve().parents[1] / "cases" / "forms"


def facts_of(name):
    return yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))


def one(path):
    (form,) = readers.open_forms(path)
    if isinstance(form, TableError):
        raise form
    return form


@pytest.fixture
def published(official_form, tmp_path):
    def write(name, **change):
        return one(official_form(tmp_path / f"{name}.xlsx", {**facts_of(name), **change}))

    return write


def row(form, level3):
    """Return a row's indicator and value as one."""
    tables = form.tables
    both = tables["indicators"].merge(tables["values"], on=["unit_id", "indicator_id"])
    return both.set_index("level3").loc[level3]


class TestPublishedForms:
    def test_langfang(self, published):
        form = published("langfang-hvac-2019")
        unit = form.tables["units"].iloc[0]
        # 43.2 and 37.24 万元
        assert unit[["year", "budget_initial", "budget", "spent"]].tolist() == [2019, 432000, 432000, 372400]
        assert unit[["department", "implementer"]].tolist() == ["廊坊市发改委", "廊坊市食品工程学校"]
        assert unit[["goal", "outcome"]].tolist() == ["43.2", "37.24"]
        assert pd.isna(unit["points_reported"])
        leaves = form.tables["indicators"]
        assert leaves["level1"].tolist() == ["预算执行率", *["产出指标"] * 5, *["效益指标"] * 3, "满意度指标"]
        assert leaves["level2"].tolist()[2:4] == ["质量指标", "质量指标"]  # one merged cell
        assert "指标1" not in "".join(leaves["level3"])  # "指标1工程完工率"; the row left blank is no indicator
        assert leaves["points"].sum() == 100
        assert form.tables["values"]["points_reported"].tolist() == [9, 9, *[10] * 8]
        assert row(form, "工程资金金额")[["target", "actual", "note"]].tolist() == [
            43.2,
            37.24,
            "已完工，剩余3%尾款未付，且最高限价低于预算金额。提高预算准确度。",
        ]
        assert row(form, "学生满意度")[["kind", "unit"]].tolist() == ["satisfaction", "%"]
        assert [remark.zh for remark in form.remarks] == [
            "9 行指标值未注明方向，按“不低于”读（金额类成本指标按“不高于”）"
        ]
        assert form.parts["spent"] == (372400, 372400)

    def test_yongde(self, published):
        form = published("yongde-nutrition-2022")
        unit = form.tables["units"].iloc[0]
        assert unit[["name", "year", "spent", "points_reported", "grade_reported"]].tolist() == [
            "永德县营养改善计划",
            2022,
            387664.62,  # the block says （元）
            96,
            "优",
        ]
        assert row(form, "学生受资助人数")[["direction", "target", "unit", "actual"]].tolist() == [
            "ge",
            735,
            "人次",
            735,
        ]
        assert row(form, "政策知晓率")[["direction", "target", "actual", "points_reported"]].tolist() == [
            "eq",
            100,
            98,
            9,
        ]
        assert row(form, "减轻贫困学生家庭经济负担")[["kind", "target_text", "actual_text"]].tolist() == [
            "qualitative",
            "有效",
            "有效",
        ]

    def test_lincang(self, published):
        form = published("lincang-wildlife-2023")
        assert row(form, "完成时间")[["kind", "actual", "due_on", "done_on"]].tolist() == [
            "yes_no",
            1,
            "2023-12-31",
            "2023-10-31",
        ]
        assert row(form, "建设数量（面积）")[["target", "actual"]].tolist() == [200, 204.46]

    def test_chizhou(self, published):
        # The total is printed as 0 and the fiscal part as 90 万元 and 89.974 万元.
        form = published("chizhou-commission-2022")
        assert form.parts == {
            "budget_initial": (0, 900000),
            "budget": (0, 899740),
            "spent": (0, 899740),
        }
        assert set(form.tables["indicators"]["level1"]) == {
            "预算执行率",
            "产出指标",
            "效益指标",
        }  # not 产出指标(50分)


def filled(*rows, **more):
    """Return facts of a form with the given rows (level1, level2, level3, target, actual, points, score, note)."""
    money = {"budget": 10, "spent": 10, "points": 10, "rate": "100%", "score": 10}
    return {"year": 2022, "name": "甲", "money": money, "rows": [list(each) for each in rows], "total": 100, **more}


def output(target, actual, name="甲项", level2="数量指标", points=90, score=90, note=""):
    return ["产出指标", level2, name, target, actual, points, score, note]


class TestRows:
    @pytest.fixture
    def read(self, official_form, tmp_path):
        def write(*rows, **more):
            return one(official_form(tmp_path / "甲.xlsx", filled(*rows, **more)))

        return write

    @pytest.mark.parametrize(
        ("target", "actual", "found"),
        [
            ("≥5万元", "52000元", (5, 5.2)),
            ("≥95%", "0.98", (95, 98)),
            ("≥95%", 1, (95, 100)),
            ("100%", "98%", (100, 98)),
            (1, "98%", (100, 98)),
            ("≥95%", "≥97%", (95, 97)),
            ("≥735人次", "740人", (735, 740)),
        ],
    )
    def test_units_are_brought_together(self, read, target, actual, found):
        held = row(read(output(target, actual)), "甲项")
        assert (held["target"], held["actual"]) == found

    @pytest.mark.parametrize(
        ("target", "actual", "said"),
        [
            ("≥95%", "0.98", "“甲项”的“0.98”读作 98%"),
            ("≥95%", "≥97%", "“甲项”的实际完成值写成“≥97%”，按 97 读"),
            ("≥735人次", "740人", "“甲项”指标值与完成值的单位不同（人次、人），按数值比较"),
            ("≥735人次", "全部完成", "“甲项”的实际完成值“全部完成”未能与指标值比较，该项未复算"),
            ("每季度末10日内报送", "已报送", "“甲项”的指标值“每季度末10日内报送”未能与指标值比较，该项未复算"),
            ("大于5次", "6次", "“甲项”的“大于5次”读作含本数"),
        ],
    )
    def test_how_it_was_read_is_said(self, read, target, actual, said):
        assert said in [remark.zh for remark in read(output(target, actual)).remarks]

    def test_a_percentage_cell_is_what_it_shows(self, official_form, tmp_path):
        path = official_form(tmp_path / "甲.xlsx", filled(output("≥95%", "x")))
        book = openpyxl.load_workbook(path)
        cell = next(cell for line in book.active.iter_rows() for cell in line if cell.value == "x")
        cell.value, cell.number_format = 0.98, "0.0%"
        book.save(path)
        assert row(one(path), "甲项")["actual"] == 98

    @pytest.mark.parametrize(
        ("due", "done", "found"),
        [
            ("2022年6月底前", "2022年5月", ("yes_no", "2022-06-30", "2022-05-31")),
            ("6月30日前", "2022年7月15日", ("reported", "2022-06-30", "2022-07-15")),
            # Nobody knows whether June was before the 15th: nothing is held against the form.
            ("2022年6月15日前", "2022年6月", ("reported", "2022-06-15", "2022-06-01")),
        ],
    )
    def test_days(self, read, due, done, found):
        held = row(read(output(due, done, level2="时效指标")), "甲项")
        assert (held["kind"], held["due_on"], held["done_on"]) == found

    @pytest.mark.parametrize(("target", "direction"), [("90万元", "le"), ("≥90万元", "ge"), ("90%", "ge")])
    def test_an_amount_of_cost_without_a_sign_is_a_limit(self, read, target, direction):
        assert row(read(output(target, target, level2="成本指标")), "甲项")["direction"] == direction

    def test_a_subtotal_is_no_indicator(self, read):
        form = read(output("≥1", 1), ["产出指标", "小计", "", "", "", 90, 90, ""])
        assert form.tables["indicators"]["points"].tolist() == [10, 90]

    def test_an_execution_rate_among_the_indicators_counts_once(self, read):
        row = ["预算执行率", "", "预算执行率", "100%", "100%", 10, 10, ""]
        form = read(output("≥1", 1), row)
        assert form.tables["indicators"]["kind"].tolist() == ["quantitative", "execution"]
        assert "预算执行率列在绩效指标中，资金一栏的分值与得分未再计入" in [each.zh for each in form.remarks]

    def test_negative_amounts_are_told(self, read):
        form = read(output("≥1", 1, score=-5), money={"budget": 10, "spent": -3, "points": 10, "score": 10})
        assert [(each.kind, each.zh) for each in form.remarks if each.kind] == [
            ("negative_amount", "全年执行数填为负数 -3，请更正。"),
            ("negative_amount", "“甲项”的得分填为负数 -5，请更正。"),
        ]
        assert pd.isna(form.tables["units"]["spent"].iloc[0])

    def test_a_rate_without_a_sign(self, read):
        for rate, found in ((0.86, 86), ("86", 86), ("86%", 86), (1, 100)):
            form = read(output("≥1", 1), money={"budget": 10, "spent": 8.6, "points": 10, "rate": rate, "score": 9})
            assert form.tables["values"]["actual"].iloc[0] == found

    def test_money_in_the_cell_has_its_own_unit(self, read):
        form = read(output("≥1", 1), money={"budget": "43.2万元", "spent": "372,400元", "points": 10, "score": 9})
        assert form.tables["units"][["budget", "spent"]].iloc[0].tolist() == [432000, 372400]


class TestLayout:
    def test_columns_and_rows_put_in_do_not_matter(self, official_form, tmp_path):
        path = official_form(tmp_path / "永德.xlsx", facts_of("yongde-nutrition-2022"))
        before = one(path).tables["values"].drop(columns="indicator_id")
        book = openpyxl.load_workbook(path)
        for block in list(book.active.merged_cells.ranges):
            book.active.unmerge_cells(str(block))
        book.active.insert_rows(1, 3)
        book.active.insert_cols(1, 2)
        book.save(path)
        pd.testing.assert_frame_equal(one(path).tables["values"].drop(columns="indicator_id"), before)

    def test_each_sheet_is_a_form(self, official_form, tmp_path):
        path = official_form(tmp_path / "全部.xlsx", facts_of("yongde-nutrition-2022"))
        book = openpyxl.load_workbook(path)
        book.active.title = "项目一"
        book.copy_worksheet(book.active).title = "项目二"
        book.create_sheet("封面").append(["封面"])
        book.save(path)
        forms = readers.open_forms(path)
        assert [form.sheet for form in forms] == ["项目一", "项目二"]
        assert forms[1].tables["units"]["unit_id"].tolist() == ["全部 › 项目二"]

    def test_a_sheet_that_is_no_form_is_said(self, official_form, tmp_path):
        path = official_form(tmp_path / "甲.xlsx", facts_of("yongde-nutrition-2022"))
        book = openpyxl.load_workbook(path)
        book.create_sheet("封面").append(["封面"])
        book.save(path)
        assert "工作表“封面”不是自评表，未读" in [remark.zh for remark in one(path).remarks]

    @pytest.mark.parametrize(
        ("cell", "value"),
        [("A2", "（２０２１ 年度）"), ("A2", "(2021年度)"), ("A2", "2021年"), ("A1", "2021年度项目支出绩效自评表")],
    )
    def test_the_year(self, official_form, tmp_path, cell, value):
        path = official_form(tmp_path / "甲.xlsx", {**facts_of("yongde-nutrition-2022"), "year": None})
        book = openpyxl.load_workbook(path)
        book.active[cell] = value
        book.save(path)
        assert one(path).tables["units"]["year"].iloc[0] == 2021

    def test_the_year_of_the_project_is_not_the_forms(self, official_form, tmp_path):
        facts = {**facts_of("yongde-nutrition-2022"), "name": "2019年农村道路项目"}
        assert one(official_form(tmp_path / "甲.xlsx", facts)).tables["units"]["year"].iloc[0] == 2022

    def test_the_end_of_the_project(self, official_form, tmp_path):
        path = official_form(tmp_path / "甲.xlsx", facts_of("yongde-nutrition-2022"))
        book = openpyxl.load_workbook(path)
        book.active["H3"], book.active["I3"] = "项目起止时间", "2021年3月1日至2022年10月"
        book.save(path)
        assert one(path).tables["units"]["ends_on"].iloc[0] == "2022-10-31"


class TestUnreadable:
    def test_an_empty_form(self, official_form, tmp_path):
        with pytest.raises(TableError, match="尚未填写"):
            one(official_form(tmp_path / "空.xlsx"))

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "not a zip file"),
            ("密码保护".encode(), "not a zip file"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "取消密码并另存为 .xlsx"),
            (b"PK\x03\x04", "not a zip file"),
        ],
    )
    def test_no_workbook(self, tmp_path, content, said):
        path = tmp_path / "坏.xlsx"
        path.write_bytes(content)
        with pytest.raises(TableError, match=said):
            readers.open_forms(path)

    @pytest.mark.parametrize(("cell", "said"), [("一级指标", "没有自评表"), ("得分", "缺少列")])
    def test_labels_that_are_not_there(self, official_form, tmp_path, cell, said):
        path = official_form(tmp_path / "甲.xlsx", facts_of("yongde-nutrition-2022"))
        book = openpyxl.load_workbook(path)
        for line in book.active.iter_rows():
            for each in line:
                if each.value == cell:
                    each.value = "其他"
        book.save(path)
        with pytest.raises(TableError, match=said):
            one(path)

    def test_a_formula_that_was_never_calculated(self, official_form, tmp_path):
        path = official_form(tmp_path / "甲.xlsx", facts_of("yongde-nutrition-2022"))
        book = openpyxl.load_workbook(path)
        book.active["J6"] = "=1+1"
        book.save(path)
        with pytest.raises(TableError, match="公式尚未计算"):
            one(path)

    def test_an_empty_workbook(self, tmp_path):
        openpyxl.Workbook().save(tmp_path / "空.xlsx")
        with pytest.raises(TableError, match="是空的"):
            readers.open_forms(tmp_path / "空.xlsx")


def test_tables_of_the_kit_are_read_as_such(tmp_path):
    samples = Path(__file__).resolve().parents[2] / "data" / "samples" / "forms"
    assert readers.holds_tables(samples)
    form = one(samples)
    assert form.tables["units"]["unit_id"].nunique() == 6
    book = tmp_path / "全部.xlsx"
    with pd.ExcelWriter(book) as writer:
        for name, frame in form.tables.items():
            frame.to_excel(writer, sheet_name=name, index=False)
    assert one(book).tables["values"]["actual"].sum() == form.tables["values"]["actual"].sum()
    assert not readers.holds_tables(tmp_path)
