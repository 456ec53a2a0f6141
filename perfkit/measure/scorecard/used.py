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
    filled = {name: _filled(values, name) for name in ("verified", "base", "done_on", "answers", "points_met")}
    worth = check_weights(library)
    if not any(len(rows) for rows in filled.values()):
        return Used(value, origin, _reached(value, leaf, worth)), []
    value, origin = value.copy(), origin.copy()
    problems: list[Problem] = []
    scale = np.where(np.append(is_percent(library["unit"]).to_numpy(), False), 100.0, 1.0)

    def held(name: str, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        return column_of(values[[name]].iloc[rows], name) if len(rows) else np.empty(0)

    def take(name: str, rows: npt.NDArray[np.int64], made: npt.ArrayLike) -> None:
        value[rows] = made
        origin[rows] = FROM.index(name)

    take("verified", filled["verified"], held("verified", filled["verified"]))
    # Growth is of the level that counts; anything else made here gives way to what a check found.
    free = {name: rows[origin[rows] == 0] for name, rows in filled.items()}
    rows = filled["base"]
    bases = held("base", rows)
    take("growth", rows, scoring.growth_rate(value[rows], bases) * scale[leaf[rows]])
    problems += _not_positive(values, rows[bases <= 0])

    rows = free["done_on"]
    rows = rows[np.append(library["function"].eq("on_time"), False)[leaf[rows]]]
    due = np.array([*library["due_on"], None], dtype=object)[leaf[rows]]
    if len(rows):
        take("dates", rows, scoring.days_late(values["done_on"].iloc[rows], due))

    rows = free["answers"]
    if len(rows):
        rates, wrong = _rates(values["answers"].iloc[rows], rule_set.value("likert_weights"))
        take("answers", rows, rates * scale[leaf[rows]])
        problems += [_unreadable(values, rows[at], "answers", said) for at, said in wrong.items()]

    reached = _reached(value, leaf, worth)
    rows = free["points_met"]
    if len(rows):
        reached = reached.copy()
        for row in rows:
            met, said = _met(values["points_met"].iloc[row], worth[leaf[row]] if leaf[row] >= 0 else np.empty(0))
            if said:
                problems.append(_unreadable(values, row, "points_met", said))
            take("points_met", row, len(met))
            reached[row] = met.sum()
    return Used(value, origin, reached), problems


def _reached(value: Array, leaf: Codes, worth: Sequence[Array]) -> Array:
    """Return what the check points met are worth where only their number is known: it tells if all or none are."""
    uneven = np.append([len(set(each)) > 1 for each in worth], False)
    if not uneven.any():
        return value
    listed, whole = (np.append([f(each) for each in worth], np.nan)[leaf] for f in (len, np.sum))
    all_or_none = np.where(value == listed, whole, np.where(value == 0, 0.0, np.nan))
    return np.where(uneven[leaf], all_or_none, value)


def with_rates(value: Array, rate: Array, scale: Array | float) -> Array:
    """Put execution rates that follow from the money (shares of one, NaN where unknown) in place of values.

    Money against a budget of nothing has an infinite rate, which is none: the value is not taken in its place.
    """
    return np.where(np.isnan(rate), value, np.where(np.isinf(rate), np.nan, rate * scale))


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
