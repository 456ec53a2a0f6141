"""The recheck: every kind with a form that has it and one that has not; nothing is repaired."""

from pathlib import Path

import pandas as pd
import pytest

from perfkit import readers, rules, tables
from perfkit.cycle import evaluation
from perfkit.measure import scorecard
from perfkit.tables import columns

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
HELD = rules.load("cn-project-2020", "2022-12-31")
LEAVES = {
    "E": {"level1": "预算执行率", "kind": "execution", "unit": "%", "target": 100, "points": 10},
    "O": {"level1": "产出指标", "kind": "quantitative", "target": 200, "points": 50},
    "B": {"level1": "效益指标", "kind": "quantitative", "target": 100, "points": 30},
    "S": {"level1": "满意度指标", "kind": "satisfaction", "unit": "%", "target": 90, "points": 10},
}
CLEAN = {"E": (100, 10), "O": (200, 50), "B": (100, 30), "S": (95, 10)}


def library(**change):
    rows = [
        {"indicator_id": code, "level3": f"{code}项", "direction": "ge", **leaf, **change.get(code, {})}
        for code, leaf in LEAVES.items()
    ]
    return tables.check(pd.DataFrame(rows), "indicators")


def recheck(change=None, unit=None, weights=None, **more):
    """Recheck a form that is in order but for ``change`` (code: actual and printed points) and ``unit``."""
    return rechecked(change, unit, weights, **more)[0]


def rechecked(change=None, unit=None, weights=None, **more):
    """Return the findings and the scorecard."""
    rows = [
        {"unit_id": "a", "indicator_id": code, "actual": actual, "points_reported": printed}
        for code, (actual, printed) in {**CLEAN, **(change or {})}.items()
    ]
    total = sum(row["points_reported"] for row in rows if row["points_reported"] is not None)
    row = {"unit_id": "a", "name": "甲", "points_reported": total, "grade_reported": "优", **(unit or {})}
    units = tables.check(pd.DataFrame([row]), "units")
    values = tables.check(pd.DataFrame(rows), "values")
    card = scorecard.score(values, library(**(weights or {})), HELD, units=units, **more)
    return evaluation.recheck(card, units.iloc[0], units), card


def kinds(found):
    return found["kind"].tolist()


def test_a_form_in_order_has_no_findings():
    found, card = rechecked(unit={"budget": 100, "spent": 100})
    assert len(found) == 0
    assert evaluation.summary(found, card) == (
        "可复算的填报得分涉及分值 100 分，核对未发现问题。",
        "Reported points worth 100 can be recomputed; the recheck found nothing.",
    )


POSITIVE = {
    # kind: (change, unit, weights), severity
    "points_not_by_rule": (({"O": (200, 45)}, {"grade_reported": None}, None), "contradiction"),
    "points_rounded": (({"E": (86.2, 9)}, {"grade_reported": None}, None), "rounding"),
    "execution_rate": (({}, {"budget": 4753.66, "spent": 3824.26}, None), "contradiction"),
    "total_does_not_add_up": (({}, {"points_reported": 99}, None), "contradiction"),
    "grade_does_not_follow": (({}, {"grade_reported": "良"}, None), "contradiction"),
    "level_weights": (({"O": (200, 40), "S": (95, 20)}, {}, {"O": {"points": 40}, "S": {"points": 20}}), "explain"),
    "over_fulfilled": (({"O": (300, 50)}, {}, None), "explain"),
    "value_missing": (({"S": (None, None)}, {"points_reported": None, "grade_reported": None}, None), "explain"),
    "points_above_full": (({"S": (95, 11)}, {"grade_reported": None}, None), "contradiction"),
    "over_budget": (({"E": (110, 10)}, {"budget": 100, "spent": 110}, None), "explain"),
    "no_basis": (({}, {"budget": 0, "spent": 5}, None), "contradiction"),
}
NEGATIVE = {
    "points_not_by_rule": ({"O": (180, 45)}, {"grade_reported": None}, None),
    "points_rounded": ({"E": (86.2, 8.62)}, {"grade_reported": None}, None),
    "execution_rate": ({"E": (80.45, 8.05)}, {"budget": 4753.66, "spent": 3824.26}, None),
    "total_does_not_add_up": ({}, {"points_reported": None}, None),
    "grade_does_not_follow": ({}, {"grade_reported": "优秀"}, None),
    "level_weights": ({}, {}, None),
    "over_fulfilled": ({"O": (260, 50)}, {}, None),
    "value_missing": ({"S": (0, 0)}, {"grade_reported": None}, None),
    "points_above_full": ({"S": (95, 10)}, {"grade_reported": None}, None),
    "over_budget": ({}, {"budget": 100, "spent": 100}, None),
    "no_basis": ({}, {"budget": 0, "spent": 0}, None),
}


