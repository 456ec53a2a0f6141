"""Values judged by a rule set: items, totals, grades, and for every point why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from perfkit import tables
from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.measure import explaining, grading, scoring
from perfkit.measure.scorecard.library import (
    examined,
    impossible_values,
    is_percent,
    scheme_named,
    unknown_codes,
    weighted,
    with_years,
)
from perfkit.rules import RuleSet

_EXCLUDED, _ZERO, _OPEN = "exclude", "zero", "open"
_DUST = 1e-9


@dataclass(frozen=True)
class Scorecard:
    """Scored items, totals and grades, with the rules they rest on.

    ``items`` is the table ``scores`` (one row a unit and indicator), ``results`` the table ``results`` (one row a
    unit); ``scheme`` and ``denominator`` are the choices made.
    """

    items: pd.DataFrame
    results: pd.DataFrame
    rule_set: RuleSet
    scheme: str
    denominator: str

    def of(self, unit_id: str) -> Scorecard:
        """Return the scorecard of one unit (all its years).

        Raises
        ------
        ScoreError
            If the unit has not been scored.
        """
        if unit_id not in set(self.results["unit_id"]):
            some = ", ".join(self.results["unit_id"].head(10))
            raise ScoreError(
                (f"unit {unit_id!r} has no values", f"评价对象“{unit_id}”没有指标值"),
                [Problem(("unknown unit", "未知的评价对象"), expected=some, got=unit_id)],
            )
        return replace(
            self,
            items=self.items[self.items["unit_id"] == unit_id].reset_index(drop=True),
            results=self.results[self.results["unit_id"] == unit_id].reset_index(drop=True),
        )

    @property
    def used(self) -> tuple[str, ...]:
        """The names of the parameters that decided the points and grades of these items, and of no others."""
        rules = [f"rule_{name}" for name in self.items["rule"].dropna().unique()]
        functions = {rule: self.rule_set.value(rule)["function"] for rule in rules}
        names = ["full_points", "grade_bands", "schemes", "default_scheme", "rounding", *rules]
        if self.items["status"].ne("reported").any():
            names.append("missing_evidence")
        if self.items["used_from"].eq("computed").any():
            names.append("execution_denominator")
        in_proportion = self.items["kind"].eq("quantitative") & self.items["rule"].map(
            lambda name: functions.get(f"rule_{name}") == "proportional"
        )
        if (
            in_proportion.any() or self.items["over"].notna().any()
        ) and "over_fulfilment" in self.rule_set.parameters:
            names.append("over_fulfilment")
        return tuple(names)

    def bases(self, also: Collection[str] = ()) -> pd.DataFrame:
        """Return the table ``bases``: what the scores rest on, and the further parameters ``also``."""
        return self.rule_set.bases([*self.used, *also])


def score(
    values: pd.DataFrame,
    library: pd.DataFrame,
    rule_set: RuleSet,
    *,
    units: pd.DataFrame | None = None,
    scheme: str | None = None,
    denominator: str = "self_form",
    weights: str = "given",
    explain: bool = True,
) -> Scorecard:
    """Score values against an indicator library by the rules in force.

    Parameters
    ----------
    values
        Table ``values``. ``verified`` wins over ``actual``; an indicator without a row counts as missing.
    library
        Table ``indicators``; rows without a unit code apply to every unit.
    rule_set
        The rules; see :func:`perfkit.rules.load`.
    units
        Table ``units``: where it holds the money, execution rates are computed from it, not taken as printed.
    scheme
        Which of the pack's scoring schemes; by default the pack's ``default_scheme``.
    denominator
        Of the execution rate: "self_form" (budget of the year) or "framework" (funds received).
    weights
        "given": the library's points, which must add up; "printed": the same, whatever they add up to; "equal":
        equal shares at every node of the tree, for a framework issued without points.
    explain
        Make the sentences ``why_zh`` and ``why_en``; leave out for speed.

    Returns
    -------
    Scorecard
        Points are rounded item by item as the pack says, so that totals re-add from the printed items.

    Raises
    ------
    ScoreError
        If values, library and rules do not fit together: all problems at once.

    Notes
    -----
    A total is sum(points) / sum(full points of what counts) x full points: excluded items (not due, not applicable)
    are rescaled. ``points_low`` and ``points_high`` bound it by what the missing and unverified items might be worth.
    """
    chosen = scheme_named(rule_set, scheme)
    full = float(rule_set.value("full_points"))
    values, problems = with_years(values, units)
    known = _known(values, library, units)
    names = list(dict.fromkeys(known["unit_id"]))
    own = set(library["unit_id"].dropna())
    library = weighted(library, weights, full)
    library, faults = examined(library, rule_set, chosen, names if own else names[:1], adds_up=weights != "printed")
    problems += faults + unknown_codes(values, library, units) + impossible_values(values, library, rule_set)
    fail_if_any(ScoreError, "the data 数据", problems)
    items = _grid(values, library, known)
    items["rule"] = items.pop("rule_used")
    items = _used_values(items, units, rule_set, denominator)
    items = _shares(items, rule_set)
    items = _points(items, rule_set)
    results = _totals(items, rule_set, None if weights == "printed" else full)
    items = rule_set.stamp(items)
    if explain:
        items = items.join(explaining.sentences(items, _rules_of(items, rule_set)))
    columns = list(tables.contract("scores").columns)
    return Scorecard(
        items=items.reindex(columns=columns),
        results=results,
        rule_set=rule_set,
        scheme=chosen,
        denominator=denominator,
    )


def _known(values: pd.DataFrame, library: pd.DataFrame, units: pd.DataFrame | None) -> pd.DataFrame:
    """Return the units and years to score, those without a single value too if indicators apply to them."""
    known = values[["unit_id", "year"]].drop_duplicates()
    if units is not None:
        # A year of the units that no value mentions is scored as missing, not dropped.
        listed = units[["unit_id", "year"]]
        if not library["unit_id"].isna().any():
            listed = listed[listed["unit_id"].isin(library["unit_id"])]
        blank = listed["year"].isna() & listed["unit_id"].isin(known["unit_id"])
        known = pd.concat([known, listed[~blank]]).drop_duplicates()
    return known.reset_index(drop=True)


def _grid(values: pd.DataFrame, library: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Give every unit and year a row for each of its indicators, in the library's order, with its value if any."""
    library = library.drop(columns="source").assign(
        order=np.arange(len(library)), listed=_count(library["check_points"])
    )
    known = known.assign(at=np.arange(len(known)))
    common = library[library["unit_id"].isna()].drop(columns="unit_id")
    own = known.merge(library[library["unit_id"].notna()], on="unit_id")
    full = (
        pd.concat([known.merge(common, how="cross"), own], ignore_index=True)
        if len(own)
        else (known.merge(common, how="cross"))
    )
    full = full.sort_values(["at", "order"], kind="stable")
    merged = full.merge(values.drop(columns="note"), on=["unit_id", "year", "indicator_id"], how="left")
    return merged.rename(columns={"points": "points_full"})


