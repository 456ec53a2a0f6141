"""What cannot be as it is printed: every kind with a form that has it and one that has not.

The arithmetic is spelled out beside each case; a form in order is worth 10 + 50 + 30 + 10 = 100 points.
"""

import pandas as pd
import pytest

from perfkit import rules, tables
from perfkit.cycle import evaluation
from perfkit.readers import Form, Remark

TERMS = evaluation.Terms("cn-project-2020", today="2024-03-01")
LEAVES = {
    "E": {"level1": "预算执行率", "kind": "execution", "unit": "%", "target": 100, "points": 10},
    "O": {"level1": "产出指标", "level2": "数量指标", "kind": "quantitative", "target": 200, "points": 50},
    "B": {"level1": "效益指标", "level2": "社会效益指标", "kind": "quantitative", "target": 100, "points": 30},
    "S": {"level1": "满意度指标", "kind": "satisfaction", "unit": "%", "target": 90, "points": 10},
}
VALUES = {"E": (100, 10), "O": (200, 50), "B": (100, 30), "S": (95, 10)}


def recheck(leaf=None, value=None, unit=None, parts=None, remarks=()):
    """Recheck a form that is in order but for ``leaf`` and ``value`` (columns of row O) and ``unit``."""
    leaves = [
        {"unit_id": "a", "indicator_id": code, "level3": f"{code}项", "direction": "ge", **held}
        | ((leaf or {}) if code == "O" else {})
        for code, held in LEAVES.items()
    ]
    values = [
        {"unit_id": "a", "indicator_id": code, "year": 2022, "actual": actual, "points_reported": points}
        | ((value or {}) if code == "O" else {})
        for code, (actual, points) in VALUES.items()
    ]
    total = sum(each["points_reported"] for each in values if each["points_reported"] is not None)
    row = {"unit_id": "a", "year": 2022, "name": "甲", "points_reported": total, **(unit or {})}
    frames = {"units": [row], "indicators": leaves, "values": values}
    held = {name: tables.check(pd.DataFrame(rows), name) for name, rows in frames.items()}
    ((_, result),) = evaluation.recheck_form(Form("", held, tuple(remarks), parts or {}), TERMS)
    if isinstance(result, Exception):
        raise result
    return result


def kinds(*arguments, **more):
    return recheck(*arguments, **more).findings["kind"].tolist()


def test_a_form_in_order():
    result = recheck()
    assert len(result.findings) == 0
    assert [result.summary[name] for name in ("points", "recomputed", "grade", "contradictions", "on")] == [
        100,
        100,
        "优",
        0,
        "2022-12-31",
    ]


