"""Who got the policy when: cohorts, never and always treated, periods before and after."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from perfkit.methods.result import Pair


@dataclass(frozen=True)
class Rollout:
    """Counts of a roll-out.

    ``starts`` is the number of different first periods (after the first of the data), ``treated`` the units that
    start then, ``never`` and ``always`` the others, ``reversals`` the units in which the policy stops again.
    ``before`` and ``after`` are the most periods any cohort has, ``first`` the earliest start.
    """

    cohorts: pd.DataFrame
    units: int
    periods: int
    starts: int
    treated: int
    never: int
    always: int
    reversals: int
    before: int
    after: int
    first: float
    said: Pair


def of(rows: pd.DataFrame, unit: str, period: str, treated: str) -> Rollout:
    """Count the roll-out in rows of unit, period and flag.

    Examples
    --------
    >>> rows = pd.DataFrame({"u": list("aabb"), "t": [1, 2, 1, 2], "on": [0.0, 1.0, 0.0, 0.0]})
    >>> found = of(rows, "u", "t", "on")
    >>> found.starts, found.treated, found.never, found.before
    (1, 1, 1, 1)
    """
    periods = sorted(rows[period].unique())
    on = rows[rows[treated] == 1].groupby(unit)[period].min()
    ordered = rows.sort_values([unit, period])
    stops = ordered.groupby(unit)[treated].diff() < 0
    total = rows[unit].nunique()
    always = int((on == periods[0]).sum()) if periods else 0
    late = on[on > periods[0]] if periods else on
    lines = [
        (start, n, sum(p < start for p in periods), sum(p >= start for p in periods))
        for start, n in late.value_counts().sort_index().items()
    ]
    cohorts = pd.DataFrame(lines, columns=["cohort", "units", "periods_before", "periods_after"])
    never = total - len(on)
    said = (
        f"共 {total} 个对象、{len(periods)} 个时期：{len(lines)} 个开始时间，{len(late)} 个对象中途开始，"
        f"{never} 个从未受处理，{always} 个一开始即受处理。",
        f"{total} units over {len(periods)} periods: {len(lines)} starting times, {len(late)} units start within the "
        f"data, {never} never, {always} from the beginning.",
    )
    return Rollout(
        cohorts=cohorts,
        units=total,
        periods=len(periods),
        starts=len(lines),
        treated=len(late),
        never=never,
        always=always,
        reversals=int(ordered.loc[stops, unit].nunique()),
        before=int(cohorts["periods_before"].max()) if lines else 0,
        after=int(cohorts["periods_after"].max()) if lines else 0,
        first=float(cohorts["cohort"].min()) if lines else float("nan"),
        said=said,
    )
