"""The recheck: every kind with a form that has it and one that has not; nothing is repaired."""

from pathlib import Path

import pandas as pd
import pytest

from perfkit import readers, rules, tables
from perfkit.cycle import evaluation
from perfkit.measure import scorecard

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


def recheck(change=None, unit=None, weights=None):
    """Recheck a form that is in order but for ``change`` (code: actual and printed points) and ``unit``."""
    rows = [
        {"unit_id": "a", "indicator_id": code, "actual": actual, "points_reported": printed}
        for code, (actual, printed) in {**CLEAN, **(change or {})}.items()
    ]
    total = sum(row["points_reported"] for row in rows if row["points_reported"] is not None)
    row = {"unit_id": "a", "name": "甲", "points_reported": total, "grade_reported": "优", **(unit or {})}
    units = tables.check(pd.DataFrame([row]), "units")
    values = tables.check(pd.DataFrame(rows), "values")
    card = scorecard.score(values, library(**(weights or {})), HELD, units=units)
    return evaluation.recheck(card, units.iloc[0], units)


def kinds(found):
    return found["kind"].tolist()


def test_a_form_in_order_has_no_findings():
    found = recheck(unit={"budget": 100, "spent": 100})
    assert len(found) == 0
    assert evaluation.summary(found) == ("核对未发现问题。", "The recheck found nothing.")


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


@pytest.mark.parametrize("kind", ["points_not_by_rule", "points_rounded", "total_does_not_add_up", "level_weights"])
def test_each_alone(kind):
    assert kinds(recheck(*POSITIVE[kind][0])) == [kind]


def test_a_difference_is_told_with_both_numbers():
    row = recheck({"O": (160, 45)}, {"grade_reported": None}).iloc[0]
    assert row[["reported", "computed", "difference"]].tolist() == ["45", "40", 5]
    assert all(
        text in row["message_zh"] for text in ("目标 ≥200", "实际 160", "应得 40 分", "填报 45 分", "相差 5 分")
    )


def test_less_than_the_tolerance_is_no_finding():
    assert kinds(recheck({"O": (133.33, 33.33)}, {"grade_reported": None})) == []


def test_contradictions_come_first():
    found = recheck({"E": (86.2, 9), "O": (300, 45)}, {"points_reported": 99, "grade_reported": "差"})
    order = {"contradiction": 0, "explain": 1, "rounding": 2}
    ranks = found["severity"].map(order).tolist()
    assert ranks == sorted(ranks)
    counts = found["severity"].value_counts()
    zh, _ = evaluation.summary(found)
    wrong, explain, rounded = (counts[kind] for kind in order)
    assert zh == f"核对发现矛盾 {wrong} 处、需说明 {explain} 处、取整差异 {rounded} 处。"


def test_words_for_a_grade():
    # domain/rating_and_weights.yaml, grade_words: published pages mix them.
    for word in ("优", "优秀"):
        assert kinds(recheck(unit={"grade_reported": word})) == []
    assert kinds(recheck(unit={"grade_reported": "合格"})) == ["grade_does_not_follow"]


class TestPublishedForms:
    @pytest.fixture(scope="class")
    def found(self):
        data = readers.open_data(SAMPLES / "forms")
        card = scorecard.score(data["values"], data["indicators"], HELD, units=data["units"])
        return evaluation.recheck_all(card, data["units"]).set_index("unit_id")

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
        mine = found.loc[["lincang-wildlife-2023"]].set_index("kind")
        assert mine.loc["points_not_by_rule", ["reported", "computed"]].tolist() == ["9", "9.78"]
        assert mine.loc["value_missing", "indicator_id"] == "S1"

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
    """domain/worked_examples/ex16: 13 bond projects of Zhejiang, their totals and grades as published."""

    @pytest.fixture(scope="class")
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
