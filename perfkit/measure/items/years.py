"""Does an indicator drift: its figures year by year, and whether they rise or fall."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.items.checks import (
    ROUNDING,
    SAME,
    Floats,
    Note,
    fail_if_any,
    fail_if_outside,
    numbers,
    refuse,
)
from perfkit.measure.items.diagnosis import diagnose
from perfkit.tables import as_numbers

_FIGURES = ("mean", "ceiling", "discrimination")

_EMPTY: Note = ("没有任何单位有值", "no unit has a value")
_NO_FULL: Note = ("未给出满分，无触顶率与区分度", "no full mark is given: no ceiling rate, no discrimination")
_ALONE: Note = ("只有一项指标或不足三个单位，无区分度", "one indicator or fewer than three units: no discrimination")
_NO_YEAR: Note = ("没有一个年度有此数", "no year has this figure")
_ONE_YEAR: Note = ("只有一个年度，看不出变化", "one year only: no trend can be seen")
_TWO_YEARS: Note = (
    "只有两个年度，有变化量而无标准误",
    "two years only: there is a change, but nothing to judge it by",
)

_RISES: Note = ("上升", "rises")
_FALLS: Note = ("下降", "falls")
_UNCHANGED: Note = ("没有变化", "does not change")
_UNCLEAR: Note = ("没有明确趋势", "no clear trend")
_UNKNOWN: Note = ("无法判断", "cannot be told")


def by_year(shares: pd.DataFrame, full: float | None = 1.0, *, year: str = "year") -> pd.DataFrame:
    """Return the mean, the ceiling rate and the discrimination of each indicator in each year.

    Parameters
    ----------
    shares
        One row a unit and year: the column ``year`` and a column an indicator, NaN where missing.
    full
        The share at full points, as in ``diagnose``. None: the columns are values in units of their own, which have
        a mean, but no ceiling and no sum to be compared with.
    year
        The name of the column that holds the years.

    Returns
    -------
    DataFrame
        One row an indicator and year, years rising: ``indicator_id, year, n`` (units with a value), ``mean, ceiling``
        (share of the n at full points), ``discrimination`` (correlation with the rest, as ``diagnose``), ``note_zh,
        note_en``.

    Raises
    ------
    ScoreError
        If there is no indicator or no such column, a year is missing or no whole number, or as ``diagnose``.

    Examples
    --------
    >>> shares = pd.DataFrame({"year": [2021, 2021, 2022, 2022], "产出": [0.5, 1.0, 1.0, 1.0]})
    >>> by_year(shares)[["year", "n", "mean", "ceiling"]].to_numpy().tolist()
    [[2021.0, 2.0, 0.75, 0.5], [2022.0, 2.0, 1.0, 1.0]]
    """
    years, values = _years(shares, year), shares.drop(columns=year)
    if full is not None and not (np.isfinite(full) and full > 0):
        refuse(("full must be a number above zero", "full 应为正数"), got=repr(full))
    x = numbers(values, units=1, indicators=1, full=full)
    each = np.unique(years)
    told = [_discrimination(values[years == one], full) for one in each]
    rows = []
    for at, name in enumerate(values.columns):
        for one, (apart, notes) in zip(each, told, strict=True):
            own = x[years == one, at]
            own = own[~np.isnan(own)]
            mean = float(own.mean()) if len(own) else np.nan
            top = np.nan if full is None or not len(own) else float((np.abs(own - full) <= SAME * full).mean())
            rows.append((name, int(one), len(own), mean, top, apart[at], *(notes[at] if len(own) else _EMPTY)))
    return pd.DataFrame(rows, columns=["indicator_id", "year", "n", *_FIGURES, "note_zh", "note_en"])


def drift(
    shares: pd.DataFrame, full: float | None = 1.0, *, year: str = "year", confidence: float = 0.95
) -> pd.DataFrame:
    """Return how each indicator's mean, ceiling rate and discrimination change a year, and a verdict in words.

    A mean that rises into the ceiling, or a discrimination that falls, says that an indicator no longer tells good
    from ordinary; it does not say why.

    Parameters
    ----------
    shares, full, year
        As in ``by_year``.
    confidence
        Of the interval, and so of the verdict.

    Returns
    -------
    DataFrame
        One row an indicator and ``figure`` (mean, ceiling, discrimination): ``years`` (that have it), ``first, last``
        (of these), ``start, end`` (the figure in them), ``slope`` (change a year), ``se, low, high``,
        ``verdict_zh, verdict_en`` (rises, falls: the interval leaves out zero; no clear trend; cannot be told),
        ``note_zh, note_en``. One year: no slope. Two: a slope without standard error.

    Raises
    ------
    ScoreError
        As ``by_year``, or if the confidence is out of range.

    Notes
    -----
    Least squares of the yearly figures on the year, each year counting once, with t quantiles of years - 2 degrees
    of freedom: what moves a whole year (a rule that changed, a pandemic) moves all its units together, so that units
    are no independent witnesses of a trend (Donald & Lang 2007). Few years give wide intervals; that is meant. Errors
    of neighbouring years may be alike, which this does not correct. Where other units stand in the file each year,
    their mean may drift without any unit changing: keep those with all years to see.

    *Checked against*: scipy ``linregress`` is what computes it; R's ``lm`` on its data set ``women``; by hand.

    Examples
    --------
    >>> shares = pd.DataFrame({"year": [2020, 2021, 2022, 2023], "产出": [0.5, 0.6, 0.8, 0.9]})
    >>> drift(shares)[["figure", "slope", "se", "verdict_en"]].head(1).round(4).to_numpy().tolist()
    [['mean', 0.14, 0.0141, 'rises']]
    """
    fail_if_outside("confidence", confidence, 0, 1 - ROUNDING)
    table = by_year(shares, full, year=year)
    rows = []
    for name, own in table.groupby("indicator_id", sort=False):
        for figure in _FIGURES:
            known = own[own[figure].notna()]
            found = _trend(known["year"].to_numpy(dtype=float), known[figure].to_numpy(dtype=float), confidence)
            rows.append((name, figure, *found))
    columns = "indicator_id figure years first last start end slope se low high verdict_zh verdict_en note_zh note_en"
    made = pd.DataFrame(rows, columns=columns.split())
    return made.astype({"first": "Int64", "last": "Int64"})


def _years(shares: pd.DataFrame, name: str) -> Floats:
    """Return the years of the rows, or refuse: a missing column, a gap, half a year."""
    if list(shares.columns).count(name) != 1:
        what = ("there must be one column of years", "须有且仅有一列年度")
        refuse(what, expected=name, got=", ".join(map(str, shares.columns[:5])))
    found = as_numbers(shares[[name]])[0][:, 0]
    what = ("a year must be a whole number", "年度须为整数")
    wrong = ~(np.isfinite(found) & (found == np.floor(found)))
    got = shares[name][wrong]
    fail_if_any([Problem(what, str(row), got=str(value), column=name) for row, value in got.items()])
    return found


def _discrimination(values: pd.DataFrame, full: float | None) -> tuple[Floats, list[Note]]:
    """Return the discrimination of every indicator in one year, and why it is missing."""
    if full is None or len(values) < 3 or values.shape[1] < 2:
        why = _NO_FULL if full is None else _ALONE
        return np.full(values.shape[1], np.nan), [why] * values.shape[1]
    table = diagnose(values, full)
    return table["discrimination"].to_numpy(dtype=float), list(zip(table["note_zh"], table["note_en"], strict=True))


def _trend(years: Floats, figures: Floats, confidence: float) -> tuple[object, ...]:
    """Return years, first, last, start, end, slope, se, low, high, verdict and note of one figure."""
    from scipy import stats

    n = len(years)
    if not n:
        return (0, pd.NA, pd.NA, *[np.nan] * 6, *_UNKNOWN, *_NO_YEAR)
    known = (n, int(years[0]), int(years[-1]), figures[0], figures[-1])
    if n == 1:
        return (*known, *[np.nan] * 4, *_UNKNOWN, *_ONE_YEAR)
    fit = stats.linregress(years, figures)
    slope = float(fit.slope)
    if n == 2:
        return (*known, slope, *[np.nan] * 3, *_UNKNOWN, *_TWO_YEARS)
    size = float(np.abs(figures).max())
    if np.ptp(figures) <= ROUNDING * size:
        return (*known, 0.0, 0.0, 0.0, 0.0, *_UNCHANGED, "", "")
    reach = float(stats.t.ppf((1 + confidence) / 2, n - 2) * fit.stderr)
    low, high = slope - reach, slope + reach
    verdict = _RISES if low > 0 else _FALLS if high < 0 else _UNCLEAR
    return (*known, slope, float(fit.stderr), low, high, *verdict, "", "")
