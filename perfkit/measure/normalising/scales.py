"""Scales within a file: worst and best, mean and spread, places; one more unit can move every figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.normalising.checks import (
    Constant,
    between,
    fail_if_any,
    framed,
    least_greatest,
    with_spread,
    word_problems,
)
from perfkit.tables import bad_cells


def minmax(
    values: pd.DataFrame,
    directions: Mapping[str, str],
    *,
    low: float = 0.0,
    high: float = 1.0,
    constant: Constant = "refuse",
) -> pd.DataFrame:
    """Return each column from ``low`` at its worst to ``high`` at its best value.

    **Every figure depends on who else is in the file.** From 0 to 1 it is the distance covered from the worst towards
    the best unit (distance to the maximum).

    Parameters
    ----------
    values
        One row a unit, one column an indicator; any sign. Missing values stay missing.
    directions
        By column: ``ge`` (more is better) or ``le`` (less is better).
    low, high
        The ends of the scale, finite, ``low`` below ``high``.
    constant
        What a column gives that has not two different values: ``refuse``, or ``missing`` throughout.

    Returns
    -------
    DataFrame
        Indexed as ``values``.

    Raises
    ------
    ScoreError
        If a value is infinite or no number, a column name stands twice, a direction or a setting is missing or
        unknown, or a column is constant (under ``refuse``).

    Notes
    -----
    low + (x - min) / (max - min) * (high - low); under ``le`` of -x. A change of unit or of zero (x -> a x + b,
    a > 0) changes nothing. *Checked against*: COINr 1.1.14 (n_minmax, n_dist2max).

    Examples
    --------
    >>> minmax(pd.DataFrame({"cost": [4, 8, None, 5]}), {"cost": "le"}, high=100)["cost"].tolist()
    [100.0, 0.0, nan, 75.0]
    """
    if not (np.isfinite([low, high]).all() and low < high):
        what = ("low must lie below high, both finite", "low 须小于 high，且均为有限数")
        fail_if_any([Problem(what, got=f"low={low}, high={high}")])
    x, way = with_spread(values, directions, constant)
    share = between(x * way, *least_greatest(x * way))
    return framed(np.clip(low * (1 - share) + high * share, low, high), x, values)


def zscore(
    values: pd.DataFrame,
    directions: Mapping[str, str],
    *,
    mean: float = 0.0,
    sd: float = 1.0,
    constant: Constant = "refuse",
) -> pd.DataFrame:
    """Return each column in standard deviations from its mean, on a scale with ``mean`` and ``sd``.

    **Every figure depends on who else is in the file.** Parameters and errors as in ``minmax``; ``sd`` is above zero.

    Notes
    -----
    mean + sd * (x - m) / s, s with n - 1; under ``le`` of -x. A change of unit or of zero changes nothing.
    *Checked against*: COINr 1.1.14 (n_zscore).

    Examples
    --------
    >>> zscore(pd.DataFrame({"a": [1, 2, 3]}), {"a": "ge"}, mean=100, sd=15)["a"].tolist()
    [85.0, 100.0, 115.0]
    """
    if not (np.isfinite([mean, sd]).all() and sd > 0):
        what = ("mean must be finite and sd above zero", "mean 须为有限数，sd 须大于零")
        fail_if_any([Problem(what, got=f"mean={mean}, sd={sd}")])
    x, way = with_spread(values, directions, constant)
    size = np.fmax.reduce(np.abs(x), axis=0, initial=0.0)
    y = np.ldexp(x * way, -np.frexp(size)[1])  # by a power of two: exact, and no range overflows
    y = between(y, *least_greatest(y))  # from the least value: the mean of close values would be rounded away
    known = np.maximum((~np.isnan(y)).sum(axis=0), 2)
    apart = y - np.nansum(np.sort(y, axis=0), axis=0) / known
    spread = np.sqrt(np.nansum(np.sort(apart**2, axis=0), axis=0) / (known - 1))
    z = apart / np.where(spread > 0, spread, np.nan)
    with np.errstate(over="ignore"):
        return framed(mean + sd * z, x, values)


def ranks(
    values: pd.DataFrame,
    directions: Mapping[str, str],
    *,
    ties: Literal["min", "average"] = "min",
    constant: Constant = "refuse",
) -> pd.DataFrame:
    """Return each column's ranks from 1 at the **worst** value: a scale, so more is better.

    **Every figure depends on who else is in the file.** Other parameters and errors as in ``minmax``.

    Parameters
    ----------
    values, directions, constant
        As in ``minmax``.
    ties
        Equal values share the lower rank (``min``) or the mean of their ranks (``average``).

    Notes
    -----
    Missing values take no rank. Whatever keeps the order of a column changes nothing. *Checked against*:
    COINr 1.1.14 (n_rank).

    Examples
    --------
    >>> ranks(pd.DataFrame({"a": [5, 9, 5, 1]}), {"a": "ge"})["a"].tolist()
    [2.0, 4.0, 2.0, 1.0]
    >>> ranks(pd.DataFrame({"a": [5, 9, 5, 1]}), {"a": "le"}, ties="average")["a"].tolist()
    [2.5, 1.0, 2.5, 4.0]
    """
    fail_if_any(word_problems("ties", ties, ("min", "average")))
    x, way = with_spread(values, directions, constant)
    return framed(pd.DataFrame(x * way).rank(method=ties).to_numpy(), x, values)


def borda(values: pd.DataFrame, directions: Mapping[str, str], *, constant: Constant = "refuse") -> pd.DataFrame:
    """Return for each value how many units of the file it beats: ``ranks`` less one, ties sharing the lower.

    **Every figure depends on who else is in the file.** *Checked against*: COINr 1.1.14 (n_borda).

    Examples
    --------
    >>> borda(pd.DataFrame({"a": [5, 9, 5, 1]}), {"a": "ge"})["a"].tolist()
    [1.0, 3.0, 1.0, 0.0]
    """
    return ranks(values, directions, constant=constant) - 1


def percentile_rank(
    values: pd.DataFrame, directions: Mapping[str, str], *, constant: Constant = "refuse"
) -> pd.DataFrame:
    """Return for each value the share of the other units that it beats: (rank - 1) / (n - 1), from 0 to 1.

    **Every figure depends on who else is in the file.** n counts the known values of the column. *Checked against*:
    COINr 1.1.14 (n_prank).

    Examples
    --------
    >>> percentile_rank(pd.DataFrame({"a": [5, 9, 5, 1, None]}), {"a": "ge"})["a"].round(3).tolist()
    [0.333, 1.0, 0.333, 0.0, nan]
    """
    beaten = borda(values, directions, constant=constant)
    return beaten / (beaten.count() - 1).clip(lower=1)


def fraction_of_best(
    values: pd.DataFrame, directions: Mapping[str, str], *, constant: Constant = "refuse"
) -> pd.DataFrame:
    """Return each value as a fraction of the best: x / max, or min / x where less is better.

    **Every figure depends on who else is in the file.** Other parameters and errors as in ``minmax``.

    Raises
    ------
    ScoreError
        As in ``minmax``; also if a value is negative, or not above zero where less is better.

    Notes
    -----
    A change of unit (x -> a x, a > 0) changes nothing; a change of zero does. *Checked against*: COINr 1.1.14
    (n_fracmax, where more is better); min / x is the same scale as ``aggregating.saw`` with ``max``.

    Examples
    --------
    >>> table = pd.DataFrame({"output": [3, 4], "cost": [10, 8]})
    >>> fraction_of_best(table, {"output": "ge", "cost": "le"}).values.tolist()
    [[0.75, 0.8], [1.0, 1.0]]
    """
    x, way = with_spread(values, directions, constant)
    what = (
        "a fraction needs values of at least zero, above zero where less is better",
        "折算占比须非负，越小越好者须为正",
    )
    fail_if_any(bad_cells((x < 0) | ((x == 0) & (way < 0)), values, what))
    least, greatest = least_greatest(x)
    return framed(np.where(way > 0, x / greatest, least / np.where(x == 0, np.nan, x)), x, values)