COST = {"level2": "成本指标", "unit": "万元"}
DATED = {"kind": "reported", "target": None, "direction": None, "due_on": "2022-06-30"}
WORDS = {"kind": "qualitative", "target": None, "direction": None, "target_text": "有效"}
HAS = {
    # kind: severity, arguments, part of the sentence
    "points_not_full": (
        "contradiction",
        {"leaf": {"points": 45}, "value": {"points_reported": 45}},
        "95 分，应为 100 分",
    ),
    "full_points_missing": ("contradiction", {"leaf": {"points": None}}, "“O项”没有分值"),
    "percent_over": (
        "contradiction",
        {"leaf": {"level3": "合格率", "unit": "%", "target": 95}, "value": {"actual": 120}},
        "“合格率”的实际完成值填为 120%，不可能超过 100%",
    ),
    "date_after_end": (
        "contradiction",
        {"leaf": DATED, "value": {"actual": None, "done_on": "2022-05-31"}, "unit": {"ends_on": "2022-03-31"}},
        "“O项”的计划完成日期 2022-06-30 晚于项目结束日期 2022-03-31",
    ),
    "late_full_points": (
        "contradiction",
        {"leaf": DATED, "value": {"actual": None, "done_on": "2022-07-01"}},
        "计划完成时间为“2022-06-30”，实际为“2022-07-01”，逾期仍填满分 50 分",
    ),
    "cost_at_least": ("contradiction", {"leaf": COST}, "成本指标“O项”的指标值写成“≥200 万元”"),
    "negative_amount": (
        "contradiction",
        {"leaf": {"unit": "万元"}, "value": {"actual": -5, "points_reported": 0}},
        "“O项”的实际完成值填为负数 -5 万元",
    ),
    "target_missing": ("explain", {"leaf": {"target": None}}, "“O项”没有指标值"),
    "value_missing": ("explain", {"leaf": WORDS, "value": {"actual": None}}, "“O项”没有填写实际完成值，而填报 50 分"),
    "text_differs": ("contradiction", {"value": {"actual_text": "210"}}, "原文为“210”，数值为 200"),
    "band_exceeded": (
        "explain",
        {"leaf": WORDS, "value": {"actual": None, "actual_text": "部分达成", "points_reported": 45}},
        "应得 30～40 分，填报 45 分",  # 60 % to 80 % of 50
    ),
    "over_fulfilled": ("explain", {"value": {"actual": 300}}, "高于指标值 50%"),
    "total_missing": ("explain", {"unit": {"points_reported": None}}, "各行得分相加为 100 分"),
    "money_parts": (
        "contradiction",
        {"parts": {"spent": (100000, 99000)}},
        "总额 100,000 元，各分项相加为 99,000 元",
    ),
}
HAS_NOT = {
    "points_not_full": [{"leaf": {"points": 50}}],
    "full_points_missing": [{"leaf": {"points": 50}}],
    "percent_over": [
        {"leaf": {"level3": "合格率", "unit": "%", "target": 95}, "value": {"actual": 100}},
        # Growth may exceed 100 %, and so may what is completed.
        {"leaf": {"level3": "产值增长率", "unit": "%", "target": 110}, "value": {"actual": 120}},
        {"leaf": {"level3": "任务完成率", "unit": "%", "target": 100}, "value": {"actual": 120}},
        {"leaf": {"level3": "培训人数", "target": 200}, "value": {"actual": 220}},
    ],
    "date_after_end": [
        {"leaf": DATED, "value": {"actual": None, "done_on": "2022-06-01"}, "unit": {"ends_on": "2022-06-30"}},
        {"leaf": DATED, "value": {"actual": None, "done_on": "2022-06-01"}},
    ],
    "late_full_points": [
        {"leaf": DATED, "value": {"actual": None, "done_on": "2022-06-30"}},
        {"leaf": DATED, "value": {"actual": None, "done_on": "2022-07-01", "points_reported": 45}},
    ],
    "cost_at_least": [
        {"leaf": {**COST, "direction": "le"}},
        {"leaf": {**COST, "level3": "成本节约额"}},
        {"leaf": {"level2": "成本指标", "level3": "达标率", "unit": "%", "target": 95}, "value": {"actual": 95}},
    ],
    "negative_amount": [{"leaf": {"unit": "万元"}, "value": {"actual": 200}}, {"value": {"actual": -5}}],
    "target_missing": [{"leaf": WORDS, "value": {"actual": None, "actual_text": "有效"}}],
    "value_missing": [{"leaf": WORDS, "value": {"actual": None, "actual_text": "有效"}}],
    "text_differs": [
        {"value": {"actual_text": "200"}},
        {"value": {"actual_text": "400/2"}},
        {"leaf": {"unit": "万元"}, "value": {"actual_text": "2000000元"}},
        {"leaf": {"unit": "%", "level3": "进度", "target": 98}, "value": {"actual": 98, "actual_text": "0.98"}},
    ],
    "band_exceeded": [
        {"leaf": WORDS, "value": {"actual": None, "actual_text": "部分达成", "points_reported": 40}},
        {"leaf": WORDS, "value": {"actual": None, "actual_text": "很好很好", "points_reported": 10}},
    ],
    "over_fulfilled": [{"value": {"actual": 260}}, {"value": {"actual": 300, "note": "上级追加任务"}}],
    "total_missing": [{}],
    "money_parts": [{"parts": {"spent": (100000, 99900)}}],
}