@pytest.mark.parametrize("kind", POSITIVE)
def test_a_form_that_has_it(kind):
    arguments, severity = POSITIVE[kind]
    found = recheck(*arguments).set_index("kind")
    assert kind in found.index
    row = found.loc[kind]
    assert row["severity"] == severity
    assert row["message_zh"]
    assert row["message_en"]
    assert row[["pack", "on"]].tolist() == ["cn-project-2020", "2022-12-31"]


@pytest.mark.parametrize("kind", NEGATIVE)
def test_a_form_that_has_not(kind):
    assert kind not in kinds(recheck(*NEGATIVE[kind]))


@pytest.mark.parametrize(
    "kind",
    [
        "points_not_by_rule",
        "points_rounded",
        "total_does_not_add_up",
        "level_weights",
        "over_fulfilled",
        "value_missing",
        "over_budget",
    ],
)
def test_each_alone(kind):
    assert kinds(recheck(*POSITIVE[kind][0])) == [kind]


def test_every_kind_is_tried_both_ways():
    assert set(POSITIVE) == set(NEGATIVE)
    assert set(POSITIVE) <= set(columns.FINDINGS)


@pytest.mark.parametrize(
    ("printed", "found"),
    # 86.27 % of 10 is 8.627, to two decimals 8.63; a form may print 9 or 8.6, and nothing else.
    [(8.63, []), (8.6, ["points_rounded"]), (9, ["points_rounded"]), (8.5, ["points_not_by_rule"])],
)
def test_whole_points_and_one_decimal_are_rounding(printed, found):
    assert kinds(recheck({"E": (86.27, printed)}, {"grade_reported": None})) == found


MONEY = {"budget": 100, "received": 80, "spent": 60}  # 60 % of the budget, 75 % of what was received


class TestMoney:
    @pytest.mark.parametrize(
        ("denominator", "rate", "other", "words"),
        [("self_form", 60, 75, "执行数与全年预算数"), ("framework", 75, 60, "支出与实际到位资金")],
    )
    def test_the_rate_follows_the_denominator_chosen(self, denominator, rate, other, words):
        more = {"denominator": denominator}
        printed = {"E": (rate, rate / 10)}
        assert kinds(recheck(printed, {**MONEY, "grade_reported": None}, **more)) == []
        found = recheck({"E": (other, rate / 10)}, {**MONEY, "grade_reported": None}, **more)
        assert kinds(found) == ["execution_rate"]
        assert found["message_zh"].iloc[0] == f"“E项”填报 {other}%，按{words}计算为 {rate}%，请更正。"
        assert found["difference"].iloc[0] == pytest.approx((other - rate) / 100)

    @pytest.mark.parametrize("unit", ["%", "％", "百分比", "百分数"])
    def test_per_cent_however_it_is_written(self, unit):
        found = recheck({"E": (60, 6)}, {**MONEY, "grade_reported": None}, {"E": {"unit": unit}})
        assert kinds(found) == []

    def test_over_budget_says_both_amounts(self):
        row = recheck(*POSITIVE["over_budget"][0]).iloc[0]
        assert row[["reported", "computed", "difference"]].tolist() == ["110", "100", 10]
        assert row["message_zh"] == "全年执行数 110 超过全年预算数 100，请说明原因及资金来源。"

    def test_over_budget_is_of_forms_with_an_execution_rate(self):
        found = recheck({"E": (100, 10)}, {"budget": 100, "spent": 110}, {"E": {"kind": "quantitative"}})
        assert kinds(found) == []


