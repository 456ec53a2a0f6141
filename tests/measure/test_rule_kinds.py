"""Rule kinds beyond a value against its target: counts, days, questionnaires, growth, costs; limits of a grade."""

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from perfkit import rules, tables
from perfkit.errors import RuleError, ScoreError
from perfkit.measure import grading, scorecard, scoring

HELD = rules.load("cn-project-2020", "2026-06-30")
LEAF = {"level1": "产出", "level3": "x", "kind": "quantitative", "direction": "ge", "points": 10}
COUNT = st.integers(0, 200)


def numbers(rule):
    return {k: v for k, v in HELD.value(f"rule_{rule}").items() if k not in ("function", "zh", "en")}


def card(item, value, held=HELD, **more):
    """Score one item worth 10 points beside 90 points as reported."""
    rest = {**LEAF, "indicator_id": "9", "kind": "reported", "points": 90}
    library = tables.check(pd.DataFrame([{**LEAF, "indicator_id": "1", **item}, rest]), "indicators")
    rows = [
        {"unit_id": "a", "indicator_id": "1", **value},
        {"unit_id": "a", "indicator_id": "9", "points_reported": 90},
    ]
    return scorecard.score(tables.check(pd.DataFrame(rows), "values"), library, held, **more)


def points(item, value, **more):
    return float(card(item, value, **more).items.loc[0, "points"])


def why(item, value, **more):
    return card(item, value, **more).items.loc[0, "why_zh"]


class TestPrinted:
    """Numbers as the researched rules print them (../shared/domain/scoring_rules.yaml where it is there)."""

    def test_execution_and_satisfaction_by_percentage_points(self, shared):
        printed = yaml.safe_load((shared / "domain" / "scoring_rules.yaml").read_text(encoding="utf-8"))
        # "100% -> w; <=80% -> 0; else minus 5% of w per 1 percentage point"
        assert "5% of w per 1 percentage point" in printed["execution_rate"]["example_ex1"]["rule"]
        got = scoring.per_percentage_point([1, 0.99, 0.9, 0.81, 0.8, 0.5], 1, "ge", **numbers("execution_per_point"))
        assert got.tolist() == pytest.approx([1, 0.95, 0.5, 0.05, 0, 0])
        # ">=90% full; minus 5% of w per 1 pp below 90"; weights 1, .75, .5, .25, 0
        assert list(printed["satisfaction"]["likert_ex1"]["weights"].values()) == HELD.value("likert_weights")
        got = scoring.per_percentage_point([1, 0.9, 0.85, 0.7], 0.95, "ge", **numbers("satisfaction_per_point"))
        assert got.tolist() == pytest.approx([1, 1, 0.75, 0])

    def test_a_key_duty_far_off_its_plan(self, shared):
        printed = yaml.safe_load((shared / "domain" / "scoring_rules.yaml").read_text(encoding="utf-8"))
        assert "r < 70% or r > 130% -> 0" in printed["quantitative"]["pidu_window"]["rule"]
        got = scoring.window([69.9, 70, 85, 130, 130.1], 100, "ge", **numbers("window_key_duty"))
        assert got.tolist() == pytest.approx([0, 0.7, 0.85, 1, 0])
        assert HELD.source("rule_window_key_duty").authority == "secondary"

    def test_bands_of_licheng(self, shared):
        printed = yaml.safe_load((shared / "domain" / "scoring_rules.yaml").read_text(encoding="utf-8"))
        bands = numbers("band_licheng")["bands"]
        assert [[b["min"], b["max"]] for b in bands] == list(printed["qualitative"]["licheng_band"]["bands"].values())

    def test_satisfaction_from_answers(self):
        # (60 + 20 x .75 + 10 x .5 + 5 x .25) / 100 = 81.25 %
        assert scoring.likert_rate([[60, 20, 10, 5, 5]], HELD.value("likert_weights")).tolist() == [0.8125]
        assert np.isnan(scoring.likert_rate([[0, 0, 0, 0, 0], [-1, 2, 0, 0, 0]], HELD.value("likert_weights"))).all()

    def test_exceeding_a_ceiling(self):
        # 4 allowed, 5 used: target/actual 80 %; the excess, a quarter of the target, costs a quarter.
        assert scoring.proportional([4, 5, 8, 9], 4, "le").tolist() == pytest.approx([1, 0.8, 0.5, 4 / 9])
        assert scoring.proportional([4, 5, 8, 9], 4, "le", **numbers("reverse_excess")).tolist() == [1, 0.75, 0, 0]
        with pytest.raises(ValueError, match="reverse"):
            scoring.proportional([5], 4, "le", reverse="other")

    def test_cost_saving(self):
        # 财预〔2020〕10号 附2: (planned - actual) / planned; 10 % over with nothing at 20 % over: a half.
        got = scoring.cost_saving([90, 100, 110, 120, 150], 100, **numbers("cost_saving"))
        assert got.tolist() == pytest.approx([1, 1, 0.5, 0, 0])
        assert np.isnan(scoring.cost_saving([90, 90, np.nan], [0, -1, 100], full_at=0, zero_at=-0.2)).all()

    def test_growth(self):
        assert scoring.growth_rate([107, 95, 3, 3, np.nan], [100, 100, 0, -2, 1]).tolist() == pytest.approx(
            [0.07, -0.05, np.nan, np.nan, np.nan], nan_ok=True
        )

    def test_days(self):
        # From 1 January to 1 March 2024, a leap year: 60 days.
        assert scoring.days_late(["2024-03-01", "2023-12-31"], ["2024-01-01"] * 2).tolist() == [60, -1]
        got = scoring.on_time([-5, 0, 45, 90, 400, np.nan], **numbers("on_time"))
        assert got.tolist() == pytest.approx([1, 1, 0.5, 0, 0, np.nan], nan_ok=True)
        assert scoring.on_time([0, 1], **numbers("on_time_strict")).tolist() == [1, 0]

    def test_counts(self):
        assert scoring.per_unit([0, 1, 3, 9, -1], 1, 2, 10).tolist()[:4] == [1, 1, 0.6, 0]
        assert np.isnan(scoring.per_unit([-1, np.nan], 0, 2, 10)).all()
        assert scoring.accumulated([0, 3, 5, 9], 2, 10).tolist() == [0, 0.6, 1, 1]


