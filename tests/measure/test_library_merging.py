"""What changed in a library, and proposals carried out or refused: nothing lost, no code ever used again."""

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfkit import tables
from perfkit.errors import TableError
from perfkit.measure import indicators

ROW = {"level1": "产出", "kind": "quantitative", "part": "common", "since": "2020-01-01"}
START = [
    {**ROW, "indicator_id": "A-1", "level3": "培训人次", "name_en": "people trained", "target": 100, "points": 60},
    {
        **ROW,
        "indicator_id": "A-2",
        "level3": "满意度",
        "kind": "satisfaction",
        "target": 90,
        "unit": "%",
        "points": 40,
    },
    {**ROW, "indicator_id": "A-3", "level3": "知晓率", "until": "2020-12-31"},
    {"indicator_id": "B-1", "since": "2020-01-01", "part": "individual", "extends": "A-2", "level3": "学员满意度"},
]
DAY = "2021-01-01"


def library(*rows):
    return tables.check(pd.DataFrame(list(rows or START)), "library")


def changes(*rows):
    return tables.check(pd.DataFrame(list(rows)), "library_changes")


def plain(frame):
    """Return the rows as a set: what each states, blanks left out."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return {frozenset((name, value) for name, value in row.items() if value is not None) for row in rows}


def merged(*rows, held=None, on=DAY, **more):
    return indicators.merge(library() if held is None else held, changes(*rows), on, **more)


def outcomes(*rows, **more):
    return merged(*rows, **more).report["outcome"].tolist()


class TestCompare:
    def test_one_row_a_change(self):
        before = indicators.with_names(indicators.in_force(library(), "2020-06-30"))
        after = tables.check(
            pd.DataFrame(
                [
                    {
                        **START[0],
                        "direction": "ge",
                        "target": 120.5,
                        "points": 50,
                        "rule": "ratio",
                        "budgets": "fund",
                    },
                    {**START[1], "explanation": "问卷"},
                    {**START[3], "level1": "满意度", "kind": None},
                    {**ROW, "indicator_id": "A-4", "level3": "及格率", "points": 10},
                ]
            ),
            "library",
        )
        found = indicators.compare(before, after)
        shown = found[["kind", "indicator_id", "field_zh", "before", "after"]]
        assert shown.astype(object).where(shown.notna(), None).to_numpy().tolist() == [
            ["added", "A-4", None, None, "及格率"],
            ["retired", "A-3", None, "知晓率", None],
            ["name", "B-1", "一级指标", "产出", "满意度"],
            ["scope", "A-1", "适用预算", None, "政府性基金预算"],
            ["standard", "A-1", "方向", None, "≥"],
            ["standard", "A-1", "指标值", "100", "120.5"],
            ["weight", "A-1", "分值", "60", "50"],
            ["rule", "A-1", "计分规则", None, "ratio"],
            ["wording", "A-2", "指标解释", None, "问卷"],
        ]
        said = dict(zip(found["why_zh"], found["why_en"], strict=True))
        assert said["“培训人次”的分值由“60”改为“50”"] == "points of people trained, 60, becomes 50"
        assert (
            said["“培训人次”的适用预算增补为“政府性基金预算”"]
            == "budgets of people trained is now government funds budget"
        )
        assert said["新增“及格率”，10 分"] == "及格率 is added, 10 points"
        assert said["停用“知晓率”"] == "知晓率 is retired"

    def test_a_code_twice_needs_a_day(self):
        held = library(START[0] | {"until": "2020-12-31"}, START[0] | {"since": "2021-01-01"})
        with pytest.raises(TableError, match="编码或名称重复"):
            indicators.compare(held, held)

    def test_what_was_found_by_name_is_no_proposal(self):
        before = library(START[0])
        after = library({**START[0], "indicator_id": "C-1", "points": 50})
        with pytest.raises(TableError, match=r"A-1 → C-1"):
            indicators.proposals(indicators.compare(before, after, by="name"), after)


class TestMerge:
    def test_a_change_ends_the_old_version_the_day_before(self):
        done = merged({"indicator_id": "A-1", "action": "修改", "target": 120, "clears": "英文名称"})
        old, new = done.library.query("indicator_id == 'A-1'").to_dict("records")
        assert (old["since"], old["until"], old["target"], old["name_en"]) == (
            "2020-01-01", "2020-12-31", 100, "people trained",
        )  # fmt: skip
        assert (new["since"], new["target"], new["points"]) == (DAY, 120, 60)
        assert pd.isna(new["until"])
        assert pd.isna(new["name_en"])
        assert done.report["outcome"].tolist() == ["accepted"]
        assert done.report["content_zh"].tolist() == ["“培训人次”的指标值由“100”改为“120”；清空英文名称"]

    def test_two_changes_of_different_fields_make_one_version(self):
        done = merged(
            {"indicator_id": "A-1", "action": "change", "target": 120},
            {"indicator_id": "A-1", "action": "change", "unit": "人次"},
        )
        (new,) = done.library.query(f"indicator_id == 'A-1' and since == '{DAY}'").to_dict("records")
        assert (new["target"], new["unit"]) == (120, "人次")

    def test_a_planned_end_stays(self):
        held = library(START[0] | {"until": "2022-12-31"})
        done = merged({"indicator_id": "A-1", "action": "change", "target": 120}, held=held)
        assert done.library["until"].tolist() == ["2020-12-31", "2022-12-31"]

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            (
                {"action": "add", "indicator_id": "A-1", "part": "common", "level3": "x"},
                "A-1 已使用过，可用新编码 A-4",
            ),
            (
                {"action": "add", "indicator_id": "A-3", "part": "common", "level3": "x"},
                "A-3 已使用过，可用新编码 A-4",
            ),
            (
                {"action": "add", "indicator_id": "A-4", "level1": "产出", "level3": "x", "kind": "reported"},
                "未填写指标库",
            ),
            (
                {"action": "add", "indicator_id": "A-4", "part": "common", "level3": "x", "kind": "reported"},
                "“一级指标”为空",
            ),
            ({"action": "add", "indicator_id": "B-2", "part": "individual", "extends": "A-9"}, "没有该上位指标"),
            ({"action": "add", "indicator_id": "B-2", "part": "individual", "extends": "A-3"}, "不在有效期内"),
            ({"action": "change", "indicator_id": "A-9", "points": 1}, "没有编码 A-9"),
            ({"action": "retire", "indicator_id": "A-9"}, "没有编码 A-9"),
            ({"action": "change", "indicator_id": "A-3", "points": 1}, "已停用"),
            ({"action": "retire", "indicator_id": "A-3"}, "已停用"),
            ({"action": "retire", "indicator_id": "A-2"}, "B-1 仍细化该指标"),
            ({"action": "change", "indicator_id": "A-1", "level3": "参训人次"}, "名称或层级前后不同"),
            ({"action": "change", "indicator_id": "B-1", "clears": "上位指标编码"}, "为空，也无上位指标可取"),
            ({"action": "change", "indicator_id": "A-2", "extends": "B-1"}, "循环"),
            ({"action": "change", "indicator_id": "A-1", "extends": "B-1"}, "共性指标不能细化非共性指标"),
            ({"action": "change", "indicator_id": "A-1", "clears": "指标名"}, "不能清空：指标名"),
            ({"action": "change", "indicator_id": "A-1", "clears": "指标库类别"}, "不能清空：part"),
            ({"action": "change", "indicator_id": "A-1", "target": 1, "clears": "指标值"}, "既填写又清空：指标值"),
            ({"action": "retire", "indicator_id": "A-1", "clears": "指标值"}, "只有修改可以清空"),
        ],
    )
    def test_refused_and_still_in_the_report(self, row, why):
        done = merged(row | {"reason": "理由", "proposed_by": "教科文处"})
        (told,) = done.report.to_dict("records")
        assert told["outcome"] == "refused"
        assert why in told["why_zh"]
        assert (told["reason"], told["proposed_by"]) == ("理由", "教科文处")
        assert plain(done.library) == plain(library())

    @pytest.mark.parametrize(
        "rows",
        [
            [{"action": "change", "target": 1}, {"action": "change", "target": 2}],
            [{"action": "change", "target": 1}, {"action": "change", "clears": "指标值"}],
            [{"action": "change", "target": 1}, {"action": "retire"}],
            [{"action": "retire"}, {"action": "retire"}],
        ],
    )
    def test_at_odds_both_refused(self, rows):
        done = merged(
            *[row | {"indicator_id": "A-1"} for row in rows],
            {"action": "change", "indicator_id": "A-2", "target": 95},
        )
        assert done.report["outcome"].tolist() == ["refused", "refused", "accepted"]
        assert "第 1 行" in done.report["why_zh"][0]

    def test_added_twice_both_refused(self):
        new = {**ROW, "indicator_id": "A-4", "action": "add", "level3": "x"}
        del new["since"]
        assert outcomes(new, new) == ["refused", "refused"]
        assert outcomes(new) == ["accepted"]

    def test_an_extended_one_retires_together_with_what_extends_it(self):
        rows = [{"action": "retire", "indicator_id": "A-2"}, {"action": "retire", "indicator_id": "B-1"}]
        assert outcomes(*rows) == ["accepted", "accepted"]
        # The second is refused, so the first must be.
        assert outcomes(*rows, rows[1]) == ["refused", "refused", "refused"]

    def test_what_bears_no_fault_is_carried_out(self):
        rows = [
            {"action": "retire", "indicator_id": "A-2"},
            {"action": "change", "indicator_id": "B-1", "target": 95},
        ]
        assert outcomes(*rows) == ["refused", "accepted"]

    def test_flags(self):
        done = merged(
            {"action": "change", "indicator_id": "A-1", "points": 60},
            {"action": "change", "indicator_id": "A-2", "points": 30},
            {"action": "retire", "indicator_id": "B-1", "target": 1},
            full_points=100,
        )
        assert done.report["outcome"].tolist() == ["flagged"] * 3
        # 60 + 30; without B-1 nothing else is weighed.
        assert done.report["why_zh"].tolist() == [
            "与现行版本一致，没有变化", "共性指标：分值合计 90，不等于 100", "停用时其余字段不采用",
        ]  # fmt: skip
        assert len(done.library) == 5

    def test_a_field_that_shares_the_common_part_is_named_too(self):
        # The field has its own 40 and the common A-1, which goes from 60 to 55: 95; the common part keeps its 100.
        done = merged(
            {"action": "change", "indicator_id": "A-1", "points": 55},
            {"action": "change", "indicator_id": "A-2", "points": 45},
            held=library(*START[:3], {**START[3], "points": 40, "field": "教育"}),
            full_points=100,
        )
        assert done.report["why_zh"].tolist() == ["个性指标 教育：分值合计 40，不等于 100"] * 2

    def test_not_before_what_is_planned(self):
        held = library(START[0] | {"until": "2021-06-30"}, START[0] | {"since": "2021-07-01", "target": 120})
        for on, outcome in (("2021-01-01", "refused"), ("2021-07-01", "refused"), ("2021-07-02", "accepted")):
            assert outcomes({"action": "change", "indicator_id": "A-1", "points": 1}, held=held, on=on) == [outcome]

    def test_a_library_with_faults_is_refused_whole(self):
        with pytest.raises(TableError, match="没有该上位指标"):
            merged({"action": "retire", "indicator_id": "A-1"}, held=library(START[0], START[3]))

    def test_columns_of_ones_own_go_on(self):
        held = tables.check(library().assign(经办人="张三"), "library")
        asked = changes({"indicator_id": "A-1", "action": "change", "target": 1}).assign(文号="浙财〔1〕")
        done = indicators.merge(held, asked, DAY)
        assert done.library.query(f"since == '{DAY}'")["经办人"].tolist() == ["张三"]
        assert done.report["文号"].tolist() == ["浙财〔1〕"]


def test_from_the_template_round_to_the_same_table(tmp_path):
    start = tables.write({"library": library()}, tmp_path / "库.xlsx")
    form = tables.template("library_changes", tmp_path / "建议.xlsx")
    book = openpyxl.load_workbook(form)
    sheet = book["指标库调整建议"]
    lists = [rule.formula1 for rule in sheet.data_validations.dataValidation]
    assert '"新增,修改,停用"' in lists
    at = {cell.value: cell.column for cell in sheet[1]}
    # A code such as 007 must not become 7.
    assert sheet.cell(2, at["上位指标编码"]).number_format == "@"
    rows = [
        {"指标编码": "A-1", "调整方式": "修改", "指标值": 120, "适用预算": "一般公共预算；社会保险基金预算"},
        {
            "指标编码": "A-4",
            "调整方式": "新增",
            "指标库类别": "共性指标",
            "一级指标": "产出",
            "三级指标": "=及格率",
            "指标性质": "定量",
        },
        {"指标编码": "B-1", "调整方式": "停用"},
    ]
    for number, row in enumerate(rows, 2):
        for title, value in row.items():
            sheet.cell(number, at[title], value)
        sheet.cell(number, at["三级指标"]).data_type = "s"
    book.save(form)
    done = indicators.merge(tables.read(start, "library"), tables.read(form, "library_changes"), DAY)
    assert done.report["outcome"].tolist() == ["accepted"] * 3
    back = tables.read(tables.write({"library": done.library}, tmp_path / "新库.xlsx"), "library")
    pd.testing.assert_frame_equal(back.reset_index(drop=True), done.library.reset_index(drop=True))
    assert back["budgets"].dropna().tolist() == ["general；insurance"]
    told = tables.write_signable(done.report, "library_review", tmp_path / "核对.xlsx", title="核对表")
    assert openpyxl.load_workbook(told).active.max_row > 3


# A merge takes a few tenths of a second, nearly all of it checks of contracts: few examples, but each a whole story.
NUMBERS = st.none() | st.integers(1, 200).map(float)
SAID = st.fixed_dictionaries(
    {
        "target": NUMBERS,
        "points": NUMBERS,
        "unit": st.sampled_from([None, "%", "人"]),
        "direction": st.sampled_from([None, "ge", "le", "eq"]),
        "explanation": st.sampled_from([None, "甲", "甲；乙", "=1+1"]),
        "budgets": st.sampled_from([None, "general", "general；insurance"]),
        "veto": st.sampled_from([None, True, False]),
    }
)


def own_row(code, said, since="2020-01-01"):
    return {**ROW, **said, "indicator_id": code, "level3": f"指标{code}", "since": since}


@st.composite
def before_and_after(draw):
    """Draw a library and a later one: some indicators changed, some gone, some new, none under another name."""
    old = {f"A-{at}": draw(SAID) for at in range(draw(st.integers(1, 5)))}
    new = {code: draw(SAID) if draw(st.booleans()) else said for code, said in old.items() if draw(st.booleans())}
    new |= {f"B-{at}": draw(SAID) for at in range(draw(st.integers(0, 2)))}
    columns = list(tables.contract("library").columns)
    return [
        tables.check(
            pd.DataFrame([own_row(*each) for each in side.items()], columns=columns).astype(object), "library"
        )
        for side in (old, new)
    ]


def states(frame):
    return plain(frame.drop(columns=["since", "until"]))


@settings(max_examples=15)
@given(before_and_after())
def test_what_compare_lists_turns_the_one_into_the_other(sides):
    before, after = sides
    asked = indicators.proposals(indicators.compare(before, after), after)
    done = indicators.merge(before, asked, DAY)
    assert set(done.report["outcome"]) <= {"accepted"}
    assert states(indicators.in_force(done.library, DAY)) == states(after)
    assert states(indicators.in_force(done.library, "2020-12-31")) == states(before)
    assert len(indicators.compare(indicators.in_force(done.library, DAY), after)) == 0


@settings(max_examples=8)
@given(before_and_after(), st.randoms())
def test_nothing_changed_and_no_order_of_rows(sides, chance):
    before, after = sides

    def shuffled(frame):
        order = list(range(len(frame)))
        chance.shuffle(order)
        return frame.iloc[order]

    assert len(indicators.compare(before, shuffled(before))) == 0
    found = indicators.compare(before, after)
    assert plain(indicators.compare(shuffled(before), shuffled(after))) == plain(found)
    asked = indicators.proposals(found, after)
    one = indicators.merge(before, asked, DAY)
    other = indicators.merge(shuffled(before), shuffled(asked), DAY)
    assert plain(other.library) == plain(one.library)
    assert plain(other.report) == plain(one.report)


CODES = st.sampled_from(["A-1", "A-2", "A-3", "B-1", "B-2", "B-3"])
PROPOSAL = st.fixed_dictionaries(
    {
        "indicator_id": CODES,
        "action": st.sampled_from(["add", "change", "retire"]),
        "part": st.sampled_from([None, "common", "individual", "transfer"]),
        "extends": st.none() | CODES,
        "level1": st.sampled_from([None, "产出"]),
        "level3": st.sampled_from([None, "培训人次", "满意度"]),
        "kind": st.sampled_from([None, "quantitative"]),
        "points": NUMBERS,
        "clears": st.sampled_from([None, "上位指标编码", "一级指标", "分值；指标值"]),
    }
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(PROPOSAL, min_size=1, max_size=6), min_size=1, max_size=3), st.randoms())
def test_no_sequence_of_proposals_uses_a_code_again_or_loses_anything(rounds, chance):
    held = library()
    for year, rows in enumerate(rounds, 2021):
        on = f"{year}-01-01"
        columns = list(tables.contract("library_changes").columns)
        asked = tables.check(pd.DataFrame(rows, columns=columns).astype(object), "library_changes")
        done = indicators.merge(held, asked, on)
        # Every proposal is answered, in its place.
        assert done.report["indicator_id"].tolist() == [row["indicator_id"] for row in rows]
        assert done.report["why_zh"].notna().all()
        # No version goes; at most it ends the day before.
        key = ["indicator_id", "since"]
        kept = held[key].merge(done.library, on=key, how="left")
        same = [name for name in held.columns if name != "until"]
        assert plain(kept[same]) == plain(held[same])
        # A code that had ended by the day before never has a version again.
        ended = set(held["indicator_id"]) - set(indicators.in_force(held, on)["indicator_id"])
        assert not ended & set(done.library.loc[done.library["since"].eq(on), "indicator_id"])
        assert indicators.library_problems(done.library) == []
        chance.shuffle(rows)
        again = tables.check(pd.DataFrame(rows, columns=columns).astype(object), "library_changes")
        assert plain(indicators.merge(held, again, on).library) == plain(done.library)
        held = done.library