@pytest.mark.parametrize(("verified", "found"), [(180, ["verified_differs"]), (200, []), (None, [])])
def test_what_a_check_found_is_told_once_and_is_not_held_against_the_form(verified, found):
    # The form prints 200 of 200 and 50 points; verified are 180, which score 45.
    rows = [
        {"unit_id": "a", "indicator_id": code, "actual": actual, "points_reported": printed}
        | ({"verified": verified} if code == "O" else {})
        for code, (actual, printed) in CLEAN.items()
    ]
    units = tables.check(pd.DataFrame([{"unit_id": "a", "name": "甲", "points_reported": 100}]), "units")
    card = scorecard.score(tables.check(pd.DataFrame(rows), "values"), library(), HELD, units=units)
    got = evaluation.recheck(card, units.iloc[0], units)
    assert kinds(got) == found
    if found:
        assert got.iloc[0][["severity", "reported", "computed", "difference"]].tolist() == [
            "explain",
            "200",
            "180",
            -20,
        ]


def test_points_above_full_are_told():
    found = recheck(*POSITIVE["points_above_full"][0])
    row = found.set_index("kind").loc["points_above_full"]
    assert row[["level3", "reported", "computed", "difference"]].tolist() == ["S项", "11", "10", 1]
    assert row["message_zh"] == "“S项”填报得分 11 分，超过分值 10 分，请更正。"


@pytest.mark.parametrize(("printed", "wrong"), [(85, True), (90, False), (95, False), (100, False), (89.99, True)])
def test_rows_seen_may_not_exceed_the_printed_total(printed, wrong):
    # Without the satisfaction row the form's other rows print 10 + 50 + 30 = 90.
    found = recheck({"S": (95, None)}, {"points_reported": printed, "grade_reported": None})
    assert ("total_does_not_add_up" in kinds(found)) is wrong
    if wrong:
        row = found.set_index("kind").loc["total_does_not_add_up"]
        assert row[["reported", "computed"]].tolist() == [f"{printed:g}", "90"]


@pytest.mark.parametrize(
    ("grade", "change", "wrong"),
    [
        ("优", {}, False),  # rows add up to 100
        ("良", {}, True),
        ("良", {"O": (160, 40), "B": (100, 30), "S": (81, 9)}, False),  # 10 + 40 + 30 + 9 = 89
        ("优", {"O": (160, 40), "B": (100, 30), "S": (81, 9)}, True),
        ("良", {"S": (95, None)}, False),  # a row is not seen: the sum says nothing
    ],
)
def test_a_grade_without_a_total_is_checked_against_the_rows(grade, change, wrong):
    found = recheck(change, {"points_reported": None, "grade_reported": grade})
    assert ("grade_does_not_follow" in kinds(found)) is wrong


def weighed(levels, on="2022-12-31", printed=True, scheme=None):
    """Recheck a unit whose level-1 groups weigh ``levels``, all of them met."""
    leaves = [
        {**LEAF, "indicator_id": str(i), "level1": level, "level3": level, "points": points}
        for i, (level, points) in enumerate(levels.items())
    ]
    rows = [
        {"unit_id": "a", "indicator_id": leaf["indicator_id"], "actual": 100}
        | ({"points_reported": leaf["points"]} if printed else {})
        for leaf in leaves
    ]
    units = tables.check(pd.DataFrame([{"unit_id": "a", "name": "甲"}]), "units")
    library = tables.check(pd.DataFrame(leaves), "indicators")
    values = tables.check(pd.DataFrame(rows), "values")
    card = scorecard.score(values, library, rules.load("cn-project-2020", on), units=units, scheme=scheme)
    return evaluation.recheck(card, units.iloc[0], units)


LEAF = {"kind": "quantitative", "direction": "ge", "target": 100}
GUIDE = {  # 财预〔2021〕101号 三（六）: with and without cost, with and without satisfaction
    "cost": {"预算执行率": 10, "成本指标": 20, "产出指标": 40, "效益指标": 20, "满意度指标": 10},
    "no_cost": {"预算执行率": 10, "产出指标": 50, "效益指标": 30, "满意度指标": 10},
    "cost_no_satisfaction": {"预算执行率": 10, "成本指标": 20, "产出指标": 40, "效益指标": 30},
    "no_cost_no_satisfaction": {"预算执行率": 10, "产出指标": 50, "效益指标": 40},
}


