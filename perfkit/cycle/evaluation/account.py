"""What an evaluation report says: facts, method, result, levels, shortfalls, advice.

Texts come as (zh, en) pairs. A sentence is made from the numbers it names, so that it cannot contradict them.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.measure import weighting
from perfkit.measure.explaining import number, percent
from perfkit.measure.scorecard import Scorecard, execution_rates
from perfkit.tables.columns import REALITIES, UNIT_KINDS

Pair = tuple[str, str]

_NO_RATE = ("无法计算（分母为零）", "cannot be told: nothing to divide by")


def of_year(source: dict[str, pd.DataFrame], year: int) -> dict[str, pd.DataFrame]:
    """Return the tables with only the rows of ``year`` in ``units`` and ``values``; 0 keeps every year.

    Raises
    ------
    ScoreError
        If no unit has that year; the message lists the years there are.
    """
    if not year:
        return source
    years = source["units"]["year"]
    if not years.eq(year).fillna(False).any():
        there = ", ".join(str(y) for y in sorted(years.dropna().unique()))
        raise ScoreError(
            (f"no unit of the year {year}", f"没有 {year} 年度的评价对象"),
            [Problem(("unknown year", "没有该年度"), "units › year", there or "—", str(year))],
        )
    kept = dict(source)
    for name in ("units", "values"):
        rows = source[name]["year"].eq(year).fillna(False).astype(bool)
        kept[name] = source[name][rows]
        kept[name].attrs.update(source[name].attrs)
    return kept


def unit_row(units: pd.DataFrame, unit_id: str) -> pd.Series:
    """Return the row of one unit.

    Raises
    ------
    ScoreError
        If there is none, or more than one (several years: choose one first).
    """
    rows = units[units["unit_id"] == unit_id]
    if len(rows) != 1:
        some = ", ".join(units["unit_id"].drop_duplicates().head(10))
        years = ", ".join(str(y) for y in rows["year"].dropna())
        raise ScoreError(
            (f"{len(rows)} rows for unit {unit_id!r}", f"评价对象“{unit_id}”有 {len(rows)} 行"),
            [
                Problem(
                    ("exactly one row is needed", "应恰有一行"),
                    str(units.attrs.get("where", "units")),
                    some if rows.empty else "1",
                    unit_id if rows.empty else f"{len(rows)} ({years})",
                    ("correct the code", "请更正编码") if rows.empty else ("name the year", "请指定年度"),
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
            rows.append((label, _NO_RATE if math.isinf(rate) else None if pd.isna(rate) else percent(rate)))
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
    copied = items["kind"].eq("reported")
    n1 = items["level1"].nunique()
    lines = [
        (
            f"指标体系共 {n1} 个一级指标、{len(items)} 项末级指标，分值合计 {full} 分。",
            f"Level-1 groups: {n1}; leaves: {len(items)}; points in all: {full}.",
        )
    ]
    if not copied.all():
        lines.append(
            (
                "评价标准以指标体系所列指标值为准，方法为比较法：逐项比较实际完成值与指标值，按规则计分后汇总。",
                "Each actual value is compared with its target, scored by its rule, and the points are added up.",
            )
        )
    if copied.any():
        part = number(float(items.loc[copied, "points_full"].sum()))
        lines.append(
            (
                f"其中分值 {part} 分未列指标明细，按原件所列得分列示，未作复算。",
                f"Points worth {part} come without detail: they stand as reported, not recomputed.",
            )
        )
    lines.append(_rules_in_words(card))
    if pack.invented:
        lines.append(
            (
                "本规则包为教学虚构，评分不具有任何官方意义。",
                "The rule pack is invented for teaching; the scores mean nothing official.",
            )
        )
    return lines


def _rules_in_words(card: Scorecard) -> Pair:
    pack = card.rule_set.pack
    gaps, rounding = card.rule_set.value("missing_evidence"), card.rule_set.value("rounding")
    words = {
        "zero": ("记零分", "score nothing"),
        "score": ("照常计分", "score as usual"),
        "exclude": ("不计入并折算", "are rescaled"),
    }
    named = card.rule_set.value("scheme_words") if "scheme_words" in card.rule_set.parameters else {}
    scheme = named.get(card.scheme, {"zh": card.scheme, "en": card.scheme})
    missing, other = words[gaps["missing"]], words[gaps["not_applicable"]]
    return (
        f"计分适用“{pack.zh}”在 {card.rule_set.on} 有效的规则，按{scheme['zh']}计分；"
        f"每项得分保留 {rounding['decimals']} 位小数后相加。缺失值{missing[0]}并给出得分上下限，"
        f"不适用指标{other[0]}。",
        f"Rules: '{pack.en}' in force on {card.rule_set.on}, scoring by {scheme['en']}; each item is rounded to "
        f"{rounding['decimals']} decimals before adding. Missing values {missing[1]} and bounds are given; items "
        f"that do not apply {other[1]}.",
    )


def verdict(card: Scorecard, unit: pd.Series) -> list[Pair]:
    """Return the result in words: score and grade, distance to the bands, bounds, the reported score beside it."""
    result = card.results.iloc[0]
    low, high = number(float(result["points_low"])), number(float(result["points_high"]))
    if pd.isna(result["points"]) and card.items["status"].eq("not_seen").any():
        text = (
            f"所见原件不含全部指标，不计总分，也不定等级；视不可见的指标如何，总分在 {low} 至 {high} 分之间。",
            f"The document seen lacks some items: no total and no grade; the total lies between {low} and {high}.",
        )
        return [text, *_beside_reported(card, unit)]
    if pd.isna(result["points"]):
        return [("各项指标均不计入，无法得出综合得分。", "No item counts: there is no total.")]
    points = number(float(result["points"]))
    zh = f"综合得分 {points} 分，等级为“{result['grade']}”"
    en = f"The total is {points} points, grade '{result['grade_en']}'"
    if result["above_floor"] == 0 and result["points"] > 0:
        zh, en = f"{zh}，恰为本等级下限", f"{en}, just the floor of its grade"
    elif result["above_floor"] < result["points"]:  # the lowest grade has no floor worth naming
        above = number(float(result["above_floor"]))
        zh += f"，高于本等级下限 {above} 分"
        en += f", {above} points above the floor of its grade"
    if pd.notna(result["to_next"]):
        gap = number(float(result["to_next"]))
        zh += f"，较“{result['next_grade']}”等级下限低 {gap} 分。"
        en += f", {gap} points short of the next grade up."
    else:
        zh += "，已是最高等级。"
        en += ", the highest."
    lines = [(zh, en), *_rescaled(card)]
    if result["points_low"] < result["points_high"]:
        share = percent(result["coverage"])
        lines.append(
            (
                f"可复算且有据的分值占计入分值的 {share}；视缺失或未核实的指标如何，总分在 {low} 至 {high} 分之间。",
                f"{share} of the points that count rest on evidence; depending on what is missing or unverified the "
                f"total lies between {low} and {high}.",
            )
        )
    return lines + _beside_reported(card, unit)


def _rescaled(card: Scorecard) -> list[Pair]:
    """Say how a total was rescaled where some items do not count."""
    counted = card.items["points"].notna()
    full, weight = float(card.items["points_full"].sum()), float(card.items.loc[counted, "points_full"].sum())
    if weight == full:
        return []
    got, total = number(float(card.items["points"].sum())), number(float(card.results["points"].iloc[0]))
    w, f = number(weight), number(full)
    return [
        (
            f"计入评分的分值为 {w} 分，得 {got} 分，按 {got}÷{w}×{f} 折算为 {total} 分。",
            f"Points that count: {w}; scored: {got}; rescaled {got} / {w} x {f} = {total}.",
        )
    ]


def _beside_reported(card: Scorecard, unit: pd.Series) -> list[Pair]:
    """Set the reported total and the sum of the rows beside the recomputed total; say what was not recomputed."""
    items = card.items
    reported = items["points_reported"]
    if reported.isna().all() and pd.isna(unit["points_reported"]):
        return []
    lines: list[Pair] = []
    grade = "" if pd.isna(unit["grade_reported"]) else str(unit["grade_reported"])
    if pd.notna(unit["points_reported"]):
        printed = number(float(unit["points_reported"]))
        said = (f"、等级“{grade}”", f", grade '{grade}'") if grade else ("，未载明等级", ", no grade")
        lines.append((f"原件所列总分 {printed} 分{said[0]}。", f"The document gives {printed} points{said[1]}."))
    else:
        lines.append(("原件未载明总分。", "The document gives no total."))
    able = items["kind"].ne("reported") & reported.notna()
    if not able.any():
        lines.append(
            ("原件未列指标明细，得分按原件列示，未作复算。", "There is no detail: nothing could be recomputed.")
        )
        return lines
    total, missing = number(float(reported.sum())), int(reported.isna().sum())
    out = reported.notna() & items["points"].isna()
    gone = number(float(reported[out].sum()))
    left = (
        (f"（其中 {gone} 分所在行不计入评分）", f" ({gone} of them in rows that do not count)")
        if out.any()
        else ("", "")
    )
    part = (f"（另有 {missing} 项未见得分）", f" ({missing} items show no points)") if missing else ("", "")
    copied = float(items.loc[items["kind"].eq("reported") & reported.notna(), "points_full"].sum())
    kept = (
        (f"（其中 {number(copied)} 分未复算）", f" ({number(copied)} points not recomputed)") if copied else ("", "")
    )
    ours = number(float(items.loc[reported.notna(), "points"].sum()))
    lines.append(
        (
            f"由各行得分重新相加为 {total} 分{left[0]}{part[0]}；"
            f"这些行按规则复算为 {ours} 分{kept[0]}。二者并列，未作改动。",
            f"Its rows add up to {total}{left[1]}{part[1]}; by the rules the same rows score {ours}{kept[1]}. "
            f"Both stand side by side, nothing was changed.",
        )
    )
    return lines


def by_level(card: Scorecard) -> pd.DataFrame:
    """Return table ``levels``: for each level 1 its items, weight, points and the share scored of what counts."""
    items = card.items.assign(counted=card.items["points_full"].where(card.items["points"].notna(), 0.0))
    sums = items.groupby("level1", sort=False).agg(
        items=("indicator_id", "size"),
        points_full=("points_full", "sum"),
        points=("points", lambda each: each.sum(min_count=1)),
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
