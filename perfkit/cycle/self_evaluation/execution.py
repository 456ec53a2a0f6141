"""Execution of the budget beside the self-score: do they go together, and who has to explain."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from perfkit.cycle.self_evaluation.projects import Listing, Pair, Year, first, money, table, wan
from perfkit.measure.explaining import number, percent

_COLUMNS = "group_zh group_en projects budget unspent mean share_best"
_NEAR_ZERO = 0.1
_BY_CHANCE = 0.05


def execution(year: Year) -> pd.DataFrame:
    """Return table ``self_execution``: the projects with a score by class of execution, the lowest first."""
    known = _known(year)
    cuts = [float(each) for each in year.settings["execution_cuts"]]
    best = year.grades[0][0]
    rows: list[dict[str, Any]] = []
    for low, high in pairwise([-np.inf, *cuts, np.inf]):
        part = known[(known["execution"] >= low) & (known["execution"] < high)]
        if part.empty:
            continue
        a, b = percent(low) if low > -np.inf else "", percent(high) if high < np.inf else ""
        zh = f"{a}～{b}（不含）" if a and b else f"不足 {b}" if b else f"{a} 及以上"
        en = f"{a} to under {b}" if a and b else f"under {b}" if b else f"{a} or more"
        rows.append(
            {
                "group_zh": zh,
                "group_en": en,
                "projects": len(part),
                "budget": wan(part["budget"]),
                "unspent": wan(part["budget"] - part["spent"]),
                "mean": float(part["points"].mean()),
                "share_best": float(part["by_points"].eq(best).mean()),
            }
        )
    return table(year, rows, _COLUMNS)


def execution_text(year: Year) -> list[Pair]:
    """Return in words how much was spent, and how execution and self-score go together (Spearman's rank correlation).

    The projects are all there are, not a sample: the correlation has no interval and no test.
    """
    spent = year.handed_in[year.handed_in["execution"].notna()]
    if spent.empty:
        return [
            (
                "没有预算数或执行数，不作执行率分析。",
                "Budgets or amounts spent are not given: there is no execution to tell.",
            )
        ]
    total = float(spent["spent"].sum() / spent["budget"].sum())
    lines: list[Pair] = [
        (
            f"已报送且预算、执行数齐全的 {len(spent):,} 个项目，预算 {money(spent['budget'])[0]}，"
            f"执行 {money(spent['spent'])[0]}，总体执行率 {percent(total)}。",
            f"Projects handed in with budget and amount spent: {len(spent):,}; budget {money(spent['budget'])[1]}, "
            f"spent {money(spent['spent'])[1]}, execution {percent(total)} of all the money.",
        )
    ]
    known = _known(year)
    if len(known) < int(year.settings["few"]) or known["points"].nunique() < 2 or known["execution"].nunique() < 2:
        lines.append(
            (
                f"同时有得分和执行率的项目 {len(known):,} 个，过少或没有差异，不计算相关。",
                f"Projects with both score and execution: {len(known):,}, too few or all alike for a correlation.",
            )
        )
        return lines
    from scipy import stats

    rho, chance = (float(each) for each in stats.spearmanr(known["points"], known["execution"]))
    said: Pair = (
        ("看不出自评得分与执行率有关系", "no relation of self-score and execution can be told")
        if abs(rho) < _NEAR_ZERO or chance > _BY_CHANCE
        else ("执行率高的项目自评得分总体也高", "where more was spent the self-score tends to be higher")
        if rho > 0
        else ("执行率高的项目自评得分总体反而低", "where more was spent the self-score tends to be lower")
    )
    shown = f"{rho + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "−")
    lines.append(
        (
            f"{len(known):,} 个项目的自评得分与执行率的秩相关系数为 {shown}（1 为完全同序，0 为无关）：{said[0]}。"
            f"{_built_in(year)[0]}",
            f"The rank correlation of self-score and execution over {len(known):,} projects is {shown} (1: the same "
            f"order, 0: none): {said[1]}.{_built_in(year)[1]}",
        )
    )
    return lines


def to_explain(year: Year) -> Listing:
    """Return the projects with a high self-score and a low execution (by the pack), most unspent money first."""
    known, settings = _known(year), year.settings
    odd = known[(known["points"] >= settings["high_score"]) & (known["execution"] < settings["low_execution"])]
    odd = odd.assign(left=odd["budget"] - odd["spent"])
    return first(year, odd.sort_values(["left", "unit_id"], ascending=[False, True]))


def to_explain_text(year: Year) -> Pair:
    """Say how many projects with a high self-score have spent little, and how much is unspent."""
    known, settings = _known(year), year.settings
    high, low = number(float(settings["high_score"])), percent(float(settings["low_execution"]))
    best = known[known["points"] >= settings["high_score"]]
    odd = best[best["execution"] < settings["low_execution"]]
    if known.empty:
        return ("没有同时有得分和执行率的项目。", "No project has both a score and an execution rate.")
    if odd.empty:
        return (
            f"没有自评 {high} 分及以上而执行率低于 {low} 的项目。",
            f"No project with a self-score of {high} or more has spent less than {low}.",
        )
    amount = money(odd["budget"] - odd["spent"])
    return (
        f"自评 {high} 分及以上的 {len(best):,} 个项目中，{len(odd):,} 个执行率低于 {low}，未执行 {amount[0]}，"
        "应说明支出少而得分高的原因（节约、目标偏低或未按期实施）。",
        f"Of the {len(best):,} projects with a self-score of {high} or more {len(odd):,} have spent less than {low} "
        f"of their budget, {amount[1]} unspent: they have to explain the high score (savings, low targets, "
        "not carried out in time).",
    )


def _known(year: Year) -> pd.DataFrame:
    scored = year.scored
    return scored[scored["execution"].notna()]


def _built_in(year: Year) -> Pair:
    """Say that execution is a part of the score itself, where the rules say so."""
    if "self_weights_2020" not in year.rule_set.in_force():
        return ("", "")
    points = year.rule_set.value("self_weights_2020")["standard"].get("预算执行率")
    if points is None:
        return ("", "")
    return (
        f"自评表中预算执行率本身占 {number(float(points))} 分，二者本应有一定的正相关。",
        f" Execution itself is worth {number(float(points))} points of the form, so some correlation is built in.",
    )