def _count(texts: pd.Series) -> pd.Series:
    """Count the check points in texts that list them with semicolons."""
    pieces = texts.fillna("").str.replace(";", "；").str.strip("； ").str.split("；")
    return pieces.map(lambda each: float(len([p for p in each if p.strip()])))


def _used_values(
    items: pd.DataFrame, units: pd.DataFrame | None, rule_set: RuleSet, denominator: str
) -> pd.DataFrame:
    """Choose the value each item is scored by: verified, else computed from the money, else as reported."""
    used = items["verified"].where(items["verified"].notna(), items["actual"])
    used_from = pd.Series(np.where(items["verified"].notna(), "verified", "reported"), index=items.index)
    percent = is_percent(items["unit"])
    execution = items["kind"].eq("execution") & items["verified"].isna()
    if units is not None and execution.any():
        rates = execution_rates(units, rule_set, denominator)
        computed = _rate_of(items, rates).where(execution)
        # Money against a budget of nothing has no rate: the printed one is not taken in its place.
        used = used.mask(execution & np.isinf(computed))
        computed = computed.where(np.isfinite(computed))
        used = used.where(computed.isna(), computed * np.where(percent, 100.0, 1.0))
        used_from = used_from.where(computed.isna(), "computed")
    status = items["status"].fillna("reported")
    nothing = used.isna() & items["judged"].isna() & items["kind"].ne("reported")
    status = status.where(~(nothing & status.isin(["reported", "unverified"])), "missing")
    used_rate = used / np.where(percent, 100.0, 1.0)
    return items.assign(used=used, used_rate=used_rate, used_from=used_from, status=status)


def _rate_of(items: pd.DataFrame, rates: pd.DataFrame) -> pd.Series:
    """Give each item its unit's rate of its year; where a year is blank on either side the unit's only row counts."""
    exact = items[["unit_id", "year"]].merge(rates, on=["unit_id", "year"], how="left")["rate"].set_axis(items.index)
    only = rates[~rates["unit_id"].duplicated(keep=False)]
    alone = items["unit_id"].map(only.set_index("unit_id")["rate"])
    blank = items["year"].isna() | items["unit_id"].isin(only.loc[only["year"].isna(), "unit_id"])
    return exact.where(exact.notna(), alone.where(blank))


def execution_rates(units: pd.DataFrame, rule_set: RuleSet, denominator: str) -> pd.DataFrame:
    """Return the execution rate (spent / denominator, a share of one) of each unit.

    Returns
    -------
    DataFrame
        ``unit_id``, ``year`` and ``rate``: missing where the money is not known, infinite where money was spent
        against a budget of nothing.

    Raises
    ------
    ScoreError
        If the denominator is not one the pack names.
    """
    named = rule_set.value("execution_denominator")
    if denominator not in named:
        raise ScoreError(
            (f"no denominator {denominator!r}", f"没有名为“{denominator}”的分母"),
            [Problem(("unknown denominator", "未知的分母"), expected=", ".join(named), got=denominator)],
        )
    base, spent = units[named[denominator]], units["spent"]
    rate = (spent / base.where(base > 0)).mask((base <= 0) & (spent > 0), np.inf)
    return units[["unit_id", "year"]].assign(rate=rate)