class TestProperties:
    @given(COUNT, COUNT, st.integers(0, 20), st.integers(1, 50))
    def test_more_incidents_never_score_more_and_more_pieces_never_less(self, one, another, each, full):
        few, many = sorted([one, another])
        more, less = scoring.per_unit([few, many], 0, each, full)
        assert 0 <= less <= more <= 1
        less, more = scoring.accumulated([few, many], each, full)
        assert 0 <= less <= more <= 1

    @given(st.integers(-400, 400), st.integers(-400, 400), st.integers(0, 60), st.integers(0, 300))
    def test_later_never_scores_more(self, one, another, grace, span):
        early, late = sorted([one, another])
        more, less = scoring.on_time([early, late], grace=grace, zero_after=grace + span)
        assert 0 <= less <= more <= 1

    @given(st.lists(st.integers(0, 500), min_size=5, max_size=5).filter(sum), st.integers(2, 9))
    def test_the_rate_of_answers_does_not_depend_on_how_many_there_are(self, counts, factor):
        weights = HELD.value("likert_weights")
        rate = scoring.likert_rate([counts], weights)[0]
        assert 0 <= rate <= 1
        assert scoring.likert_rate([[factor * n for n in counts]], weights)[0] == pytest.approx(rate)

    @given(st.floats(1, 1e6), st.floats(1, 1e6), st.floats(1, 1e6))
    def test_a_dearer_project_never_scores_more(self, one, another, planned):
        cheap, dear = sorted([one, another])
        more, less = scoring.cost_saving([cheap, dear], planned, full_at=0, zero_at=-0.2)
        assert 0 <= less <= more <= 1

    @given(st.floats(0.01, 5), st.floats(0.01, 5))
    def test_a_schedule_never_rewards_more_over_fulfilment(self, one, another):
        steps = [{"over": 0.5, "share": 0.7}, {"over": 0.3, "share": 0.9}]
        low, high = sorted([1 + one, 1 + another])
        more, less = scoring.proportional([low, high], 1, "ge", policy="schedule", schedule=steps)
        assert less <= more

    def test_one_target_for_all_is_the_same_as_one_each(self):
        actual = np.array([0.0, -3, 50, 99, 100, 180, np.nan])
        n = len(actual)
        for way in ("ge", "le", "eq"):
            for function, more in (
                (scoring.proportional, {"policy": "deduct", "tolerance": 0.3}),
                (scoring.proportional, {"reverse": "excess"}),
                (scoring.threshold, {"pass_rate": 0.6}),
                (scoring.window, {"low": 0.7, "high": 1.3}),
                (scoring.met, {}),
                (scoring.per_percentage_point, {"loss": 0.05}),
            ):
                for target in (100.0, 0.0, np.nan):
                    np.testing.assert_array_equal(
                        function(actual, target, way, **more), function(actual, [target] * n, [way] * n, **more)
                    )


