"""Recheck a filled form: whether what is printed follows from what it claims to follow.

Nothing is repaired. Each finding keeps what was reported and what was computed, and the sentence to send back.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd

from perfkit import tables
from perfkit.measure import grading, weighting
from perfkit.measure.explaining import number, percent
from perfkit.measure.scorecard import Scorecard, execution_rates
from perfkit.rules import RuleSet

_EXACT = 1e-9


def recheck(card: Scorecard, unit: pd.Series, units: pd.DataFrame | None = None) -> pd.DataFrame:
    """Recheck the form of one unit.

    Parameters
    ----------
    card
        The unit's scorecard, with ``points_reported`` where the form prints points.
    unit
        Its row of table ``units`` (reported total and grade, money).
    units
        Table ``units``, to recompute the execution rate.

    Returns
    -------
    DataFrame
        Table ``findings``: contradictions first, then what needs an explanation, then rounding.
    """
    rows = [
        *_points_by_rule(card),
        *_execution_rate(card, units),
        *_total(card, unit),
        *_grade(card.rule_set, unit),
        *_level_weights(card),
        *_over_fulfilled(card),
        *_missing(card),
    ]
    return _as_table(rows, card.rule_set)


def recheck_all(card: Scorecard, units: pd.DataFrame) -> pd.DataFrame:
    """Recheck the form of every unit and year that was scored; returns table ``findings``."""
    kept = []
    for _, unit in units.iterrows():
        same = card.results["unit_id"].eq(unit["unit_id"]) & _year_is(card.results["year"], unit["year"])
        if same.any():
            items = card.items["unit_id"].eq(unit["unit_id"]) & _year_is(card.items["year"], unit["year"])
            one = replace(
                card,
                items=card.items[items].reset_index(drop=True),
                results=card.results[same].reset_index(drop=True),
            )
            kept.append(recheck(one, unit, unit.to_frame().T.astype(units.dtypes)))
    kept = [frame for frame in kept if len(frame)]
    return pd.concat(kept, ignore_index=True) if kept else _as_table([], card.rule_set)


def _year_is(years: pd.Series, year: Any) -> pd.Series:
    """Say which rows are of ``year``; a blank on either side is no reason to part them."""
    return (
        (years.isna() | years.eq(year)).fillna(True).astype(bool) if pd.notna(year) else years.notna() | years.isna()
    )


def recheck_totals(units: pd.DataFrame, rule_set: RuleSet) -> pd.DataFrame:
    """Recheck published totals and grades where the items are not known; returns table ``findings``."""
    rows: list[dict[str, Any]] = []
    for _, unit in units.iterrows():
        if pd.isna(unit["points_reported"]):
            rows.append(
                _finding(
                    unit["unit_id"],
                    "total_missing",
                    "explain",
                    "",
                    "",
                    f"“{unit['name']}”只公布等级，未公布得分，无法核对。",
                    f"'{unit['name']}' publishes a grade but no score: it cannot be checked.",
                )
            )
        elif pd.isna(unit["grade_reported"]):
            follows = grading.grade([unit["points_reported"]], rule_set.value("grade_bands"))["grade"].iloc[0]
            points = number(float(unit["points_reported"]))
            rows.append(
                _finding(
                    unit["unit_id"],
                    "grade_missing",
                    "explain",
                    "",
                    str(follows),
                    f"“{unit['name']}”公布得分 {points} 分而未公布等级；按等级划分应为“{follows}”。",
                    f"'{unit['name']}' publishes {points} points but no grade; by the bands it is '{follows}'.",
                )
            )
        rows += _grade(rule_set, unit)
    return _as_table(rows, rule_set)


def summary(findings: pd.DataFrame) -> tuple[str, str]:
    """Return one sentence that counts the findings by severity."""
    counts = findings["severity"].value_counts()
    wrong, explain, rounded = (int(counts.get(k, 0)) for k in ("contradiction", "explain", "rounding"))
    if not len(findings):
        return ("核对未发现问题。", "The recheck found nothing.")
    return (
        f"核对发现矛盾 {wrong} 处、需说明 {explain} 处、取整差异 {rounded} 处。",
        f"The recheck found {wrong} contradictions, {explain} points to explain, {rounded} differences of rounding.",
    )


def _finding(
    unit_id: Any, kind: str, severity: str, reported: str, computed: str, zh: str, en: str, **more: Any
) -> dict[str, Any]:
    return {
        "unit_id": unit_id,
        "kind": kind,
        "severity": severity,
        "reported": reported,
        "computed": computed,
        "message_zh": zh,
        "message_en": en,
        **more,
    }


def _points_by_rule(card: Scorecard) -> list[dict[str, Any]]:
    """Compare printed points with the rule's; a difference that whole points explain is rounding, not an error."""
    tolerance = card.rule_set.value("recheck_tolerance")["points"]
    rows = []
    for item in card.items.itertuples():
        if pd.isna(item.points_reported) or pd.isna(item.points) or item.status == "missing":
            continue
        gap = float(item.points_reported - item.points)
        if abs(gap) <= tolerance + _EXACT:
            continue
        whole = grading.round_points([item.points], decimals=0, mode="half_up")[0]
        rounding = math.isclose(item.points_reported, whole)
        printed, computed = number(item.points_reported), number(item.points)
        basis = str(item.why_zh).rsplit("，得", 1)[0]
        tail = "系取整到整数分所致，请统一小数位。" if rounding else "请核实完成值或改正得分。"
        tail_en = "rounded to whole points." if rounding else "check the value or correct the points."
        rows.append(
            _finding(
                item.unit_id,
                "points_rounded" if rounding else "points_not_by_rule",
                "rounding" if rounding else "contradiction",
                printed,
                computed,
                f"“{item.level3}”：{basis}，应得 {computed} 分，填报 {printed} 分，"
                f"相差 {number(abs(gap))} 分，{tail}",
                f"'{item.name_en if isinstance(item.name_en, str) else item.level3}': {item.why_en}; "
                f"the form prints {printed}: {tail_en}",
                indicator_id=item.indicator_id,
                level3=item.level3,
                difference=round(gap, 6),
            )
        )
    return rows


