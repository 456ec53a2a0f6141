"""Difference in differences where units start at different times: one figure, its event study and its checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from perfkit.methods.effects.aggregation import KINDS, Kind, aggregate
from perfkit.methods.effects.clusters import enough_clusters
from perfkit.methods.effects.group_time import Control, GroupTime, Method, group_time
from perfkit.methods.effects.intervals import normal
from perfkit.methods.effects.pretrends import judged, pretrend
from perfkit.methods.effects.reading import unknown
from perfkit.methods.effects.sentences import told
from perfkit.methods.effects.two_way import comparisons
from perfkit.methods.result import Diagnostic, Pair, Result

_METHOD = ("多期双重差分（Callaway–Sant'Anna）", "staggered difference in differences (Callaway and Sant'Anna)")
_ESTIMANDS: dict[str, Pair] = {
    "simple": (
        "全部处理组与时期的平均处理效应（按组规模加权）",
        "average effect on the treated over all cohorts and periods, by size of cohort",
    ),
    "group": ("各组平均处理效应（按组规模加权）", "average of the cohorts' mean effects, by size of cohort"),
    "calendar": ("各日历时期平均处理效应的均值", "mean over calendar periods of the average effect on the treated"),
    "event": (
        "各相对时期平均处理效应的均值",
        "mean over periods since the start of the average effect on the treated",
    ),
}
_NAMED = {
    "method": ("regression", "ipw", "doubly robust"),
    "control": ("never treated", "not yet treated"),
    "summary": KINDS,
}


def staggered(
    frame: pd.DataFrame,
    *,
    unit: str,
    period: str,
    first_treated: str,
    outcome: str,
    covariates: Sequence[str] = (),
    method: Method = "doubly robust",
    control: Control = "never treated",
    anticipation: int = 0,
    cluster: str | None = None,
    summary: Kind = "group",
    confidence: float = 0.95,
    seed: int = 0,
    units: Pair = ("", ""),
) -> Result:
    """Estimate the effect of a policy that units adopt at different times.

    Parameters are those of ``group_time``; ``summary`` says which average is the estimate. The four averages, the
    effects by cohort and period, the event study with bands that hold for all its points at once, and the comparisons
    behind two-way fixed effects are in ``tables``.

    Raises
    ------
    TableError
        If a column is missing or holds what it cannot, a unit stands twice in a period or changes its cohort, or a
        choice does not exist.

    Notes
    -----
    *Checked against* the vignette of R's did on county teenage employment, and the castle laws in Cunningham (2021).
    """
    for name, got in (("method", method), ("control", control), ("summary", summary)):
        if got not in _NAMED[name]:
            raise unknown(name, got, _NAMED[name])
    found = group_time(
        frame,
        unit=unit,
        period=period,
        first_treated=first_treated,
        outcome=outcome,
        covariates=covariates,
        method=method,
        control=control,
        anticipation=anticipation,
        cluster=cluster,
    )
    answer = Result(
        _METHOD,
        _ESTIMANDS[summary],
        confidence=confidence,
        n=len(found.cohort_of),
        units=units,
        assumptions=_assumptions(control, anticipation, covariates),
        diagnostics=found.diagnostics,
        refusals=found.refusals,
        tables={"group_time": found.effects},
    )
    if found.refusals:
        return told(answer)
    means = {kind: aggregate(found, kind, confidence=confidence, seed=seed) for kind in KINDS}
    if np.isnan(means[summary].estimate):
        none = "开始之后没有可以估计的效应。", "No effect from the start on can be estimated."
        return told(replace(answer, refusals=(none,)))
    pairs = comparisons(found.outcomes, found.cohort_of, found.periods)
    averages: list[tuple[str, float, float]] = [(kind, each.estimate, each.se) for kind, each in means.items()]
    averages.append(("two-way fixed effects", float(pairs["weight"] @ pairs["estimate"]), np.nan))
    clusters, alone = _clusters(found)
    mean = means[summary]
    se = float("nan") if alone else mean.se
    sure = normal(mean.estimate, se, confidence=confidence, size=float(np.abs(found.outcomes).max()))
    return told(
        replace(
            answer,
            **sure,
            se_type="none" if alone else f"influence functions, cluster ({cluster or unit})",
            diagnostics=(
                *found.diagnostics,
                _cells(found),
                judged(None if alone else pretrend(found, means["event"]), means["event"].estimate),
                clusters,
            ),
            refusals=alone,
            tables={
                "averages": pd.DataFrame(averages, columns=["average", "estimate", "se"]),
                "event_study": means["event"].parts,
                "by_cohort": means["group"].parts,
                "by_period": means["calendar"].parts,
                "group_time": found.effects,
                "two_way": pairs,
            },
        )
    )


def _assumptions(control: Control, anticipation: int, covariates: Sequence[str]) -> tuple[Pair, ...]:
    given = (f"（给定 {'、'.join(covariates)}）", f" given {', '.join(covariates)}") if covariates else ("", "")
    early = ("政策开始前没有预期效应", "no effect before the start")
    if anticipation:
        early = (
            f"早于政策开始前 {anticipation} 期没有预期效应",
            f"no effect earlier than {anticipation} periods before the start",
        )
    others = "从未受处理者" if control == "never treated" else "尚未受处理者"
    return (
        (
            f"平行趋势{given[0]}：没有政策时，各组与{others}变化相同",
            f"parallel trends{given[1]}: without the policy each cohort would have changed as those {control}",
        ),
        early,
        ("一旦受处理即持续受处理；无溢出", "once treated, always treated; no spill-over"),
    )


def _cells(found: GroupTime) -> Diagnostic:
    """Say how many cells of cohort and period could not be estimated, with the reasons."""
    cells = found.effects
    none = cells["estimate"].isna()
    reasons = [
        "；".join(cells.loc[none, "why_zh"].drop_duplicates()),
        "; ".join(cells.loc[none, "why_en"].drop_duplicates()),
    ]
    alone = cells.loc[cells["se"].isna() & ~none, "cohort"].nunique()
    return Diagnostic(
        ("可估计的组别与时期", "cells of cohort and period that can be estimated"),
        "warn" if none.any() or alone else "pass",
        (
            f"{len(cells)} 个中 {none.sum()} 个不能估计{'：' if reasons[0] else ''}{reasons[0]}"
            f"；{alone} 个组只有一个聚类，其效应没有标准误，总标准误偏小",
            f"{none.sum()} of {len(cells)} cannot be estimated{': ' if reasons[1] else ''}{reasons[1]}"
            f"; {alone} cohorts lie in one cluster, have no error of their own and make the overall error too small",
        )
        if alone or none.any()
        else (f"{len(cells)} 个全部可估计", f"all {len(cells)} can be estimated"),
        float(none.sum()),
    )


def _clusters(found: GroupTime) -> tuple[Diagnostic, tuple[Pair, ...]]:
    """Judge the number of clusters; refuse the interval where one side has a single one."""
    treated = len(np.unique(found.clusters[found.cohort_of <= found.periods[-1]]))
    size = int(found.clusters.max()) + 1
    check = enough_clusters(size, treated)
    if min(treated, size - treated) > 1:
        return check, ()
    return check, (
        (
            "处理组或对照组只有一个聚类，无法计算标准误和区间；可改用合成控制法。",
            "With one treated or one comparison cluster there is no standard error and no interval; "
            "synthetic control may serve instead.",
        ),
    )
