"""Make an indicator library ready to score by: weights, the rule of each leaf, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from perfkit import tables
from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.measure import indicators, scoring, weighting
from perfkit.rules import RuleSet
from perfkit.tables.columns import PERCENT

_WHOLE = 1.5  # a target above this cannot be a share of one


def weighted(library: pd.DataFrame, weights: str, full: float) -> pd.DataFrame:
    """Give the leaves of each unit their points by a scheme of weighting."""
    if weights not in ("given", "printed", "equal"):
        raise ScoreError(
            (f"no weighting {weights!r}", f"没有名为“{weights}”的赋权方法"),
            [Problem(("unknown weighting", "未知的赋权方法"), expected="given, printed, equal", got=weights)],
        )
    if weights != "equal":
        return library
    if library["unit_id"].isna().any() and library["unit_id"].notna().any():
        raise ScoreError(
            ("equal weights need common or own indicators, not both", "等权不适用于共性与个性指标并用的体系"),
            [
                Problem(
                    ("common and own indicators together", "共性与个性指标并用"),
                    do=("give the points", "请填写分值"),
                )
            ],
        )
    levels = ["level1", "level2", "level3"]
    shares = [weighting.equal(each[levels]) for _, each in library.groupby("unit_id", sort=False, dropna=False)]
    return library.assign(points=full * pd.concat(shares).reindex(library.index))


def check_library(
    library: pd.DataFrame, rule_set: RuleSet, *, scheme: str | None = None, units: Collection[str] = ()
) -> pd.DataFrame:
    """Check that a library is whole under a rule set, and return it with ``rule_used``, the rule of each leaf.

    Parameters
    ----------
    library
        Table ``indicators``.
    rule_set, scheme
        The rules; the scheme gives the rule of each kind of indicator that names none of its own.
    units
        Units whose points must add up; by default every unit that the library names.

    Raises
    ------
    ScoreError
        All problems at once (see :func:`perfkit.measure.indicators.problems_of`), or a broken rule of the pack.
    """
    whole, problems = examined(library, rule_set, scheme_named(rule_set, scheme), units)
    fail_if_any(ScoreError, str(library.attrs.get("where", "indicators")), problems)
    return whole


def examined(
    library: pd.DataFrame, rule_set: RuleSet, scheme: str, units: Collection[str], *, adds_up: bool = True
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the library with the rule of each leaf, and all that is wrong with it (see :func:`check_library`).

    Without ``adds_up`` the points of a unit may add up to anything.
    """
    whole = library.assign(rule_used=_rule_of(library, rule_set.value("schemes")[scheme]))
    full = float(rule_set.value("full_points")) if adds_up else None
    problems = indicators.problems_of(whole, full_points=full, needs=_needs(rule_set), units=units)
    rates = (
        whole["kind"].isin(["execution", "satisfaction"]) & whole["target"].gt(_WHOLE) & ~is_percent(whole["unit"])
    )
    problems += [
        Problem(
            ("a rate without the unit %", "率类指标没有单位 %"),
            tables.place(library, row, "unit", name="indicators"),
            "%",
            str(whole.loc[row, "unit"]) if isinstance(whole.loc[row, "unit"], str) else "—",
            ("write % as the unit, or the target as a share of one", "请把计量单位填为 %，或将指标值填为小数"),
            column="unit",
        )
        for row in whole.index[rates]
    ]
    return whole, problems


def is_percent(units: pd.Series) -> pd.Series:
    """Say which units of measure are per cent, however they are written.

    Examples
    --------
    >>> is_percent(pd.Series(["%", "％", "百分比", "人", None])).tolist()
    [True, True, True, False, False]
    """
    return units.fillna("").str.strip().isin(PERCENT)