class TestLevelWeights:
    @pytest.mark.parametrize("variant", GUIDE)
    @pytest.mark.parametrize("scheme", ["2020", "2021"])
    def test_any_variant_in_force_will_do(self, variant, scheme):
        assert kinds(weighed(GUIDE[variant], scheme=scheme)) == []

    @pytest.mark.parametrize("variant", GUIDE)
    def test_before_the_guide_only_those_of_2020(self, variant):
        found = weighed(GUIDE[variant], on="2021-08-17")
        # With a group for cost, which the rule of 2020 does not know, there is nothing to compare with.
        assert kinds(found) == (["level_weights"] if variant == "no_cost_no_satisfaction" else [])

    def test_the_document_is_named(self):
        row = weighed({"预算执行率": 10, "产出指标": 40, "效益指标": 30, "满意度指标": 20}, on="2021-08-17").iloc[0]
        assert row["message_zh"] == (
            "一级指标权重为预算执行率 10、产出 40、效益 30、满意度 20，"
            "与《项目支出绩效评价管理办法》（财预〔2020〕10号）第十三条的原则性规定"
            "（预算执行率 10、产出 50、效益 30、满意度 10）不同，请说明调整理由。"
        )
        assert row["computed"] == "预算执行率 10、产出 50、效益 30、满意度 10"

    def test_by_the_scheme_of_2021_its_own_weights_are_named(self):
        row = weighed({"预算执行率": 10, "产出指标": 40, "效益指标": 30, "满意度指标": 20}, scheme="2021").iloc[0]
        assert (
            "《中央部门项目支出核心绩效目标和指标设置及取值指引（试行）》（财预〔2021〕101号）三（六）"
            in row["message_zh"]
        )
        assert row["computed"].count("；或") == 3

    def test_other_level_1_groups_are_not_compared(self):
        assert kinds(weighed({"决策": 30, "过程": 30, "产出": 20, "效益": 20})) == []


class TestResultWeights:
    """财预〔2020〕10号 art. 14: in evaluations by others output and benefit weigh at least 60 % on principle."""

    @pytest.mark.parametrize(
        ("levels", "share"),
        [
            ({"决策": 20, "过程": 20, "产出": 30, "效益": 30}, None),  # just 60 %
            ({"决策": 20, "过程": 21, "产出": 30, "效益": 29}, "59%"),
            ({"决策": 50, "过程": 20, "产出指标": 20, "效果": 10}, "30%"),
            ({"决策": 50, "过程": 50}, "0%"),
            ({"综合": 100}, None),  # no levels, nothing to compare
        ],
    )
    def test_share(self, levels, share):
        found = weighed(levels, printed=False)
        assert kinds(found) == ([] if share is None else ["level_weights"])
        if share:
            row = found.iloc[0]
            assert row[["severity", "reported", "computed"]].tolist() == ["explain", share, "≥60%"]
            assert row["message_zh"] == (
                f"产出、效益指标权重合计 {share}，低于《项目支出绩效评价管理办法》（财预〔2020〕10号）第十四条"
                "“原则上不低于 60%”的规定，请说明理由。"
            )

    def test_forms_are_not_held_to_it(self):
        assert kinds(weighed({"预算执行率": 45, "产出指标": 25, "效益指标": 20, "满意度指标": 10})) == [
            "level_weights"
        ]
        assert (
            "≥"
            not in weighed({"预算执行率": 45, "产出指标": 25, "效益指标": 20, "满意度指标": 10})["computed"].iloc[0]
        )


def test_printed_points_without_detail_are_never_missing():
    # The rule takes no more than full points: 11 of 10 cannot be scored, but nothing is missing.
    whole = {"kind": "reported", "direction": None, "target": None, "unit": None}
    found = recheck({"S": (None, 11)}, {"grade_reported": None}, {"S": whole})
    assert kinds(found) == ["points_above_full"]
    found = recheck({"S": (None, None)}, {"points_reported": None, "grade_reported": None}, {"S": whole})
    assert kinds(found) == ["value_missing"]


