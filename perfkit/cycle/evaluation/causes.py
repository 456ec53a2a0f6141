"""Why points were lost, and what would have moved the grade."""

from __future__ import annotations

from typing import Any

import pandas as pd

from perfkit import tables
from perfkit.cycle.evaluation.account import Pair
from perfkit.cycle.evaluation.advice import shortfalls
from perfkit.measure.explaining import number, percent
from perfkit.measure.scorecard import Scorecard

_BY_STATUS: dict[str, Pair] = {
    "missing": ("缺完成值", "value missing"),
    "no_evidence": ("无佐证", "no evidence"),
}
_BY_KIND: dict[str, Pair] = {
    "execution": ("预算执行不足", "budget not spent as planned"),
    "satisfaction": ("满意度未达目标", "satisfaction below target"),
    "qualitative": ("定性评判未获满分", "judged below full"),
    "check_points": ("评价要点未全部达到", "check points not all met"),
    "yes_no": ("要求未达到", "a requirement not met"),
    "reported": ("只有得分，原因未列", "points only, no reason given"),
}
_TARGET: Pair = ("指标值未达目标", "value short of its target")


def lost_by_cause(card: Scorecard) -> pd.DataFrame:
    """Return table ``lost_by_cause``: the points a unit lost by what lost them, most first; they add up to all lost.

    What lost the points by its evidence comes before what kind of indicator it is; why that happened a person has to
    say.
    """
    lost = shortfalls(card)
    pairs = [_BY_STATUS.get(row.status) or _BY_KIND.get(row.kind, _TARGET) for row in lost.itertuples()]
    made = lost.assign(cause_zh=[zh for zh, _ in pairs], cause_en=[en for _, en in pairs])
    sums = made.groupby(["cause_zh", "cause_en"], sort=False).agg(
        items=("indicator_id", "size"), lost=("lost", "sum"), lost_share=("lost_share", "sum")
    )
    table = card.rule_set.stamp(sums.sort_values("lost", ascending=False, kind="stable").reset_index())
    return table.reindex(columns=list(tables.contract("lost_by_cause").columns))


def causes_text(causes: pd.DataFrame) -> Pair:
    """Return the causes in words."""
    if causes.empty:
        return ("没有扣分。", "No points were lost.")
    zh = "、".join(
        f"{row.cause_zh} {number(row.lost)} 分（{percent(row.lost_share)}）" for row in causes.itertuples()
    )
    en = ", ".join(f"{row.cause_en} {number(row.lost)} ({percent(row.lost_share)})" for row in causes.itertuples())
    total = number(float(causes["lost"].sum()))
    return (f"共扣 {total} 分：{zh}。", f"Points lost: {total}. {en[0].upper()}{en[1:]}.")


def would_move(card: Scorecard) -> list[Pair]:
    """Say what would have raised the grade of a unit by a band, and what would lower it.

    Each indicator that lost points is given its full points in turn; where none suffices, those that lost most are
    taken together until the next band is reached.
    """
    result = card.results.iloc[0]
    if pd.isna(result["points"]):
        return [
            (
                "没有总分，无从说明何项会改变等级。",
                "There is no total, so nothing can be said of what moves the grade.",
            )
        ]
    if pd.notna(result["limit_zh"]):
        return [
            (
                f"等级“{result['grade']}”受限（{result['limit_zh']}），不由得分决定。",
                f"The grade '{result['grade_en']}' is limited ({result['limit_en']}), whatever the points.",
            )
        ]
    return [*_up(card, result), *_down(result)]


def _up(card: Scorecard, result: pd.Series) -> list[Pair]:
    if pd.isna(result["to_next"]):
        return [("已是最高等级。", "It is the highest grade.")]
    gap, bands = float(result["to_next"]), card.rule_set.value("grade_bands")
    counted = float(card.items.loc[card.items["points"].notna(), "points_full"].sum())
    times = float(card.items["points_full"].sum()) / counted if counted else 1.0
    lost = shortfalls(card)
    worth = (lost["lost"] * times).round(6)
    alone = lost[worth >= gap]
    head = (
        f"距“{result['next_grade']}”尚差 {number(gap)} 分",
        f"'{_english(bands, result['next_grade'])}' is {number(gap)} points away",
    )
    if len(alone):
        return [
            (
                f"{head[0]}；下列任何一项得满分即可达到：{'、'.join(alone['level3'])}。",
                f"{head[1]}; full points for any one of these would reach it: {', '.join(_names(alone))}.",
            )
        ]
    total = worth.cumsum()
    if not (total >= gap).any():
        return [(f"{head[0]}；计入的指标全得满分也不能达到。", f"{head[1]}; full points for all would not reach it.")]
    needed = lost.iloc[: int((total >= gap).to_numpy().argmax()) + 1]
    return [
        (
            f"{head[0]}；任何单项得满分都不足以达到，至少须 {len(needed)} 项同时得满分"
            f"（如{'、'.join(needed['level3'])}）。",
            f"{head[1]}; no indicator alone would do: it takes full points for {len(needed)} at least "
            f"(such as {', '.join(_names(needed))}).",
        )
    ]


def _down(result: pd.Series) -> list[Pair]:
    above = float(result["above_floor"])
    if above >= float(result["points"]):  # the lowest grade has no floor to fall through
        return []
    if above == 0:
        return [
            ("得分恰为本等级下限，再少任何分即降一级。", "It is at the floor of its grade: any point less lowers it.")
        ]
    return [
        (
            f"再少超过 {number(above)} 分即降一级。",
            f"More than {number(above)} points less would lower it by a grade.",
        )
    ]


def _names(items: pd.DataFrame) -> list[str]:
    return [str(name) for name in items["name_en"].fillna(items["level3"])]


def _english(bands: list[dict[str, Any]], grade: str) -> str:
    return next((str(band["en"]) for band in bands if band["grade"] == grade), grade)
