"""The indicator library: a tree of indicators, and whether it is whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable

import pandas as pd

from perfkit import tables
from perfkit.errors import Problem, ScoreError, fail_if_any

_SUM_TOLERANCE = 1e-9


def applying_to(indicators: pd.DataFrame, unit_id: str) -> pd.DataFrame:
    """Return the indicators of one unit: the common ones (no unit code) and its own, in the library's order.

    Examples
    --------
    >>> library = pd.DataFrame({"unit_id": [None, "b"], "indicator_id": ["1", "2"]})
    >>> applying_to(library, "a")["indicator_id"].tolist()
    ['1']
    """
    return indicators[indicators["unit_id"].isna() | (indicators["unit_id"] == unit_id)]


def check(
    indicators: pd.DataFrame, *, full_points: float, rules: Collection[str], units: Collection[str] = ()
) -> None:
    """Check that a library is whole.

    Points of each unit's indicators add up to ``full_points``; every leaf has points and a known rule (or none of
    its own); a quantitative leaf has a direction and a target; check points are listed; a code common to all units
    is not used again by a unit.

    Parameters
    ----------
    indicators
        Table ``indicators``.
    full_points
        What the points of a unit add up to.
    rules
        The rule names in force.
    units
        Units to check for; by default every unit named in the library (or all together if none is).

    Raises
    ------
    ScoreError
        All problems at once, each naming its cell.
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
        if isinstance(item["rule"], str) and item["rule"] not in rules:
            problems.append(
                Problem(
                    ("unknown scoring rule", "未知的计分规则"),
                    at(row, "rule"),
                    ", ".join(sorted(rules)),
                    item["rule"],
                    ("name a rule of the pack", "请填写规则包中的规则名"),
                    column="rule",
                )
            )
        problems.extend(_unscorable(item, at, row))
    named = list(indicators["unit_id"].dropna().unique())
    for unit in list(units) or named or [""]:
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
    fail_if_any(ScoreError, str(indicators.attrs.get("where", "indicators")), problems)


def _unscorable(item: pd.Series, at: Callable[[Hashable, str], str], row: Hashable) -> list[Problem]:
    """Say what a leaf lacks to be scored."""
    needs = []
    if item["kind"] in ("quantitative", "yes_no", "satisfaction", "execution") or isinstance(item["rule"], str):
        needs = [column for column in ("direction", "target") if pd.isna(item[column])]
        if item["direction"] == "in" and pd.isna(item["target_high"]):
            needs.append("target_high")
    if item["kind"] in ("check_points", "qualitative", "reported"):
        needs = ["check_points"] if item["kind"] == "check_points" and pd.isna(item["check_points"]) else []
    return [
        Problem(
            (f"a leaf of kind {item['kind']} lacks {column}", f"“{item['kind']}”类指标缺少 {column}"),
            at(row, column),
            do=("fill it in", "请填写"),
            column=column,
        )
        for column in needs
    ]