def test_a_difference_is_told_with_both_numbers():
    row = recheck({"O": (160, 45)}, {"grade_reported": None}).iloc[0]
    assert row[["reported", "computed", "difference"]].tolist() == ["45", "40", 5]
    assert all(
        text in row["message_zh"] for text in ("目标 ≥200", "实际 160", "应得 40 分", "填报 45 分", "相差 5 分")
    )


def test_less_than_the_tolerance_is_no_finding():
    assert kinds(recheck({"O": (133.33, 33.33)}, {"grade_reported": None})) == []


def test_contradictions_come_first():
    found, card = rechecked({"E": (86.2, 9), "O": (300, 45)}, {"points_reported": 99, "grade_reported": "差"})
    order = {"contradiction": 0, "explain": 1, "rounding": 2}
    ranks = found["severity"].map(order).tolist()
    assert ranks == sorted(ranks)
    # Against the rule: O prints 45 of 50, rows add up to 94 and not 99, 99 is not 差; O is 50 % above its target;
    # E prints 9 for 8.62.
    assert found["kind"].tolist() == [
        "points_not_by_rule",
        "total_does_not_add_up",
        "grade_does_not_follow",
        "over_fulfilled",
        "points_rounded",
    ]
    assert evaluation.summary(found, card) == (
        "可复算的填报得分涉及分值 100 分；核对发现与规则不符 3 处、需说明 1 处、取整差异 1 处。",
        "Reported points worth 100 can be recomputed; found: against the rule 3, to be explained 1, rounding 1.",
    )


def test_words_for_a_grade():
    # Published pages mix them.
    for word in ("优", "优秀"):
        assert kinds(recheck(unit={"grade_reported": word})) == []
    assert kinds(recheck(unit={"grade_reported": "合格"})) == ["grade_does_not_follow"]


class TestPublishedForms:
    @pytest.fixture
    def data(self):
        return readers.open_data(SAMPLES / "forms")

    @pytest.fixture
    def card(self, data):
        return scorecard.score(data["values"], data["indicators"], HELD, units=data["units"])

    @pytest.fixture
    def found(self, card, data):
        return evaluation.recheck_all(card, data["units"]).set_index("unit_id")

    @pytest.mark.parametrize(
        ("unit", "scope"),
        [
            ("yongde-nutrition-2022", "可复算的填报得分涉及分值 100 分"),
            ("liangping-forestry", "可复算的填报得分涉及分值 10 分"),
            ("lincang-wildlife-2023", "可复算的填报得分涉及分值 90 分"),
        ],
    )
    def test_the_summary_says_what_could_be_recomputed(self, card, data, unit, scope):
        mine = card.of(unit)
        found = evaluation.recheck(mine, evaluation.unit_row(data["units"], unit), data["units"])
        assert evaluation.summary(found, mine)[0].startswith(scope)

    def test_where_nothing_could_be_recomputed_it_says_so(self, card, data):
        mine = card.of("wuhua-drainage-2023")
        found = evaluation.recheck(mine, evaluation.unit_row(data["units"], "wuhua-drainage-2023"), data["units"])
        assert evaluation.summary(found, mine) == (
            "原件未列可复算的指标得分，仅核对总分与等级，核对未发现问题。",
            "No points can be recomputed: only total and grade; the recheck found nothing.",
        )

    def test_yongde(self, found):
        # The county's form scores 100 % as 7 of 10 (O3) and 98 % as 9 of 10 (B2); total and grade follow.
        mine = found.loc[["yongde-nutrition-2022"]]
        wrong = mine[mine["severity"] == "contradiction"]
        assert wrong[["indicator_id", "reported", "computed"]].to_numpy().tolist() == [
            ["O3", "7", "10"],
            ["B2", "9", "9.8"],
        ]
        assert "total_does_not_add_up" not in set(mine["kind"])
        assert "grade_does_not_follow" not in set(mine["kind"])

    def test_langfang_rounds_to_whole_points(self, found):
        assert found.loc[["langfang-hvac-2019"], "kind"].tolist() == ["points_rounded"] * 2

    def test_lincang_rounds_9_78_down(self, found):
        # Its satisfaction row is cut off in the excerpt: nobody is asked to supply what was not seen.
        mine = found.loc[["lincang-wildlife-2023"]].set_index("kind")
        assert mine.loc["points_not_by_rule", ["reported", "computed"]].tolist() == ["9", "9.78"]
        assert "value_missing" not in mine.index

    def test_the_others_are_in_order(self, found):
        assert not {"liangping-forestry", "sciencecity-media-2021", "wuhua-drainage-2023"} & set(found.index)


