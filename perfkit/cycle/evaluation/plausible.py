"""What cannot be as it is printed, whatever the scoring rule: single checks of the rows of one form.

``rows`` are a unit's indicators with their values, as filled in: one row an indicator, the columns of both tables
(:func:`joined`), one by one.
Each check returns what it found, as rows of table ``findings``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from perfkit.cycle.evaluation.checks import finding
from perfkit.measure.explaining import number, percent, quantity
from perfkit.readers import YUAN, read_text
from perfkit.rules import RuleSet
from perfkit.tables.columns import PERCENT

_EXACT = 1e-9
_WHOLE = 100.0  # per cent
_SAVED = re.compile(r"节约|节省|节支|降低|压减|减少|核减")  # of these more is better, though they stand under cost
_NO_REASON = {"", "无", "暂无", "-", "—", "/", "\\", "0", "不适用", "无偏差"}


def joined(indicators: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Return indicators with their values, by unit: both tables name the unit in each row."""
    both = indicators.drop(columns="source").merge(
        values.drop(columns="year"), on=["unit_id", "indicator_id"], how="left"
    )
    return both.rename(columns={"points": "points_full"})


def added(points: Iterable[float]) -> float:
    """Add up what is there, without the dust of sums."""
    return round(math.fsum(each for each in points if pd.notna(each)), 6)


def explained(rows: Sequence[Any]) -> set[str]:
    """Return the codes of the indicators whose note gives a reason."""
    said = [(row.indicator_id, row.note.strip().rstrip("。.")) for row in rows if isinstance(row.note, str)]
    return {code for code, note in said if note not in _NO_REASON}


def full_points(rows: Sequence[Any], unit: pd.Series, rule_set: RuleSet) -> list[dict[str, Any]]:
    """Check that every row has points and that they add up to the full points."""
    found = [
        _of(
            unit,
            row,
            "full_points_missing",
            "contradiction",
            "",
            "",
            f"“{row.level3}”没有分值，请填写。",
            f"'{row.level3}' has no points: fill them in.",
        )
        for row in rows
        if pd.isna(row.points_full)
    ]
    full, there = float(rule_set.value("full_points")), added(row.points_full for row in rows)
    if found or abs(there - full) <= _EXACT:
        return found
    return [
        finding(
            unit["unit_id"],
            "points_not_full",
            "contradiction",
            number(there),
            number(full),
            f"各行分值相加为 {number(there)} 分，应为 {number(full)} 分，请调整分值。",
            f"The rows are worth {number(there)} points, not {number(full)}: adjust them.",
            difference=round(there - full, 6),
        )
    ]


def no_total(rows: Sequence[Any], unit: pd.Series) -> list[dict[str, Any]]:
    """Ask for the total of a form whose rows print points."""
    if pd.notna(unit["points_reported"]) or all(pd.isna(row.points_reported) for row in rows):
        return []
    there = number(added(row.points_reported for row in rows))
    return [
        finding(
            unit["unit_id"],
            "total_missing",
            "explain",
            "",
            there,
            f"未填报总分，各行得分相加为 {there} 分，请补充。",
            f"No total is printed; the rows add up to {there}: supply it.",
        )
    ]