class TestInAScorecard:
    """Each kind from the table of values to points and the sentence, worked by hand."""

    def test_incidents(self):
        item = {"rule": "deduct_each", "deduct": 2, "target": 1, "direction": "le", "unit": "起"}
        assert why(item, {"actual": 3}) == "实际 3 起，允许 1 起，超出部分每单位扣 2 分，得 6 分（满分 10 分）"
        assert points(item, {"actual": 9}) == 0

    def test_pieces(self):
        item = {"rule": "add_each", "deduct": 2.5, "unit": "处"}
        assert why(item, {"actual": 3}) == "实际 3 处，每单位得 2.5 分，以满分为限，得 7.5 分（满分 10 分）"

    def test_days(self):
        item = {"rule": "on_time", "due_on": "2023-12-31"}
        assert why(item, {"done_on": "2023-10-31"}) == (
            "期限 2023-12-31，完成于 2023-10-31，提前 61 天，得 10 分（满分 10 分）"
        )
        # 9 of 90 days late: a tenth of the points is lost
        late = card(item, {"done_on": "2024-01-09"})
        assert late.items.loc[0, ["points", "target_shown", "actual_shown"]].tolist() == [
            9,
            "2023-12-31",
            "2024-01-09",
        ]
        assert late.items.loc[0, "why_zh"] == "期限 2023-12-31，完成于 2024-01-09，逾期 9 天，得 9 分（满分 10 分）"

    def test_what_a_check_found_of_the_days_wins(self):
        item = {"rule": "on_time", "due_on": "2023-12-31"}
        assert why(item, {"done_on": "2024-06-30", "verified": 9}) == (
            "期限 2023-12-31，完成于 逾期天数 9（核实值），逾期 9 天，得 9 分（满分 10 分）"
        )

    def test_a_day_is_a_remark_where_days_are_not_scored(self):
        assert points({"target": 1, "due_on": "2023-12-31"}, {"actual": 1, "done_on": "2024-06-30"}) == 10

    def test_growth(self):
        # 1,070 after 1,000: 7 % against a target of 10 %
        item = {"target": 10, "unit": "%"}
        assert why(item, {"actual": 1070, "base": 1000}) == (
            "目标 ≥10%，实际 7%（比基期增长），完成率 70%，得 7 分（满分 10 分）"
        )
        assert points(item, {"actual": 900, "base": 1000}) == 0
        # a check found 1,100: 10 %
        assert points(item, {"actual": 1070, "base": 1000, "verified": 1100}) == 10

    def test_answers(self):
        item = {"kind": "satisfaction", "target": 90, "unit": "%", "rule": "satisfaction_per_point"}
        got = card(item, {"answers": "60；20；10；5；5"})
        # 81.25 %: 8.75 percentage points below 90 cost 43.75 % of 10 points
        assert got.items.loc[0, "points"] == 5.63
        assert got.items.loc[0, "used"] == 81.25
        assert "按问卷人数计算" in got.items.loc[0, "why_zh"]
        assert "likert_weights" in got.used

    def test_check_points_with_points_of_their_own(self):
        item = {"kind": "check_points", "check_points": "甲；乙；丙", "check_weights": "5；3；2", "direction": None}
        assert why(item, {"points_met": "1；3"}) == (
            "评价要点 3 项，达到 2 项，折合要点分值 7/10，得 7 分（满分 10 分）"
        )
        # which ones were met is not said: the rule cannot tell
        assert card(item, {"actual": 2}).items.loc[0, "status"] == "missing"
        # all or none of them leaves no doubt
        assert (points(item, {"actual": 3}), points(item, {"actual": 0})) == (10, 0)
        assert points(item, {"points_met": "1；3", "verified": 3}) == 10
        # points that are all alike are no points of their own
        alike = {**item, "check_weights": "30；30；30"}
        assert points(alike, {"points_met": "2"}) == points(alike, {"actual": 1}) == 3.33
        even = {**item, "check_weights": None}
        assert points(even, {"points_met": "1；3"}) == points(even, {"actual": 2}) == 6.67

    def test_a_cost(self):
        item = {"rule": "cost_saving", "target": 100, "direction": "le", "unit": "万元", "level1": "成本"}
        assert why(item, {"actual": 110}) == (
            "计划成本 100 万元，实际成本 110 万元，成本节约率 -10%（-20% 时不得分），"
            "得分率 50%，得 5 分（满分 10 分）"
        )

    def test_percentage_points(self):
        item = {"rule": "target_per_point", "target": 98, "unit": "%"}
        assert why(item, {"actual": 92}) == (
            "目标 98%，实际 92%，每差 1 个百分点扣 5% 的分值，得分率 70%，得 7 分（满分 10 分）"
        )
        money = tables.check(pd.DataFrame([{"unit_id": "a", "name": "甲", "budget": 100, "spent": 95}]), "units")
        item = {"kind": "execution", "target": 100, "unit": "%", "rule": "execution_per_point"}
        assert points(item, {}, units=money) == 7.5

    def test_a_window(self):
        item = {"rule": "window_key_duty", "target": 100}
        assert why(item, {"actual": 140}) == (
            "目标 ≥100，实际 140，完成率 140%（低于 70% 或高于 130% 不得分），得分率 0%"
            "（高于目标 40%，应说明年初指标值是否偏低），得 0 分（满分 10 分）"
        )

    def test_both_engines_say_the_same(self):
        # A common indicator is scored with all units at once, a unit's own one item by item.
        for item, value in (
            ({"rule": "deduct_each", "deduct": 2, "target": 1}, {"actual": 3}),
            ({"rule": "add_each", "deduct": 2.5}, {"actual": 3}),
            ({"rule": "on_time", "due_on": "2023-12-31"}, {"done_on": "2024-01-09"}),
            ({"target": 10, "unit": "%"}, {"actual": 1070, "base": 1000}),
            ({"kind": "satisfaction", "target": 90, "unit": "%"}, {"answers": "60；20；10；5；5"}),
            ({"kind": "check_points", "check_points": "甲；乙", "check_weights": "7；3"}, {"points_met": "2"}),
            ({"kind": "qualitative"}, {"judged": "好", "judged_share": 0.85}),
            ({"target": 100}, {"actual": 90, "status": "unverified"}),
            ({"target": 100}, {"actual": 90, "status": "not_due"}),
            ({"target": 100}, {"status": "not_seen"}),
            ({"target": 100, "veto": True}, {"actual": 0}),
            ({"rule": "reported", "target": 100}, {"points_reported": 4.5}),
        ):
            rest = {**LEAF, "indicator_id": "9", "kind": "reported", "points": 90}
            own = pd.DataFrame([{**LEAF, "indicator_id": "1", **item}, rest])
            rows = [
                {"unit_id": "a", "indicator_id": "1", **value},
                {"unit_id": "a", "indicator_id": "9", "points_reported": 90},
            ]
            held = tables.check(pd.DataFrame(rows), "values")
            pair = [
                scorecard.score(held, tables.check(own.assign(unit_id=unit), "indicators"), HELD)
                for unit in (None, "a")
            ]
            pd.testing.assert_frame_equal(pair[0].results, pair[1].results)
            pd.testing.assert_frame_equal(pair[0].items, pair[1].items)


