"""Recheck one filled form, or every unit of the kit's tables: how it reads, what it scores, what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import pandas as pd

from perfkit import rules, tables
from perfkit.cycle.evaluation import checks, plausible
from perfkit.cycle.evaluation.findings import recheck, recheck_totals
from perfkit.errors import PerfkitError, Problem, TableError
from perfkit.measure import scorecard
from perfkit.measure.indicators import applying_to
from perfkit.measure.scorecard import Scorecard
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


def recheck_form(form: Form, terms: Terms) -> list[tuple[str, Rechecked | PerfkitError]]:
    """Recheck each unit of a form; returns the unit's code and what came of it: an error stops no other unit."""
    return recheck_forms([form], terms)[0]


def recheck_forms(forms: Sequence[Form], terms: Terms) -> list[list[tuple[str, Rechecked | PerfkitError]]]:
    """Recheck several forms as :func:`recheck_form` does each: those under the same rules are scored together."""
    asked = [[_asked(form, one, terms) for one in _each(_units_of(form))] for form in forms]
    there = [each for group in asked for each in group if isinstance(each, _Asked) and len(each.library)]
    scored: dict[int, _Scored | PerfkitError] = {}
    for day in dict.fromkeys(each.rule_set.on for each in there):
        same = [each for each in there if each.rule_set.on == day]
        scored.update(zip(map(id, same), _scored(same, terms), strict=True))
    return [
        [
            (code, each if isinstance(each, PerfkitError) else _rechecked(each, scored.get(id(each))))
            for each, code in zip(group, _units_of(form)["unit_id"].astype(str), strict=True)
        ]
        for form, group in zip(forms, asked, strict=True)
    ]


@dataclass(frozen=True)
class _Asked:
    """A unit to be rechecked: its form, its row of ``units``, its rules, its indicators and values."""

    form: Form
    one: pd.DataFrame
    rule_set: RuleSet
    library: pd.DataFrame
    values: pd.DataFrame


def _each(units: pd.DataFrame) -> list[pd.DataFrame]:
    return [units.iloc[[at]] for at in range(len(units))]


def _asked(form: Form, one: pd.DataFrame, terms: Terms) -> _Asked | PerfkitError:
    unit = one.iloc[0]
    try:
        rule_set = terms.rules_for(unit["year"])
    except PerfkitError as error:
        return error
    library = applying_to(form.tables["indicators"], unit["unit_id"])
    values = form.tables["values"]
    same_year = values["year"].isna() | values["year"].eq(unit["year"]).fillna(False) | pd.isna(unit["year"])
    values = values[values["unit_id"].eq(unit["unit_id"]) & same_year.astype(bool)]
    again = values.index[values["indicator_id"].duplicated()]
    if len(again):
        return _two_values(form.tables["values"], again, unit)
    return _Asked(form, one, rule_set, library, values)


def _two_values(values: pd.DataFrame, again: pd.Index, unit: pd.Series) -> TableError:
    """Refuse to add up years, or to choose between two values of one indicator."""
    return TableError(
        (f"unit {unit['unit_id']!r} has indicators with two values", f"“{unit['unit_id']}”有指标填了两个值"),
        [
            Problem(
                ("the indicator stands twice", "同一指标重复填报"),
                tables.place(values, row, "indicator_id", name="values"),
                got=str(values.loc[row, "indicator_id"]),
                do=("give the unit its year, and keep one row a year", "请填写评价对象的年度，每年只留一行"),
                column="indicator_id",
            )
            for row in again
        ],
    )


@dataclass(frozen=True)
class _Scored:
    """A unit's scorecard, and its form line by line."""

    card: Scorecard
    rows: list[Any]


def _scored(asked: Sequence[_Asked], terms: Terms) -> list[_Scored | PerfkitError]:
    """Score units under the same rules in one go; if that cannot be, one by one, to tell which is at fault."""
    values = _together([each.values for each in asked])
    library = _together([each.library for each in asked])
    units = _together([each.one for each in asked])
    rows = checks.lines(plausible.joined(library, values))
    library = _scorable(library, rows)
    try:
        card = _score(values, library, units, asked[0].rule_set, terms)
    except PerfkitError as error:
        if len(asked) > 1:
            return [card for each in asked for card in _scored([each], terms)]
        return [_in_its_own_words(asked[0], library, terms) or error]
    items, results = (dict(list(frame.groupby("unit_id", sort=False))) for frame in (card.items, card.results))
    own = {key: list(of_one) for key, of_one in groupby(rows, key=lambda row: row.unit_id)}
    return [
        _Scored(
            card.holding(
                items[key].assign(unit_id=each.one["unit_id"].iloc[0]).reset_index(drop=True),
                results[key].assign(unit_id=each.one["unit_id"].iloc[0]).reset_index(drop=True),
            ),
            own[key],
        )
        for key, each in zip(map(str, range(len(asked))), asked, strict=True)
    ]


