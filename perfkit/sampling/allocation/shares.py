"""Allocations by formula, unrounded: proportional, Neyman's, with costs, power. They may exceed a stratum's units."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.allocation.strata import WHERE, Floats, Strata, read, series, total


def proportional(strata: pd.DataFrame, n: float) -> pd.Series:
    """Return n N / sum N by stratum.

    Parameters
    ----------
    strata
        Table ``strata``. Here and in the other allocations its units are those open to the random draw: ``units``
        less ``recommended`` and ``certain``.
    n
        Units to draw in all.

    Raises
    ------
    SampleError
        If the table cannot be used; it names every stratum at fault.

    Examples
    --------
    >>> proportional(pd.DataFrame({"stratum": ["甲", "乙"], "units": [30, 10]}), 10).tolist()
    [7.5, 2.5]
    """
    known = read(strata)
    units = known.units.astype(float)
    return series(known, n * units / _positive(total(units)))


def neyman(strata: pd.DataFrame, n: float) -> pd.Series:
    """Return n N S / sum N S by stratum: the smallest variance of the total for n units.

    Raises
    ------
    SampleError
        If the table cannot be used, a standard deviation is missing, or all are zero.

    Notes
    -----
    *Checked against*: PracTools 1.7.5, strAlloc; survey 4.1.1 (Californian schools).

    Examples
    --------
    >>> neyman(pd.DataFrame({"stratum": ["甲", "乙"], "units": [30, 10], "sd": [2, 6]}), 10).tolist()
    [5.0, 5.0]
    """
    known = read(strata, ["sd"])
    return series(known, n * known.spread / total(known.spread))


def optimal(
    strata: pd.DataFrame, *, n: float | None = None, budget: float | None = None, se: float | None = None
) -> pd.Series:
    r"""Return the allocation in proportion to N S / sqrt(cost): the most precise for its cost.

    Parameters
    ----------
    strata
        Table ``strata`` with ``sd`` and ``cost``.
    n, budget, se
        What is fixed: the units in all, the money, or the standard error of the estimated mean; one of the three.

    Raises
    ------
    SampleError
        If not exactly one is given, or the table cannot be used.

    Notes
    -----
    With W = N / sum N the fixed standard error takes
    :math:`n_h = (W_h S_h / \sqrt{c_h}) \sum W S \sqrt{c} / (V + \sum W S^2 / N)` (Cochran 1977, section 5.5).

    *Checked against*: PracTools 1.7.5, strAlloc.

    Examples
    --------
    >>> strata = pd.DataFrame({"stratum": ["甲", "乙"], "units": [30, 10], "sd": [2, 6], "cost": [1, 4]})
    >>> optimal(strata, budget=90).tolist()
    [30.0, 15.0]
    """
    given = [target for target in (n, budget, se) if target is not None]
    if len(given) != 1 or not given[0] > 0:
        what = ("give exactly one target above zero", "须且只须给出一个大于零的目标")
        fail_if_any(SampleError, WHERE, [Problem(what, "n / budget / se")])
    known = read(strata, ["sd", "cost"])
    share = known.spread / np.sqrt(known.cost)
    if n is not None:
        return series(known, n * share / total(share))
    money = total(known.spread * np.sqrt(known.cost))
    if budget is not None:
        return series(known, budget * share / money)
    units = total(known.units.astype(float))
    variance = (se or 0) ** 2 * units**2 + total(known.units * known.sd**2)
    return series(known, share * money / variance)


def power(strata: pd.DataFrame, n: float, exponent: float = 0.5) -> pd.Series:
    r"""Return Bankier's power allocation: between the most precise total and equal precision in every stratum.

    Parameters
    ----------
    strata
        Table ``strata``: ``size`` is what a stratum is worth (its budget; without the column its units). With
        ``sd`` and a column ``mean`` beside the contract's, the coefficient of variation counts; else it is taken as
        the same in all strata.
    n
        Units to draw in all.
    exponent
        0 to 1: 0 makes all strata equally precise, 1 is Neyman's if the size is the stratum's total.

    Raises
    ------
    SampleError
        If the table cannot be used, a size is not above zero, or the exponent is out of range.

    Notes
    -----
    :math:`n_h \propto X_h^q S_h / \bar Y_h` (Bankier 1988, The American Statistician 42-3).

    Examples
    --------
    >>> power(pd.DataFrame({"stratum": ["甲", "乙"], "units": [900, 100]}), 40).tolist()
    [30.0, 10.0]
    """
    known = read(strata)
    worth = _given(strata, "size", known.units.astype(float))
    variation = np.ones(len(worth))
    if {"sd", "mean"} <= set(strata):
        variation = read(strata, ["sd"]).sd / np.abs(_given(strata, "mean", worth))
    unfit = (known.units > 0) & ~((worth > 0) & np.isfinite(variation))
    problems = [
        Problem(("size or mean is not above zero", "规模或均值不大于零"), known.names[at], column="size")
        for at in np.flatnonzero(unfit)
    ]
    if not 0 <= exponent <= 1:
        problems.append(
            Problem(("an argument is out of range", "参数超出范围"), "exponent", "0 … 1", f"{exponent:g}")
        )
    fail_if_any(SampleError, WHERE, problems)
    share = np.where(known.units > 0, np.abs(worth) ** exponent * np.nan_to_num(variation), 0.0)
    return series(known, n * share / _positive(total(share)))


def variance(strata: pd.DataFrame, drawn: pd.Series) -> float:
    """Return the variance of the estimated total of an allocation, by stratum's name; infinite if one is left out.

    Raises
    ------
    SampleError
        If the table cannot be used, or a stratum has no place in ``drawn``.

    Notes
    -----
    sum N (N - n) S² / n; that of the mean is this over (sum N)². A stratum without spread adds nothing.

    Examples
    --------
    >>> strata = pd.DataFrame({"stratum": ["甲", "乙"], "units": [30, 10], "sd": [2, 6]})
    >>> variance(strata, pd.Series({"甲": 5, "乙": 5}))
    960.0
    """
    known = read(strata, ["sd"])
    absent = [name for name in known.names if name not in drawn.index]
    fail_if_any(
        SampleError, WHERE, [Problem(("the allocation lacks a stratum", "分配结果缺少该层"), name) for name in absent]
    )
    return variance_of(known, drawn.loc[known.names].to_numpy(dtype=float))


def variance_of(known: Strata, drawn: Floats) -> float:
    """Return the variance of the estimated total of strata drawn so many from each."""
    spread = (known.units > drawn) & (known.sd > 0)
    if (drawn[spread] <= 0).any():
        return math.inf
    units, n, sd = known.units[spread], drawn[spread], known.sd[spread]
    return total(units * (units - n) * sd**2 / n)


def _given(strata: pd.DataFrame, name: str, default: Floats) -> Floats:
    return np.asarray(strata[name], dtype=float) if name in strata else default


def _positive(whole: float) -> float:
    if whole <= 0:
        fail_if_any(SampleError, WHERE, [Problem(("nothing is open to the random draw", "没有可供随机抽取的单位"))])
    return whole
