"""What a finished evaluation report must hold: its seven parts, points that add up, a grade that fits the total."""

from __future__ import annotations

from typing import Any

import pandas as pd

from perfkit.cycle.evaluation.account import Pair, by_level
from perfkit.measure.scorecard import Scorecard

SECTIONS: tuple[Pair, ...] = (
    ("一、基本情况", "1. Basic facts"),
    ("二、绩效评价工作开展情况", "2. How the evaluation was done"),
    ("三、综合评价情况及评价结论", "3. Overall result"),
    ("四、绩效评价指标分析", "4. Analysis"),
    ("五、主要经验及做法、存在的问题及原因分析", "5. What worked, what did not and why"),
    ("六、有关建议", "6. Advice"),
    ("七、其他需要说明的问题", "7. Other matters"),
)
TABLES: tuple[Pair, ...] = (
    ("评价对象基本情况", "The unit"),
    ("绩效评价评分表", "Score table"),
    ("各一级指标得分", "Score by dimension"),
)


def declared(unit: pd.Series, card: Scorecard) -> dict[str, Any]:
    """Return what the report on one unit must hold, for ``figures.Document.declare``.

    The printed points of the items, and those of the dimensions, add up; a total that was rescaled, because not
    every item counts, follows from their sum; the grade is that of the band the total lies in, or a lower one where
    a limit of the pack kept it down.
    """
    points = [float(each) for each in card.items["points"].dropna()]
    levels = [float(each) for each in by_level(card)["points"].dropna()]
    got = float(card.items["points"].sum())
    sums: list[dict[str, Any]] = []
    bounds: list[dict[str, Any]] = []
    result = card.results.iloc[0]
    if pd.notna(result["points"]):
        within = 10.0 ** -int(card.rule_set.value("rounding")["decimals"]) / 2
        full = float(card.items["points_full"].sum())
        counted = float(card.items.loc[card.items["points"].notna(), "points_full"].sum())
        total, whole = float(result["points"]), counted == full
        sums = [
            {"name": ("各项得分", "points of the items"), "parts": points, "total": total if whole else got},
            {
                "name": ("各一级指标得分", "points of the dimensions"),
                "parts": levels,
                "total": total if whole else got,
            },
        ]
        sums = [{**each, "within": within} for each in sums]
        if not whole:
            due, margin = got / counted * full, 2 * within
            name = ("折算后的综合得分", "the rescaled total")
            bounds.append({"name": name, "value": total, "low": due - margin, "high": due + margin})
        bounds += _band(result, card)
    names = [unit[column] for column in ("name", "department", "implementer", "peer_group", "evaluator")]
    return {"sections": SECTIONS, "tables": TABLES, "sums": sums, "bounds": bounds, "names": names}


def _band(result: pd.Series, card: Scorecard) -> list[dict[str, Any]]:
    """Return the bounds of the grade's band; none above where a limit kept the grade down."""
    if pd.isna(result["grade"]):
        return []
    rising = sorted(card.rule_set.value("grade_bands"), key=lambda band: band["min"])
    at = [band["grade"] for band in rising].index(result["grade"])
    open_above = at + 1 == len(rising) or pd.notna(result["limit_zh"])
    name = (f"等级“{result['grade']}”的得分", f"the points of grade {result['grade_en']!r}")
    high = None if open_above else float(rising[at + 1]["min"])
    return [{"name": name, "value": float(result["points"]), "low": float(rising[at]["min"]), "high": high}]
