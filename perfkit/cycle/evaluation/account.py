"""What an evaluation report says: facts, method, result, levels, shortfalls, advice.

Texts come as (zh, en) pairs. A sentence is made from the numbers it names, so that it cannot contradict them.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.measure import weighting
from perfkit.measure.explaining import number, percent
from perfkit.measure.scorecard import Scorecard, execution_rates
from perfkit.tables.columns import REALITIES, UNIT_KINDS

Pair = tuple[str, str]

_BY_HAND = ("待补充（须由评价人填写）", "to be added by the evaluator")


def unit_row(units: pd.DataFrame, unit_id: str) -> pd.Series:
    """Return the row of one unit.

    Raises
    ------
    ScoreError
        If there is none, or more than one (several years: choose one first).
    """
    rows = units[units["unit_id"] == unit_id]
    if len(rows) != 1:
        some = ", ".join(units["unit_id"].head(10))
        raise ScoreError(
            (f"{len(rows)} rows for unit {unit_id!r}", f"评价对象“{unit_id}”有 {len(rows)} 行"),
            [
                Problem(
                    ("exactly one row is needed", "应恰有一行"), str(units.attrs.get("where", "units")), some, unit_id
                )
            ],
        )
    return rows.iloc[0]


def facts(unit: pd.Series, units: pd.DataFrame, card: Scorecard) -> list[tuple[Pair, Any]]:
    """Return the basic facts of a unit as (label, value) pairs; what is not known is left out.

    Both execution rates are given by name where the money allows it: they have different denominators.
    """
    kind = UNIT_KINDS.get(str(unit["kind"]))
    of = "元" if pd.isna(unit["money_unit"]) else str(unit["money_unit"])
    rows: list[tuple[Pair, Any]] = [
        (("名称", "name"), unit["name"]),
        (("编码", "code"), unit["unit_id"]),
        (("对象类型", "kind of unit"), kind),
        (("年度", "year"), None if pd.isna(unit["year"]) else int(unit["year"])),
        (("主管部门", "department"), unit["department"]),
        (("实施单位", "implementing unit"), unit["implementer"]),
        (("同类组", "peer group"), unit["peer_group"]),
        ((f"年初预算数（{of}）", f"initial budget ({of})"), unit["budget_initial"]),
        ((f"全年预算数（{of}）", f"budget of the year ({of})"), unit["budget"]),
        ((f"实际到位资金（{of}）", f"funds received ({of})"), unit["received"]),
        ((f"全年执行数（{of}）", f"spent ({of})"), unit["spent"]),
    ]
    if "execution_denominator" in card.rule_set.parameters:
        one = units[units["unit_id"] == unit["unit_id"]]
        for name, label in (
            ("self_form", ("预算执行率（执行数/全年预算数）", "execution rate (spent / budget)")),
            ("framework", ("预算执行率（支出/到位资金）", "execution rate (spent / received)")),
        ):
            rate = float(execution_rates(one, card.rule_set, name)["rate"].iloc[0])
            rows.append((label, None if pd.isna(rate) else percent(rate)))
    rows += [
        (("预期目标", "goal"), unit["goal"]),
        (("实际完成情况", "outcome"), unit["outcome"]),
        (("评价主体", "evaluator"), unit["evaluator"]),
        (("数据性质", "data"), REALITIES.get(str(unit["reality"]))),
        (("数据来源", "source"), unit["source"]),
        (("说明", "note"), unit["note"]),
    ]
    return [(label, value) for label, value in rows if isinstance(value, tuple) or not pd.isna(value)]


def method(card: Scorecard) -> list[Pair]:
    """Return paragraphs on how one unit was scored: indicators, rules, scheme, rounding and gaps."""
    items, pack = card.items, card.rule_set.pack
    full = number(float(items["points_full"].sum()))
    gaps = card.rule_set.value("missing_evidence")
    rounding = card.rule_set.value("rounding")
    words = {
        "zero": ("记零分", "nothing"),
        "score": ("照常计分", "as usual"),
        "exclude": ("不计入并折算", "rescaled"),
    }
    n1 = items["level1"].nunique()
    lines = [
        (
            (
                f"指标体系共 {n1} 个一级指标、{len(items)} 项末级指标，分值合计 {full} 分。"
                f"评价标准以指标体系所列指标值为准，方法为比较法：逐项比较实际完成值与指标值，按规则计分后汇总。"
            ),
            (
                f"The indicator system has {n1} level-1 groups and {len(items)} leaves worth {full} points. "
                "Each actual value is compared with its target, scored by its rule, and the points are added up."
            ),
        ),
        (
            (
                f"计分依据规则包“{pack.zh}”（{pack.id}），取 {card.rule_set.on} 有效的规则，"
                f"计分办法为“{card.scheme}”；每项得分保留 {rounding['decimals']} 位小数后相加。"
                f"缺失值{words[gaps['missing']][0]}并给出得分上下限，不适用指标{words[gaps['not_applicable']][0]}。"
            ),
            (
                f"Rules: pack '{pack.en}' ({pack.id}) in force on {card.rule_set.on}, scheme '{card.scheme}'; "
                f"each item is rounded to {rounding['decimals']} decimals before adding. "
                f"Missing values score {words[gaps['missing']][1]} and bounds are given; items that do not apply: "
                f"{words[gaps['not_applicable']][1]}."
            ),
        ),
    ]
    if pack.invented:
        lines.append(
            (
                "本规则包为教学虚构，评分不具有任何官方意义。",
                "The rule pack is invented for teaching; the scores mean nothing official.",
            )
        )
    return lines


def verdict(card: Scorecard, unit: pd.Series) -> list[Pair]:
    """Return the result in words: score and grade, distance to the bands, bounds, the reported score beside it."""
    result = card.results.iloc[0]
    if pd.isna(result["points"]):
        return [("各项指标均不计入，无法得出综合得分。", "No item counts: there is no total.")]
    points = number(float(result["points"]))
    zh = f"综合得分 {points} 分，等级为“{result['grade']}”"
    en = f"The total is {points} points, grade '{result['grade_en']}'"
    if result["above_floor"] < result["points"]:  # the lowest grade has no floor worth naming
        above = number(float(result["above_floor"]))
        zh += f"，高于本等级下限 {above} 分"
        en += f", {above} points above the floor of its grade"
    if pd.notna(result["to_next"]):
        gap = number(float(result["to_next"]))
        zh += f"，距上一等级“{result['next_grade']}”还差 {gap} 分。"
        en += f", {gap} points short of the next grade up."
    else:
        zh += "，已是最高等级。"
        en += ", the highest."
    lines = [(zh, en)]
    if result["points_low"] < result["points_high"]:
        low, high = number(float(result["points_low"])), number(float(result["points_high"]))
        lines.append(
            (
                (
                    f"有据可查的分值占 {percent(result['coverage'])}；视缺失或未核实的指标最终如何，"
                    f"得分在 {low} 至 {high} 分之间。"
                ),
                (
                    f"{percent(result['coverage'])} of the points rest on evidence; "
                    f"depending on what is missing or unverified the total lies between {low} and {high}."
                ),
            )
        )
    return lines + _beside_reported(card, unit)


def _beside_reported(card: Scorecard, unit: pd.Series) -> list[Pair]:
    reported = card.items["points_reported"]
    if reported.isna().all() and pd.isna(unit["points_reported"]):
        return []
    lines: list[Pair] = []
    printed = "" if pd.isna(unit["points_reported"]) else number(float(unit["points_reported"]))
    grade = "" if pd.isna(unit["grade_reported"]) else str(unit["grade_reported"])
    if printed:
        grade_zh, grade_en = (f"、等级“{grade}”", f", grade '{grade}'") if grade else ("，未载明等级", ", no grade")
        lines.append((f"原表填报总分 {printed} 分{grade_zh}。", f"The form reports {printed} points{grade_en}."))
    else:
        lines.append(("原表未载明总分。", "The form gives no total."))
    if reported.notna().any():
        total = number(float(reported.sum()))
        missing = int(reported.isna().sum())
        part = (f"（另有 {missing} 项未见得分）", f" ({missing} items show no points)") if missing else ("", "")
        lines.append(
            (
                (
                    f"由各行得分重新相加为 {total} 分{part[0]}；"
                    f"按规则复算为 {number(float(card.results['points'].iloc[0]))} 分，二者并列，未作改动。"
                ),
                (
                    f"Its rows add up to {total}{part[1]}; recomputed by the rules it is "
                    f"{number(float(card.results['points'].iloc[0]))}. Both stand side by side, nothing was changed."
                ),
            )
        )
    return lines


def levels(card: Scorecard) -> list[str]:
    """Return the level-1 names of one unit in the library's order."""
    return list(dict.fromkeys(card.items["level1"]))


