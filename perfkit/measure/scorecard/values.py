"""Do the values fit the library: no unknown codes, and no value that its own rule can never take."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import tables
from perfkit.errors import Problem
from perfkit.measure.scorecard.keys import Keys
from perfkit.measure.scorecard.used import column_of, is_percent
from perfkit.rules import RuleSet

_WHOLE = 1.5  # a rate above this cannot be a share of one


def fitting(values: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a frame that can be worked on as it is; one that is odd in any way goes through its contract.

    Raises
    ------
    TableError
        If it does not keep the contract: all problems at once.
    """
    return values if _is_plain(values, name) else tables.check(values, name)


def _is_plain(frame: pd.DataFrame, name: str) -> bool:
    """Say whether a frame has the types, keys and choices of its contract, looking at columns, not at cells."""
    contract = tables.contract(name)
    held = contract.columns
    needed = {"values": ("unit_id", "indicator_id"), "units": ("unit_id", "year", "budget", "received", "spent")}
    if not set(needed.get(name, held)) <= set(frame.columns) or not frame.index.is_unique:
        return False
    # Twenty million values are told apart by their codes later; units and indicators are few.
    if name != "values" and frame.duplicated(list(contract.key)).any():
        return False
    return all(_is_plain_column(frame[column], held[column]) for column in frame.columns if column in held)


def _is_plain_column(column: pd.Series, spec: Any) -> bool:
    kind, said = column.dtype, spec.metadata
    if said["kind"] in ("number", "rate"):
        return kind == np.float64 and not np.isinf(column.to_numpy()).any()
    if said["kind"] == "year":
        limits = {key: value for check in spec.checks for key, value in check.statistics.items()}
        years = column.dropna() if str(kind) == "Int64" else None
        return years is not None and bool(years.between(limits["min_value"], limits["max_value"]).all())
    if said["kind"] == "yes_no":
        return str(kind) == "boolean"
    if not isinstance(kind, pd.StringDtype | pd.CategoricalDtype) or (spec.required and column.isna().any()):
        return False
    if said["kind"] == "date":
        days = column.dropna()
        return bool(pd.to_datetime(days, format="%Y-%m-%d", errors="coerce").notna().all())
    return not said["choices"] or set(column.dropna().unique()) <= set(said["choices"])


def unknown_codes(values: pd.DataFrame, keys: Keys, units: pd.DataFrame | None) -> list[Problem]:
    """Return the values whose unit is not in table ``units``, or whose indicator is not in the library."""
    strange = np.zeros(len(keys.known), dtype=bool)
    wrong = keys.leaf < 0
    if units is not None:
        strange = pd.Index(units["unit_id"].unique()).get_indexer(keys.known["unit_id"]) < 0
        wrong |= strange[keys.unit]
    problems = []
    for row in np.flatnonzero(wrong):
        unit, code = values["unit_id"].iloc[row], values["indicator_id"].iloc[row]
        if strange[keys.unit[row]]:
            problems.append(
                Problem(
                    ("unknown unit code", "未知的单位或项目编码"),
                    tables.place(values, values.index[row], "unit_id", name="values"),
                    got=str(unit),
                    do=("correct the code, or add the unit to its table", "请更正编码，或在评价对象表中补充"),
                    column="unit_id",
                )
            )
        else:
            problems.append(
                Problem(
                    ("unknown indicator code", "未知的指标编码"),
                    tables.place(values, values.index[row], "indicator_id", name="values"),
                    got=f"{code} ({unit})",
                    do=(
                        "correct the code, or add the indicator to the library",
                        "请更正编码，或在指标体系中补充该指标",
                    ),
                    column="indicator_id",
                )
            )
    return problems


def impossible_values(values: pd.DataFrame, keys: Keys, library: pd.DataFrame, rule_set: RuleSet) -> list[Problem]:
    """Say which values their own rule can never take: more check points than listed, a band that is not there."""
    function = library["function"]
    rate = library["kind"].isin(["execution", "satisfaction"]) & ~is_percent(library["unit"])
    limit = np.where(function.eq("check_points"), library["listed"], np.where(rate, _WHOLE, np.inf))
    problems = []
    for leaf in np.flatnonzero(np.isfinite(limit)):
        rows = np.flatnonzero(keys.leaf == leaf)
        allowed = f"0–{limit[leaf]:g}" + ("" if function.iloc[leaf] == "check_points" else "，或计量单位填 %")
        for column in (name for name in ("actual", "verified") if name in values):
            held = column_of(values, column)[rows]
            for at in np.flatnonzero((held < 0) | (held > limit[leaf])):
                problems.append(_impossible(values, rows[at], column, allowed, f"{held[at]:g}"))
    for leaf in np.flatnonzero(function.eq("banded")):
        bands = rule_set.value(f"rule_{library['rule_used'].iloc[leaf]}")["bands"]
        problems += _off_band(values, np.flatnonzero(keys.leaf == leaf), bands)
    return problems


def _off_band(values: pd.DataFrame, rows: npt.NDArray[np.int64], bands: list[dict[str, Any]]) -> list[Problem]:
    words = {word: band for band in bands for word in (band["band"], *band.get("words", ()))}
    codes, said = pd.factorize(column_of(values, "judged")[rows])
    share = column_of(values, "judged_share")[rows]
    nothing = {"min": -np.inf, "max": np.inf}
    low, high = (
        np.array([words.get(word, nothing)[end] for word in said] + [nothing[end]], dtype=float)[codes]
        for end in ("min", "max")
    )
    strange = np.array([*(word not in words for word in said), False])[codes]
    return [
        _impossible(values, rows[at], "judged", "、".join(words), said[codes[at]])
        if strange[at]
        else _impossible(values, rows[at], "judged_share", f"{low[at]:g}–{high[at]:g}", f"{share[at]:g}")
        for at in np.flatnonzero(strange | (share < low) | (share > high))
    ]


def _impossible(values: pd.DataFrame, row: np.integer[Any], column: str, expected: str, got: str) -> Problem:
    return Problem(
        ("a value its rule cannot take", "取值不在规则允许的范围内"),
        tables.place(values, values.index[row], column, name="values"),
        expected,
        got,
        ("correct the value", "请更正取值"),
        column=column,
    )
