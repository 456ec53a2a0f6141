"""One sentence an item: a reader can redo the number from what it says."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit import rules, tables
from perfkit.measure import explaining, scorecard

NATIONAL = rules.load("cn-project-2020", "2022-12-31")
DEMO = rules.load("teaching-demo", "2021-06-01")
LEAF = {"indicator_id": "1", "level1": "产出", "level3": "x", "kind": "quantitative", "direction": "ge", "points": 10}
REST = {"indicator_id": "2", "level1": "其余", "level3": "y", "kind": "reported", "points": 90}


def why(item, value, held=NATIONAL, units=None, **more):
    library = tables.check(pd.DataFrame([{**LEAF, **item}, REST]), "indicators")
    rows = [
        {"unit_id": "a", "indicator_id": "1", **value},
        {"unit_id": "a", "indicator_id": "2", "points_reported": 90},
    ]
    card = scorecard.score(tables.check(pd.DataFrame(rows), "values"), library, held, units=units, **more)
    return tuple(card.items.loc[0, ["why_zh", "why_en"]])


CASES = {
    "the sentence of the design": (
        {"target": 735, "unit": "人次"},
        {"actual": 735},
        {},
        "目标 ≥735 人次，实际 735 人次，完成率 100%，得 10 分（满分 10 分）",
        "target ≥735 人次, actual 735 人次, completion 100%: 10 of 10 points",
    ),
    "missed, in proportion": (
        {"target": 43.2, "unit": "万元"},
        {"actual": 37.24},
        {},
        "目标 ≥43.2 万元，实际 37.24 万元，完成率 86.2%，得 8.62 分（满分 10 分）",
        "target ≥43.2 万元, actual 37.24 万元, completion 86.2%: 8.62 of 10 points",
    ),
    "less is better": (
        {"target": 4, "direction": "le", "unit": "天"},
        {"actual": 5},
        {},
        "目标 ≤4 天，实际 5 天，完成率 80%，得 8 分（满分 10 分）",
        "target ≤4 天, actual 5 天, completion 80%: 8 of 10 points",
    ),
    "equal, both ways": (
        {"target": 100, "direction": "eq", "unit": "%"},
        {"actual": 98},
        {},
        "目标 =100%，实际 98%，完成率 98%，得 9.8 分（满分 10 分）",
        "target =100%, actual 98%, completion 98%: 9.8 of 10 points",
    ),
    "thousands": (
        {"target": 8400, "unit": "元"},
        {"actual": 12345678.5},
        {},
        (
            "目标 ≥8,400 元，实际 12,345,678.5 元，完成率 146,972.36%"
            "（高于目标 146,872.36%，应说明年初指标值是否偏低），得 10 分（满分 10 分）"
        ),
        (
            "target ≥8,400 元, actual 12,345,678.5 元, completion 146,972.36% (146,872.36% above target: "
            "say whether the target was set too low): 10 of 10 points"
        ),
    ),
    "verified": (
        {"target": 100},
        {"actual": 100, "verified": 80},
        {},
        "目标 ≥100，实际 80（核实值），完成率 80%，得 8 分（满分 10 分）",
        "target ≥100, actual 80 (verified), completion 80%: 8 of 10 points",
    ),
    "pass mark of 2021": (
        {"target": 100},
        {"actual": 80},
        {"scheme": "2021"},
        "目标 ≥100，实际 80，完成率 80%，及格线 60%，超过部分折算得分率 50%，得 5 分（满分 10 分）",
        "target ≥100, actual 80, completion 80%, pass mark 60%, share above it 50%: 5 of 10 points",
    ),
    "yes or no": (
        {"kind": "yes_no", "direction": "eq", "target": 1},
        {"actual": 0},
        {},
        "要求 是，实际 否，未达标，得 0 分（满分 10 分）",
        "required yes, actual no, not met: 0 of 10 points",
    ),
    "a date as printed": (
        {"kind": "yes_no", "direction": "eq", "target": 1, "target_text": "2023年12月前"},
        {"actual": 1, "actual_text": "2023年10月"},
        {},
        "要求 2023年12月前，实际 2023年10月，达标，得 10 分（满分 10 分）",
        "required 2023年12月前, actual 2023年10月, met: 10 of 10 points",
    ),
    "satisfaction by steps": (
        {"kind": "satisfaction", "target": 90, "unit": "%"},
        {"actual": 85},
        {"scheme": "2021"},
        "实际 85%，达到“≥80%”一档，该档得分率 80%，得 8 分（满分 10 分）",
        "actual 85% reaches the step ≥80%, which gives 80%: 8 of 10 points",
    ),
    "execution by steps": (
        {"kind": "execution", "target": 100, "unit": "%"},
        {"actual": 85, "finished": False},
        {"scheme": "2021"},
        "执行率 85%，项目未完成，按规则得分率 70%，得 7 分（满分 10 分）",
        "execution rate 85%, unfinished, by the rule 70%: 7 of 10 points",
    ),
    "a finished project within its budget": (
        {"kind": "execution", "target": 100, "unit": "%"},
        {"actual": 70, "finished": True},
        {"scheme": "2021"},
        "执行率 70%，项目已完成，按规则得分率 100%，得 10 分（满分 10 分）",
        "execution rate 70%, finished, by the rule 100%: 10 of 10 points",
    ),
    "judged": (
        {"kind": "qualitative", "direction": None},
        {"judged": "部分达成", "judged_share": 0.7},
        {},
        "评定为“部分达成”（80%～60%），评价人在区间内取 70%，得 7 分（满分 10 分）",
        "judged 部分达成 (80%～60%), the evaluator chose 70%: 7 of 10 points",
    ),
    "check points": (
        {"kind": "check_points", "direction": None, "check_points": "甲；乙；丙;丁；"},
        {"actual": 3},
        {},
        "评价要点 4 项，达到 3 项，得 7.5 分（满分 10 分）",
        "3 of 4 check points met: 7.5 of 10 points",
    ),
    "check points with a cap": (
        {"kind": "check_points", "direction": None, "check_points": "甲；乙；丙；丁"},
        {"actual": 4},
        {"held": DEMO},
        "评价要点 4 项，达到 4 项，以 90% 为限，得 9 分（满分 10 分）",
        "4 of 4 check points met, capped at 90%: 9 of 10 points",
    ),
    "interval": (
        {"target": 800, "target_high": 1000, "direction": "in", "unit": "元"},
        {"actual": 1100},
        {},
        "目标区间 800～1,000 元，实际 1,100 元，偏离 10%（偏离 50% 时为零），得分率 80%，得 8 分（满分 10 分）",
        "target interval 800～1,000 元, actual 1,100 元, off by 10% (nothing at 50%), share 80%: 8 of 10 points",
    ),
    "goalposts": (
        {"target": 16, "floor": 25, "direction": "le", "rule": "goalpost", "unit": "人"},
        {"actual": 20.5},
        {},
        "零分值 25 人，满分值 16 人，实际 20.5 人，得分率 50%，得 5 分（满分 10 分）",
        "zero points at 25 人, full points at 16 人, actual 20.5 人, share 50%: 5 of 10 points",
    ),
    "as reported": (
        {"kind": "reported", "direction": None},
        {"points_reported": 9.5},
        {},
        "表内未列明细，按填报得分列示，得 9.5 分（满分 10 分）",
        "no detail in the form, points as reported: 9.5 of 10 points",
    ),
    "deducted": (
        {"target": 100},
        {"actual": 150},
        {"held": DEMO},
        "目标 ≥100，实际 150，完成率 150%（高于目标 50%，超出容许的 30% 的部分扣减），得 8 分（满分 10 分）",
        (
            "target ≥100, actual 150, completion 150% (50% above target: what exceeds the 30% allowed is deducted): "
            "8 of 10 points"
        ),
    ),
    "missing": ({"target": 1}, {}, {}, "缺失，得 0 分（满分 10 分）", "missing: 0 of 10 points"),
    "no evidence": (
        {"target": 1},
        {"actual": 1, "status": "no_evidence"},
        {},
        "无佐证，得 0 分（满分 10 分）",
        "no evidence: 0 of 10 points",
    ),
    "not due": (
        {"target": 1},
        {"status": "not_due"},
        {},
        "未到期，不计入（分值 10 分按其余指标折算）",
        "not due: not counted (10 points rescaled)",
    ),
    "a target of zero that is met": (
        {"target": 0, "direction": "le", "unit": "起"},
        {"actual": 0},
        {},
        "目标 ≤0 起，实际 0 起，目标值或完成值非正，不按比例，按是否达标计分：达标，得 10 分（满分 10 分）",
        "target ≤0 起, actual 0 起, no ratio of values that are not positive, met or not: met: 10 of 10 points",
    ),
    "a target of zero that is missed": (
        {"target": 0, "direction": "le", "unit": "起"},
        {"actual": 2},
        {},
        "目标 ≤0 起，实际 2 起，目标值或完成值非正，不按比例，按是否达标计分：未达标，得 0 分（满分 10 分）",
        "target ≤0 起, actual 2 起, no ratio of values that are not positive, met or not: not met: 0 of 10 points",
    ),
    "a negative value": (
        {"target": 5, "unit": "%"},
        {"actual": -1},
        {},
        "目标 ≥5%，实际 -1%，目标值或完成值非正，不按比例，按是否达标计分：未达标，得 0 分（满分 10 分）",
        "target ≥5%, actual -1%, no ratio of values that are not positive, met or not: not met: 0 of 10 points",
    ),
    "a target of zero with a pass mark": (
        {"target": 0, "direction": "le"},
        {"actual": 1},
        {"scheme": "2021"},
        "目标 ≤0，实际 1，目标值或完成值非正，不按比例，按是否达标计分：未达标，得 0 分（满分 10 分）",
        "target ≤0, actual 1, no ratio of values that are not positive, met or not: not met: 0 of 10 points",
    ),
    "below an interval": (
        {"target": 800, "target_high": 1000, "direction": "in"},
        {"actual": 700},
        {},
        "目标区间 800～1,000，实际 700，偏离 12.5%（偏离 50% 时为零），得分率 75%，得 7.5 分（满分 10 分）",
        "target interval 800～1,000, actual 700, off by 12.5% (nothing at 50%), share 75%: 7.5 of 10 points",
    ),
    "inside an interval from zero": (
        {"target": 0, "target_high": 5, "direction": "in"},
        {"actual": 5},
        {},
        "目标区间 0～5，实际 5，偏离 0%（偏离 50% 时为零），得分率 100%，得 10 分（满分 10 分）",
        "target interval 0～5, actual 5, off by 0% (nothing at 50%), share 100%: 10 of 10 points",
    ),
    "below an interval from zero": (
        {"target": 0, "target_high": 5, "direction": "in"},
        {"actual": -1},
        {},
        "目标区间 0～5，实际 -1，偏离 ∞%（偏离 50% 时为零），得分率 0%，得 0 分（满分 10 分）",
        "target interval 0～5, actual -1, off by ∞% (nothing at 50%), share 0%: 0 of 10 points",
    ),
    "a full-width per cent": (
        {"target": 100, "unit": "％"},
        {"actual": 98},
        {},
        "目标 ≥100%，实际 98%，完成率 98%，得 9.8 分（满分 10 分）",
        "target ≥100%, actual 98%, completion 98%: 9.8 of 10 points",
    ),
    "not seen": (
        {"target": 1},
        {"status": "not_seen"},
        {},
        "原件不可见，不计分（分值 10 分）",
        "not seen: not scored (10 points)",
    ),
    "not applicable": (
        {"target": 1},
        {"status": "not_applicable"},
        {},
        "不适用，不计入（分值 10 分按其余指标折算）",
        "not applicable: not counted (10 points rescaled)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_sentence(name):
    item, value, more, zh, en = CASES[name]
    assert why(item, value, **more) == (zh, en)


def test_every_rule_function_has_its_sentence_here():
    from perfkit.measure import scoring

    held = {"proportional", "threshold", "met", "stepped", "execution_stepped", "banded", "check_points"}
    # The sentences of the others stand in test_rule_kinds.py.
    others = {"window", "on_time", "per_unit", "accumulated", "cost_saving", "per_percentage_point"}
    assert held | others | {"interval", "goalpost", "reported"} == set(scoring.KINDS)


def test_money():
    # Yongde: 387,664.62 of 387,664.62 yuan.
    money = tables.check(
        pd.DataFrame([{"unit_id": "a", "name": "甲", "budget": 387664.62, "spent": 387664.62}]), "units"
    )
    assert why({"kind": "execution", "target": 100, "unit": "%"}, {}, units=money) == (
        "目标 ≥100%，实际 100%（按资金数计算），完成率 100%，得 10 分（满分 10 分）",
        "target ≥100%, actual 100% (computed from the money), completion 100%: 10 of 10 points",
    )


def test_a_cap_is_not_called_a_deduction(own_pack):
    def edit(held):
        held["over_fulfilment"]["entries"][0]["value"]["policy"] = "flag"
        held["rule_ratio"]["entries"][0]["value"]["cap"] = 0.9

    zh, en = why({"target": 100}, {"actual": 150}, held=rules.load(own_pack(edit), "2021-01-01"))
    assert "扣减" not in zh
    assert "deducted" not in en
    assert "以 90% 为限，得 9 分" in zh


@given(st.floats(0, 1e9).map(lambda x: round(x, 4)))
def test_a_printed_number_reads_back(value):
    assert float(explaining.number(value).replace(",", "")) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (735.0, "735"),
        (0.00005, "0.0001"),
        (1234567.5, "1,234,567.5"),
        (100.0, "100"),
        (float("nan"), "—"),
        (-0.5, "-0.5"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
    ],
)
def test_numbers_for_print(value, text):
    assert explaining.number(value) == text


@pytest.mark.parametrize(("value", "text"), [(1.0, "100%"), (0.978086, "97.81%"), (0.00005, "0.01%"), (1.5, "150%")])
def test_percentages_for_print(value, text):
    assert explaining.percent(value) == text