def check_rules(rule_set: RuleSet) -> None:
    """Check that the scoring rules of a pack can be carried out on the day.

    Raises
    ------
    ScoreError
        If a rule names no known function or not its numbers, a scheme a rule that is not there, or the default
        scheme does not exist: all at once.
    """
    problems = []
    rules = set(_needs(rule_set))
    for name, by_kind in rule_set.value("schemes").items():
        problems += [
            Problem(
                ("the scheme names an unknown rule", "计分办法指向未知的规则"),
                f"{rule_set.pack.id} › schemes › {name} › {kind}",
                ", ".join(sorted(rules)),
                rule,
            )
            for kind, rule in by_kind.items()
            if rule not in rules
        ]
    fail_if_any(ScoreError, f"rule pack {rule_set.pack.id}", problems)
    scheme_named(rule_set, None)
    for name in ("full_points", "grade_bands", "rounding", "missing_evidence"):
        rule_set.value(name)


def with_years(values: pd.DataFrame, units: pd.DataFrame | None) -> tuple[pd.DataFrame, list[Problem]]:
    """Fill blank years from the unit's only year; say where a year cannot be told or is not the unit's."""
    known = pd.concat([values[["unit_id", "year"]], *([units[["unit_id", "year"]]] if units is not None else [])])
    given = known.dropna().drop_duplicates().groupby("unit_id")["year"].agg(list)
    only = {unit: years[0] for unit, years in given.items() if len(years) == 1}
    filled = values.assign(year=values["year"].fillna(values["unit_id"].map(only).astype("Int64")))
    filled.attrs.update(values.attrs)
    of_units = units.groupby("unit_id")["year"].agg(lambda each: set(each.dropna())) if units is not None else {}
    problems = []
    for row, unit, year in zip(filled.index, filled["unit_id"], filled["year"], strict=True):
        listed = of_units.get(unit, set())
        if pd.isna(year) and len(given.get(unit, [])) > 1:
            said = ("the year is blank, and the unit has several", "年度为空，而该对象有多个年度")
            got = ""
        elif pd.notna(year) and listed and year not in listed:
            said = ("the unit has no such year", "评价对象没有该年度")
            got = str(year)
        else:
            continue
        problems.append(
            Problem(
                said,
                tables.place(values, row, "year", name="values"),
                ", ".join(str(y) for y in sorted(listed or given[unit])),
                got,
                ("write the right year", "请填写正确的年度"),
                column="year",
            )
        )
    return filled, problems


def impossible_values(values: pd.DataFrame, library: pd.DataFrame, rule_set: RuleSet) -> list[Problem]:
    """Say which values their own rule can never take: more check points than listed, a band that is not there."""
    rules = {
        name: rule_set.value(f"rule_{name}")
        for name in set(library["rule_used"].dropna())
        if name in _needs(rule_set)
    }
    leaves = {
        (None if pd.isna(leaf.unit_id) else leaf.unit_id, leaf.indicator_id): leaf for leaf in library.itertuples()
    }
    problems = []
    for item in values.itertuples():
        leaf = leaves.get((item.unit_id, item.indicator_id)) or leaves.get((None, item.indicator_id))
        rule = rules.get(leaf.rule_used) if leaf is not None else None
        if rule is None:
            continue
        found = _impossible(item, leaf, rule)
        if found:
            column, expected, got = found
            problems.append(
                Problem(
                    ("a value its rule cannot take", "取值不在规则允许的范围内"),
                    tables.place(values, item.Index, column, name="values"),
                    expected,
                    got,
                    ("correct the value", "请更正取值"),
                    column=column,
                )
            )
    return problems