class TestRefused:
    @pytest.mark.parametrize(
        ("item", "value", "column"),
        [
            ({"rule": "deduct_each"}, {"actual": 1}, "deduct"),
            ({"rule": "on_time"}, {"actual": 1}, "due_on"),
            ({"target": 10, "unit": "%"}, {"actual": 5, "base": 0}, "base"),
            ({"kind": "satisfaction", "target": 90, "unit": "%"}, {"answers": "60；20"}, "answers"),
            ({"kind": "satisfaction", "target": 90, "unit": "%"}, {"answers": "六十"}, "answers"),
            ({"kind": "satisfaction", "target": 90, "unit": "%"}, {"answers": "nan；1；1；1；1"}, "answers"),
            ({"kind": "satisfaction", "target": 90, "unit": "%"}, {"answers": "1e400；0；0；0；0"}, "answers"),
            ({"kind": "check_points", "check_points": "甲；乙", "check_weights": "0；0"}, {}, "check_weights"),
            ({"kind": "check_points", "check_points": "甲；乙"}, {"points_met": "3"}, "points_met"),
            ({"kind": "check_points", "check_points": "甲；乙"}, {"points_met": "1；1"}, "points_met"),
            (
                {"kind": "check_points", "check_points": "甲；乙", "check_weights": "5"},
                {"actual": 1},
                "check_weights",
            ),
            ({"kind": "check_points", "check_points": "甲；乙", "check_weights": "5；x"}, {}, "check_weights"),
        ],
    )
    def test_with_its_cell(self, item, value, column):
        with pytest.raises(ScoreError) as caught:
            card(item, value)
        assert [p.column for p in caught.value.problems] == [column]
        assert column in caught.value.problems[0].where

    def test_an_indicator_that_stands_twice(self):
        library = tables.check(
            pd.DataFrame([{**LEAF, "indicator_id": "1", "target": 1, "points": 100}]), "indicators"
        )
        values = pd.DataFrame({"unit_id": ["a", "b", "a"], "indicator_id": ["1", "1", "1"], "actual": [1.0, 1, 0]})
        with pytest.raises(ScoreError, match="stands twice") as caught:
            scorecard.score(values, library, HELD)
        assert [p.where for p in caught.value.problems] == ["values › indicator_id [2]"]


