"""Whether the indicators that units are scored by are whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping

import pandas as pd

from perfkit import tables
from perfkit.errors import Problem

_SUM_TOLERANCE = 1e-9
# What a leaf wants whose rule is unknown, so that all its faults come at once.
_BY_KIND = {
    "quantitative": ("direction", "target"),
    "yes_no": ("direction", "target"),
    "check_points": ("check_points",),
}


def applying_to(indicators: pd.DataFrame, unit_id: str) -> pd.DataFrame:
    """Return the indicators of one unit: the common ones (no unit code) and its own, in the library's order.

    Examples
    --------
    >>> library = pd.DataFrame({"unit_id": [None, "b"], "indicator_id": ["1", "2"]})
    >>> applying_to(library, "a")["indicator_id"].tolist()
    ['1']
    """
    return indicators[indicators["unit_id"].isna() | (indicators["unit_id"] == unit_id)]


def problems_of(
    indicators: pd.DataFrame,
    *,
    full_points: float | None,
    needs: Mapping[str, tuple[str, ...]],
    units: Collection[str] = (),
) -> list[Problem]:
    """Return all that is wrong with a library; it is whole if there is nothing.

    Points of each unit's indicators add up to ``full_points``; every leaf has points, a known rule, and what that
    rule cannot do without (a target, a direction, a floor, check points); a code common to all units is not used
    again by a unit.

    Parameters
    ----------
    indicators
        Table ``indicators``, with ``rule_used``: the rule by which each leaf is scored (its own, or its kind's).
    full_points
        What the points of a unit add up to; None: whatever they add up to.
    needs
        The rules in force, each with the columns it needs.
    units
        Units to check for; by default every unit named in the library (or all together if none is).

    Returns
    -------
    list of Problem
        Each naming its cell.
    """

    def at(row: Hashable, column: str) -> str:
        return tables.place(indicators, row, column, name="indicators")

    problems = []
    for row, item in indicators.iterrows():
        if pd.isna(item["points"]):
            problems.append(
                Problem(
                    ("an indicator has no points", "指标没有分值"),
                    at(row, "points"),
                    do=("give every indicator its points", "请为每个指标填写分值"),
                    column="points",
                )
            )
        rule = item["rule_used"]
        if rule not in needs:
            problems.append(_no_rule(item, at, row, needs))
        problems += [
            Problem(
                (f"the rule {rule} needs {column}", f"计分规则 {rule} 需要 {column}"),
                at(row, column),
                do=("fill it in", "请填写"),
                column=column,
            )
            for column in needs.get(rule, _BY_KIND.get(item["kind"], ()))
            if pd.isna(item[column])
        ]
    named = list(indicators["unit_id"].dropna().unique())
    for unit in list(units) or named or [""]:
        if full_points is None:
            break
        own = applying_to(indicators, unit)
        total = float(own["points"].sum())
        if len(own) and own["points"].notna().all() and abs(total - full_points) > _SUM_TOLERANCE:
            first, last = own.index[0], own.index[-1]
            problems.append(
                Problem(
                    ("points do not add up", "分值合计不对"),
                    f"{at(first, 'points')}:{at(last, 'points').rsplit(' ', 1)[-1]}"
                    + (f"（{unit}）" if unit in named else ""),
                    f"{full_points:g}",
                    f"{total:g}",
                    ("make the points add up", "请调整分值使合计等于满分"),
                    column="points",
                )
            )
    common = set(indicators.loc[indicators["unit_id"].isna(), "indicator_id"])
    own_codes = indicators[indicators["unit_id"].notna() & indicators["indicator_id"].isin(common)]
    problems += [
        Problem(
            ("a common code is used again", "个性指标重用了共性指标的编码"),
            at(row, "indicator_id"),
            got=str(item["indicator_id"]),
            do=("give it a code of its own", "请另编编码"),
            column="indicator_id",
        )
        for row, item in own_codes.iterrows()
    ]
    return problems + _crossed_bounds(indicators, at)


def _no_rule(
    item: pd.Series, at: Callable[[Hashable, str], str], row: Hashable, needs: Mapping[str, tuple[str, ...]]
) -> Problem:
    known = ", ".join(sorted(needs))
    if isinstance(item["rule"], str):
        return Problem(
            ("unknown scoring rule", "未知的计分规则"),
            at(row, "rule"),
            known,
            item["rule"],
            ("name a rule of the pack", "请填写规则包中的规则名"),
            column="rule",
        )
    return Problem(
        (f"the scheme has no rule for kind {item['kind']}", f"计分办法没有“{item['kind']}”类指标的规则"),
        at(row, "kind"),
        known,
        f"{item['kind']} {item['direction'] if isinstance(item['direction'], str) else ''}".strip(),
        ("name a rule in the column rule", "请在计分规则列填写规则名"),
        column="kind",
    )


def _crossed_bounds(indicators: pd.DataFrame, at: Callable[[Hashable, str], str]) -> list[Problem]:
    """Say where bounds stand the wrong way round."""
    between = indicators["direction"].eq("in") & (indicators["target_high"] < indicators["target"])
    up = indicators["direction"].eq("ge") & (indicators["floor"] >= indicators["target"])
    down = indicators["direction"].eq("le") & (indicators["floor"] <= indicators["target"])
    return [
        Problem(
            ("the bounds stand the wrong way round", "上下限颠倒"),
            at(row, column),
            do=("correct the target, the upper target or the floor", "请更正指标值、指标值上限或零分值"),
            column=column,
        )
        for wrong, column in ((between, "target_high"), (up | down, "floor"))
        for row in indicators.index[wrong]
    ]