def by_level(card: Scorecard) -> pd.DataFrame:
    """Return table ``levels``: for each level 1 its items, weight, points and the share scored of what counts."""
    items = card.items.assign(counted=card.items["points_full"].where(card.items["points"].notna(), 0.0))
    sums = items.groupby("level1", sort=False).agg(
        items=("indicator_id", "size"),
        points_full=("points_full", "sum"),
        points=("points", "sum"),
        counted=("counted", "sum"),
    )
    share = (sums["points"] / sums["counted"]).where(sums["counted"] > 0)
    sums.insert(1, "weight", weighting.given(sums["points_full"]))
    return card.rule_set.stamp(sums.drop(columns="counted").assign(share=share).reset_index())


def coverage(card: Scorecard) -> pd.DataFrame:
    """Return one row a status of evidence: ``status``, ``items``, ``points_full``."""
    grouped = card.items.groupby("status", sort=False)
    counts = grouped.agg(items=("indicator_id", "size"), points_full=("points_full", "sum")).reset_index()
    return card.rule_set.stamp(counts)


def shortfalls(card: Scorecard) -> pd.DataFrame:
    """Return the items that lost points, most first, with ``lost`` and its share of all points lost."""
    items = card.items[card.items["points"].notna()]
    lost = (items["points_full"] - items["points"]).round(6)
    found = items.assign(lost=lost)[lost > 0].sort_values(["lost", "points_full"], ascending=False, kind="stable")
    return found.assign(lost_share=found["lost"] / found["lost"].sum())


