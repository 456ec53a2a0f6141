"""Weighted means of the indicators of one unit: how much a strong point may make up for a weak one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.aggregating.checks import fail_if_any, inputs
from perfkit.tables import bad_cells

Missing = Literal["refuse", "rescale", "zero"]


def power(
    values: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    p: float,
    *,
    missing: Missing = "refuse",
    at_least: float = 0.0,
) -> pd.Series:
    """Return the weighted power mean of each row: the smaller ``p``, the less one indicator makes up for another.

    Parameters
    ----------
    values
        One row a unit, one column an indicator, all on one scale (points or shares).
    weights
        By column, summing to one.
    p
        1 arithmetic (full compensation), 0 geometric, -1 harmonic; any finite number.
    missing
        ``refuse``; ``rescale``: the weights of the indicators a row has are made to sum to one; ``zero``: a missing
        value counts as 0.
    at_least
        With ``rescale``: the share of indicators a row must have. A row with fewer, with none, or with no weight on
        those it has, has no mean: the result is missing there, never a number.

    Returns
    -------
    Series
        One mean a row, indexed as ``values``.

    Raises
    ------
    ScoreError
        If a value is missing (under ``refuse``), infinite, or negative while ``p`` is not 1; if the weights do not
        fit the columns or do not sum to one.

    Notes
    -----
    M_p = (sum of w x^p)^(1/p); M_0 = product of x^w. For p <= 0 a zero with a weight above zero makes the mean zero,
    its limit; columns of weight zero do not enter. *Checked against*: COINr 1.1.14 (arithmetic, geometric, harmonic,
    p = 2 and -2).

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0, 4.0, 0.0], "b": [4.0, 4.0, 9.0]})
    >>> [power(table, {"a": 0.5, "b": 0.5}, p).tolist() for p in (1, 0, -1)]
    [[2.5, 4.0, 4.5], [2.0, 4.0, 0.0], [1.6, 4.0, 0.0]]
    """
    x, w = inputs(values, weights)
    gone, problems = np.isnan(x), []
    if missing not in ("refuse", "rescale", "zero") or not np.isfinite(p) or not 0 <= at_least <= 1:
        what = (
            "missing is refuse, rescale or zero; p is finite; at_least is a share",
            "missing、p 或 at_least 取值不当",
        )
        problems.append(Problem(what, got=f"missing={missing}, p={p}, at_least={at_least}"))
    if missing == "refuse":
        do = ("fill them, or choose missing='rescale' or 'zero'", "请补齐，或选择 missing='rescale'、'zero'")
        problems += bad_cells(gone, values, ("missing values", "有缺失值"), do)
    if p != 1:
        problems += bad_cells(x < 0, values, ("negative: only the arithmetic mean takes it", "为负，只能用算术平均"))
    fail_if_any(problems)
    present = ~gone if missing == "rescale" else np.ones_like(gone)
    filled = np.where(gone, 0.0, x)
    parts = np.where(present, w, 0.0)
    total = parts.sum(axis=1)
    known = (present.mean(axis=1) >= at_least) & (total > 0)
    parts = parts / np.where(known, total, 1.0)[:, None]
    if p == 1:
        mean = (parts * filled).sum(axis=1)
    else:
        counts = parts > 0
        zeros = np.where(counts, filled == 0, p > 0)
        zero = np.any(zeros, axis=1) if p <= 0 else np.all(zeros, axis=1)
        used = np.where(counts & ~zero[:, None], filled, 1.0 if p == 0 else np.nan)
        used[zero | ~known] = 1.0
        with np.errstate(divide="ignore"):
            if p == 0:
                mean = np.exp((parts * np.log(used)).sum(axis=1))
            else:  # by way of the value that counts most: no power overflows, and p near zero stays exact
                most = np.fmin.reduce(used, axis=1) if p < 0 else np.fmax.reduce(used, axis=1)
                over = np.expm1(p * (np.log(used) - np.log(most)[:, None]))
                mean = most * np.exp(np.log1p(np.nansum(parts * over, axis=1)) / p)
        mean = np.where(zero, 0.0, mean)
    return pd.Series(np.where(known, mean, np.nan), index=values.index)


def arithmetic(
    values: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    *,
    missing: Missing = "refuse",
    at_least: float = 0.0,
) -> pd.Series:
    """Return the weighted arithmetic mean of each row (``power`` with p = 1): strong points make up for weak ones.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0, None], "b": [4.0, 4.0]})
    >>> arithmetic(table, {"a": 0.5, "b": 0.5}, missing="rescale").tolist()
    [2.5, 4.0]
    >>> arithmetic(table, {"a": 0.5, "b": 0.5}, missing="zero").tolist()
    [2.5, 2.0]
    """
    return power(values, weights, 1, missing=missing, at_least=at_least)


def geometric(
    values: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    *,
    missing: Missing = "refuse",
    at_least: float = 0.0,
) -> pd.Series:
    """Return the weighted geometric mean of each row (``power`` with p = 0): a zero anywhere makes it zero.

    Examples
    --------
    >>> geometric(pd.DataFrame({"a": [1.0], "b": [4.0]}), {"a": 0.5, "b": 0.5}).tolist()
    [2.0]
    """
    return power(values, weights, 0, missing=missing, at_least=at_least)


def harmonic(
    values: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    *,
    missing: Missing = "refuse",
    at_least: float = 0.0,
) -> pd.Series:
    """Return the weighted harmonic mean of each row (``power`` with p = -1): the weakest point decides most.

    Examples
    --------
    >>> harmonic(pd.DataFrame({"a": [1.0], "b": [4.0]}), {"a": 0.5, "b": 0.5}).tolist()
    [1.6]
    """
    return power(values, weights, -1, missing=missing, at_least=at_least)


def compensation_gap(
    values: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    *,
    missing: Missing = "refuse",
    at_least: float = 0.0,
) -> pd.Series:
    """Return arithmetic minus geometric mean of each row: how many points a row owes to compensation.

    Zero where all indicators are alike, never negative; in the unit of the values, which must not be negative.

    Examples
    --------
    >>> compensation_gap(pd.DataFrame({"a": [1.0, 3.0], "b": [4.0, 3.0]}), {"a": 0.5, "b": 0.5}).tolist()
    [0.5, 0.0]
    """
    above = geometric(values, weights, missing=missing, at_least=at_least)
    return (arithmetic(values, weights, missing=missing, at_least=at_least) - above).clip(lower=0.0)
