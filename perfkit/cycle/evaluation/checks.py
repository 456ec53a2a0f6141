"""The single checks of a filled form: each returns what it found, as rows of table ``findings``.

``items`` are the rows of a unit's scorecard, one by one (:func:`lines`).
"""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from perfkit.measure import grading, weighting
from perfkit.measure.explaining import number, percent
from perfkit.measure.scorecard import Scorecard, execution_rates
from perfkit.rules import RuleSet
from perfkit.tables.columns import PERCENT, STATUSES

_EXACT = 1e-9
_DENOMINATORS = {"self_form": "执行数与全年预算数", "framework": "支出与实际到位资金"}
_FORM_DECIMALS = (0, 1)  # forms print whole points or one decimal; neither is an error


def finding(
    unit_id: Any, kind: str, severity: str, reported: str, computed: str, zh: str, en: str, **more: Any
) -> dict[str, Any]:
    """Return one row of table ``findings``; ``more`` are its further columns."""
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


def lines(rows: pd.DataFrame) -> list[Any]:
    """Return rows as named tuples: of a form's few lines a check is quicker one by one than by column."""
    line = _line(tuple(rows.columns))
    return [line(*cells) for cells in zip(*(column.tolist() for _, column in rows.items()), strict=True)]


@lru_cache(maxsize=64)
def _line(columns: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple("Line", columns, rename=True)


def points_by_rule(card: Scorecard, items: Sequence[Any]) -> list[dict[str, Any]]:
    """Compare printed points with the rule's; a difference that whole points explain is rounding, not an error."""
    tolerance = card.rule_set.value("recheck_tolerance")["points"]
    rows = []
    for item in items:
        if (
            pd.isna(item.points_reported)
            or pd.isna(item.points)
            or item.kind == "reported"
            or item.status != "reported"
            or item.used_from == "verified"  # the form answers for what it reported, not for what a check found
        ):
            continue
        gap = float(item.points_reported - item.points)
        if abs(gap) <= tolerance + _EXACT:
            continue
        coarse = [grading.round_points([item.points], decimals=d, mode="half_up")[0] for d in _FORM_DECIMALS]
        rounding = any(math.isclose(item.points_reported, each) for each in coarse)
        printed, computed = number(item.points_reported), number(item.points)
        basis = str(item.why_zh).rsplit("，得", 1)[0]
        tail = "系取整所致，请统一小数位。" if rounding else "请核实完成值或改正得分。"
        tail_en = "rounded." if rounding else "check the value or correct the points."
        rows.append(
            finding(
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


def execution_rate(card: Scorecard, items: Sequence[Any], units: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Compare the printed execution rate with the money's."""
    if units is None:
        return []
    tolerance = card.rule_set.value("recheck_tolerance")["rate"]
    rows = []
    for item in [item for item in items if item.kind == "execution"]:
        one = units[units["unit_id"] == item.unit_id]
        rate = math.nan
        if len(one) == 1:
            rate = float(execution_rates(one, card.rule_set, card.denominator)["rate"].iloc[0])
        printed = item.actual / (100.0 if str(item.unit).strip() in PERCENT else 1.0)
        if math.isinf(rate):
            rows.append(
                finding(
                    item.unit_id,
                    "no_basis",
                    "contradiction",
                    "" if math.isnan(printed) else percent(printed),
                    "",
                    f"“{item.level3}”的预算（分母）为零而有支出，无法计算执行率，请核实预算数。",
                    "Money was spent against a budget of nothing: there is no execution rate. Check the budget.",
                    indicator_id=item.indicator_id,
                    level3=item.level3,
                )
            )
            continue
        if math.isnan(rate) or math.isnan(printed) or abs(rate - printed) <= tolerance + _EXACT:
            continue
        rows.append(
            finding(
                item.unit_id,
                "execution_rate",
                "contradiction",
                percent(printed),
                percent(rate),
                f"“{item.level3}”填报 {percent(printed)}，按{_DENOMINATORS[card.denominator]}计算为 {percent(rate)}，"
                f"请更正。",
                f"The execution rate is printed as {percent(printed)}; from the money it is {percent(rate)}: "
                "correct it.",
                indicator_id=item.indicator_id,
                level3=item.level3,
                difference=round(printed - rate, 6),
            )
        )
    return rows


def verified_differs(items: Sequence[Any]) -> list[dict[str, Any]]:
    """List where a check found another value than was reported; points follow what was verified."""
    return [
        finding(
            item.unit_id,
            "verified_differs",
            "explain",
            number(item.actual),
            number(item.verified),
            f"“{item.level3}”填报 {number(item.actual)}，核实为 {number(item.verified)}，按核实值计分，"
            f"请说明差异原因。",
            f"'{item.level3}': reported {number(item.actual)}, verified {number(item.verified)}; scored as verified.",
            indicator_id=item.indicator_id,
            level3=item.level3,
            difference=round(float(item.verified - item.actual), 6),
        )
        for item in items
        if abs(item.verified - item.actual) > _EXACT
    ]


def points_for_nothing(items: Sequence[Any]) -> list[dict[str, Any]]:
    """Ask why a row that is not due or does not apply claims points."""
    return [
        finding(
            item.unit_id,
            "points_for_nothing",
            "explain",
            number(item.points_reported),
            "",
            f"“{item.level3}”{STATUSES[item.status][0]}而填报 {number(item.points_reported)} 分，请说明。",
            f"'{item.level3}' is {STATUSES[item.status][1]}, yet claims {number(item.points_reported)} points: why?",
            indicator_id=item.indicator_id,
            level3=item.level3,
        )
        for item in items
        if item.status in ("not_due", "not_applicable") and item.points_reported > 0
    ]


def points_above_full(items: Sequence[Any]) -> list[dict[str, Any]]:
    """No row may be worth more than its full points."""
    return [
        finding(
            item.unit_id,
            "points_above_full",
            "contradiction",
            number(item.points_reported),
            number(item.points_full),
            f"“{item.level3}”填报得分 {number(item.points_reported)} 分，超过分值 {number(item.points_full)} 分，"
            f"请更正。",
            f"'{item.level3}' prints {number(item.points_reported)} of {number(item.points_full)} points: mend it.",
            indicator_id=item.indicator_id,
            level3=item.level3,
            difference=round(float(item.points_reported - item.points_full), 6),
        )
        for item in items
        if item.points_reported > item.points_full + _EXACT
    ]


def over_budget(items: Sequence[Any], units: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Spending above the budget earns no more than full marks, and wants a word."""
    if units is None or all(item.kind != "execution" for item in items):
        return []
    rows = []
    own = units["unit_id"].isin([item.unit_id for item in items])
    for unit in lines(units.loc[own, ["unit_id", "budget", "spent"]]):
        if unit.spent > unit.budget:
            spent, budget = number(float(unit.spent), 2), number(float(unit.budget), 2)
            rows.append(
                finding(
                    unit.unit_id,
                    "over_budget",
                    "explain",
                    spent,
                    budget,
                    f"全年执行数 {spent} 超过全年预算数 {budget}，请说明原因及资金来源。",
                    f"Spent {spent}, more than the budget of {budget}: give the reason and the source of the money.",
                    difference=round(float(unit.spent - unit.budget), 2),
                )
            )
    return rows


def total(card: Scorecard, unit: pd.Series) -> list[dict[str, Any]]:
    """Compare the rows with the total; where some are not seen, those that are may not exceed it."""
    printed, rows = unit["points_reported"], card.items["points_reported"]
    if pd.isna(printed) or rows.isna().all():
        return []
    total = round(float(rows.sum()), 6)
    if abs(total - float(printed)) <= _EXACT or (rows.isna().any() and total < float(printed)):
        return []
    return [
        finding(
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


def grade_of_total(
    rule_set: RuleSet, unit: pd.Series, rows: pd.Series | None = None, *, bands: str = "grade_bands"
) -> list[dict[str, Any]]:
    """Compare the printed grade with the printed total, or with the rows where no total is printed."""
    total = unit["points_reported"]
    if pd.isna(total) and rows is not None and rows.notna().all():
        total = float(rows.sum())
    if pd.isna(unit["grade_reported"]) or pd.isna(total):
        return []
    # Published pages use several words for a grade.
    words = rule_set.value("grade_words") if "grade_words" in rule_set.parameters else {}
    named = {word: grade for grade, same in words.items() for word in same}
    printed = named.get(str(unit["grade_reported"]), str(unit["grade_reported"]))
    follows = grading.grade([total], rule_set.value(bands))["grade"].iloc[0]
    if printed == follows:
        return []
    points = number(float(total))
    return [
        finding(
            unit["unit_id"],
            "grade_does_not_follow",
            "contradiction",
            str(unit["grade_reported"]),
            str(follows),
            f"总分 {points} 分对应等级“{follows}”，填报为“{unit['grade_reported']}”，请更正。",
            f"{points} points make '{follows}', the form prints '{unit['grade_reported']}': correct it.",
        )
    ]


def level_weights(card: Scorecard) -> list[dict[str, Any]]:
    """Level-1 weights that differ from those of the rule need a reason: of a form, or of an evaluation by others."""
    sums = card.items.groupby("level1", sort=False)["points_full"].sum()
    if card.items["points_reported"].isna().all():
        return _result_weights(card, sums)
    parameters = card.rule_set.in_force("self_weights_")
    if not parameters:
        return []
    variants = [each for name in parameters for each in card.rule_set.value(name).values()]
    names = list(dict.fromkeys(name for each in variants for name in each))
    sizes = {name: sum(points for level, points in sums.items() if str(level).startswith(name)) for name in names}
    found = {name: float(size) for name, size in sizes.items() if size}
    if not math.isclose(sum(found.values()), float(sums.sum())) or any(_alike(found, each) for each in variants):
        return []
    printed = _listed(found)
    own = next((name for name in parameters if name.endswith(card.scheme)), parameters[0])
    allowed = "；或".join(_listed(each) for each in card.rule_set.value(own).values())
    cited = card.rule_set.cite(own)
    return [
        finding(
            str(card.items["unit_id"].iloc[0]),
            "level_weights",
            "explain",
            printed,
            allowed,
            f"一级指标权重为{printed}，与{cited[0]}的原则性规定（{allowed}）不同，请说明调整理由。",
            f"Level-1 weights are {printed}; those of {cited[1]} are {allowed}: give the reason.",
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
    cited = card.rule_set.cite("result_weight_minimum")
    return [
        finding(
            str(card.items["unit_id"].iloc[0]),
            "level_weights",
            "explain",
            percent(share),
            f"≥{percent(wanted['share'])}",
            f"产出、效益指标权重合计 {percent(share)}，低于{cited[0]}"
            f"“原则上不低于 {percent(wanted['share'])}”的规定，请说明理由。",
            f"Output and benefit weigh {percent(share)}, less than {percent(wanted['share'])} ({cited[1]}): say why.",
        )
    ]


def _alike(found: dict[str, float], wanted: dict[str, float]) -> bool:
    return set(found) == set(wanted) and all(math.isclose(found[name], wanted[name]) for name in wanted)


def _listed(weights: dict[str, float]) -> str:
    return "、".join(f"{name} {number(float(points))}" for name, points in weights.items())


def over_fulfilled(items: Sequence[Any], explained: Collection[str] = ()) -> list[dict[str, Any]]:
    """Ask for a reason where a value is far above its target, but for the indicators ``explained`` already."""
    return [
        finding(
            item.unit_id,
            "over_fulfilled",
            "explain",
            str(item.actual_shown),
            str(item.target_shown),
            f"“{item.level3}”完成值高于指标值 {percent(item.over)}，请说明原因，是否年初指标值设定偏低。",
            f"'{item.level3}' is {percent(item.over)} above its target: say why, and whether the target was too low.",
            indicator_id=item.indicator_id,
            level3=item.level3,
            difference=item.over,
        )
        for item in items
        if pd.notna(item.over) and item.indicator_id not in explained
    ]


def missing_values(items: Sequence[Any]) -> list[dict[str, Any]]:
    """Ask for what has no value or no evidence."""
    return [
        finding(
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
        for item in items
        if item.status in ("missing", "no_evidence")
        and not (item.kind == "execution" and pd.notna(item.actual))  # has its own finding: no basis
        and not (item.kind == "reported" and pd.notna(item.points_reported))
    ]