def advice(card: Scorecard, findings: pd.DataFrame) -> list[Pair]:
    """Return numbered advice that follows from the numbers; what only a person can say is marked as missing."""
    lost = shortfalls(card)
    lines: list[Pair] = []
    known = lost[lost["status"].isin(["reported", "unverified"])]
    for item in known[known["kind"] != "reported"].head(5).itertuples():
        lines.append(
            (
                (
                    f"针对“{item.level3}”（目标 {item.target_shown}，实际 {item.actual_shown}，"
                    f"失 {number(item.lost)} 分），查明原因，提出改进措施并明确期限。"
                ),
                (
                    f"'{_name(item)}' (target {item.target_shown}, actual {item.actual_shown}, "
                    f"{number(item.lost)} points lost): find the cause, set a measure and a date."
                ),
            )
        )
    for item in known[known["kind"] == "reported"].itertuples():
        lines.append(
            (
                f"“{item.level3}”失 {number(item.lost)} 分而未列明细，原因无从核实，应公布或报送指标明细。",
                f"'{_name(item)}' lost {number(item.lost)} points without detail: the indicators should be supplied.",
            )
        )
    wrong = int(findings["severity"].eq("contradiction").sum())
    if wrong:
        lines.append(
            (
                f"退回自评表，就“填报核对”所列 {wrong} 处矛盾逐项更正或说明后重新报送。",
                (
                    f"Send the form back: the {wrong} contradictions listed in the recheck "
                    "are to be corrected or explained."
                ),
            )
        )
    gaps = int(card.items["status"].isin(["missing", "no_evidence"]).sum())
    if gaps:
        lines.append(
            (f"补充 {gaps} 项缺失指标的完成值与佐证。", f"Supply values and evidence for {gaps} missing items.")
        )
    left_out = int(card.items["points"].isna().sum())
    if not lines and left_out:
        lines.append(
            (
                f"计入评分的指标均达到目标；另有 {left_out} 项未到期或不适用，不作判断。",
                f"Every item that counts meets its target; {left_out} are not due or do not apply.",
            )
        )
    elif not lines:
        lines.append(("各项指标均达到目标，未发现须整改的失分项。", "Every target is met; no item lost points."))
    return lines


def incomplete() -> list[Pair]:
    """Return what a computed report cannot say and a person must add."""
    return [
        (f"主要经验及做法：{_BY_HAND[0]}", f"What worked: {_BY_HAND[1]}"),
        (f"失分的原因分析：{_BY_HAND[0]}", f"Why points were lost: {_BY_HAND[1]}"),
    ]


def _name(item: Any) -> str:
    return str(item.name_en) if isinstance(item.name_en, str) else str(item.level3)
