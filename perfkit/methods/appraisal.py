"""Appraisal of cash flows: present values, rates of return, switching values.

A flow in year *t* is discounted *t* times; year 0 is not discounted. Amounts are in whatever unit they come in, all
of one price base; transfers and sunk costs are the analyst's to leave out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
Steps = Sequence[Mapping[str, float]]

_COMPONENTS = ("benefit", "investment", "operation")
_REAL = 1e-7  # a root counts as real if its imaginary part is smaller


def net(flows: pd.DataFrame) -> pd.Series:
    """Return the net flow of each year (benefit - investment - operation), indexed by year from 0 without gaps.

    Parameters
    ----------
    flows
        Table ``flows`` of one option.
    """
    filled = flows[["investment", "operation", "benefit"]].fillna(0.0)
    yearly = (filled["benefit"] - filled["investment"] - filled["operation"]).groupby(flows["year"].astype(int)).sum()
    return yearly.reindex(range(int(yearly.index.max()) + 1), fill_value=0.0)


def discount_factors(years: int, steps: Steps) -> Array:
    """Return the factors of years 0 to ``years`` for a schedule of rates.

    Parameters
    ----------
    years
        The last year.
    steps
        Each with ``from_year`` and ``rate``: the rate of every year from that one on.

    Notes
    -----
    factor(t) = product over k = 1..t of 1 / (1 + rate(k)).

    *Checked against* the Green Book's printed factors (0.9662, 0.7089, 0.3563 at years 1, 10, 30).

    Examples
    --------
    >>> discount_factors(2, [{"from_year": 0, "rate": 0.1}]).round(4).tolist()
    [1.0, 0.9091, 0.8264]
    """
    rising = sorted(steps, key=lambda step: step["from_year"])
    starts = np.array([step["from_year"] for step in rising])
    rates = np.array([step["rate"] for step in rising], dtype=float)
    at = np.searchsorted(starts, np.arange(1, years + 1), side="right") - 1
    return np.concatenate([[1.0], np.cumprod(1.0 / (1.0 + rates[np.maximum(at, 0)]))])


def present_value(yearly: pd.Series, steps: Steps) -> float:
    """Return the present value of yearly amounts (index: years from 0)."""
    factors = discount_factors(int(yearly.index.max()), steps)
    return float(factors[yearly.index.to_numpy(dtype=int)] @ yearly.to_numpy(dtype=float))


def rates_of_return(yearly: pd.Series) -> list[float]:
    """Return every real rate above -100 % at which the present value is zero, rising; none, one or several.

    Notes
    -----
    With several sign changes there may be several rates: a report must list them all and rest on the present value.

    *Checked against* the oil-pump problem of Lorie and Savage (1955): 25 % and 400 %.

    Examples
    --------
    >>> [round(r, 4) for r in rates_of_return(pd.Series([-1600.0, 10000.0, -10000.0]))]
    [0.25, 4.0]
    """
    amounts = np.trim_zeros(yearly.to_numpy(dtype=float))
    if len(amounts) < 2:
        return []
    roots = np.roots(amounts)  # in x = 1 + rate: sum of a_t x^(n - t) = 0
    found = sorted(float(r.real) - 1.0 for r in roots if abs(r.imag) < _REAL * max(1.0, abs(r.real)) and r.real > 0)
    return [r for i, r in enumerate(found) if i == 0 or abs(r - found[i - 1]) > _REAL]


def interpolated_rate(yearly: pd.Series, low: float, high: float) -> float:
    """Return the rate of return by straight-line interpolation between two rates, as textbooks do by hand.

    Not exact: the present value is curved. Name it as interpolated wherever it is printed.
    """
    at_low, at_high = (present_value(yearly, [{"from_year": 0, "rate": r}]) for r in (low, high))
    return low + (high - low) * at_low / (at_low - at_high)


def appraise(flows: pd.DataFrame, steps: Steps) -> pd.DataFrame:
    """Appraise each option.

    Parameters
    ----------
    flows
        Table ``flows`` of one unit: one or several options.
    steps
        The schedule of discount rates.

    Returns
    -------
    DataFrame
        One row an option: ``option_id``, ``pv_benefit``, ``pv_cost``, ``npv``, ``bcr`` (benefit / cost), ``irr``
        (list of all rates), ``switch_benefit``, ``switch_investment``, ``switch_operation``: the relative change of
        that component alone that makes the net present value zero.

    Notes
    -----
    *Checked against* the water-supply and Green Book cases (see tests/methods/test_appraisal.py).
    """
    rows = []
    for option, each in flows.groupby("option_id", sort=False):
        yearly = net(each)
        parts = {c: _component(each, c, yearly, steps) for c in _COMPONENTS}
        cost = parts["investment"] + parts["operation"]
        npv = parts["benefit"] - cost
        row: dict[str, Any] = {
            "option_id": option,
            "pv_benefit": parts["benefit"],
            "pv_cost": cost,
            "npv": npv,
            "bcr": parts["benefit"] / cost if cost else np.nan,
            "irr": rates_of_return(yearly),
        }
        for component in _COMPONENTS:
            sign = -1.0 if component == "benefit" else 1.0
            row[f"switch_{component}"] = sign * npv / parts[component] if parts[component] else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def npv_curve(flows: pd.DataFrame, rates: npt.ArrayLike) -> pd.DataFrame:
    """Return the net present value of each option at constant rates: ``rate`` and one column an option."""
    grid = np.asarray(rates, dtype=float)
    curves = {
        str(option): [present_value(net(each), [{"from_year": 0, "rate": r}]) for r in grid]
        for option, each in flows.groupby("option_id", sort=False)
    }
    return pd.DataFrame({"rate": grid, **curves})


def _component(flows: pd.DataFrame, component: str, yearly: pd.Series, steps: Steps) -> float:
    amounts = flows[component].fillna(0.0).groupby(flows["year"].astype(int)).sum()
    return present_value(amounts.reindex(yearly.index, fill_value=0.0), steps)
