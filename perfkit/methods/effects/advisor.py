"""Which designs a roll-out allows, and which not and why, before anything is estimated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from perfkit.errors import Problem, TableError, fail_if_any
from perfkit.methods.effects.panels import FEWEST
from perfkit.methods.effects.power import change_error, minimum_detectable_effect, moments
from perfkit.methods.effects.reading import usable
from perfkit.methods.effects.rollout import Rollout, of
from perfkit.methods.effects.sentences import shown
from perfkit.methods.result import Diagnostic, Pair, Result, Verdict

_SEGMENT = 8  # periods on each side of a start that an interrupted series needs (Penfold and Zhang 2013)
_GROUP = 10  # units of each kind below which a comparison given covariates has nothing to fit on
_VALUES = 20  # distinct scores on a side of a cut-off: with fewer, a line rests on few points

NAMES: dict[str, Pair] = {
    "two_by_two": ("双重差分（两组）", "difference in differences, two groups"),
    "staggered": ("多期双重差分", "staggered difference in differences"),
    "synthetic_control": ("合成控制", "synthetic control"),
    "interrupted": ("中断时间序列", "interrupted time series"),
    "weighting": ("倾向得分加权或匹配", "weighting or matching by propensity score"),
    "discontinuity": ("断点回归", "regression discontinuity"),
}


def designs(
    frame: pd.DataFrame,
    *,
    unit: str,
    period: str,
    treated: str,
    outcome: str,
    score: str | None = None,
    cutoff: float | None = None,
    units: Pair = ("", ""),
) -> Result:
    """Say which designs the data allow; each stands in ``diagnostics`` with pass, warn or fail and the reason.

    Parameters
    ----------
    frame
        A roll-out: one row a unit and period.
    treated
        Flag of 0 or 1: whether the policy is on in that unit and period.
    score, cutoff
        The number by which the policy was given, and where.

    Returns
    -------
    Result
        Without an estimate. ``tables``: ``rollout`` (cohort, units, periods before and after), ``designs``, and
        ``power`` (the smallest effect a difference in differences would find with probability 0.8).

    Raises
    ------
    TableError
        If a column is missing or holds what it cannot, a unit stands twice in a period, or a score comes without a
        cut-off.
    """
    if (score is None) != (cutoff is None):
        what = ("a score needs a cut-off and a cut-off a score", "分数与分界点须同时给出")
        fail_if_any(TableError, "the question", [Problem(what)])
    numbers = [period, outcome, *([score] if score else [])]
    rows, missing = usable(frame, numbers=numbers, flags=[treated], keys=[unit], unique=[unit, period])
    rollout = of(rows, unit, period, treated)
    checks = [
        Diagnostic(NAMES[key], verdict, why)
        for key, verdict, why in (
            ("two_by_two", *_two_by_two(rollout)),
            ("staggered", *_staggered(rollout)),
            ("synthetic_control", *_synthetic(rollout)),
            ("interrupted", *_interrupted(rollout)),
            ("weighting", *_weighting(rollout)),
            ("discontinuity", *_discontinuity(rows, treated, score, cutoff)),
        )
    ]
    keys = dict(zip(NAMES, checks, strict=True))
    open_to = [key for key, each in keys.items() if each.verdict != "fail"]
    listed = pd.DataFrame(
        [(key, *NAMES[key], each.verdict, *each.why) for key, each in keys.items()],
        columns=["design", "name_zh", "name_en", "verdict", "why_zh", "why_en"],
    )
    power = _power(rows, rollout, unit, period, outcome, treated)
    strength = _power_said(power)
    possible = [NAMES[key] for key in open_to]
    text = (
        f"{rollout.said[0]}可行的设计：{'、'.join(each[0] for each in possible) or '无'}。{strength[0]}",
        f"{rollout.said[1]} Designs these data allow: {', '.join(each[1] for each in possible) or 'none'}. "
        f"{strength[1]}",
    )
    none: Pair = (
        "这些数据不允许任何一种设计估计政策效应。",
        "These data allow no design to estimate the effect of the policy.",
    )
    return Result(
        ("评价设计建议", "design advisor"),
        ("哪些设计能够估计政策效应", "which designs can estimate the effect of the policy"),
        n=rollout.units,
        units=units,
        diagnostics=(missing, *checks),
        refusals=() if open_to else (none,),
        text=text if open_to else (text[0] + none[0], f"{text[1]} {none[1]}"),
        tables={"rollout": rollout.cohorts, "designs": listed, "power": power},
    )


def _first(problems: Iterator[tuple[bool, str, str]]) -> Pair | None:
    """Return all reasons that hold, joined; none if none does."""
    found = [(zh, en) for holds, zh, en in problems if holds]
    return ("；".join(each[0] for each in found), "; ".join(each[1] for each in found)) if found else None


def _shared(r: Rollout) -> Iterator[tuple[bool, str, str]]:
    yield not r.starts, "没有对象在数据期内开始受处理", "no unit starts within the data"
    yield (
        bool(r.reversals),
        f"{r.reversals} 个对象的政策中途停止",
        f"the policy stops again in {r.reversals} units",
    )


def _two_by_two(r: Rollout) -> tuple[Verdict, Pair]:
    def reasons() -> Iterator[tuple[bool, str, str]]:
        yield from _shared(r)
        yield r.starts > 1, f"开始时间不同（{r.starts} 个）", f"units start at {r.starts} different times"
        yield not r.never, "没有从未受处理的对象", "no unit is never treated"
        yield r.starts > 0 and r.treated < 2, "只有一个处理对象", "a single treated unit"
        yield r.never == 1, "只有一个对照对象", "a single comparison unit"

    return _judged(_first(reasons()), r)


def _staggered(r: Rollout) -> tuple[Verdict, Pair]:
    def reasons() -> Iterator[tuple[bool, str, str]]:
        yield from _shared(r)
        alone = not r.never and r.starts < 2
        yield alone, "没有从未受处理或较晚受处理的对象", "no unit is never treated or treated later"
        yield r.starts > 0 and r.treated < 2, "只有一个处理对象", "a single treated unit"

    return _judged(_first(reasons()), r)


def _judged(why: Pair | None, r: Rollout) -> tuple[Verdict, Pair]:
    if why:
        return "fail", why
    if r.before < 2:
        return "warn", ("政策前只有一期，平行趋势无从检验", "one period before: parallel trends cannot be tested")
    return "pass", (f"政策前最多 {r.before} 期", f"up to {r.before} periods before")


def _synthetic(r: Rollout) -> tuple[Verdict, Pair]:
    def reasons() -> Iterator[tuple[bool, str, str]]:
        yield from _shared(r)
        yield r.starts > 1, f"开始时间不同（{r.starts} 个）", f"units start at {r.starts} different times"
        yield r.never < 2, f"可比对象只有 {r.never} 个", f"donors: {r.never}"
        short = r.starts > 0 and r.before < FEWEST
        yield short, f"政策前只有 {r.before} 期，少于 {FEWEST} 期", f"{r.before} periods before, fewer than {FEWEST}"

    why = _first(reasons())
    if why:
        return "fail", why
    if r.never + 1 < 20 or r.before < 2 * FEWEST:
        return "warn", (
            f"可比对象 {r.never} 个、政策前 {r.before} 期：对象少于 20 个时 p 不可能小于 0.05",
            f"{r.never} donors, {r.before} periods before: with fewer than 20 units p cannot fall below 0.05",
        )
    return "pass", (f"可比对象 {r.never} 个，政策前 {r.before} 期", f"{r.never} donors, {r.before} periods before")


def _interrupted(r: Rollout) -> tuple[Verdict, Pair]:
    def reasons() -> Iterator[tuple[bool, str, str]]:
        yield from _shared(r)
        yield r.starts > 1, f"开始时间不同（{r.starts} 个）", f"units start at {r.starts} different times"
        short = r.starts > 0 and min(r.before, r.after) < _SEGMENT
        yield (
            short,
            f"政策前 {r.before} 期、后 {r.after} 期，每段至少需 {_SEGMENT} 期",
            f"{r.before} periods before, {r.after} after; each segment needs {_SEGMENT}",
        )

    why = _first(reasons())
    if why:
        return "fail", why
    if not r.never:
        return "warn", (
            "没有对照序列，同期的其他变化无法排除",
            "no comparison series: other changes cannot be ruled out",
        )
    return "pass", (f"政策前 {r.before} 期、后 {r.after} 期", f"{r.before} periods before, {r.after} after")


def _weighting(r: Rollout) -> tuple[Verdict, Pair]:
    untreated = r.units - r.treated - r.always
    few = min(r.treated + r.always, untreated)
    if few < _GROUP:
        return "fail", (
            f"受处理 {r.treated + r.always} 个、未受处理 {untreated} 个，每类至少需 {_GROUP} 个",
            f"{r.treated + r.always} units treated, {untreated} not; each kind needs {_GROUP}",
        )
    return "warn", (
        "须有决定是否受处理的协变量；未观测的差异无法检验",
        "needs the covariates that decided who was treated; what was not measured cannot be tested",
    )


def _discontinuity(rows: pd.DataFrame, treated: str, score: str | None, cutoff: float | None) -> tuple[Verdict, Pair]:
    if score is None or cutoff is None:
        return "fail", ("没有给出分数和分界点", "no score and cut-off are given")
    above = rows[score] >= cutoff
    given = rows.groupby(above)[treated].mean().reindex([False, True])
    if given.isna().any():
        return "fail", ("分界点一侧没有对象", "no unit on one side of the cut-off")
    jump = abs(float(given[True] - given[False]))
    sides = [int(rows.loc[above == side, score].nunique()) for side in (False, True)]
    if jump == 0:
        return "fail", ("受处理比例在分界点没有变化", "the share treated does not change at the cut-off")
    if min(sides) < _VALUES:
        return "warn", (
            f"分数取值较少（两侧 {sides[0]} 与 {sides[1]} 个）：按离散分数处理，不能做密度检验",
            f"few distinct scores ({sides[0]} and {sides[1]}): treat the score as discrete; no density test",
        )
    if jump < 1:
        return "warn", (
            f"受处理比例在分界点变化 {jump:.1%}：不是清晰断点",
            f"the share treated changes by {jump:.1%} at the cut-off: not a sharp design",
        )
    return "pass", ("分界点完全决定是否受处理", "the cut-off decides who is treated")


def _power(rows: pd.DataFrame, r: Rollout, unit: str, period: str, outcome: str, treated: str) -> pd.DataFrame:
    """Return the smallest effect found with probability 0.8, from how units move without the policy."""
    columns = ["treated", "others", "before", "after", "sd", "correlation", "se", "mde", "mde_of_mean"]
    # Units never treated show a unit's own ups and downs in every period; without them, all before the first start.
    last = rows.groupby(unit)[treated].transform("max")
    untouched = rows[last == 0] if r.never > 2 else rows[rows[period] < r.first] if r.starts else rows.iloc[:0]
    grid = untouched.set_index([unit, period])[outcome].unstack().dropna()  # noqa: PD010 - keys do not repeat
    sd, correlation = moments(grid.to_numpy())
    others = r.never or r.units - r.treated - r.always
    if not (np.isfinite(sd) and np.isfinite(correlation) and r.treated and others and r.before and r.after):
        return pd.DataFrame(columns=columns)
    se = change_error(sd, correlation, r.treated, others, r.before, r.after)
    mde, mean = minimum_detectable_effect(se), float(grid.to_numpy().mean())
    line = (r.treated, others, r.before, r.after, sd, correlation, se, mde, mde / abs(mean) if mean else np.nan)
    return pd.DataFrame([line], columns=columns)


def _power_said(table: pd.DataFrame) -> Pair:
    if table.empty:
        return (
            "没有政策时的数据不足，不能估计最小可检出效应。",
            "Too little is seen without the policy for a detectable effect.",
        )
    mde = shown(float(table.iloc[0]["mde"]))
    return (
        f"双重差分以 80% 的概率能发现的最小效应为 {mde}。",
        f"The smallest effect a difference in differences finds with probability 80% is {mde}.",
    )
