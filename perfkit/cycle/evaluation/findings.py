"""Recheck a filled form: whether what is printed follows from what it claims to follow.

Nothing is repaired. Each finding keeps what was reported and what was computed, and the sentence to send back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from perfkit import tables
from perfkit.cycle.evaluation import checks, plausible
from perfkit.measure import grading
from perfkit.measure.explaining import number
from perfkit.measure.scorecard import Scorecard
from perfkit.rules import RuleSet


def recheck(
    card: Scorecard,
    unit: pd.Series,
    units: pd.DataFrame | None = None,
    rows: Sequence[Any] | None = None,
    also: Sequence[dict[str, Any]] = (),
) -> pd.DataFrame:
    """Recheck the form of one unit.

    Parameters
    ----------
    card
        The unit's scorecard, with ``points_reported`` where the form prints points.
    unit
        Its row of table ``units`` (reported total and grade, money).
    units
        Table ``units``, to recompute the execution rate.
    rows
        The form as filled in (:func:`perfkit.cycle.evaluation.plausible.joined`), line by line, for what cannot be
        whatever the rule: shares above 100 %, days after the end, amounts of cost as at least ...
    also
        Rows of findings made elsewhere, to be listed first of their severity.

    Returns
    -------
    DataFrame
        Table ``findings``: contradictions first, then what needs an explanation, then rounding.
    """
    items = checks.lines(card.items)
    found = [
        *also,
        *checks.points_by_rule(card, items),
        *checks.points_above_full(items),
        *checks.verified_differs(items),
        *checks.points_for_nothing(items),
        *checks.execution_rate(card, items, units),
        *checks.over_budget(items, units),
        *checks.total(card, unit),
        *checks.grade_of_total(card.rule_set, unit, card.items["points_reported"]),
        *checks.level_weights(card),
        *checks.over_fulfilled(items, () if rows is None else plausible.explained(rows)),
        *checks.missing_values(items),
    ]
    if rows is not None:
        found += [
            *plausible.full_points(rows, unit, card.rule_set),
            *plausible.no_total(rows, unit),
            *plausible.percent_over(rows, unit, card.rule_set),
            *plausible.dates(rows, unit),
            *plausible.cost_at_least(rows, unit),
            *plausible.negative_amounts(rows, unit),
            *plausible.missing(rows, unit),
            *plausible.text_differs(rows, unit),
            *plausible.band_exceeded(rows, unit, card.rule_set, card.scheme),
        ]
    return as_table(found, card.rule_set)


def recheck_all(card: Scorecard, units: pd.DataFrame) -> pd.DataFrame:
    """Recheck the form of every unit and year that was scored; returns table ``findings``."""
    kept = []
    card.items  # noqa: B018 - made once for all, not form by form
    for _, unit in units.iterrows():
        same = card.results["unit_id"].eq(unit["unit_id"]) & _year_is(card.results["year"], unit["year"])
        if same.any():
            kept.append(recheck(card.part(same.to_numpy()), unit, unit.to_frame().T.astype(units.dtypes)))
    kept = [frame for frame in kept if len(frame)]
    return pd.concat(kept, ignore_index=True) if kept else as_table([], card.rule_set)


def _year_is(years: pd.Series, year: Any) -> pd.Series:
    """Say which rows are of ``year``; a blank on either side is no reason to part them."""
    return (
        (years.isna() | years.eq(year)).fillna(True).astype(bool) if pd.notna(year) else years.notna() | years.isna()
    )


def recheck_totals(units: pd.DataFrame, rule_set: RuleSet, bands: str = "grade_bands") -> pd.DataFrame:
    """Recheck published totals and grades where the items are not known; returns table ``findings``.

    ``bands`` names the parameter of the pack that holds the grades.
    """
    rows: list[dict[str, Any]] = []
    for _, unit in units.iterrows():
        if pd.isna(unit["points_reported"]):
            rows.append(
                checks.finding(
                    unit["unit_id"],
                    "total_missing",
                    "explain",
                    "",
                    "",
                    f"“{unit['name']}”只公布等级，未公布得分，无法核对。",
                    f"'{unit['name']}' publishes a grade but no score: it cannot be checked.",
                )
            )
        elif pd.isna(unit["grade_reported"]):
            follows = grading.grade([unit["points_reported"]], rule_set.value(bands))["grade"].iloc[0]
            points = number(float(unit["points_reported"]))
            rows.append(
                checks.finding(
                    unit["unit_id"],
                    "grade_missing",
                    "explain",
                    "",
                    str(follows),
                    f"“{unit['name']}”公布得分 {points} 分而未公布等级；按等级划分应为“{follows}”。",
                    f"'{unit['name']}' publishes {points} points but no grade; by the bands it is '{follows}'.",
                )
            )
        rows += checks.grade_of_total(rule_set, unit, bands=bands)
    return as_table(rows, rule_set)


def summary(findings: pd.DataFrame, card: Scorecard) -> tuple[str, str]:
    """Return one sentence that says what could be rechecked and counts the findings by severity."""
    items = card.items
    able = float(items.loc[items["kind"].ne("reported") & items["points_reported"].notna(), "points_full"].sum())
    points = number(able)
    if not able:
        scope = ("原件未列可复算的指标得分，仅核对总分与等级", "No points can be recomputed: only total and grade")
    else:
        scope = (f"可复算的填报得分涉及分值 {points} 分", f"Reported points worth {points} can be recomputed")
    if not len(findings):
        return (f"{scope[0]}，核对未发现问题。", f"{scope[1]}; the recheck found nothing.")
    counts = findings["severity"].value_counts()
    wrong, explain, rounded = (int(counts.get(k, 0)) for k in ("contradiction", "explain", "rounding"))
    return (
        f"{scope[0]}；核对发现与规则不符 {wrong} 处、需说明 {explain} 处、取整差异 {rounded} 处。",
        f"{scope[1]}; found: against the rule {wrong}, to be explained {explain}, rounding {rounded}.",
    )


def as_table(rows: list[dict[str, Any]], rule_set: RuleSet) -> pd.DataFrame:
    """Return table ``findings``: contradictions first, then what needs an explanation, then rounding."""
    order = ("contradiction", "explain", "rounding")
    ranked = sorted(rows, key=lambda row: order.index(row["severity"]))
    return tables.check_rows([{**row, **rule_set.mark} for row in ranked], "findings")
