"""Recheck one filled form, or every unit of the kit's tables: how it reads, what it scores, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from perfkit import rules, tables
from perfkit.cycle.evaluation import checks, plausible
from perfkit.cycle.evaluation.findings import recheck, recheck_totals
from perfkit.errors import PerfkitError
from perfkit.measure import scorecard
from perfkit.measure.indicators import applying_to
from perfkit.readers import Form
from perfkit.rules import RuleSet

# What a finding may rest on beside the rules that score the row.
_ALSO = (
    "recheck_tolerance",
    "rate_words",
    "grade_words",
    "over_fulfilment",
    "self_weights_2020",
    "self_weights_2021",
)


@dataclass(frozen=True)
class Terms:
    """By what rules forms are rechecked: the pack, the day, the scheme, the denominator of the execution rate.

    Without a day (``on`` empty) each form is held to the rules of the last day of its year, or of the pack's first
    day where that is later (a form of 2019 is filled in in 2020); a form without a year to those of ``today``.
    """

    pack: str
    today: str
    on: str = ""
    scheme: str | None = None
    denominator: str = "self_form"

    def rules_for(self, year: Any) -> RuleSet:
        """Return the rules for a form of ``year``.

        Raises
        ------
        RuleError
            If the pack is unknown, or nothing of it is in force on the day asked for.
        """
        if self.on:
            return _loaded(self.pack, self.on)
        day = f"{int(year)}-12-31" if pd.notna(year) else self.today
        return _loaded(self.pack, max(day, _first_day(self.pack)))


@dataclass(frozen=True)
class Rechecked:
    """One unit's form: its row of ``form_summary``, its ``findings``, and the parameters they rest on, by day."""

    summary: dict[str, Any]
    findings: pd.DataFrame
    rests_on: tuple[str, ...]


@lru_cache(maxsize=64)
def _loaded(pack: str, on: str) -> RuleSet:
    return rules.load(pack, on)


@lru_cache(maxsize=8)
def _first_day(pack: str) -> str:
    return rules.first_day(pack).isoformat()


def recheck_form(form: Form, terms: Terms) -> Iterator[tuple[str, Rechecked | PerfkitError]]:
    """Recheck each unit of a form; yields the unit's code and what came of it: an error stops no other unit."""
    units = _units_of(form)
    for position in range(len(units)):
        one = units.iloc[[position]]
        try:
            yield str(one["unit_id"].iloc[0]), _recheck_unit(form, one, terms)
        except PerfkitError as error:
            yield str(one["unit_id"].iloc[0]), error


def _units_of(form: Form) -> pd.DataFrame:
    """Return the units; where there is no such table, one row for each unit and year that has values."""
    if len(form.tables["units"]):
        return form.tables["units"]
    known = form.tables["values"][["unit_id", "year"]].drop_duplicates()
    return tables.check(known.assign(name=known["unit_id"]), "units")


def _recheck_unit(form: Form, one: pd.DataFrame, terms: Terms) -> Rechecked:
    unit = one.iloc[0]
    rule_set = terms.rules_for(unit["year"])
    library = applying_to(form.tables["indicators"], unit["unit_id"])
    values = form.tables["values"]
    same_year = values["year"].isna() | values["year"].eq(unit["year"]).fillna(False) | pd.isna(unit["year"])
    values = values[values["unit_id"].eq(unit["unit_id"]) & same_year.astype(bool)]
    if not len(library):
        return _only_totals(one, unit, rule_set)
    rows = plausible.joined(library, values)
    card = scorecard.score(
        values,
        _scorable(library, rows),
        rule_set,
        units=one,
        scheme=terms.scheme,
        denominator=terms.denominator,
        weights="printed",
    )
    also = [*_remarked(form, unit), *plausible.money_parts(form.parts, unit, rule_set)]
    found = recheck(card, unit, one, rows, also)
    whole = abs(float(rows["points_full"].sum()) - float(rule_set.value("full_points"))) < 1e-6
    result = card.results.iloc[0]
    scored = card.items["kind"].ne("reported") & card.items["points_reported"].notna()
    summary = {
        **_known(unit, found, form),
        "points": result["points"],
        "recomputed": float(card.items.loc[scored, "points_full"].sum()),
        "grade": result["grade"] if whole else None,  # grades are of the full points
    }
    in_force = rule_set.in_force()
    rests_on = (*card.used, *(name for name in _ALSO if name in in_force))
    return Rechecked(rule_set.stamp(pd.DataFrame([summary])).iloc[0].to_dict(), found, tuple(dict.fromkeys(rests_on)))


def _only_totals(one: pd.DataFrame, unit: pd.Series, rule_set: RuleSet) -> Rechecked:
    found = recheck_totals(one, rule_set)
    summary = pd.DataFrame([_known(unit, found, None)])
    return Rechecked(rule_set.stamp(summary).iloc[0].to_dict(), found, ("full_points", "grade_bands"))


def _known(unit: pd.Series, found: pd.DataFrame, form: Form | None) -> dict[str, Any]:
    counts = found["severity"].value_counts()
    said: Sequence[Any] = [remark for remark in form.remarks if not remark.kind] if form else ()
    return {
        **{
            name: unit[name]
            for name in ("unit_id", "year", "name", "department", "points_reported", "grade_reported")
        },
        "contradictions": int(counts.get("contradiction", 0)),
        "to_explain": int(counts.get("explain", 0)),
        "rounded": int(counts.get("rounding", 0)),
        "reading_zh": "；".join(each.zh for each in said) or None,
        "reading_en": "; ".join(each.en for each in said) or None,
    }


def _scorable(library: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Take as reported what cannot be scored: no target, no bounds, no points, words without a share chosen."""
    judged = set(rows.loc[rows["judged"].notna() & rows["judged_share"].notna(), "indicator_id"])
    needs_target = library["kind"].isin(["quantitative", "satisfaction", "yes_no", "execution"])
    between = library["direction"].eq("in")
    loose = needs_target & (library["target"].isna() | library["direction"].isna())
    loose |= needs_target & between & ~(library["target_high"] >= library["target"])
    loose |= library["kind"].eq("check_points") & library["check_points"].isna()
    loose |= library["kind"].eq("qualitative") & ~library["indicator_id"].isin(judged)
    loose |= library["points"].isna()
    claimed = library["indicator_id"].map(rows.set_index("indicator_id")["points_reported"]).astype(float)
    return library.assign(
        kind=library["kind"].where(~loose, "reported"),
        rule=library["rule"].where(~loose),
        points=library["points"].fillna(claimed).fillna(0.0),
    )


def _remarked(form: Form, unit: pd.Series) -> list[dict[str, Any]]:
    """Return the findings that the reader made: what cannot stand in a table, such as a negative amount."""
    return [
        checks.finding(
            unit["unit_id"],
            remark.kind,
            "contradiction",
            remark.reported,
            "",
            remark.zh,
            remark.en,
            indicator_id=remark.indicator_id or None,
            level3=remark.level3 or None,
        )
        for remark in form.remarks
        if remark.kind
    ]
