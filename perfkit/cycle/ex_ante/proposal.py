"""The proposal: its facts, the thresholds it crosses, and the rules an assessment rests on."""

from __future__ import annotations

from typing import Any

import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.measure.explaining import number
from perfkit.rules import RuleSet
from perfkit.tables.columns import REALITIES

Pair = tuple[str, str]

YUAN = {"元": 1.0, "万元": 1e4, "亿元": 1e8}


def proposal_row(proposals: pd.DataFrame, unit_id: str) -> pd.Series:
    """Return the proposal of one unit.

    Raises
    ------
    ScoreError
        If there is none; the message lists those there are.
    """
    rows = proposals[proposals["unit_id"] == unit_id]
    if rows.empty:
        some = ", ".join(proposals["unit_id"].head(10))
        raise ScoreError(
            (f"no proposal {unit_id!r}", f"没有申报项目“{unit_id}”"),
            [
                Problem(
                    ("unknown unit", "未知的申报项目"), str(proposals.attrs.get("where", "proposals")), some, unit_id
                )
            ],
        )
    return rows.iloc[0]


def money_unit(proposal: pd.Series) -> str:
    """Return the unit of the proposal's money; yuan unless it says otherwise."""
    return "元" if pd.isna(proposal["money_unit"]) else str(proposal["money_unit"])


def named_rate(proposal: pd.Series) -> str:
    """Return the name of the discount rate the proposal asks for; "general" if it names none."""
    return "general" if pd.isna(proposal["rate"]) else str(proposal["rate"])


def facts(proposal: pd.Series) -> list[tuple[Pair, Any]]:
    """Return the facts of a proposal as (label, value) pairs; what is not known is left out."""
    unit = money_unit(proposal)
    complete = proposal["documents_complete"]
    rows: list[tuple[Pair, Any]] = [
        (("名称", "name"), proposal["name"]),
        (("编码", "code"), proposal["unit_id"]),
        (("年度", "year"), None if pd.isna(proposal["year"]) else int(proposal["year"])),
        (("主管部门", "department"), proposal["department"]),
        (("实施单位", "implementing unit"), proposal["implementer"]),
        ((f"申请金额（{unit}）", f"requested ({unit})"), proposal["requested"]),
        (("资金来源", "funding"), proposal["funding"]),
        (("预期目标", "goal"), proposal["goal"]),
        (("资料是否齐全", "documents complete"), None if pd.isna(complete) else bool(complete)),
        (("数据性质", "data"), REALITIES.get(str(proposal["reality"]))),
        (("数据来源", "source"), proposal["source"]),
        (("说明", "note"), proposal["note"]),
    ]
    return [(label, value) for label, value in rows if isinstance(value, tuple) or not pd.isna(value)]


def threshold_facts(proposal: pd.Series, rule_set: RuleSet) -> list[Pair]:
    """Say which of the jurisdictions' amounts the requested amount reaches (in yuan, bounds included).

    Whether a threshold applies (kind of project, a year or in all) is the department's to say, not the kit's.
    """
    unit = money_unit(proposal)
    if pd.isna(proposal["requested"]):
        return [("未列申请金额，不比较评估门槛。", "No amount is requested: thresholds are not compared.")]
    if unit not in YUAN:
        return [
            ("申请金额未以人民币计量，不比较评估门槛。", "The amount is not in yuan: thresholds are not compared.")
        ]
    amount = float(proposal["requested"]) * YUAN[unit]
    return [_against(amount, rule_set, name) for name in rule_set.in_force("threshold_")]


def _against(amount: float, rule_set: RuleSet, name: str) -> Pair:
    place, cited = rule_set.value(name), rule_set.cite(name)
    reached = [each for each in place["amounts"] if amount >= each["yuan"]]
    if not reached:
        return (f"申请金额低于{place['zh']}各项评估门槛（{cited[0]}）。", f"Below every threshold of {place['en']}.")
    listed_zh = "、".join(f"{each['zh']} {number(each['yuan'] / YUAN['万元'])} 万元" for each in reached)
    listed_en = ", ".join(f"{each['en']} {number(each['yuan'])}" for each in reached)
    note = f"；{rule_set.entry(name).note}" if rule_set.entry(name).note else ""
    return (
        f"申请金额达到{place['zh']}下列数额标准：{listed_zh}（{cited[0]}{note}）；是否适用由主管部门认定。",
        f"The amount reaches these thresholds of {place['en']} (yuan): {listed_en}; whether they apply is for the "
        f"department to say.",
    )


def bases(
    proposal: pd.Series, rule_set: RuleSet, rate: str, scored: pd.DataFrame, review: pd.DataFrame
) -> pd.DataFrame:
    """Return the table ``bases`` of an assessment: the parameters that it used, and no others."""
    names = ["dimensions", "conclusions"]
    if len(scored):
        names += ["full_points", "experts", "panel_rule", "rounding", "conclusion_cuts", "conclusion_rules"]
    if len(review) and "conclusion_rules" not in names:
        names.append("conclusion_rules")
    if pd.notna(proposal["documents_complete"]) and not bool(proposal["documents_complete"]):
        names.append("documents_rule")
    if pd.notna(proposal["requested"]) and money_unit(proposal) in YUAN:
        names += rule_set.in_force("threshold_")
    rates = [n for n in rule_set.in_force("discount_rates") if rate in rule_set.value(n)]
    return rule_set.bases([*names, "negative_npv", *rates])