def _shares(items: pd.DataFrame, rule_set: RuleSet) -> pd.DataFrame:
    """Score each group of items under one rule; over-fulfilment is a matter of quantitative indicators only."""
    share = np.full(len(items), np.nan)
    counted = items["kind"].eq("quantitative")
    for (name, quantitative), rows in items.groupby(["rule", counted], sort=False).indices.items():
        rule = rule_set.value(f"rule_{name}")
        function = rule["function"]
        numbers = {key: value for key, value in rule.items() if key not in ("function", "zh", "en")}
        if function == "proportional" and quantitative and "over_fulfilment" in rule_set.parameters:
            numbers = {**rule_set.value("over_fulfilment"), **numbers}
        part = items.iloc[rows]
        feed = part.assign(finished=part["finished"].astype("Float64").to_numpy(dtype=float, na_value=np.nan))
        share[rows] = scoring.shares(feed, function, numbers)
    rate = scoring.completion(items["used"], items["target"], items["direction"].fillna("ge"))
    over = rate - 1.0
    flagged = items["kind"].eq("quantitative") & items["direction"].eq("ge")
    choice = rule_set.value("over_fulfilment") if "over_fulfilment" in rule_set.parameters else {"policy": "ignore"}
    limit = float("inf" if choice["policy"] == "ignore" else choice["tolerance"])
    return items.assign(share=share, rate=rate, over=np.where(flagged & (over > limit + _DUST), over, np.nan))


def _rules_of(items: pd.DataFrame, rule_set: RuleSet) -> dict[str, dict[str, Any]]:
    """Return the rules that the items use, each with its numbers and its kind's sentence."""
    common = rule_set.value("over_fulfilment") if "over_fulfilment" in rule_set.parameters else {}
    rules = {}
    for name in items["rule"].dropna().unique():
        rule = rule_set.value(f"rule_{name}")
        kind = scoring.KINDS[rule["function"]]
        rules[name] = {**common, **rule, "sentence": (kind.zh, kind.en)}
    return rules


def _points(items: pd.DataFrame, rule_set: RuleSet) -> pd.DataFrame:
    """Turn shares into rounded points with their bounds; what a gap costs is the pack's choice."""
    policy = rule_set.value("missing_evidence")
    status = items["status"].where(
        ~(items["share"].isna() & items["status"].isin(["reported", "unverified"])), "missing"
    )
    act = status.map({"not_seen": _OPEN, **policy, "reported": "score"})
    rounding = rule_set.value("rounding")
    exact = items["points_full"] * items["share"].to_numpy()
    points = pd.Series(grading.round_points(exact, **rounding), index=items.index)
    points = points.where(act != _ZERO, 0.0).where(~act.isin([_EXCLUDED, _OPEN]))
    unsure = act.isin([_ZERO, _OPEN]) | status.eq("unverified")
    return items.assign(
        status=status,
        counts=act.ne(_EXCLUDED),
        points=points,
        points_low=points.where(~unsure, 0.0),
        points_high=points.where(~unsure, items["points_full"]),
        target_shown=explaining.shown_targets(items),
        actual_shown=explaining.shown_actuals(items),
    )


def _totals(items: pd.DataFrame, rule_set: RuleSet, full: float | None) -> pd.DataFrame:
    """Add up each unit's items to ``full`` points; what nobody has seen leaves the total open, with its bounds."""
    counted = items["counts"]
    weights = items["points_full"].where(counted, 0.0)
    assessed = weights.where(items["status"].eq("reported") & items["kind"].ne("reported"), 0.0)
    parts = pd.DataFrame(
        {
            "unit_id": items["unit_id"],
            "year": items["year"],
            "points": items["points"],
            "points_low": items["points_low"].where(counted),
            "points_high": items["points_high"].where(counted),
            "weight": weights,
            "whole": items["points_full"],
            "assessed": assessed,
            "open": (counted & items["points"].isna()).astype(float),
        }
    )
    sums = parts.groupby(["unit_id", "year"], sort=False, dropna=False).sum().reset_index()
    scale = ((sums["whole"] if full is None else full) / sums["weight"]).where(sums["weight"] > 0)
    rounding = rule_set.value("rounding")
    results = sums[["unit_id", "year"]].copy()
    for column in ("points", "points_low", "points_high"):
        rescaled = np.where(
            np.isclose(scale, 1.0), sums[column], grading.round_points(sums[column] * scale, **rounding)
        )
        results[column] = np.round(rescaled, grading.DECIMALS)
    results["points"] = results["points"].where(sums["open"].eq(0.0))
    share = (sums["assessed"] / sums["weight"]).where(sums["weight"] > 0, 0.0)
    results["coverage"] = np.round(share.to_numpy(), grading.DECIMALS)
    grades: Any = grading.grade(results["points"], rule_set.value("grade_bands"))
    results = results.join(grades)
    results = rule_set.stamp(results)
    return results.reindex(columns=list(tables.contract("results").columns))