def _impossible(item: Any, leaf: Any, rule: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Return column, what is allowed and what is there, or None."""
    limits: tuple[float, str] | None = None
    if rule["function"] == "check_points":
        limits = (len([p for p in str(leaf.check_points).replace(";", "；").split("；") if p.strip()]), "")
    elif leaf.kind in ("execution", "satisfaction") and str(leaf.unit).strip() not in PERCENT:
        limits = (_WHOLE, "，或计量单位填 %")
    for column in ("actual", "verified") if limits else ():
        value = getattr(item, column)
        if limits and pd.notna(value) and not 0 <= value <= limits[0]:
            return column, f"0–{limits[0]:g}{limits[1]}", f"{value:g}"
    if rule["function"] == "banded" and isinstance(item.judged, str):
        words = {word: band for band in rule["bands"] for word in (band["band"], *band.get("words", ()))}
        band = words.get(item.judged)
        if band is None:
            return "judged", "、".join(words), item.judged
        if pd.notna(item.judged_share) and not band["min"] <= item.judged_share <= band["max"]:
            return "judged_share", f"{band['min']:g}–{band['max']:g}", f"{item.judged_share:g}"
    return None


def scheme_named(rule_set: RuleSet, scheme: str | None) -> str:
    """Return the scheme asked for, or the pack's default; refuse one that is not in force."""
    there = rule_set.value("schemes")
    chosen = scheme or str(rule_set.value("default_scheme"))
    if chosen not in there:
        raise ScoreError(
            (f"no scoring scheme {chosen!r} on {rule_set.on}", f"{rule_set.on} 没有计分办法“{chosen}”"),
            [Problem(("unknown scheme", "未知的计分办法"), rule_set.pack.id, ", ".join(there), chosen)],
        )
    return chosen


def unknown_codes(values: pd.DataFrame, library: pd.DataFrame, units: pd.DataFrame | None) -> list[Problem]:
    """Return the values whose indicator is not in the library, or whose unit is not in table ``units``."""
    common = set(library.loc[library["unit_id"].isna(), "indicator_id"])
    own = set(zip(library["unit_id"], library["indicator_id"], strict=True))
    there = set(units["unit_id"]) if units is not None else set(values["unit_id"])
    problems = []
    for row, unit, code in zip(values.index, values["unit_id"], values["indicator_id"], strict=True):
        if unit not in there:
            problems.append(
                Problem(
                    ("unknown unit code", "未知的单位或项目编码"),
                    tables.place(values, row, "unit_id", name="values"),
                    got=str(unit),
                    do=("correct the code, or add the unit to its table", "请更正编码，或在评价对象表中补充"),
                    column="unit_id",
                )
            )
        elif code not in common and (unit, code) not in own:
            problems.append(
                Problem(
                    ("unknown indicator code", "未知的指标编码"),
                    tables.place(values, row, "indicator_id", name="values"),
                    got=f"{code} ({unit})",
                    do=(
                        "correct the code, or add the indicator to the library",
                        "请更正编码，或在指标体系中补充该指标",
                    ),
                    column="indicator_id",
                )
            )
    return problems


def _needs(rule_set: RuleSet) -> dict[str, tuple[str, ...]]:
    """Return for each rule in force the columns of the library that it cannot do without.

    Raises
    ------
    ScoreError
        If a rule names no known function, or not exactly the numbers that its function takes.
    """
    needs, problems = {}, []
    for parameter in rule_set.in_force("rule_"):
        rule = rule_set.value(parameter)
        function = rule["function"]
        where = f"{rule_set.pack.id} › {parameter}"
        if function not in scoring.KINDS:
            problems.append(
                Problem(
                    ("unknown function", "未知的函数"), where, ", ".join(scoring.KINDS), function, column=parameter
                )
            )
            continue
        must, may = scoring.numbers_of(function)
        given = set(rule) - {"function", "zh", "en", "cap"}
        problems += [
            Problem(
                (f"{function} takes no number {name}", f"{function} 没有数值 {name}"), where, ", ".join(may), name
            )
            for name in sorted(given - set(may))
        ]
        problems += [
            Problem((f"{function} needs the number {name}", f"{function} 缺少数值 {name}"), where, name)
            for name in sorted(set(must) - given)
        ]
        needs[parameter.removeprefix("rule_")] = scoring.KINDS[function].needs
    fail_if_any(ScoreError, f"rule pack {rule_set.pack.id}", problems)
    return needs


def _rule_of(items: pd.DataFrame, by_kind: dict[str, str]) -> pd.Series:
    """Name each item's rule: its own, else the scheme's rule for its kind (and direction)."""
    with_way = items["kind"].astype(str) + "_" + items["direction"].fillna("ge").astype(str)
    found = items["kind"].map(by_kind).astype(object)
    found = found.where(found.notna(), with_way.map(by_kind))
    backwards = (items["kind"] == "satisfaction") & items["direction"].eq("le")
    if backwards.any():
        found = found.where(~backwards, by_kind.get("quantitative_le"))
    return items["rule"].astype(object).where(items["rule"].notna(), found)
