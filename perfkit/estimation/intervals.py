"""From estimate and standard error to an interval, and both to rows of the table ``estimates``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from perfkit.errors import Problem, SampleError, fail_if_any

Floats = npt.NDArray[np.float64]
Interval = Literal["t", "normal", "satterthwaite", "log", "logit", "wilson", "korn_graubard"]

COLUMNS = (
    "measure",
    "domain",
    "estimator",
    "n",
    "units",
    "estimate",
    "se",
    "df",
    "low",
    "high",
    "confidence",
    "interval",
    "note_zh",
    "note_en",
)
WHOLE = "all"
ALL_CERTAIN = ("全部单位必查，没有抽样误差", "all units were certain: no sampling error")


def limits(
    estimate: npt.ArrayLike,
    se: npt.ArrayLike,
    df: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    interval: Interval = "t",
    effective: npt.ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    r"""Return the lower and upper limits of estimates with standard errors.

    Parameters
    ----------
    estimate, se, df
        Of one length; ``df`` below 1 counts as 1.
    confidence
        For example 0.95.
    interval
        ``t`` or ``normal``: estimate ± quantile * se. ``satterthwaite``: t at the degrees of freedom that the values
        themselves leave, given in ``df``. ``log``: that on the log scale, for what is above zero and skewed.
        For shares: ``logit``, ``wilson`` and ``korn_graubard`` (Clopper and Pearson) with the effective sample size.
    effective
        The effective sample size of shares where the error says nothing (0 or 1), for example the number of rows.

    Raises
    ------
    SampleError
        If confidence is not between 0 and 1, or the interval is not one of these.

    Notes
    -----
    Effective size :math:`n^* = p (1 - p) / se^2`. Wilson: the roots of :math:`(p - \theta)^2 = t^2 \theta (1 -
    \theta) / n^*` with t at df. Korn and Graubard (1998): beta quantiles with :math:`n^* (t_{n-1} / t_{df})^2`.

    *Checked against*: R survey (svyciprop, methods logit and beta), statsmodels (proportion_confint).

    Examples
    --------
    >>> low, high = limits(656.585, 9.24972203928281, 199)
    >>> low.round(6), high.round(6)
    (array([638.34495]), array([674.82505]))
    """
    fail_if_not_confidence(confidence)
    fail_if_not_interval(interval)
    p, error, freedom = (np.atleast_1d(np.asarray(each, dtype=float)) for each in (estimate, se, df))
    tail = (1 + confidence) / 2
    reach = np.full_like(p, stats.norm.ppf(tail)) if interval == "normal" else stats.t.ppf(tail, freedom.clip(1))
    if interval in ("t", "normal", "satterthwaite"):
        return p - reach * error, p + reach * error
    if interval == "log":
        share = np.divide(error, p, out=np.zeros_like(p), where=p > 0)
        return p * np.exp(-reach * share), p * np.exp(reach * share)
    p = p.clip(0, 1)
    fallback = np.ones_like(p) if effective is None else np.broadcast_to(np.asarray(effective, dtype=float), p.shape)
    spread = p * (1 - p)
    # Without spread the error is zero however few were looked at: only the size of the sample says how sure it is.
    known = (error > 0) & (spread > 1e-12)
    size = np.divide(spread, error**2, out=fallback.astype(float).copy(), where=known)
    sure = (error == 0) & (freedom == 0)
    if interval == "logit":
        scaled = np.divide(error, spread, out=np.zeros_like(p), where=known)
        odds = np.log(np.divide(p, 1 - p, out=np.ones_like(p), where=known))
        low, high = (special.expit(odds + sign * reach * scaled) for sign in (-1, 1))
        low, high = np.where(known, low, p), np.where(known, high, p)
    elif interval == "wilson":
        centre = p + reach**2 / (2 * size)
        half = reach * np.sqrt(spread / size + reach**2 / (4 * size**2))
        low, high = ((centre + sign * half) / (1 + reach**2 / size) for sign in (-1, 1))
    else:
        size = size * (stats.t.ppf(tail, (fallback - 1).clip(1)) / reach) ** 2
        low = np.where(p > 0, stats.beta.ppf(1 - tail, size * p, size * (1 - p) + 1), 0.0)
        high = np.where(p < 1, stats.beta.ppf(tail, size * p + 1, size * (1 - p)), 1.0)
    return np.where(sure, p, low.clip(0, 1)), np.where(sure, p, high.clip(0, 1))


def estimates(
    domain: Sequence[object],
    estimator: str,
    n: npt.ArrayLike,
    units: npt.ArrayLike,
    estimate: npt.ArrayLike,
    se: npt.ArrayLike,
    df: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    interval: Interval = "t",
    effective: npt.ArrayLike | None = None,
    measure: Sequence[object] | None = None,
    note: tuple[str, str] = ("", ""),
) -> pd.DataFrame:
    """Return rows of the table ``estimates``, a domain a row, with the limits that estimate and error imply.

    Rows without degrees of freedom and error say in their note that all their units were certain.

    Examples
    --------
    >>> found = estimates(["all"], "mean", [200], [6194], [656.585], [9.2497], [199])
    >>> found[["low", "high"]].round(1).iloc[0].tolist()
    [638.3, 674.8]
    """
    low, high = limits(estimate, se, df, confidence=confidence, interval=interval, effective=effective)
    numbers = [np.atleast_1d(np.asarray(each, dtype=float)) for each in (n, units, estimate, se, df)]
    rows = len(numbers[2])
    certain = (numbers[3] == 0) & (numbers[4] == 0)
    words = [
        [" ".join(filter(None, [word, sure if all_ else ""])) for all_ in certain]
        for word, sure in zip(note, ALL_CERTAIN, strict=True)
    ]
    columns: list[Any] = [
        [None] * rows if measure is None else list(measure),
        [str(each) for each in domain],
        [estimator] * rows,
        *numbers,
        low,
        high,
        [confidence] * rows,
        [interval] * rows,
        *words,
    ]
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def exact_share(hits: int, n: int, units: int, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the share of a population from the hits of a simple random sample, with its exact interval.

    Parameters
    ----------
    hits, n, units
        Hits among the units drawn, units drawn, units of the population.
    confidence
        That the interval covers at least, whatever the share and however small the sample.

    Returns
    -------
    DataFrame
        One row of the table ``estimates``.

    Raises
    ------
    SampleError
        If not 0 <= hits <= n <= units and n > 0.

    Notes
    -----
    All numbers of hits in the population under which as few, and as many, as were found each have a chance above
    (1 - confidence) / 2 by the hypergeometric distribution: the finite population correction without approximation.

    *Checked against*: every sample of every small population, enumerated.

    Examples
    --------
    >>> found = exact_share(0, 20, 100)
    >>> found[["estimate", "low", "high"]].iloc[0].tolist()
    [0.0, 0.0, 0.15]
    """
    fail_if_not_confidence(confidence)
    if not 0 <= hits <= n <= units or n == 0:
        what = ("hits, units drawn and units of the population do not go together", "命中数、抽取数与总体数不相符")
        got = f"{hits}, {n}, {units}"
        fail_if_any(SampleError, "share 比例", [Problem(what, "", "0 ≤ hits ≤ n ≤ units", got)])
    possible = np.arange(hits, units - (n - hits) + 1)
    tail = (1 - confidence) / 2
    as_many = stats.hypergeom.sf(hits - 1, units, possible, n)
    as_few = stats.hypergeom.cdf(hits, units, possible, n)
    inside = possible[(as_many > tail) & (as_few > tail)]
    p = hits / n
    se = np.sqrt(p * (1 - p) / (n - 1) * (1 - n / units)) if n > 1 else np.nan
    made = estimates([WHOLE], "share · exact", n, units, p, se, 0 if n == units else n - 1, confidence=confidence)
    return made.assign(low=inside[0] / units, high=inside[-1] / units, interval="hypergeometric")


def fail_if_not_confidence(confidence: float) -> None:
    """Raise SampleError unless ``confidence`` lies between 0 and 1."""
    if not 0 < confidence < 1:
        what = ("confidence lies between 0 and 1", "置信水平应在 0 与 1 之间")
        problem = Problem(what, got=str(confidence), do=("95 % is 0.95", "95% 应写作 0.95"))
        fail_if_any(SampleError, "confidence 置信水平", [problem])


def fail_if_not_interval(interval: str) -> None:
    """Raise SampleError unless ``interval`` is one that :func:`limits` knows."""
    if interval not in get_args(Interval):
        what = ("no such interval", "没有这种区间方法")
        fail_if_any(SampleError, "interval 区间", [Problem(what, "", ", ".join(get_args(Interval)), str(interval))])