def _together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the frames of several units together; each unit is called by its place, since codes may stand twice."""
    return pd.concat([frame.assign(unit_id=str(at)) for at, frame in enumerate(frames)], ignore_index=True)


def _in_its_own_words(asked: _Asked, library: pd.DataFrame, terms: Terms) -> PerfkitError | None:
    """Return the error of a unit scored by itself: it names the cells of its own file."""
    own = asked.library.assign(**{name: library[name].array for name in ("kind", "rule", "points")})
    try:
        _score(asked.values, own, asked.one, asked.rule_set, terms)
    except PerfkitError as error:
        return error
    return None


def _score(
    values: pd.DataFrame, library: pd.DataFrame, units: pd.DataFrame, rule_set: RuleSet, terms: Terms
) -> Scorecard:
    return scorecard.score(
        values,
        library,
        rule_set,
        units=units,
        scheme=terms.scheme,
        denominator=terms.denominator,
        weights="printed",
    )


def _units_of(form: Form) -> pd.DataFrame:
    """Return the units; where there is no such table, one row for each unit and year that has values."""
    if len(form.tables["units"]):
        return form.tables["units"]
    known = form.tables["values"][["unit_id", "year"]].drop_duplicates()
    return tables.check(known.assign(name=known["unit_id"]), "units")


def _rechecked(asked: _Asked, scored: _Scored | PerfkitError | None) -> Rechecked | PerfkitError:
    form, one, rule_set = asked.form, asked.one, asked.rule_set
    unit = one.iloc[0]
    if isinstance(scored, PerfkitError):
        return scored
    if scored is None:
        return _only_totals(one, unit, rule_set)
    card, rows = scored.card, scored.rows
    also = [*_remarked(form, unit), *plausible.money_parts(form.parts, unit, rule_set)]
    found = recheck(card, unit, one, rows, also)
    result = card.results.iloc[0]
    able = card.items["kind"].ne("reported") & card.items["points_reported"].notna()
    summary = {
        **_known(unit, found, form),
        "points": result["points"],
        "recomputed": float(card.items.loc[able, "points_full"].sum()),
        "grade": result["grade"],
    }
    in_force = rule_set.in_force()
    rests_on = (*card.used, *(name for name in _ALSO if name in in_force))
    return Rechecked({**summary, **rule_set.mark}, found, tuple(dict.fromkeys(rests_on)))


def _only_totals(one: pd.DataFrame, unit: pd.Series, rule_set: RuleSet) -> Rechecked:
    found = recheck_totals(one, rule_set)
    return Rechecked({**_known(unit, found, None), **rule_set.mark}, found, ("full_points", "grade_bands"))


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


def _scorable(library: pd.DataFrame, rows: Sequence[Any]) -> pd.DataFrame:
    """Take as reported what cannot be scored: no target, no bounds, no points, words without a share chosen."""
    codes = [f"{row.unit_id} {row.indicator_id}" for row in rows]
    loose = [code for code, row in zip(codes, rows, strict=True) if not _can_be_scored(row)]
    points = [next((each for each in (row.points_full, row.points_reported) if pd.notna(each)), 0.0) for row in rows]
    code = library["unit_id"] + " " + library["indicator_id"]
    is_loose = code.isin(loose)
    return library.assign(
        kind=library["kind"].mask(is_loose, "reported"),
        rule=library["rule"].mask(is_loose),
        points=code.map(dict(zip(codes, points, strict=True))),
    )


def _can_be_scored(row: Any) -> bool:
    if pd.isna(row.points_full):
        return False
    if row.kind in ("quantitative", "satisfaction", "yes_no", "execution"):
        bounded = row.direction != "in" or row.target_high >= row.target
        return bool(pd.notna(row.target) and pd.notna(row.direction) and bounded)
    if row.kind == "qualitative":
        return bool(pd.notna(row.judged) and pd.notna(row.judged_share))
    return row.kind != "check_points" or bool(pd.notna(row.check_points))


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