def percent_over(rows: Sequence[Any], unit: pd.Series, rule_set: RuleSet) -> list[dict[str, Any]]:
    """Check that no share of a whole exceeds 100 %; growth may, and of what cannot be told a word is asked.

    Notes
    -----
    Satisfaction cannot. Of other rates the name decides, by the pack's ``rate_words``: what names a change or a
    completion may exceed, what names a share may not. A value without the sign % counts only where the name says
    that it is a share. The execution rate has a check of its own.
    """
    words = rule_set.value("rate_words") if "rate_words" in rule_set.in_force() else {}
    found = []
    for row in [row for row in rows if row.kind != "execution"]:
        can = _may_exceed(row, words)
        with_sign = str(row.unit).strip() in PERCENT
        if can is True or (can is None and not with_sign):
            continue
        for zh, en, value in (("实际完成值", "value", row.actual), ("指标值", "target", row.target)):
            if pd.notna(value) and value > _WHOLE + _EXACT:
                shown = f"{number(float(value))}%"
                tail = ("不可能超过 100%，请更正。", "cannot exceed 100 %: correct it.")
                if can is None:
                    tail = (
                        "超过 100%，请核实是否可能，并说明。",
                        "exceeds 100 %: check whether it can, and say why.",
                    )
                found.append(
                    _of(
                        unit,
                        row,
                        "percent_over",
                        "explain" if can is None else "contradiction",
                        shown,
                        "≤100%",
                        f"“{row.level3}”的{zh}填为 {shown}，{tail[0]}",
                        f"'{row.level3}': the {en} {shown} {tail[1]}",
                        difference=round(float(value) - _WHOLE, 6),
                    )
                )
                break  # said once a row
    return found


def _may_exceed(row: Any, words: Mapping[str, Sequence[str]]) -> bool | None:
    """Say whether a rate may exceed 100 %; None: it cannot be told."""
    if row.kind == "satisfaction":
        return False
    if any(word in str(row.level3) for word in words.get("may_exceed", ())):
        return True
    return False if any(word in str(row.level3) for word in words.get("at_most_whole", ())) else None


def dates(rows: Sequence[Any], unit: pd.Series) -> list[dict[str, Any]]:
    """Check that no day lies after the project's end (else its year), and that what is late loses points."""
    ends = unit["ends_on"] if isinstance(unit["ends_on"], str) else None
    last = ends or (f"{unit['year']}-12-31" if pd.notna(unit["year"]) else None)
    of = ("项目结束日期", "the project's end") if ends else ("本年度末", "the end of the form's year")
    found = []
    for row in rows:
        for zh, en, day in (("计划完成日期", "due day", row.due_on), ("实际完成日期", "day done", row.done_on)):
            if last and isinstance(day, str) and day > last:
                tail = ("请更正。", "correct it.") if ends else ("请说明。", "say why.")
                found.append(
                    _of(
                        unit,
                        row,
                        "date_after_end",
                        "contradiction" if ends else "explain",
                        day,
                        f"≤{last}",
                        f"“{row.level3}”的{zh} {day} 晚于{of[0]} {last}，{tail[0]}",
                        f"'{row.level3}': the {en} {day} is after {of[1]}, {last}: {tail[1]}",
                    )
                )
        late = isinstance(row.due_on, str) and isinstance(row.done_on, str) and row.done_on > row.due_on
        if late and pd.notna(row.points_reported) and 0 < row.points_full <= row.points_reported + _EXACT:
            points = number(float(row.points_reported))
            # A form often prints a month; what it prints is what is sent back.
            due = row.target_text if isinstance(row.target_text, str) else row.due_on
            done = row.actual_text if isinstance(row.actual_text, str) else row.done_on
            found.append(
                _of(
                    unit,
                    row,
                    "late_full_points",
                    "contradiction",
                    points,
                    f"<{number(float(row.points_full))}",
                    f"“{row.level3}”计划完成时间为“{due}”，实际为“{done}”，逾期仍填满分 {points} 分，请改正。",
                    f"'{row.level3}' was due '{due}' and done '{done}', yet claims {points} points: correct them.",
                )
            )
    return found


def cost_at_least(rows: Sequence[Any], unit: pd.Series) -> list[dict[str, Any]]:
    """Check that amounts of cost are limits: with "at least", spending more would be better."""
    return [
        _of(
            unit,
            row,
            "cost_at_least",
            "contradiction",
            f"≥{quantity(row.target, row.unit)}",
            f"≤{quantity(row.target, row.unit)}",
            f"成本指标“{row.level3}”的指标值写成“≥{quantity(row.target, row.unit)}”，成本应为控制数（≤），请更正。",
            f"The cost '{row.level3}' has the target '≥{quantity(row.target, row.unit)}'; a cost is a limit (≤): "
            "correct it.",
        )
        for row in rows
        if row.direction == "ge" and _is_money(row.unit) and pd.notna(row.target) and _is_spent(row)
    ]


