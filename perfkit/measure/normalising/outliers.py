"""Outliers: a few values that stretch a scale so far that the others cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.normalising.checks import Array, distinct_rows, fail_if_any, framed, least_greatest, numbers


@dataclass(frozen=True, eq=False)
class Treated:
    """A table with its outliers drawn in, and what was done to it.

    ``values`` is the table treated. ``changes`` (shape of ``values``) names for each cell what was done: ``winhi``
    (lowered to the next value), ``winlo`` (raised), ``log``, or nothing (``""``). ``report`` has by indicator:
    ``treatment`` (none, winsorised, log), ``cells`` (how many were changed), ``skew_before``, ``kurtosis_before``,
    ``skew_after``, ``kurtosis_after`` (missing if they cannot be computed) and ``passes``, whether the column as it
    leaves keeps the limits.
    """

    values: pd.DataFrame
    changes: pd.DataFrame
    report: pd.DataFrame


def _shape(x: Array) -> tuple[float, float]:
    """Return skewness and excess kurtosis of the known values, NaN with fewer than four or without spread."""
    y = np.sort(x[~np.isnan(x)])
    n = len(y)
    if n < 4 or y[0] == y[-1]:
        return np.nan, np.nan
    y = np.ldexp(y, -int(np.frexp(np.abs(y).max())[1]))  # by a power of two: exact, and no range overflows
    apart = (y - y[0]) / (y[-1] - y[0])  # from the least value: the mean of close values would be rounded away
    apart = apart - apart.mean()
    z = apart / np.sqrt((apart**2).sum() / (n - 1))
    skew = n / ((n - 1) * (n - 2)) * (z**3).sum()
    above = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)) * (z**4).sum()
    return float(skew), float(above - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))


def _fails(shape: tuple[float, float], skew: float, kurtosis: float) -> bool:
    """Return whether both limits are passed; what cannot be computed fails nothing."""
    return abs(shape[0]) > skew and shape[1] > kurtosis


def skew_kurtosis(values: pd.DataFrame) -> pd.DataFrame:
    """Return by indicator ``skew`` and ``kurtosis`` (excess), corrected for bias as spreadsheets do.

    **They depend on who else is in the file.** Missing with fewer than four known values or without spread.

    Notes
    -----
    With z = (x - mean) / s, s with n - 1: n / ((n-1)(n-2)) sum z^3; n(n+1) / ((n-1)(n-2)(n-3)) sum z^4 -
    3 (n-1)^2 / ((n-2)(n-3)). *Checked against*: COINr 1.1.14; SKEW and KURT of Excel have the same formula.

    Examples
    --------
    >>> skew_kurtosis(pd.DataFrame({"a": [1, 2, 3, 4, 5], "same": [7, 7, 7, 7, 7]})).round(3).values.tolist()
    [[0.0, -1.2], [nan, nan]]
    """
    found = [_shape(column) for column in numbers(values).T]
    return pd.DataFrame(found, index=values.columns, columns=["skew", "kurtosis"])


def _logged(x: Array, share: float) -> Array:
    """Return the logarithm of each column above its least value, moved up by a share of its range."""
    least, greatest = least_greatest(x)
    with np.errstate(over="ignore", divide="ignore"):
        return np.asarray(np.log(x - least + share * (greatest - least)))


def log_shift(values: pd.DataFrame, *, share: float = 0.01) -> pd.DataFrame:
    """Return the logarithm of each column, moved so that its least value stands a share of its range above zero.

    **Every figure depends on who else is in the file**: least value and range are the file's own. It draws in high
    values and keeps the order; low outliers it pushes further out.

    Parameters
    ----------
    values
        One row a unit, one column an indicator, any sign. Missing values stay missing.
    share
        Of the range; above zero.

    Raises
    ------
    ScoreError
        If a value is infinite or no number, a column name stands twice, a column has not two different values, or
        ``share`` is not above zero.

    Notes
    -----
    ln(x - min + share * (max - min)). *Checked against*: COINr 1.1.14 (log_CT).

    Examples
    --------
    >>> log_shift(pd.DataFrame({"a": [0, 1, 100]})).round(4)["a"].tolist()
    [0.0, 0.6931, 4.6151]
    """
    if not (np.isfinite(share) and share > 0):
        fail_if_any([Problem(("share must be finite and above zero", "share 须为正的有限数"), got=str(share))])
    x = numbers(values)
    least, greatest = least_greatest(x)
    what = ("fewer than two different values: no scale", "不同取值不足两个，无从定标")
    flat = values.columns[~(greatest > least)]
    fail_if_any([Problem(what, str(name), column=str(name)) for name in flat])
    return framed(_logged(x, share), x, values)


def _winsorised(x: Array, skew: float, kurtosis: float, most: int) -> tuple[Array, npt.NDArray[np.object_]]:
    """Draw in the extreme value on the skewed side, one at a time, until the limits are kept or ``most`` are used."""
    y, done = x.copy(), np.full(len(x), "", dtype=object)
    while _fails(shape := _shape(y), skew, kurtosis):
        high = shape[0] > 0
        edge = np.fmax.reduce(y) if high else np.fmin.reduce(y)
        there = y == edge
        rest = y[~there & ~np.isnan(y)]
        if np.count_nonzero(there | (done != "")) > most or rest.min() == rest.max():
            break
        y[there], done[there] = (rest.max(), "winhi") if high else (rest.min(), "winlo")
    return y, done


def treat_outliers(
    values: pd.DataFrame, *, skew: float = 2.0, kurtosis: float = 3.5, most: int = 5, log: bool = True
) -> Treated:
    """Draw in outliers: winsorise columns both skewed and peaked; where that is not enough, take logs instead.

    **Every figure it changes depends on who else is in the file.** Directions do not enter.

    Parameters
    ----------
    values
        One row a unit (named once), one column an indicator, any sign. Missing values stay missing.
    skew, kurtosis
        A column is treated if its absolute skewness **and** its excess kurtosis lie above these.
    most
        How many cells of a column may be winsorised; equal extreme values are drawn in together or not at all.
    log
        Whether a column that still fails is restored and put through ``log_shift``; else it stays winsorised.

    Returns
    -------
    Treated
        ``values``, ``changes`` and ``report``; in the report ``passes`` is False where nothing helped.

    Raises
    ------
    ScoreError
        If a value is infinite or no number, a column name or a unit stands twice, or a setting is negative.

    Notes
    -----
    While a column fails, its greatest value (least, if the skew is negative) is set to the next one. Columns with
    fewer than four known values or without spread are left as they are, and no column is winsorised until it has no
    spread. The log draws in high values only: a column with low outliers it leaves failing, and ``passes`` says so.
    A change of unit of a column changes nothing in the report. *Checked against*: COINr 1.1.14 (qTreat: winsorise,
    log_CT, check_SkewKurt).

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1, 2, 3, 4, 5, 6, 7, 8, 9, 1000], "b": range(10)})
    >>> done = treat_outliers(table)
    >>> done.values["a"].tolist()[-2:], done.changes["a"].tolist()[-2:]
    ([9.0, 9.0], ['', 'winhi'])
    >>> done.report[["treatment", "cells", "passes"]].values.tolist()
    [['winsorised', 1, True], ['none', 0, True]]
    """
    if not (skew >= 0 and kurtosis >= 0 and most >= 0):
        what = ("the limits and most must be at least zero", "阈值与 most 须非负")
        fail_if_any([Problem(what, got=f"skew={skew}, kurtosis={kurtosis}, most={most}")])
    x = numbers(values)
    distinct_rows(values)
    treated, changes, rows = x.copy(), np.full(x.shape, "", dtype=object), []
    for k, column in enumerate(x.T):
        before, name = _shape(column), "none"
        if _fails(before, skew, kurtosis):
            treated[:, k], changes[:, k] = _winsorised(column, skew, kurtosis, most)
            name = "winsorised" if (changes[:, k] != "").any() else "none"
            if log and _fails(_shape(treated[:, k]), skew, kurtosis):
                name, treated[:, k] = "log", _logged(column[:, None], 0.01)[:, 0]
                changes[:, k] = np.where(np.isnan(column), "", "log")
        after = _shape(treated[:, k]) if np.isfinite(treated[~np.isnan(column), k]).all() else (np.nan, np.nan)
        cells = int((changes[:, k] != "").sum())
        rows.append((name, cells, *before, *after, not _fails(after, skew, kurtosis)))
    columns = ["treatment", "cells", "skew_before", "kurtosis_before", "skew_after", "kurtosis_after", "passes"]
    return Treated(
        framed(treated, x, values),
        pd.DataFrame(changes, index=values.index, columns=values.columns),
        pd.DataFrame(rows, index=values.columns, columns=columns),
    )
