"""The value each row is scored by: verified, else made from what was collected, else as reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import tables
from perfkit.errors import Problem
from perfkit.measure import scoring
from perfkit.measure.scorecard.keys import Codes
from perfkit.rules import RuleSet
from perfkit.tables.columns import PERCENT

Array = npt.NDArray[np.float64]

_OTHERS = ("verified", "base", "done_on", "answers", "points_met")
FROM = ("reported", "verified", "computed", "growth", "dates", "answers", "points_met")
_AS_PARTS = str.maketrans({";": "；", ",": "；", "，": "；", "、": "；"})


@dataclass(frozen=True)
class Used:
    """The value used for each row of values, and where it came from (an index of ``FROM``).

    ``reached`` is what the check points met are worth: the same array as ``value`` unless they have points.
    """

    value: Array
    origin: npt.NDArray[np.int8]
    reached: Array


def is_percent(units: pd.Series) -> pd.Series:
    """Say which units of measure are per cent, however they are written.

    Examples
    --------
    >>> is_percent(pd.Series(["%", "％", "百分比", "人", None])).tolist()
    [True, True, True, False, False]
    """
    return units.fillna("").str.strip().isin(PERCENT)


def parts_of(text: Any) -> list[str]:
    """Return the parts of a text that lists several with semicolons.

    Examples
    --------
    >>> parts_of("甲；乙; 丙；"), parts_of(None)
    (['甲', '乙', '丙'], [])
    """
    if not isinstance(text, str):
        return []
    return [part.strip() for part in text.replace(";", "；").split("；") if part.strip()]


def check_weights(library: pd.DataFrame) -> list[Array]:
    """Return for each leaf what its check points are worth: as given (NaN where that is no number), else one each."""
    worth = []
    for points, weights in zip(library["check_points"], library["check_weights"], strict=True):
        given = np.array([_number(part) for part in parts_of(weights)], dtype=float)
        even = not len(given) or (given[0] > 0 and bool((given == given[0]).all()))
        worth.append(np.ones(len(given) or len(parts_of(points))) if even else given)
    return worth


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def used_values(
    values: pd.DataFrame, leaf: Codes, library: pd.DataFrame, rule_set: RuleSet
) -> tuple[Used, list[Problem]]:
    """Choose the value of each row, and say what cannot be read.

    Growth over a base, days late, a questionnaire's rate and check points met by number are worked out here; the
    execution rate is not, since it comes from table ``units``.
    """
    value = column_of(values, "actual")
    origin = np.broadcast_to(np.int8(0), len(values))
    if any(len(_filled(values, name)) for name in _OTHERS):
        origin = origin.copy()
    rows = _filled(values, "verified")
    if len(rows):
        value = value.copy()
        value[rows] = column_of(values, "verified")[rows]
        origin[rows] = FROM.index("verified")
    problems: list[Problem] = []
    percent = np.append(is_percent(library["unit"]).to_numpy(), False)
    scale = np.where(percent, 100.0, 1.0)

    rows = _filled(values, "base")
    if len(rows):
        value = value.copy()
        bases = column_of(values, "base")[rows]
        value[rows] = scoring.growth_rate(value[rows], bases) * scale[leaf[rows]]
        origin[rows] = FROM.index("growth")
        problems += _not_positive(values, rows[bases <= 0])
    rows = _filled(values, "done_on")
    rows = rows[np.append(_scored_by_days(library, rule_set), False)[leaf[rows]]]
    rows = rows[origin[rows] != FROM.index("verified")]
    if len(rows):
        value = value.copy()
        due = np.array([*library["due_on"], None], dtype=object)[leaf[rows]]
        value[rows] = scoring.days_late(values["done_on"].iloc[rows], due)
        origin[rows] = FROM.index("dates")
    rows = _filled(values, "answers")
    rows = rows[origin[rows] != FROM.index("verified")]
    if len(rows):
        value = value.copy()
        rates, wrong = _rates(values["answers"].iloc[rows], rule_set.value("likert_weights"))
        value[rows] = rates * scale[leaf[rows]]
        origin[rows] = FROM.index("answers")
        problems += [_unreadable(values, rows[at], "answers", said) for at, said in wrong.items()]
    reached = value
    worth = check_weights(library)
    uneven = np.append([len(set(w)) > 1 for w in worth], False)
    if uneven.any():
        # How many were met does not say which, unless it was all or none.
        whole = np.append([w.sum() for w in worth], np.nan)[leaf]
        all_or_none = np.where(
            value == np.append([len(w) for w in worth], -1)[leaf], whole, np.where(value, np.nan, 0.0)
        )
        reached = np.where(uneven[leaf], all_or_none, value)
    rows = _filled(values, "points_met")
    rows = rows[origin[rows] != FROM.index("verified")]
    if len(rows):
        value, reached = value.copy(), reached.copy()
        for row in rows:
            met, said = _met(values["points_met"].iloc[row], worth[leaf[row]] if leaf[row] >= 0 else np.empty(0))
            if said:
                problems.append(_unreadable(values, row, "points_met", said))
            value[row], reached[row] = len(met), met.sum()
        origin[rows] = FROM.index("points_met")
    return Used(value, origin, reached), problems


def column_of(values: pd.DataFrame, name: str) -> npt.NDArray[Any]:
    """Return a column as texts or floats; one that is not there is all missing."""
    if name not in values:
        return np.full(len(values), None if name == "judged" else np.nan)
    held = values[name].astype("Float64") if name == "finished" else values[name]
    if name == "judged":
        return np.asarray(held, dtype=object)
    if held.dtype == np.float64:
        return np.asarray(held)
    return np.asarray(held.to_numpy(dtype=np.float64, na_value=np.nan))


def _filled(values: pd.DataFrame, column: str) -> npt.NDArray[np.int64]:
    """Return the rows in which an optional column is filled in."""
    if column not in values:
        return np.empty(0, dtype=np.int64)
    rows: npt.NDArray[np.int64] = np.flatnonzero(values[column].notna())
    return rows


def _rates(answers: pd.Series, weights: Sequence[float]) -> tuple[Array, dict[int, tuple[str, str]]]:
    """Return the rate of each questionnaire, and what cannot be read, by row."""
    rates, wrong = np.full(len(answers), np.nan), {}
    for at, text in enumerate(answers):
        parts = parts_of(str(text).translate(_AS_PARTS))
        try:
            counts = [float(part) for part in parts]
        except ValueError:
            counts = []
        if len(counts) != len(weights) or not all(0 <= n < np.inf for n in counts) or not sum(counts):
            wrong[at] = (f"{len(weights)} numbers of answers", f"{len(weights)} 档人数")
        else:
            rates[at] = scoring.likert_rate([counts], weights)[0]
    return rates, wrong


def _met(text: Any, worth: Array) -> tuple[Array, tuple[str, str] | None]:
    """Return the worth of the check points met, by their numbers, or what is wrong with the numbers."""
    said = (f"numbers from 1 to {len(worth)}, each once", f"1 至 {len(worth)} 的序号，各一次")
    parts = parts_of(str(text).translate(_AS_PARTS))
    if not all(part.strip().isdecimal() for part in parts):
        return np.empty(0), said
    numbers = [int(part) for part in parts]
    if len(set(numbers)) < len(numbers) or any(not 1 <= number <= len(worth) for number in numbers):
        return np.empty(0), said
    return worth[[number - 1 for number in numbers]], None


def _unreadable(values: pd.DataFrame, row: int, column: str, expected: tuple[str, str]) -> Problem:
    return Problem(
        ("a list of numbers that cannot be used", "序号或人数无法使用"),
        tables.place(values, values.index[row], column, name="values"),
        expected,
        str(values[column].iloc[row]),
        ("correct it", "请更正"),
        column=column,
    )


def _not_positive(values: pd.DataFrame, rows: npt.NDArray[np.int64]) -> list[Problem]:
    return [
        Problem(
            ("no growth over a base that is not positive", "基期值非正，无法计算增长率"),
            tables.place(values, values.index[row], "base", name="values"),
            "> 0",
            f"{values['base'].iloc[row]:g}",
            ("correct the base value, or score the level itself", "请更正基期值，或直接按数值计分"),
            column="base",
        )
        for row in rows
    ]


def _scored_by_days(library: pd.DataFrame, rule_set: RuleSet) -> npt.NDArray[np.bool_]:
    """Say which leaves are scored by days late: for any other the day done is a remark."""
    there = rule_set.in_force("rule_")
    functions = {
        name: rule_set.value(f"rule_{name}")["function"]
        for name in library["rule_used"].dropna().unique()
        if f"rule_{name}" in there
    }
    return np.asarray(library["rule_used"].map(functions).eq("on_time"))