def _is_spent(row: Any) -> bool:
    """Say whether a row is of cost, and not of what was saved."""
    levels = [level for level in (row.level1, row.level2, row.level3) if isinstance(level, str)]
    return "成本" in "".join(levels) and not _SAVED.search(str(row.level3))


def negative_amounts(rows: Sequence[Any], unit: pd.Series) -> list[dict[str, Any]]:
    """Check that no amount of money is negative."""
    found = []
    for row in [row for row in rows if _is_money(row.unit)]:
        for zh, en, value in (("指标值", "target", row.target), ("实际完成值", "value", row.actual)):
            if pd.notna(value) and value < 0:
                shown = quantity(float(value), row.unit)
                found.append(
                    _of(
                        unit,
                        row,
                        "negative_amount",
                        "contradiction",
                        shown,
                        "≥0",
                        f"“{row.level3}”的{zh}填为负数 {shown}，请更正。",
                        f"'{row.level3}': the {en} is negative, {shown}: correct it.",
                    )
                )
    return found


def missing(rows: Sequence[Any], unit: pd.Series) -> list[dict[str, Any]]:
    """Ask for a target that is not there, and for the value of a row that claims points without one."""
    found = []
    for row in rows:
        no_target = pd.isna(row.target) and not isinstance(row.target_text, str)
        if no_target and row.kind in ("quantitative", "satisfaction", "yes_no"):
            found.append(
                _of(
                    unit,
                    row,
                    "target_missing",
                    "explain",
                    "",
                    "",
                    f"“{row.level3}”没有指标值，无法核对得分，请补充。",
                    f"'{row.level3}' has no target to check its points by: supply it.",
                )
            )
        is_blank = pd.isna(row.actual) and not isinstance(row.actual_text, str) and not isinstance(row.judged, str)
        open_row = not isinstance(row.status, str) or row.status == "reported"
        has_target = isinstance(row.target_text, str) or pd.notna(row.target)
        # Rows that are scored say so themselves (see checks.missing_values); these are copied.
        if is_blank and open_row and pd.notna(row.points_reported) and has_target and not _is_scored(row):
            points = number(float(row.points_reported))
            found.append(
                _of(
                    unit,
                    row,
                    "value_missing",
                    "explain",
                    points,
                    "",
                    f"“{row.level3}”没有填写实际完成值，而填报 {points} 分，请补充完成情况。",
                    f"'{row.level3}' claims {points} points without a value: supply it.",
                )
            )
    return found


def _is_scored(row: Any) -> bool:
    return row.kind not in ("qualitative", "reported") and pd.notna(row.target)


def text_differs(rows: Sequence[Any], unit: pd.Series) -> list[dict[str, Any]]:
    """Check that a value as printed and its number say the same, where the text is one number in the same unit."""
    found = []
    for row in [row for row in rows if pd.notna(row.actual) and isinstance(row.actual_text, str)]:
        read = read_text(row.actual_text)
        if read.what != "quantity" or read.way or read.low is None or row.kind == "yes_no":
            continue
        own = str(row.unit).strip() if isinstance(row.unit, str) else ""
        same = [read.low * YUAN[read.unit] / YUAN[own]] if {read.unit, own} <= set(YUAN) else [read.low]
        if own in PERCENT and not read.unit:
            same.append(read.low * _WHOLE)  # "0.98" for 98 %
        elif read.unit and own and read.unit != own and not ({read.unit, own} <= {*YUAN} | {*PERCENT}):
            continue
        decimals = len(str(row.actual_text).partition(".")[2].strip("%％")) if "." in str(row.actual_text) else 0
        if any(math.isclose(each, row.actual) or round(float(row.actual), decimals) == each for each in same):
            continue
        shown = quantity(float(row.actual), row.unit)
        found.append(
            _of(
                unit,
                row,
                "text_differs",
                "contradiction",
                str(row.actual_text),
                shown,
                f"“{row.level3}”的实际完成值原文为“{row.actual_text}”，数值为 {shown}，两者不同，请更正。",
                f"'{row.level3}': the value is printed as '{row.actual_text}', its number is {shown}: correct one.",
            )
        )
    return found