def _execution_rate(card: Scorecard, units: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Compare the printed execution rate with the money's."""
    if units is None:
        return []
    tolerance = card.rule_set.value("recheck_tolerance")["rate"]
    rows = []
    for item in card.items[card.items["kind"] == "execution"].itertuples():
        one = units[units["unit_id"] == item.unit_id]
        rate = float(execution_rates(one, card.rule_set, "self_form")["rate"].iloc[0]) if len(one) == 1 else math.nan
        printed = item.actual / (100.0 if item.unit == "%" else 1.0)
        if math.isnan(rate) or math.isnan(printed) or abs(rate - printed) <= tolerance + _EXACT:
            continue
        rows.append(
            _finding(
                item.unit_id,
                "execution_rate",
                "contradiction",
                percent(printed),
                percent(rate),
                f"“{item.level3}”填报 {percent(printed)}，按执行数与全年预算数计算为 {percent(rate)}，请更正。",
                f"The execution rate is printed as {percent(printed)}; from the money it is {percent(rate)}: "
                "correct it.",
                indicator_id=item.indicator_id,
                level3=item.level3,
                difference=round(printed - rate, 6),
            )
        )
    return rows


def _total(card: Scorecard, unit: pd.Series) -> list[dict[str, Any]]:
    printed, rows = unit["points_reported"], card.items["points_reported"]
    if pd.isna(printed) or rows.isna().any():
        return []
    total = round(float(rows.sum()), 6)
    if abs(total - float(printed)) <= _EXACT:
        return []
    return [
        _finding(
            unit["unit_id"],
            "total_does_not_add_up",
            "contradiction",
            number(float(printed)),
            number(total),
            f"各行得分相加为 {number(total)} 分，填报总分 {number(float(printed))} 分，请更正。",
            f"The rows add up to {number(total)}, the form prints {number(float(printed))}: correct it.",
            difference=round(float(printed) - total, 6),
        )
    ]


def _grade(rule_set: RuleSet, unit: pd.Series) -> list[dict[str, Any]]:
    """Compare the printed grade with that of the printed total; published pages use several words for a grade."""
    if pd.isna(unit["grade_reported"]) or pd.isna(unit["points_reported"]):
        return []
    words = rule_set.value("grade_words") if "grade_words" in rule_set.parameters else {}
    named = {word: grade for grade, same in words.items() for word in same}
    printed = named.get(str(unit["grade_reported"]), str(unit["grade_reported"]))
    follows = grading.grade([unit["points_reported"]], rule_set.value("grade_bands"))["grade"].iloc[0]
    if printed == follows:
        return []
    points = number(float(unit["points_reported"]))
    return [
        _finding(
            unit["unit_id"],
            "grade_does_not_follow",
            "contradiction",
            str(unit["grade_reported"]),
            str(follows),
            f"总分 {points} 分对应等级“{follows}”，填报为“{unit['grade_reported']}”，请更正。",
            f"{points} points make '{follows}', the form prints '{unit['grade_reported']}': correct it.",
        )
    ]


def _level_weights(card: Scorecard) -> list[dict[str, Any]]:
    """Level-1 weights that differ from those of the rule need a reason: of a form, or of an evaluation by others."""
    sums = card.items.groupby("level1", sort=False)["points_full"].sum()
    if card.items["points_reported"].isna().all():
        return _result_weights(card, sums)
    parameter = f"self_weights_{card.scheme}"
    if parameter not in card.rule_set.in_force():
        return []
    variants = card.rule_set.value(parameter).values()
    names = list(dict.fromkeys(name for each in variants for name in each))
    sizes = {name: sum(points for level, points in sums.items() if str(level).startswith(name)) for name in names}
    found = {name: float(size) for name, size in sizes.items() if size}
    if not math.isclose(sum(found.values()), float(sums.sum())) or any(_alike(found, each) for each in variants):
        return []
    printed = _listed(found)
    allowed = "；或".join(_listed(each) for each in variants)
    article = card.rule_set.entry(parameter).source.article
    return [
        _finding(
            str(card.items["unit_id"].iloc[0]),
            "level_weights",
            "explain",
            printed,
            allowed,
            f"一级指标权重为{printed}，与{article}的原则性规定（{allowed}）不同，请说明调整理由。",
            f"Level-1 weights are {printed}; the rule's are {allowed}: give the reason.",
        )
    ]


def _result_weights(card: Scorecard, sums: pd.Series) -> list[dict[str, Any]]:
    """Output and benefit should not weigh less than the rule says in fiscal and department evaluation."""
    if "result_weight_minimum" not in card.rule_set.in_force() or len(sums) < 2:
        return []
    wanted = card.rule_set.value("result_weight_minimum")
    of = [str(level).startswith(tuple(wanted["levels"])) for level in sums.index]
    share = float(weighting.given(sums)[of].sum())
    if share >= wanted["share"] - _EXACT:
        return []
    article = card.rule_set.entry("result_weight_minimum").source.article
    return [
        _finding(
            str(card.items["unit_id"].iloc[0]),
            "level_weights",
            "explain",
            percent(share),
            f"≥{percent(wanted['share'])}",
            f"产出、效益指标权重合计 {percent(share)}，低于{article}“原则上不低于 {percent(wanted['share'])}”的规定，"
            f"请说明理由。",
            f"Output and benefit weigh {percent(share)}, less than {percent(wanted['share'])}: give the reason.",
        )
    ]


def _alike(found: dict[str, float], wanted: dict[str, float]) -> bool:
    return set(found) == set(wanted) and all(math.isclose(found[name], wanted[name]) for name in wanted)


def _listed(weights: dict[str, float]) -> str:
    return "、".join(f"{name} {number(float(points))}" for name, points in weights.items())


def _over_fulfilled(card: Scorecard) -> list[dict[str, Any]]:
    rows = []
    for item in card.items[card.items["over"].notna()].itertuples():
        rows.append(
            _finding(
                item.unit_id,
                "over_fulfilled",
                "explain",
                str(item.actual_shown),
                str(item.target_shown),
                f"“{item.level3}”完成值高于指标值 {percent(item.over)}，请说明原因，是否年初指标值设定偏低。",
                f"'{item.level3}' is {percent(item.over)} above its target: say why, "
                "and whether the target was too low.",
                indicator_id=item.indicator_id,
                level3=item.level3,
                difference=item.over,
            )
        )
    return rows


def _missing(card: Scorecard) -> list[dict[str, Any]]:
    gaps = card.items[card.items["status"].isin(["missing", "no_evidence"])]
    return [
        _finding(
            item.unit_id,
            "value_missing",
            "explain",
            "",
            "",
            f"“{item.level3}”（{number(item.points_full)} 分）没有可计分的完成值或佐证，请补充。",
            f"'{item.level3}' ({number(item.points_full)} points) has no value or evidence to score: supply it.",
            indicator_id=item.indicator_id,
            level3=item.level3,
        )
        for item in gaps.itertuples()
    ]


def _as_table(rows: list[dict[str, Any]], rule_set: RuleSet) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[c for c in tables.contract("findings").columns if c not in ("pack", "on")])
    frame = rule_set.stamp(frame)
    order = {"contradiction": 0, "explain": 1, "rounding": 2}
    frame = frame.sort_values("severity", key=lambda s: s.map(order), kind="stable", ignore_index=True)
    return tables.check(frame, "findings")