@pytest.mark.parametrize("kind", HAS)
def test_a_form_that_has_it(kind):
    severity, arguments, said = HAS[kind]
    row = recheck(**arguments).findings.drop_duplicates("kind").set_index("kind").loc[kind]
    assert row["severity"] == severity
    assert said in row["message_zh"]
    assert row["message_en"]


@pytest.mark.parametrize(("kind", "arguments"), [(kind, each) for kind, held in HAS_NOT.items() for each in held])
def test_a_form_that_has_not(kind, arguments):
    assert kind not in kinds(**arguments)


def test_every_kind_is_tried_both_ways():
    assert set(HAS) == set(HAS_NOT)


@pytest.mark.parametrize(
    ("name", "unit", "severity"),
    [
        ("产品合格率", "%", "contradiction"),
        ("居民满意度", None, "contradiction"),
        ("资金拨付率", "%", "explain"),  # nobody can tell
        ("资金拨付率", None, None),
        ("床位使用率", "%", None),
        ("合格率提高", "%", None),
    ],
)
def test_which_rates_may_exceed(name, unit, severity):
    found = recheck({"level3": name, "unit": unit, "target": 100}, {"actual": 101}).findings
    mine = found[found["kind"] == "percent_over"]["severity"].tolist()
    assert mine == ([severity] if severity else [])


def test_satisfaction_cannot():
    found = recheck({"kind": "satisfaction", "level3": "评价", "unit": "%", "target": 95}, {"actual": 101}).findings
    assert found.loc[found["kind"] == "percent_over", "severity"].tolist() == ["contradiction"]


def test_a_day_after_the_year_wants_a_word_where_the_end_is_not_printed():
    found = recheck({**DATED, "due_on": "2023-03-31"}, {"actual": None}).findings
    mine = found[found["kind"] == "date_after_end"]
    assert mine[["severity", "computed"]].to_numpy().tolist() == [["explain", "≤2022-12-31"]]


@pytest.mark.parametrize("note", [None, "无", "0", "—", " / ", "无。"])
def test_a_note_that_says_nothing_is_no_reason(note):
    assert "over_fulfilled" in kinds(value={"actual": 300, "note": note})


def test_what_the_reader_found_is_a_finding_and_how_it_read_is_not():
    remarks = [
        Remark("全年执行数填为负数 -3，请更正。", "spent is negative", kind="negative_amount", reported="-3"),
        Remark("表内未注明年度", "no year"),
    ]
    result = recheck(remarks=remarks)
    assert result.findings[["kind", "severity", "reported"]].to_numpy().tolist() == [
        ["negative_amount", "contradiction", "-3"]
    ]
    assert result.summary["reading_zh"] == "表内未注明年度"


def test_points_that_do_not_make_full_are_scored_as_they_are():
    # 10 + 45 + 30 + 10 = 95; O is half done: 22.5 of 45. No grade: grades are of 100 points.
    result = recheck({"points": 45}, {"actual": 100, "points_reported": 22.5})
    assert result.summary["points"] == 72.5
    assert pd.isna(result.summary["grade"])


@pytest.mark.parametrize(
    ("year", "on", "day"),
    [
        (2022, "", "2022-12-31"),
        (2019, "", "2020-02-25"),  # before the pack's first day: a form of 2019 is filled in in 2020
        (None, "", "2024-03-01"),
        (2022, "2021-06-30", "2021-06-30"),
    ],
)
def test_the_day_whose_rules_apply(year, on, day):
    terms = evaluation.Terms("cn-project-2020", "2024-03-01", on)
    assert str(terms.rules_for(year).on) == day


def test_the_words_for_rates_are_the_kits_own():
    assert not rules.load("cn-project-2020", "2022-12-31").is_official("rate_words")