class TestLimits:
    BANDS = HELD.value("grade_bands")

    def both(self, **first):
        items = [
            {**LEAF, "indicator_id": "1", "target": 100, "veto": True, "points": 5},
            {**LEAF, "indicator_id": "2"},
        ]
        items[1] |= {"kind": "reported", "points": 95}
        rows = [
            {"unit_id": "a", "indicator_id": "1", **first},
            {"unit_id": "a", "indicator_id": "2", "points_reported": 95},
        ]
        values = tables.check(pd.DataFrame(rows), "values")
        return scorecard.score(values, tables.check(pd.DataFrame(items), "indicators"), HELD).results.iloc[0]

    def test_a_veto_indicator_that_scores_nothing(self):
        got = self.both(actual=0)
        assert got[["points", "grade", "grade_en"]].tolist() == [95, "差", "poor"]
        assert got["limit_zh"] == "否决指标不得分，等级以“差”为限（按得分为“优”）"
        assert got["limit_en"] == "a veto indicator scored nothing: at most poor (excellent by points)"

    def test_a_veto_indicator_without_evidence(self):
        assert self.both(status="no_evidence")["grade"] == "中"
        assert self.both()["grade"] == "中"

    def test_a_veto_indicator_that_is_met_or_not_due_limits_nothing(self):
        for value in ({"actual": 100}, {"status": "not_due"}, {"actual": 50}):
            got = self.both(**value)
            assert (got["grade"], pd.isna(got["limit_zh"])) == ("优", True)

    def test_too_little_coverage(self):
        limit = {"when": "coverage_below", "share": 0.6, "rank": 1, "zh": "佐证不足", "en": "too little evidence"}
        grades = grading.grade([95, 95, 50], self.BANDS)
        got = grading.limited(grades, [limit], {"coverage_below": np.array([0.5, 0.6, 0.1])}, self.BANDS)
        assert got["grade"].tolist() == ["中", "优", "差"]
        assert got["limit_zh"].isna().tolist() == [False, True, True]

    def test_the_strictest_limit_counts_and_names_the_grade_by_points(self):
        limits = HELD.value("grade_limits")
        causes = {"veto_zero": np.array([True]), "veto_gap": np.array([True])}
        got = grading.limited(grading.grade([91], self.BANDS), limits[::-1], causes, self.BANDS)
        assert got["grade"].tolist() == ["差"]
        assert got["limit_zh"].tolist() == ["否决指标不得分，等级以“差”为限（按得分为“优”）"]

    @pytest.mark.parametrize(
        "limit", [{"when": "veto_zero", "share": 0.5}, {"when": "coverage_below"}, {"when": "rain"}, {"rank": -1}]
    )
    def test_a_limit_that_says_too_little_or_too_much_is_refused(self, own_pack, limit):
        def edit(held):
            whole = {"when": "veto_zero", "rank": 0, "zh": "x", "en": "x", **limit}
            entry = {"from": "2020-01-01", "source": held["rounding"]["entries"][0]["source"], "value": [whole]}
            held["grade_limits"] = {"zh": "等级限制", "en": "limits", "entries": [entry]}

        with pytest.raises(RuleError, match="grade_limits"):
            rules.load(own_pack(edit), "2021-06-01")


