"""Values judged by a rule set: items, totals, grades, and for every point why."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.measure.scorecard import items as long
from perfkit.measure.scorecard import wide
from perfkit.measure.scorecard.judging import results_of
from perfkit.measure.scorecard.keys import Keys, keyed, twice
from perfkit.measure.scorecard.library import examined, scheme_named, weighted
from perfkit.measure.scorecard.partitioned import Parts
from perfkit.measure.scorecard.used import Used, used_values
from perfkit.measure.scorecard.values import fitting, impossible_values, unknown_codes
from perfkit.rules import RuleSet

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scorecard:
    """Scored items, totals and grades, with the rules they rest on.

    ``results`` is the table ``results`` (one row a unit and year). ``items`` is the table ``scores`` (one row a unit,
    year and indicator, with the sentence that explains its points); it is made when it is first asked for, and only
    for the units asked for. ``scheme`` and ``denominator`` are the choices made; ``make``, ``rows`` and ``pick`` say
    what the items, and the scorecard of one unit, are made from.
    """

    results: pd.DataFrame
    rule_set: RuleSet
    scheme: str
    denominator: str
    make: Callable[[Rows | None, bool], pd.DataFrame]
    rows: Rows | None = None
    pick: Callable[[str], Scorecard] | None = None
    kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What has been computed from this scorecard and will be asked for again, by whatever tells it apart."""

    @cached_property
    def items(self) -> pd.DataFrame:
        """The table ``scores``."""
        return self.make(self.rows, True)

    @cached_property
    def plain_items(self) -> pd.DataFrame:
        """The table ``scores`` without what is only there to be read: sentences, targets and values as text."""
        return self.items if "items" in self.__dict__ else self.make(self.rows, False)

    def of(self, unit_id: str) -> Scorecard:
        """Return the scorecard of one unit (all its years).

        Raises
        ------
        ScoreError
            If the unit has not been scored.
        """
        if self.pick is not None:
            return self.pick(unit_id).of(unit_id)
        last, found = self.kept.get("of", (None, None))
        if last != unit_id:
            # Only the last: who goes through all units would keep the items of them all.
            found = self._of(unit_id)
            self.kept["of"] = (unit_id, found)
        return found  # type: ignore[no-any-return]

    def _of(self, unit_id: str) -> Scorecard:
        mine = self.results["unit_id"].eq(unit_id).to_numpy()
        if not mine.any():
            some = ", ".join(self.results["unit_id"].head(10))
            raise ScoreError(
                (f"unit {unit_id!r} has no values", f"评价对象“{unit_id}”没有指标值"),
                [Problem(("unknown unit", "未知的评价对象"), expected=some, got=unit_id)],
            )
        return self.part(mine)

    def part(self, wanted: npt.NDArray[np.bool_]) -> Scorecard:
        """Return the scorecard of those rows of ``results`` that are wanted."""
        if wanted.all():
            return self
        at = np.flatnonzero(wanted)
        results = self.results.iloc[at].reset_index(drop=True)
        part = replace(self, results=results, rows=at if self.rows is None else self.rows[at])
        if "items" in self.__dict__:
            kept = self.items[self.items["unit_id"].isin(results["unit_id"])]
            if len(kept["year"].unique()) > 1:
                kept = kept.merge(results[["unit_id", "year"]], on=["unit_id", "year"])
            part.__dict__["items"] = kept.reset_index(drop=True)
        return part

    def holding(self, items: pd.DataFrame, results: pd.DataFrame) -> Scorecard:
        """Return a scorecard of these items and results, judged by the same rules."""
        return replace(self, results=results, make=partial(_ready, items), rows=None, pick=None)

    @property
    def used(self) -> tuple[str, ...]:
        """The names of the parameters that decided the points and grades of these items, and of no others."""
        items, results = (
            frame.compute() if hasattr(frame, "compute") else frame for frame in (self.items, self.results)
        )
        rules = [f"rule_{name}" for name in items["rule"].dropna().unique()]
        functions = {rule: self.rule_set.value(rule)["function"] for rule in rules}
        names = ["full_points", "grade_bands", "schemes", "default_scheme", "rounding", *rules]
        if items["status"].ne("reported").any():
            names.append("missing_evidence")
        if items["used_from"].eq("computed").any():
            names.append("execution_denominator")
        if items["used_from"].eq("answers").any():
            names.append("likert_weights")
        if results["limit_zh"].notna().any():
            names.append("grade_limits")
        in_proportion = items["kind"].eq("quantitative") & items["rule"].map(
            lambda name: functions.get(f"rule_{name}") == "proportional"
        )
        if (in_proportion.any() or items["over"].notna().any()) and "over_fulfilment" in self.rule_set.parameters:
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
        Table ``values``, or its columns ``unit_id``, ``indicator_id`` and those that hold values. ``verified`` wins
        over ``actual``; an indicator without a row counts as missing. A Dask data frame partitioned by unit gives a
        scorecard whose results and items are Dask data frames too.
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
        "given": the library's points, which must add up; "printed": the same, whatever they add up to (a grade only
        where that is the full points); "equal": equal shares at every node of the tree, rounded as points are and
        adding up, for a framework issued without points.
    explain
        Make the sentences ``why_zh`` and ``why_en`` with the items.

    Returns
    -------
    Scorecard
        Points are rounded as the pack says: item by item, so that totals re-add from the printed items, or only
        the total.

    Raises
    ------
    ScoreError
        If values, library and rules do not fit together: all problems at once.

    Notes
    -----
    A total is sum(points) / sum(full points of what counts) x full points: excluded items (not due, not applicable)
    are rescaled. ``points_low`` and ``points_high`` bound it by what the missing and unverified items might be worth.
    Under a library of common indicators a million units of twenty indicators are scored in a second or two.
    """
    chosen = scheme_named(rule_set, scheme)
    if hasattr(values, "map_partitions"):
        choices: dict[str, Any] = {
            "scheme": scheme,
            "denominator": denominator,
            "weights": weights,
            "explain": explain,
        }
        parts = Parts(values, units, partial(score, library=library, rule_set=rule_set, **choices))
        return Scorecard(parts.results(), rule_set, chosen, denominator, parts.items, pick=parts.of)
    values, units = fitting(values, "values"), None if units is None else fitting(units, "units")
    library = fitting(library, "indicators")
    keys, problems = keyed(values, library, units)
    library = weighted(library, weights, rule_set)
    own = set(library["unit_id"].dropna())
    names = list(keys.known["unit_id"].unique()) if own else []
    whole, faults = examined(library, rule_set, chosen, names, adds_up=weights != "printed")
    used, unread = used_values(values, keys.leaf, whole, rule_set)
    problems += (
        faults + unread + unknown_codes(values, keys, units) + impossible_values(values, keys, whole, rule_set)
    )
    fail_if_any(ScoreError, "the data 数据", problems + twice(values, keys, len(whole)))
    rates = None
    if units is not None and whole["kind"].eq("execution").any():
        rates = _rates_of(keys.known, execution_rates(units, rule_set, denominator))
    if own:
        items = long.scored(values, keys, used, whole, rates, rule_set)
        sums = long.sums_of(items, len(keys.known))
        make = partial(_kept_items, items, rule_set, explain)
    else:
        sums = wide.totals(values, keys, used, whole, rates, rule_set)
        make = partial(_made_items, values, keys, used, whole, rates, rule_set, explain)
    results = results_of(keys.known, sums, rule_set, adds_up=weights != "printed")
    return Scorecard(results, rule_set, chosen, denominator, make)


def _ready(items: pd.DataFrame, _rows: Rows | None, _shown: bool) -> pd.DataFrame:
    return items


def _kept_items(
    items: pd.DataFrame, rule_set: RuleSet, explain: bool, rows: Rows | None, shown: bool
) -> pd.DataFrame:
    """Return the table ``scores`` of some units from items that are scored."""
    kept = items if rows is None else items[items["at"].isin(rows)]
    return long.as_table(kept.reset_index(drop=True), rule_set, explain=explain, shown=shown)


def _made_items(
    values: pd.DataFrame,
    keys: Keys,
    used: Used,
    library: pd.DataFrame,
    rates: npt.NDArray[np.float64] | None,
    rule_set: RuleSet,
    explain: bool,
    rows: Rows | None,
    shown: bool,
) -> pd.DataFrame:
    """Score the items of some units, and return them as the table ``scores``."""
    if rows is not None:
        kept = np.flatnonzero(keys.unit == rows[0] if len(rows) == 1 else np.isin(keys.unit, rows))
        values = values.iloc[kept]
        keys = Keys(
            keys.known.iloc[rows].reset_index(drop=True), np.searchsorted(rows, keys.unit[kept]), keys.leaf[kept]
        )
        used = Used(used.value[kept], used.origin[kept], used.reached[kept])
        rates = None if rates is None else rates[rows]
    scored = long.scored(values, keys, used, library, rates, rule_set)
    return long.as_table(scored, rule_set, explain=explain, shown=shown)


def _rates_of(known: pd.DataFrame, rates: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Give each unit its rate of its year; where a year is blank on either side the unit's only row counts."""
    exact = known.merge(rates, on=["unit_id", "year"], how="left")["rate"]
    only = rates[~rates["unit_id"].duplicated(keep=False)]
    alone = known["unit_id"].map(only.set_index("unit_id")["rate"])
    blank = known["year"].isna() | known["unit_id"].isin(only.loc[only["year"].isna(), "unit_id"])
    found: npt.NDArray[np.float64] = exact.where(exact.notna(), alone.where(blank)).to_numpy(dtype=float)
    return found


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
