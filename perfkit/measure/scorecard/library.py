"""Make an indicator library ready to score by: weights, the rule of each leaf, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from perfkit import tables
from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.measure import indicators, scoring, weighting
from perfkit.measure.scorecard.used import check_weights, is_percent, parts_of
from perfkit.rules import RuleSet

_WHOLE = 1.5  # a target above this cannot be a share of one


def weighted(library: pd.DataFrame, weights: str, rule_set: RuleSet) -> pd.DataFrame:
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
    full, decimals = float(rule_set.value("full_points")), rule_set.value("rounding")["decimals"]
    points = [
        _apportioned(full * weighting.equal(each[levels]), decimals)
        for _, each in library.groupby("unit_id", sort=False, dropna=False)
    ]
    return library.assign(points=pd.concat(points).reindex(library.index))


def _apportioned(points: pd.Series, decimals: int) -> pd.Series:
    """Round points so that they still add up: the rest goes to the largest remainders, the first of equals."""
    scale = 10.0**decimals
    exact = np.round(points * scale, 6)
    whole = np.floor(exact)
    left = round(float(exact.sum() - whole.sum()))
    whole[(whole - exact).sort_values(kind="stable").index[:left]] += 1
    return whole / scale


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
    """Return the library ready to score by, and all that is wrong with it (see :func:`check_library`).

    Each leaf has its rule (``rule_used``), that rule's ``function``, how many check points are ``listed`` and what
    they are worth together (``whole``). Without ``adds_up`` the points of a unit may add up to anything.
    """
    rule_used = _rule_of(library, rule_set.value("schemes")[scheme])
    there = {name.removeprefix("rule_"): rule_set.value(name)["function"] for name in rule_set.in_force("rule_")}
    whole = library.assign(rule_used=rule_used, function=rule_used.map(there))
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
    worth, listed = check_weights(whole), whole["check_points"].map(lambda text: len(parts_of(text)))
    wrong = [
        isinstance(text, str) and (len(each) != n or not (each >= 0).all() or not each.sum())
        for text, each, n in zip(whole["check_weights"], worth, listed, strict=True)
    ]
    problems += [
        Problem(
            ("the check points and their points do not match", "要点分值与评价要点不对应"),
            tables.place(library, row, "check_weights", name="indicators"),
            (f"{listed[row]} numbers", f"{listed[row]} 个数"),
            str(library.loc[row, "check_weights"]),
            ("give each check point its points", "请逐项填写要点分值"),
            column="check_weights",
        )
        for row in whole.index[np.array(wrong, dtype=bool)]
    ]
    return whole.assign(whole=[float(e.sum()) for e in worth], listed=[float(len(e)) for e in worth]), problems


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