def band_exceeded(rows: Sequence[Any], unit: pd.Series, rule_set: RuleSet, scheme: str) -> list[dict[str, Any]]:
    """Check that the points of a qualitative row lie within the band that its words name."""
    claims = [row for row in rows if row.kind == "qualitative" and pd.notna(row.points_reported)]
    by_kind = rule_set.value("schemes")[scheme] if claims else {}
    bands = rule_set.value(f"rule_{by_kind['qualitative']}").get("bands", ()) if "qualitative" in by_kind else ()
    named = {word: band for band in bands for word in (band["band"], *band.get("words", ()))}
    found = []
    for row in claims:
        band = named.get(str(row.judged) if isinstance(row.judged, str) else str(row.actual_text).strip())
        if band is None or not row.points_full > 0:
            continue
        share = float(row.points_reported / row.points_full)
        if band["min"] - _EXACT <= share <= band["max"] + _EXACT:
            continue
        low, high = (number(float(band[end] * row.points_full)) for end in ("min", "max"))
        points = number(float(row.points_reported))
        found.append(
            _of(
                unit,
                row,
                "band_exceeded",
                "explain",
                points,
                f"{low}～{high}",
                f"“{row.level3}”填为“{row.actual_text if isinstance(row.actual_text, str) else row.judged}”，"
                f"属“{band['band']}”一档（{percent(band['max'])}～{percent(band['min'])}），应得 {low}～{high} 分，"
                f"填报 {points} 分，请说明。",
                f"'{row.level3}' falls into the band {percent(band['min'])} to {percent(band['max'])}, "
                f"{low} to {high} points; the form prints {points}: say why.",
            )
        )
    return found


def money_parts(parts: Mapping[str, tuple[float, float]], unit: pd.Series, rule_set: RuleSet) -> list[dict[str, Any]]:
    """Check that the parts of the money add up to its total."""
    names = {
        "budget_initial": ("年初预算数", "initial budget"),
        "budget": ("全年预算数", "budget"),
        "spent": ("全年执行数", "spent"),
    }
    tolerance = rule_set.value("recheck_tolerance").get("money", _EXACT)
    return [
        finding(
            unit["unit_id"],
            "money_parts",
            "contradiction",
            number(total, 2),
            number(summed, 2),
            f"{names[name][0]}：年度资金总额 {number(total, 2)} 元，各分项相加为 {number(summed, 2)} 元，请更正。",
            f"{names[name][1]}: the total is {number(total, 2)} yuan, its parts add up to {number(summed, 2)}: "
            "correct it.",
            difference=round(total - summed, 2),
        )
        for name, (total, summed) in parts.items()
        if abs(total - summed) > tolerance
    ]


def _is_money(unit: Any) -> bool:
    """Say whether a unit of measure is an amount of money: 元, 万元/亩, 美元."""
    return isinstance(unit, str) and bool(re.match(r"\s*[万亿千百]?(?:人民币|美|欧|港)?元", unit))


def _of(
    unit: pd.Series, row: Any, kind: str, severity: str, reported: str, computed: str, zh: str, en: str, **more: Any
) -> dict[str, Any]:
    """Return a finding about one row."""
    at = {"indicator_id": row.indicator_id, "level3": row.level3}
    return finding(unit["unit_id"], kind, severity, reported, computed, zh, en, **at, **more)
