"""Year on year: the self-score now against the self-score and the check of the year before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from perfkit.cycle.self_evaluation.projects import Pair, Year, table
from perfkit.measure.explaining import number, percent

_COLUMNS = "group_zh group_en projects reported_then checked_then reported_now change above_check came_down"


def previous(year: Year) -> pd.DataFrame:
    """Return table ``self_previous``: projects with self-scores of both years, by what the check then found.

    The classes are the pack's: from ``score_deviation`` points on the self-score then was far above the check, from
    ``inflated_from`` on inflated. Projects that were not checked stand for comparison.
    """
    both = _both(year)
    far, inflated = (float(year.rule_set.value(name)["points"]) for name in ("score_deviation", "inflated_from"))
    gap = both["points_reported_previous"] - both["points_previous"]
    a, b = number(far), number(inflated)
    classes: list[tuple[Pair, Any]] = [
        ((f"上年自评比抽评高 {a} 分及以上", f"self-score then {a} points or more above the check"), gap >= far),
        ((f"高 {b} 分至 {a} 分（不含）", f"{b} to under {a} points above"), (gap >= inflated) & (gap < far)),
        ((f"高不足 {b} 分或不高", f"under {b} points above, or not above"), gap < inflated),
        (("上年抽评项目合计", "checked then, all"), gap.notna()),
        (("上年未抽评", "not checked then"), gap.isna()),
    ]
    rows = [_row(name, both[held]) for name, held in classes if held.any()]
    return table(year, rows, _COLUMNS)


def previous_text(year: Year) -> list[Pair]:
    """Return in words whether self-scores came down after a check."""
    both = _both(year)
    checked = both[both["points_previous"].notna()]
    if both.empty:
        return [
            (
                "没有上年的自评得分，不作年度比较。",
                "No self-scores of the year before are given: years are not compared.",
            )
        ]
    if checked.empty:
        return [
            (
                f"{len(both):,} 个项目有上年自评得分，但没有上年抽评得分。",
                f"Projects with a self-score of the year before: {len(both):,}, none with a check.",
            )
        ]
    row = _row(("", ""), checked)
    then, check, now = (number(row[name], 2) for name in ("reported_then", "checked_then", "reported_now"))
    moved = checked["points"] - checked["points_reported_previous"]
    fell, same, rose = int((moved < 0).sum()), int((moved == 0).sum()), int((moved > 0).sum())
    change, above = _moved(row["change"]), _moved(row["above_check"])
    return [
        (
            f"上年抽评过、两年都有自评得分的 {len(checked):,} 个项目，上年自评平均 {then} 分，抽评平均 {check} 分；"
            f"本年自评平均 {now} 分，比上年自评{change[0]}，比上年抽评{above[0]}。自评得分下降的 {fell:,} 个"
            f"（{percent(fell / len(checked))}），不变 {same:,} 个，上升 {rose:,} 个。",
            f"Projects checked then with self-scores of both years: {len(checked):,}. Their self-scores then average "
            f"{then}, the checks {check}; their self-scores now {now}, {change[1]} the self-scores then and "
            f"{above[1]} the checks. Came down: {fell:,} ({percent(fell / len(checked))}), unchanged: {same:,}, "
            f"went up: {rose:,}.",
        ),
        (
            "上年自评偏高的项目，本年得分部分会自然回落；上年抽评含推荐项目，不能代表全部。以上只是描述，"
            "不说明抽评的作用。",
            "Scores that were high by chance come down by themselves, and some checks were recommended, so they "
            "stand for themselves only: this describes, it does not show what a check does.",
        ),
    ]


def _both(year: Year) -> pd.DataFrame:
    scored = year.scored
    return scored[scored["points_reported_previous"].notna()]


def _row(name: Pair, part: pd.DataFrame) -> dict[str, Any]:
    then, check, now = part["points_reported_previous"], part["points_previous"], part["points"]
    return {
        "group_zh": name[0],
        "group_en": name[1],
        "projects": len(part),
        "reported_then": float(then.mean()),
        "checked_then": float(check.mean()) if check.notna().any() else np.nan,
        "reported_now": float(now.mean()),
        "change": float((now - then).mean()),
        "above_check": float((now - check).mean()) if check.notna().any() else np.nan,
        "came_down": float((now < then).mean()),
    }


def _moved(change: float) -> Pair:
    if abs(change) < 0.005:
        return ("持平", "the same as")
    points = number(abs(change), 2)
    return (f"高 {points} 分", f"{points} above") if change > 0 else (f"低 {points} 分", f"{points} below")
