"""Rates of return: every root of the present value, the modified rate, and what to say where there is no one rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize

from perfkit.methods.appraisal.convention import PLAIN, Array, Convention, deflators, present_value
from perfkit.methods.appraisal.flows import net
from perfkit.tables.printing import percent

_REAL = 1e-7  # a root counts as real if its imaginary part is smaller
_DOUBLINGS = 60  # of the discount factor, in search of the one root: rates from -100 % + 2^-60 to 2^60

RETURNS = ("option_id", "roots", "sign_changes", "modified", "status", "why_zh", "why_en")


def rates_of_return(yearly: pd.Series, convention: Convention = PLAIN) -> list[float]:
    """Return every real rate above -100 % at which the present value is zero, rising; none, one or several.

    Notes
    -----
    With several sign changes there may be several rates: a report must list them all and rest on the present value.
    Where the signs change once, the one rate is found by bracketing (Brent), else all roots of the polynomial in
    1 + rate are taken (eigenvalues), each polished by Newton's steps.

    *Checked against* the oil-pump problem of Lorie and Savage (1955): 25 % and 400 %.

    Examples
    --------
    >>> [round(r, 4) for r in rates_of_return(pd.Series([-1600.0, 10000.0, -10000.0]))]
    [0.25, 4.0]
    """
    amounts, power = _in_order(yearly, convention)
    if sign_changes(amounts) == 0:
        return []
    if sign_changes(amounts) == 1:
        return [_power_of(x, power) - 1.0 for x in _one_root(amounts)]
    roots = np.roots(amounts)  # in x = (1 + rate) ** (1 / power): sum of a_t x^(n - t) = 0
    real = [float(r.real) for r in roots if abs(r.imag) < _REAL * max(1.0, abs(r.real)) and r.real > 0]
    found = sorted(_power_of(_polished(amounts, x), power) - 1.0 for x in real)
    return [r for i, r in enumerate(found) if i == 0 or abs(r - found[i - 1]) > _REAL]


def sign_changes(amounts: npt.ArrayLike) -> int:
    """Return how often the sign turns; the number of positive roots is at most this (Descartes).

    Examples
    --------
    >>> sign_changes([-100.0, 0.0, 60.0, 80.0, -20.0])
    2
    """
    signs = np.sign(np.asarray(amounts, dtype=float))
    return int(np.count_nonzero(np.diff(signs[signs != 0])))


def modified_rate(yearly: pd.Series, finance_rate: float, reinvest_rate: float) -> float:
    """Return the modified rate of return: one answer whatever the signs; NaN without both an outlay and a return.

    Parameters
    ----------
    yearly
        Net flows by year without gaps; years without a flow before the first or after the last do not count.
    finance_rate, reinvest_rate
        Outlays are discounted to the first year at the one, returns compounded to the last year at the other.

    Notes
    -----
    MIRR = (FV of returns / PV of outlays) ** (1 / n) - 1, n the years between first and last flow.

    *Checked against* Microsoft's example of MIRR in Excel (12.61 %) and numpy-financial 1.0.0.

    Examples
    --------
    >>> round(modified_rate(pd.Series([-120000.0, 39000, 30000, 21000, 37000, 46000]), 0.10, 0.12), 4)
    0.1261
    """
    amounts = np.trim_zeros(yearly.to_numpy(dtype=float))
    back, n = np.arange(len(amounts))[::-1], len(amounts) - 1
    returned = float(np.maximum(amounts, 0.0) @ (1.0 + reinvest_rate) ** back)
    paid = float(np.maximum(-amounts, 0.0) @ (1.0 + finance_rate) ** -np.arange(n + 1.0))
    if n < 1 or returned <= 0.0 or paid <= 0.0:
        return float("nan")
    return float((returned / paid) ** (1.0 / n) - 1.0)


def interpolated_rate(yearly: pd.Series, low: float, high: float) -> float:
    """Return the rate of return by straight-line interpolation between two rates, as textbooks do by hand.

    Not exact: the present value is curved. Name it as interpolated wherever it is printed.
    """
    at_low, at_high = (present_value(yearly, [{"from_year": 0, "rate": r}]) for r in (low, high))
    return low + (high - low) * at_low / (at_low - at_high)


def returns(flows: pd.DataFrame, rate: float, convention: Convention = PLAIN) -> pd.DataFrame:
    """Return what can be said of each option's rate of return.

    Parameters
    ----------
    flows
        Table ``flows`` of one unit.
    rate
        The discount rate, at which the modified rate finances and reinvests.

    Returns
    -------
    DataFrame
        One row an option: ``option_id``; ``roots``, the list of all rates; ``sign_changes`` of the net flow;
        ``modified``, the modified rate; ``status`` (one, several, none) and why, ``why_zh, why_en``.
    """
    rows: list[dict[str, Any]] = []
    for option, each in flows.groupby("option_id", sort=False):
        yearly = net(each)
        amounts, _ = _in_order(yearly, convention)
        roots = rates_of_return(yearly, convention)
        real = yearly * deflators(yearly.index.to_numpy(dtype=int), convention)
        modified, turns = modified_rate(real, rate, rate), sign_changes(amounts)
        zh, en = _why(roots, turns, modified)
        status = ("none", "one", "several")[min(len(roots), 2)]
        rows.append(
            dict(zip(RETURNS, (str(option), roots, turns, modified, status, zh, en), strict=True)),
        )
    return pd.DataFrame(rows, columns=list(RETURNS))


def npv_curve(flows: pd.DataFrame, rates: npt.ArrayLike, convention: Convention = PLAIN) -> pd.DataFrame:
    """Return the net present value of each option at constant rates: ``rate`` and one column an option."""
    grid = np.asarray(rates, dtype=float)
    curves = {
        str(option): [present_value(net(each), [{"from_year": 0, "rate": r}], convention) for r in grid]
        for option, each in flows.groupby("option_id", sort=False)
    }
    return pd.DataFrame({"rate": grid, **curves})


def _why(roots: list[float], turns: int, modified: float) -> tuple[str, str]:
    listed = [percent(r) for r in roots]
    instead = ("", "")
    if not np.isnan(modified):
        instead = (f"，修正内部收益率 {percent(modified)}", f"; the modified rate is {percent(modified)}")
    if len(roots) == 1 and turns == 1:
        return (f"内部收益率唯一：{listed[0]}", f"one internal rate of return: {listed[0]}")
    if len(roots) == 1:
        return (
            f"净流量变号 {turns} 次，仅有一个内部收益率 {listed[0]}；应以净现值为准{instead[0]}",
            f"the net flow changes sign {turns} times, yet there is one rate, {listed[0]}: rest on the net present "
            f"value{instead[1]}",
        )
    if roots:
        return (
            f"净流量变号 {turns} 次，有 {len(roots)} 个内部收益率（{'、'.join(listed)}），应以净现值为准{instead[0]}",
            f"the net flow changes sign {turns} times and has {len(roots)} rates of return ({', '.join(listed)}): "
            f"rest on the net present value{instead[1]}",
        )
    if not turns:
        return ("净流量不变号，不存在内部收益率", "the net flow never changes sign: there is no rate of return")
    return (
        f"净流量变号 {turns} 次，但没有使净现值为零的折现率，不存在内部收益率{instead[0]}",
        f"the net flow changes sign {turns} times, but its present value is zero at no rate: there is no rate of "
        f"return{instead[1]}",
    )


def _in_order(yearly: pd.Series, convention: Convention) -> tuple[Array, int]:
    """Return the amounts on an even grid, first and last not zero, and the steps of that grid in a year."""
    if yearly.empty:
        return np.empty(0), 1
    years = yearly.index.to_numpy(dtype=int)
    amounts = yearly.to_numpy(dtype=float) * deflators(years, convention)
    since = years - convention.base_year
    power = 2 if convention.timing == "mid" else 1
    earlier = {"end": 0, "mid": 1, "start": 1}[convention.timing]
    at = np.maximum(power * since - earlier, 0)
    grid: Array = np.bincount(at - at.min(), weights=amounts).astype(float)
    return np.trim_zeros(grid), power


def _value(amounts: Array, v: float) -> float:
    """Return the sum of a_t v^t, scaled so that it never overflows."""
    powers = np.arange(len(amounts)) - (len(amounts) - 1 if v > 1.0 else 0)
    return float(amounts @ v ** powers.astype(float))


def _one_root(amounts: Array) -> list[float]:
    """Return the root of amounts whose sign turns once; none where it lies beyond any rate that has a meaning."""
    scaled = amounts / np.abs(amounts).max()
    low, high = 1.0, 1.0  # discount factors v = 1 / x: near 0 the first amount decides the sign, far out the last
    for _ in range(_DOUBLINGS):
        if np.sign(_value(scaled, low)) == np.sign(scaled[0]):
            break
        low /= 2.0
    for _ in range(_DOUBLINGS):
        if np.sign(_value(scaled, high)) == np.sign(scaled[-1]):
            break
        high *= 2.0
    ends = np.sign([_value(scaled, low), _value(scaled, high)])
    if ends[0] == ends[1]:
        return []
    return [1.0 / float(optimize.brentq(lambda v: _value(scaled, v), low, high, xtol=1e-15, rtol=1e-14))]


def _polished(amounts: Array, x: float) -> float:
    slope = np.polyder(amounts)
    with np.errstate(all="ignore"):
        for _ in range(3):
            closer = x - np.polyval(amounts, x) / np.polyval(slope, x)
            if not np.isfinite(closer) or abs(closer - x) > _REAL * max(1.0, abs(x)):
                break
            x = float(closer)
    return x


def _power_of(x: float, power: int) -> float:
    return float(x**power)
