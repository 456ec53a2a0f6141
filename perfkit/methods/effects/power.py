"""What size of effect could be found: before the data are in, or with those there are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def minimum_detectable_effect(se: float, *, power: float = 0.8, confidence: float = 0.95) -> float:
    """Return the smallest true effect that a two-sided test would find with ``power``.

    Notes
    -----
    (z(1 - a / 2) + z(power)) se.

    *Checked against* Bloom (1995): 2.80 standard errors at 80 % power and 5 %.

    Examples
    --------
    >>> round(minimum_detectable_effect(1.0), 2)
    2.8
    """
    from scipy import stats

    return float((stats.norm.ppf((1 + confidence) / 2) + stats.norm.ppf(power)) * se)


def change_error(sd: float, correlation: float, treated: int, others: int, before: int, after: int) -> float:
    """Return the standard error of a difference in differences of two groups of units over several periods.

    Parameters
    ----------
    sd, correlation
        Spread of one unit's outcome in one period, and its correlation between any two periods.
    treated, others, before, after
        Units in the groups, periods before and after.

    Notes
    -----
    sd² (1 / n1 + 1 / n0) ((1 + (r - 1) c) / r + (1 + (m - 1) c) / m - 2 c), m periods before and r after (Frison and
    Pocock 1992, McKenzie 2012).

    Examples
    --------
    One period before and after, 50 units each, no correlation: sqrt(2 / 50 x 2).

    >>> round(change_error(1.0, 0.0, 50, 50, 1, 1), 4)
    0.2828
    """
    late, early = (1 + (n - 1) * correlation for n in (after, before))
    inside = late / after + early / before - 2 * correlation
    return float(sd * np.sqrt((1 / treated + 1 / others) * max(inside, 0.0)))


def moments(outcomes: Array) -> tuple[float, float]:
    """Return spread and mean correlation between periods of outcomes (units x periods), period means taken out.

    Missing where there are fewer than two periods or three units.
    """
    units, periods = outcomes.shape
    if periods < 2 or units < 3:
        return float("nan"), float("nan")
    covariance = np.cov(outcomes.T)
    variance = float(np.diag(covariance).mean())
    shared = float((covariance.sum() - np.trace(covariance)) / (periods * (periods - 1)))
    return float(np.sqrt(variance)), shared / variance if variance > 0 else float("nan")