class TestRounding:
    def held(self, own_pack, **rounding):
        def edit(held):
            held["rounding"]["entries"][0]["value"] = rounding

        return rules.load(own_pack(edit), "2021-06-01")

    def total(self, held):
        # Three thirds of 33.333 points each: two decimals an item lose a hundredth that the total keeps.
        third = {**LEAF, "target": 3, "points": 100 / 3}
        library = tables.check(pd.DataFrame([{**third, "indicator_id": str(i)} for i in range(3)]), "indicators")
        values = pd.DataFrame({"unit_id": ["a"] * 3, "indicator_id": list("012"), "actual": [3.0, 3, 1]})
        return scorecard.score(values, library, held).results.loc[0, "points"]

    # items: 33.33 + 33.33 + 11.11 = 77.77; total: 77.777... = 77.78
    @pytest.mark.parametrize(("of", "total"), [({}, 77.77), ({"of": "item"}, 77.77), ({"of": "total"}, 77.78)])
    def test_item_by_item_or_only_the_total(self, own_pack, of, total):
        assert self.total(self.held(own_pack, decimals=2, mode="half_up", **of)) == total

    def test_half_up_and_half_even(self, own_pack):
        assert grading.round_points([0.5, 1.5, 2.5], decimals=0, mode="half_up").tolist() == [1, 2, 3]
        assert grading.round_points([0.5, 1.5, 2.5], decimals=0, mode="half_even").tolist() == [0, 2, 2]

    def test_an_unknown_way_is_refused(self, own_pack):
        with pytest.raises(RuleError):
            self.held(own_pack, decimals=2, mode="half_up", of="unit")


class TestPackNumbers:
    @pytest.mark.parametrize(
        "value",
        [
            {"policy": "schedule", "tolerance": 0.3},
            {"policy": "flag", "tolerance": 0.3, "schedule": [{"over": 0.3, "share": 0.9}]},
        ],
    )
    def test_a_schedule_goes_with_its_policy(self, own_pack, value):
        def edit(held):
            held["over_fulfilment"]["entries"][0]["value"] = value

        with pytest.raises(RuleError):
            rules.load(own_pack(edit), "2021-06-01")

    def test_over_fulfilment_by_a_schedule(self, own_pack):
        def edit(held):
            held["over_fulfilment"]["entries"][0]["value"] = {
                "policy": "schedule",
                "tolerance": 0.3,
                "schedule": [{"over": 0.3, "share": 0.9}, {"over": 1.0, "share": 0.5}],
            }

        held = rules.load(own_pack(edit), "2021-06-01")
        said = why({"target": 100}, {"actual": 140}, held=held)
        assert said.endswith("（高于目标 40%，按超额程度减分），得 9 分（满分 10 分）")
        assert points({"target": 100}, {"actual": 130}, held=held) == 10
        assert points({"target": 100}, {"actual": 300}, held=held) == 5