class TestYears:
    def test_each_year_of_a_form_is_rechecked_by_itself(self):
        rows = [
            {"unit_id": "a", "indicator_id": code, "year": year, "actual": actual, "points_reported": printed}
            for year in (2021, 2022)
            for code, (actual, printed) in CLEAN.items()
        ]
        units = pd.DataFrame(
            [
                {"unit_id": "a", "name": "甲", "year": year, "points_reported": 100, "grade_reported": "优"}
                for year in (2021, 2022)
            ]
        )
        units = tables.check(units, "units")
        card = scorecard.score(tables.check(pd.DataFrame(rows), "values"), library(), HELD, units=units)
        assert kinds(evaluation.recheck_all(card, units)) == []
        wrong = units.assign(points_reported=[100.0, 99.0])
        found = evaluation.recheck_all(card, wrong)
        assert kinds(found) == ["total_does_not_add_up"]
        assert found["computed"].tolist() == ["100"]


class TestPublishedTotals:
    """13 bond projects of Zhejiang, their totals and grades as published."""

    @pytest.fixture
    def units(self):
        return readers.open_data(SAMPLES / "bonds")["units"]

    def test_grades_that_are_published_follow(self, units):
        found = evaluation.recheck_totals(units, HELD)
        assert found["kind"].value_counts().to_dict() == {"grade_missing": 6, "total_missing": 2}
        assert set(found["severity"]) == {"explain"}
        told = units.dropna(subset=["points_reported", "grade_reported"])
        assert len(told) == 5
        assert not set(told["unit_id"]) & set(found["unit_id"])

    def test_the_grade_that_would_follow(self, units):
        found = evaluation.recheck_totals(units, HELD).set_index("unit_id")
        assert found.loc["ZJ-BOND-07", "computed"] == "良"  # 83
        assert found.loc["ZJ-BOND-09", "computed"] == "优"  # 96.5

    def test_by_the_bands_of_bond_projects(self, units, own_pack):
        # The bands of 财预〔2021〕61号 are those of 2020; a pack may have others, and those named are used.
        same = evaluation.recheck_totals(units, HELD, bands="grade_bands_bonds")
        pd.testing.assert_frame_equal(same, evaluation.recheck_totals(units, HELD))

        def stricter(held):
            held["grade_bands_bonds"]["entries"][0]["value"][0]["min"] = 95

        held = rules.load(own_pack(stricter, "cn-project-2020"), "2022-12-31")
        assert kinds(evaluation.recheck_totals(units, held)) == kinds(same)
        found = evaluation.recheck_totals(units, held, bands="grade_bands_bonds").set_index("unit_id")
        # 91, 94, 91 and 90 are no longer 优; 92, 92 and 91 without a grade would be 良, 97 and 96.5 stay 优.
        wrong = found[found["kind"] == "grade_does_not_follow"]
        assert wrong["computed"].to_dict() == dict.fromkeys([f"ZJ-BOND-0{i}" for i in (2, 3, 4, 5)], "良")
        follow = found.loc[found["kind"] == "grade_missing", "computed"].to_dict()
        assert follow == {
            "ZJ-BOND-06": "良",
            "ZJ-BOND-07": "良",
            "ZJ-BOND-08": "优",
            "ZJ-BOND-09": "优",
            "ZJ-BOND-10": "良",
            "ZJ-BOND-11": "良",
        }

    def test_a_grade_that_does_not_follow(self, units):
        wrong = units.assign(grade_reported=units["grade_reported"].where(units["unit_id"] != "ZJ-BOND-01", "优"))
        found = evaluation.recheck_totals(wrong, HELD)
        row = found[found["kind"] == "grade_does_not_follow"].iloc[0]
        assert row[["unit_id", "severity", "reported", "computed"]].tolist() == [
            "ZJ-BOND-01",
            "contradiction",
            "优",
            "良",
        ]
