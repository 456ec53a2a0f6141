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
_PLACES = {"henan": ("河南省", "Henan"), "zhengzhou": ("郑州市", "Zhengzhou")}
_KINDS = {
    "new_special_fund": ("新增专项资金", "new special fund"),
    "annual": ("年度资金", "a year's money"),
    "total": ("总额", "total"),
    "government_investment": ("政府投资", "government investment"),
}


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
    """Say which jurisdictions' thresholds the requested amount reaches (amounts in yuan, bounds included)."""
    unit = money_unit(proposal)
    if unit not in YUAN or pd.isna(proposal["requested"]):
        return [
            (
                "申请金额未以人民币计量，不判断评估门槛。",
                "The amount is not in yuan: thresholds are not judged.",
            )
        ]
    amount = float(proposal["requested"]) * YUAN[unit]
    lines = []
    for place, cuts in rule_set.value("thresholds").items():
        reached = [kind for kind, cut in cuts.items() if amount >= cut]
        zh, en = _PLACES.get(place, (place, place))
        cut_zh = "、".join(f"{_KINDS[kind][0]} {number(cuts[kind] / YUAN['万元'])} 万元" for kind in reached)
        cut_en = ", ".join(f"{_KINDS[kind][1]} {number(cuts[kind])} yuan" for kind in reached)
        lines.append(
            (
                f"按{zh}办法，申请金额达到门槛：{cut_zh}，应开展事前绩效评估。",
                f"{en}: reaches {cut_en}; assessment required.",
            )
            if reached
            else (f"按{zh}办法，申请金额未达到门槛。", f"{en}: below the thresholds.")
        )
    return lines


def bases(rule_set: RuleSet, rate: str) -> pd.DataFrame:
    """Return the table ``bases`` of an assessment that used the discount rate named ``rate``."""
    rates = [n for n in rule_set.in_force("discount_rates") if rate in rule_set.value(n)]
    others = [n for n in rule_set.in_force() if not n.startswith("discount_rates") and not n.endswith("_en")]
    return rule_set.bases([*others, *rates])
