"""Difference in differences with two groups and two periods: a panel, or two cross-sections."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from perfkit.methods.effects.clusters import Fit, clustered, enough_clusters, heteroscedastic
from perfkit.methods.effects.intervals import normal
from perfkit.methods.effects.reading import fail_if_moving, left_out, usable
from perfkit.methods.effects.sentences import told
from perfkit.methods.result import Diagnostic, Pair, Result

_METHOD = ("双重差分（两组两期）", "difference in differences, two groups and two periods")
_ESTIMAND = ("处理组的平均处理效应（ATT）", "average effect on the treated (ATT)")
_ASSUMPTIONS: tuple[Pair, ...] = (
    ("平行趋势：没有政策时，两组变化相同", "parallel trends: without the policy both groups change alike"),
    ("无预期效应：政策之前没有因政策而变", "no anticipation: nothing changed before the policy because of it"),
    ("无溢出：对照组不受政策影响", "no spill-over: the comparison group is not touched by the policy"),
)
_UNTESTED = Diagnostic(
    ("政策前趋势", "trends before the policy"),
    "not run",
    ("只有一个政策前时期，平行趋势无从检验", "with one period before the policy, parallel trends cannot be tested"),
)
_APART = 0.1  # difference in the shares of units seen once: from here on the reader is warned


def two_by_two(
    frame: pd.DataFrame,
    *,
    outcome: str,
    treated: str,
    after: str,
    unit: str | None = None,
    cluster: str | None = None,
    confidence: float = 0.95,
    draws: int = 999,
    seed: int = 0,
    units: Pair = ("", ""),
) -> Result:
    """Compare the change of the treated with the change of the others.

    Parameters
    ----------
    frame
        One row a unit and period (panel) or a unit (cross-sections).
    outcome, treated, after
        Columns: a number, and two flags of 0 or 1.
    unit
        Names the unit in a panel: the changes of the units seen in both periods are compared. Without it the rows
        are two cross-sections and the four cell means are compared.
    cluster
        Errors hold within its values; without it they are HC2.

    Raises
    ------
    TableError
        If a column is missing or holds what it cannot, a unit stands twice in a period or changes its group, or lies
        in two clusters.

    Notes
    -----
    (mean of treated after - before) - (mean of others after - before). With ``unit`` and HC2 the error is that of a
    difference of two mean changes with unequal variances.

    *Checked against* Card and Krueger (1994), Table 3: the eight cell means and errors and 2.75 (1.34) for the stores
    seen twice. Their 2.76 (1.36) for all stores is 2.75 (1.31) here, with errors clustered by store.

    Examples
    --------
    >>> stores = pd.DataFrame({
    ...     "store": [1, 1, 2, 2, 3, 3, 4, 4], "new_jersey": [1, 1, 1, 1, 0, 0, 0, 0], "after": [0, 1] * 4,
    ...     "jobs": [20, 22, 18, 21, 25, 23, 21, 20],
    ... })
    >>> two_by_two(stores, outcome="jobs", treated="new_jersey", after="after", unit="store").estimate
    4.0
    """
    keys = [name for name in (unit, cluster) if name]
    rows, missing = usable(
        frame, numbers=[outcome], flags=[treated, after], keys=keys, unique=[unit, after] if unit else []
    )
    if unit:
        fail_if_moving(rows, unit, [name for name in (treated, cluster) if name])
    cells = rows.groupby([treated, after])[outcome].agg(["size", "mean", "sem"]).reset_index()
    empty = [(g, t) for g in (0, 1) for t in (0, 1) if not ((rows[treated] == g) & (rows[after] == t)).any()]
    answer = Result(_METHOD, _ESTIMAND, confidence=confidence, units=units, assumptions=_ASSUMPTIONS)
    if empty:
        return _refused(answer, rows, [_empty(*cell) for cell in empty], (missing,), {"cells": cells})
    checks = [missing, _UNTESTED]
    if unit:
        rows, attrition = _changes(rows, outcome, treated, after, unit)
        checks.insert(1, attrition)
        design = np.column_stack([np.ones(len(rows)), rows[treated]])
        if rows[treated].nunique() < 2:
            once = (
                "没有一组对象两期都有数据，不能比较变化。",
                "One group has no unit seen in both periods: changes cannot be compared.",
            )
            return _refused(answer, rows, [once], tuple(checks), {"cells": cells})
    else:
        design = np.column_stack([np.ones(len(rows)), rows[treated], rows[after], rows[treated] * rows[after]])
    fit, more, refusals = _fitted(rows, outcome, treated, design, cluster, confidence, draws, seed)
    return told(
        replace(
            answer,
            **_sure(fit, float(rows[outcome].abs().max())),
            se_type=fit.se_type,
            n=len(rows),
            diagnostics=(*checks, *more),
            refusals=refusals,
            tables={"cells": cells},
        )
    )


def _sure(fit: Fit, size: float) -> dict[str, Any]:
    """Return the figures of a fit; its interval only where the data have spread."""
    found = normal(float(fit.estimate), float(fit.se), confidence=0.5, size=size)
    return found if math.isnan(found["low"]) else {**found, "low": float(fit.low), "high": float(fit.high)}


def _fitted(
    rows: pd.DataFrame,
    outcome: str,
    treated: str,
    design: np.ndarray,
    cluster: str | None,
    confidence: float,
    draws: int,
    seed: int,
) -> tuple[Fit, list[Diagnostic], tuple[Pair, ...]]:
    y, at = rows[outcome].to_numpy(), design.shape[1] - 1
    if cluster:
        codes, names = pd.factorize(rows[cluster])
        sides = rows.groupby(cluster)[treated].max().sum()
        check = enough_clusters(len(names), int(sides))
        counts = [rows.loc[rows[treated] == g, cluster].nunique() for g in (0, 1)]
        if min(counts) > 1:
            fit = clustered(y, design, at, codes, confidence=confidence, draws=draws, seed=seed, name=cluster)
            return fit, [check], ()
        side = ("对照组", "comparison group") if counts[0] < 2 else ("处理组", "treated group")
        what = ("聚类", "cluster")
        more = [check]
    else:
        cells = pd.Series(map(tuple, design)).value_counts()
        if cells.min() > 1:
            return heteroscedastic(y, design, at, confidence=confidence), [], ()
        side, what, more = ("某一组", "group"), ("对象", "unit"), []
    estimate = float(np.linalg.lstsq(design, y, rcond=None)[0][at])
    none = float("nan")
    why = (
        f"{side[0]}只有一个{what[0]}，无法计算标准误和区间；可改用合成控制法。",
        f"A {side[1]} of one {what[1]} has no standard error and no interval; synthetic control may serve instead.",
    )
    return Fit(estimate, none, none, none, none, "none"), more, (why,)


def _changes(
    rows: pd.DataFrame, outcome: str, treated: str, after: str, unit: str
) -> tuple[pd.DataFrame, Diagnostic]:
    """Return one row a unit with its change, and whether the units seen once differ between the groups."""
    wide = rows.set_index([unit, after])[outcome].unstack(after)  # noqa: PD010 - a key that stands twice is refused, not averaged
    first = rows.groupby(unit, sort=False).first()
    group = first[treated].reindex(wide.index)
    once = wide.isna().any(axis=1)
    shares = once.groupby(group).mean().reindex([0.0, 1.0])
    check = left_out(int(once.sum()), len(once), ("个对象", "units"), ("只有一期有数据", "seen in one period only"))
    apart = abs(shares[1.0] - shares[0.0])
    why = tuple(
        f"{text}{middle}{shares[1.0]:.1%}{end}{shares[0.0]:.1%}"
        for text, middle, end in zip(check.why, ("；处理组 ", "; treated "), ("，对照组 ", ", others "), strict=True)
    )
    verdict = "warn" if apart > _APART else check.verdict
    check = Diagnostic(check.name, verdict, (why[0], why[1]), check.statistic)
    kept = (wide[1.0] - wide[0.0])[~once]
    table = first.drop(columns=[outcome, after]).reindex(kept.index).assign(**{outcome: kept}).reset_index()
    return table, check


def _empty(group: int, period: int) -> Pair:
    zh = f"{'处理组' if group else '对照组'}在政策{'后' if period else '前'}没有数据，不能做双重差分。"
    en = f"No data on the {'treated' if group else 'comparison'} group {'after' if period else 'before'} the policy: "
    return zh, en + "no difference in differences."


def _refused(
    answer: Result,
    rows: pd.DataFrame,
    why: list[Pair],
    checks: tuple[Diagnostic, ...],
    tables: dict[str, pd.DataFrame],
) -> Result:
    return told(replace(answer, refusals=tuple(why), n=len(rows), diagnostics=checks, tables=tables))
