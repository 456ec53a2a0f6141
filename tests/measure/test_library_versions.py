"""The library on a day: what is in force, what it takes from what it extends, and every fault by its cell."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import rules, tables
from perfkit.errors import TableError
from perfkit.measure import indicators, scorecard

LEAF = {"level1": "产出", "level3": "培训人次", "kind": "quantitative", "part": "common", "since": "2020-01-01"}
CHILD = {"part": "individual", "since": "2020-01-01"}


def library(*rows):
    return tables.check(pd.DataFrame(list(rows)), "library")


def stated(frame, code, column):
    value = frame.set_index("indicator_id").loc[code, column]
    return None if pd.isna(value) else value


def whats(problems):
    return {(problem.what[1], problem.where.split(" › ")[-1]) for problem in problems}


class TestInForce:
    # The last day belongs to the version, the next day to the one after it.
    @pytest.mark.parametrize(
        ("day", "targets"),
        [("2019-12-31", []), ("2020-01-01", [100]), ("2021-12-31", [100]), ("2022-01-01", [120]), ("2023-01-01", [])],
    )
    def test_both_days_belong_to_a_version(self, day, targets):
        held = library(
            {**LEAF, "indicator_id": "1", "until": "2021-12-31", "target": 100},
            {**LEAF, "indicator_id": "1", "since": "2022-01-01", "until": "2022-12-31", "target": 120},
        )
        assert indicators.as_of(held, day)["target"].tolist() == targets
        assert indicators.last_day(held) == "2023-01-01"

    def test_for_ever_is_a_day_like_any_other(self):
        held = library({**LEAF, "indicator_id": "1", "until": "9999-12-31"})
        assert indicators.library_problems(held) == []
        assert len(indicators.as_of(held, "2030-01-01")) == 1
        twice = library(held.iloc[0].to_dict(), {**LEAF, "indicator_id": "1", "since": "2021-01-01"})
        assert {problem.what[1] for problem in indicators.library_problems(twice)} == {"同一编码的两个版本时间重叠"}

    @pytest.mark.parametrize("day", ["last year", "2022-13-01", None])
    def test_what_is_no_day_is_refused(self, day):
        with pytest.raises(TableError, match="不是日期"):
            indicators.as_of(library({**LEAF, "indicator_id": "1"}), day)


class TestTaking:
    HELD = library(
        {
            **LEAF,
            "indicator_id": "C",
            "level1": "满意度",
            "level3": "满意度",
            "name_en": "satisfaction",
            "kind": "satisfaction",
            "direction": "ge",
            "target": 90,
            "target_text": "90% 以上",
            "unit": "%",
            "basis": "历史标准",
            "points": 10,
            "source": "甲文",
        },
        {**CHILD, "indicator_id": "I", "extends": "C", "level3": "学员满意度", "target": 95},
        {**CHILD, "indicator_id": "II", "extends": "I", "points": 5},
    )

    def test_the_nearest_that_says_it_gives_it(self):
        whole = indicators.as_of(self.HELD, "2020-06-30")
        said = whole.set_index("indicator_id").loc["II", ["level1", "level3", "kind", "target", "unit", "points"]]
        assert said.tolist() == ["满意度", "学员满意度", "satisfaction", 95, "%", 5]

    def test_what_belongs_together_is_taken_together(self):
        whole = indicators.as_of(self.HELD, "2020-06-30")
        # An English name of another Chinese one, and a printed target or a basis of another number, would be wrong.
        assert [stated(whole, "I", name) for name in ("name_en", "target_text", "basis")] == [None, None, None]
        assert [stated(whole, "C", name) for name in ("name_en", "target_text", "basis")] == [
            "satisfaction",
            "90% 以上",
            "历史标准",
        ]

    def test_what_comes_with_another_is_not_taken_without_it_but_may_be_ones_own(self):
        held = library(
            {
                **LEAF,
                "indicator_id": "C",
                "name_en": "people",
                "target": 90,
                "basis": "历史标准",
                "check_weights": "1",
            },
            {
                **CHILD,
                "indicator_id": "I",
                "extends": "C",
                "name_en": "pupils",
                "basis": "行业标准",
                "check_points": "甲",
            },
        )
        whole = indicators.as_of(held, "2020-06-30")
        # Name and target are taken, English name and basis its own; the 1 point belongs to other check points.
        said = [stated(whole, "I", name) for name in ("level3", "name_en", "target", "basis", "check_weights")]
        assert said == ["培训人次", "pupils", 90, "行业标准", None]

    def test_source_and_part_are_a_versions_own(self):
        whole = indicators.as_of(self.HELD, "2020-06-30")
        assert stated(whole, "I", "source") is None
        assert whole["part"].tolist() == ["common", "individual", "individual"]

    def test_a_new_version_above_gives_the_new_value(self):
        held = library(
            {**LEAF, "indicator_id": "C", "until": "2020-12-31", "target": 100},
            {**LEAF, "indicator_id": "C", "since": "2021-01-01", "target": 120},
            {**CHILD, "indicator_id": "I", "extends": "C"},
        )
        on = {
            day: indicators.as_of(held, day, part="individual")["target"].tolist()
            for day in ("2020-12-31", "2021-01-01")
        }
        assert on == {"2020-12-31": [100], "2021-01-01": [120]}

    def test_the_part_and_the_budget_asked_for(self):
        held = library(
            {**LEAF, "indicator_id": "C", "budgets": "政府性基金预算；一般公共预算"},
            {**CHILD, "indicator_id": "I", "extends": "C"},
            {**LEAF, "indicator_id": "T", "part": "transfer"},
        )
        # I serves what C serves; T says nothing, so it serves all four.
        assert held["budgets"].tolist()[0] == "general；fund"

        def codes(**asked):
            return indicators.as_of(held, "2020-06-30", **asked)["indicator_id"].tolist()

        assert codes() == codes(budget="fund") == ["C", "I", "T"]
        assert codes(budget="insurance") == ["T"]
        assert codes(part="individual", budget="general") == ["I"]
        for wrong in ({"part": "共性"}, {"budget": "fonds"}):
            with pytest.raises(TableError, match=next(iter(wrong.values()))):
                codes(**wrong)

    def test_units_are_scored_by_it(self):
        held = library(
            {**LEAF, "indicator_id": "1", "direction": "ge", "target": 200, "unit": "人次", "points": 60},
            {**CHILD, "part": "common", "indicator_id": "2", "extends": "1", "target": 50, "points": 40},
        )
        values = [
            {"unit_id": "a", "indicator_id": "1", "year": 2022, "actual": 200},
            {"unit_id": "a", "indicator_id": "2", "year": 2022, "actual": 40},
        ]
        card = scorecard.score(
            tables.check(pd.DataFrame(values), "values"),
            indicators.as_of(held, "2022-12-31"),
            rules.load("cn-project-2020", "2022-12-31"),
        )
        # 200 of 200 is 60 points; 40 of 50 is 80 % of 40 points.
        assert card.results["points"].tolist() == [92]


HEADER = "indicator_id,since,until,part,extends,level1,level3,kind,target,points"


@pytest.fixture
def file(tmp_path):
    def read(*lines):
        (tmp_path / "指标库.csv").write_text("\n".join([HEADER, *lines]), encoding="utf-8")
        return tables.read(tmp_path / "指标库.csv", "library")

    return read


class TestProblems:
    @pytest.mark.parametrize(
        ("lines", "what", "cell"),
        [
            (["1,2021-01-01,2020-12-31,共性指标,,产出,x,定量,,"], "有效期至早于启用日期", "C2"),
            (
                ["1,2020-01-01,,共性指标,,产出,x,定量,,", "1,2021-01-01,,共性指标,,产出,x,定量,,"],
                "同一编码的两个版本时间重叠",
                "B3",
            ),
            (
                ["1,2020-01-01,2020-12-31,共性指标,,产出,x,定量,,", "1,2021-01-02,,共性指标,,产出,x,定量,,"],
                "停用的编码被重新使用",
                "A3",
            ),
            (
                ["1,2020-01-01,2020-12-31,共性指标,,产出,x,定量,,", "1,2021-01-01,,共性指标,,产出,y,定量,,"],
                "同一编码的名称或层级前后不同",
                "G3",
            ),
            (
                ["1,2020-01-01,2020-12-31,共性指标,,产出,x,定量,,", "1,2021-01-01,,共性指标,,效益,x,定量,,"],
                "同一编码的名称或层级前后不同",
                "F3",
            ),
            (["1,2020-01-01,,个性指标,9,产出,x,定量,,"], "没有该上位指标", "E2"),
            (
                ["1,2020-01-01,2020-12-31,共性指标,,产出,x,定量,,", "2,2020-01-01,,个性指标,1,,,,,"],
                "上位指标当日不在有效期内",
                "E3",
            ),
            (["1,2020-01-01,,个性指标,,,x,定量,,"], "“一级指标”为空，也无上位指标可取", "F2"),
            (
                ["1,2020-01-01,,个性指标,,产出,x,定量,,", "2,2020-01-01,,共性指标,1,,,,,"],
                "共性指标不能细化非共性指标",
                "E3",
            ),
            (["1,2020-01-01,,个性指标,1,产出,x,定量,,"], "指标相互细化，形成循环", "E2"),
        ],
    )
    def test_one_fault_one_cell(self, file, lines, what, cell):
        held = file(*lines)
        assert whats(indicators.library_problems(held)) == {(what, cell)}

    def test_a_circle_names_all_in_it_and_none_beside_it(self, file):
        held = file(
            "1,2020-01-01,,个性指标,2,产出,x,定量,,",
            "2,2020-01-01,,个性指标,1,产出,y,定量,,",
            "3,2020-01-01,,个性指标,1,产出,z,定量,,",
        )
        assert whats(indicators.library_problems(held)) == {
            ("指标相互细化，形成循环", "E2"),
            ("指标相互细化，形成循环", "E3"),
        }

    def test_a_day_with_a_fault_is_refused_and_the_day_before_is_not(self, file):
        held = file("1,2020-01-01,2020-12-31,共性指标,,产出,x,定量,,", "2,2020-01-01,,个性指标,1,,,,,")
        assert len(indicators.as_of(held, "2020-12-31")) == 2
        with pytest.raises(TableError, match=r"指标库\.csv › E3"):
            indicators.as_of(held, "2021-01-01")

    @pytest.mark.parametrize(
        ("line", "cell"), [("1,2020-01-01,,省级指标,,产出,x,定量,,", "D2"), ("1,,,共性指标,,产出,x,定量,,", "B2")]
    )
    def test_an_unknown_part_and_no_day_are_refused_on_reading(self, file, line, cell):
        with pytest.raises(TableError, match=f"指标库.csv › {cell}"):
            file(line)

    def test_an_unknown_budget_is_refused_on_reading(self, tmp_path):
        (tmp_path / "a.csv").write_text(
            "indicator_id,since,part,budgets\n1,2020-01-01,共性指标,一般公共预算；五本预算\n", encoding="utf-8"
        )
        with pytest.raises(TableError, match=r"a\.csv › D2"):
            tables.read(tmp_path / "a.csv", "library")


class TestPoints:
    COMMON = (
        {**LEAF, "indicator_id": "1", "points": 60},
        {**LEAF, "indicator_id": "2", "level3": "满意度", "points": 40},
    )

    def off(self, *rows):
        return [(p.what[1], p.got) for p in indicators.library_problems(library(*rows), full_points=100)]

    def test_a_part_adds_up(self):
        assert self.off(*self.COMMON) == []
        assert self.off(self.COMMON[0], {**self.COMMON[1], "points": 39}) == [
            ("分值合计不对", "共性指标 · 2020-01-01 · 99 ≠ 100")
        ]

    def test_a_framework_without_points_is_whole(self):
        assert self.off({**LEAF, "indicator_id": "1"}, {**LEAF, "indicator_id": "2"}) == []

    def test_some_points_missing(self):
        assert self.off({**LEAF, "indicator_id": "1"}, {**LEAF, "indicator_id": "2", "points": 100}) == [
            ("部分指标没有分值", "共性指标 · 2020-01-01 · 1 / 2")
        ]

    @pytest.mark.parametrize(("points", "faulty"), [(40, 0), (100, 0), (60, 1)])
    def test_a_field_adds_up_alone_or_with_the_common_it_does_not_extend(self, points, faulty):
        # It extends "2": with "1" it needs 40, alone 100.
        own = {**CHILD, "indicator_id": "3", "extends": "2", "field": "教育", "points": points}
        assert len(self.off(*self.COMMON, own)) == faulty

    def test_each_budget_by_itself(self):
        fund = {**LEAF, "indicator_id": "3", "points": 100, "budgets": "fund"}
        general = [{**row, "budgets": "general"} for row in self.COMMON]
        assert self.off(*general, fund) == []
        # Without a budget "3" serves the general budget too: 60 + 40 + 100.
        assert ("分值合计不对", "共性指标 · 2020-01-01 · 200 ≠ 100") in self.off(*general, {**fund, "budgets": None})

    def test_the_first_day_on_which_it_shows(self):
        ended = {**self.COMMON[1], "until": "2021-06-30"}
        assert self.off(self.COMMON[0], ended) == [("分值合计不对", "共性指标 · 2021-07-01 · 60 ≠ 100")]


class TestNextCode:
    HELD = library(
        {**LEAF, "indicator_id": "P-0108", "level2": "数量"},
        {**LEAF, "indicator_id": "P-0109", "level2": "数量", "until": "2020-12-31"},
        {**LEAF, "indicator_id": "P-0203", "level2": "质量"},
        {**LEAF, "indicator_id": "Q-1", "level1": "效益"},
        {**LEAF, "indicator_id": "Q", "level1": "过程"},
    )

    def test_a_retired_code_counts_as_used(self):
        assert indicators.next_code(self.HELD, "产出", "数量") == "P-0110"
        assert indicators.next_code(self.HELD, "产出", "数量", taken=["P-0110", "P-0111"]) == "P-0112"
        assert indicators.next_code(self.HELD, "产出") == "P-0204"
        assert indicators.next_code(self.HELD, "效益") == "Q-2"

    @pytest.mark.parametrize("level", ["过程", "满意度"])
    def test_nothing_to_go_on_from(self, level):
        with pytest.raises(TableError, match=level):
            indicators.next_code(self.HELD, level)


def test_the_framework_of_2013_against_that_of_2020(shared):
    # By hand: 19 indicators in annex 1 of 财预〔2013〕53号, 17 in annex 2 of 财预〔2020〕10号; eight
    # have the same name (绩效目标合理性, 绩效指标明确性, 资金到位率, 管理制度健全性, 制度执行有效性,
    # 资金使用合规性, 实际完成率, 成本节约率).
    frames = []
    for name in ("caiyu2013_53", "caiyu2020_10"):
        raw = pd.read_csv(shared / "domain" / f"indicators_project_{name}.csv", dtype=str)
        rows = raw.rename(columns={"id": "indicator_id", "points": "check_points", "formula": "explanation"})
        rows = rows[["indicator_id", "level1", "level2", "level3", "check_points", "explanation"]]
        frames.append(tables.check(rows.assign(kind="reported"), "indicators"))
    found = indicators.compare(*frames, by="name")
    counts = found["kind"].value_counts()
    assert (counts["retired"], counts["added"]) == (11, 9)
    moved = found[found["kind"].eq("name") & found["level3"].eq("资金到位率")]
    assert moved[["field_zh", "before", "after", "replaces", "indicator_id"]].to_numpy().tolist() == [
        ["一级指标", "投入", "过程", "P13-0104", "P20-0201"],
        ["二级指标", "资金落实", "资金管理", "P13-0104", "P20-0201"],
    ]
    # 项目的重大开支是否经过评估认证 is the one point of 资金使用合规性 that 2020 left out.
    (points,) = found.loc[found["level3"].eq("资金使用合规性") & found["field_zh"].eq("评价要点"), "why_zh"]
    assert points == "“资金使用合规性”的评价要点删去“项目的重大开支是否经过评估认证”"
    # Numbered anew, by code nothing is the same.
    assert indicators.compare(*frames)["kind"].value_counts().to_dict() == {"retired": 19, "added": 17}


DAYS = st.dates(pd.Timestamp("2020-01-01").date(), pd.Timestamp("2023-12-31").date()).map(str)


@settings(max_examples=25)
@given(st.lists(st.tuples(DAYS, st.none() | DAYS), min_size=1, max_size=8), DAYS, st.randoms())
def test_never_a_retired_code_and_no_order_of_rows(periods, day, chance):
    rows = [
        {**LEAF, "indicator_id": str(at), "since": since, "until": until} for at, (since, until) in enumerate(periods)
    ]
    by_hand = {
        str(at) for at, (since, until) in enumerate(periods) if since <= day and (until is None or day <= until)
    }
    assert set(indicators.as_of(library(*rows), day)["indicator_id"]) == by_hand
    chance.shuffle(rows)
    assert set(indicators.as_of(library(*rows), day)["indicator_id"]) == by_hand
