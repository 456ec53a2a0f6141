"""What every scale asks of its values and directions, and what it may return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.tables import as_numbers, bad_cells, signs

Array = npt.NDArray[np.float64]
Constant = Literal["refuse", "missing"]


def fail_if_any(problems: Sequence[Problem]) -> None:
    """Raise with every problem found; return if there are none."""
    if problems:
        raise ScoreError(("these values cannot be put on one scale", "这些数值不能归到同一尺度"), problems)


def word_problems(name: str, got: object, allowed: tuple[str, ...]) -> list[Problem]:
    """Return a problem if the setting ``name`` is none of the words ``allowed``."""
    what = (f"unknown {name}", f"{name} 取值未知")
    return [] if got in allowed else [Problem(what, expected=", ".join(allowed), got=str(got))]


def numbers(values: pd.DataFrame) -> Array:
    """Return ``values`` as numbers (units x indicators), NaN where missing; refuse all else, column by column."""
    twice = values.columns[values.columns.duplicated()].unique()
    what = ("this column name stands more than once", "列名重复")
    fail_if_any([Problem(what, str(name), column=str(name)) for name in twice])
    if values.shape[1] == 0:
        fail_if_any([Problem(("there is no indicator", "没有指标列"))])
    x, bad = as_numbers(values)
    fail_if_any(bad_cells(bad, values, ("infinite or not a number", "无穷或不是数字")))
    return x


def ways(values: pd.DataFrame, directions: Mapping[str, str]) -> Array:
    """Return 1 or -1 by column: whether more or less is better."""
    way, undirected = signs(values.columns, directions)
    fail_if_any(undirected)
    return way


def distinct_rows(values: pd.DataFrame) -> None:
    """Refuse units that bear one name: a report that names them would not say which."""
    twice = values.index[values.index.duplicated()].unique()
    what = ("this unit stands in more than one row", "单位重复")
    fail_if_any([Problem(what, str(name), column="index") for name in twice])


def least_greatest(x: Array) -> tuple[Array, Array]:
    """Return the least and the greatest known value by column, NaN where there is none."""
    return np.fmin.reduce(x, axis=0, initial=np.nan), np.fmax.reduce(x, axis=0, initial=np.nan)


def with_spread(values: pd.DataFrame, directions: Mapping[str, str], constant: Constant) -> tuple[Array, Array]:
    """Return the values, columns without spread refused or emptied, and 1 or -1 by column."""
    fail_if_any(word_problems("constant", constant, ("refuse", "missing")))
    x, way = numbers(values), ways(values, directions)
    least, greatest = least_greatest(x)
    flat = ~(greatest > least)
    if constant == "refuse":
        what = ("fewer than two different values: no scale", "不同取值不足两个，无从定标")
        do = ("leave the column out, or choose constant='missing'", "请剔除该列，或选择 constant='missing'")
        names = values.columns[flat]
        fail_if_any([Problem(what, str(name), do=do, column=str(name)) for name in names])
    return np.where(flat, np.nan, x), way


def between(x: Array, low: Array, high: Array) -> Array:
    """Return where ``x`` stands between ``low`` (0) and ``high`` (1); NaN if they lie too far apart to tell."""
    with np.errstate(over="ignore", invalid="ignore"):
        width = high - low
        return np.where(np.isinf(width), np.nan, (x - low) / width)


def framed(result: Array, x: Array, values: pd.DataFrame) -> pd.DataFrame:
    """Return ``result`` as a table like ``values``; refuse a figure lost to overflow where ``x`` has a value."""
    lost = ~np.isfinite(result) & np.isfinite(x)
    what = ("numbers too large, too small or too far apart to compute with", "数值过大、过小或相差过大，无法计算")
    fail_if_any(bad_cells(lost, values, what, ("change the unit of the column", "请改换计量单位")))
    return pd.DataFrame(result, index=values.index, columns=values.columns)
