"""What a prediction of failures is worth on checks it has not seen: discrimination, calibration, gain over random."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from perfkit.sampling.inclusion import proportional
from perfkit.sampling.size.need import quantile

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
REPLICATES = 2000


def auc(failed: Flags, risk: Floats, confidence: float = 0.95) -> tuple[float, float, float]:
    """Return the chance that a failure has a higher risk than another unit (ties half), and its interval.

    Notes
    -----
    Standard error of DeLong et al. (1988, Biometrics 44-3); the interval is made on the logit, so it keeps within 0
    and 1. With no error to be seen (a perfect order) it reaches from 0 to 1.

    Examples
    --------
    >>> [round(x, 3) for x in auc(np.array([1, 1, 0, 0, 0]) > 0, np.array([3, 4, 1, 2, 3.5]))]
    [0.833, 0.152, 0.993]
    """
    bad, good = risk[failed], risk[~failed]
    everywhere = stats.rankdata(np.concatenate([bad, good]))
    above = (everywhere[: len(bad)] - stats.rankdata(bad)) / len(good)
    below = 1 - (everywhere[len(bad) :] - stats.rankdata(good)) / len(bad)
    area = float(above.mean())
    error = math.sqrt(above.var(ddof=1) / len(bad) + below.var(ddof=1) / len(good))
    if not 0 < area < 1:
        return area, 0.0, 1.0
    reach = quantile(confidence) * error / (area * (1 - area))
    low, high = special.expit(special.logit(area) + np.array([-reach, reach]))
    return area, float(low), float(high)


def calibration(failed: Flags, risk: Floats) -> tuple[float, float]:
    """Return slope and intercept of the logit of failing on the logit of the risk: 1 and 0 if it can be believed.

    A slope below 1 says that high risks are too high and low ones too low.
    """
    from sklearn.linear_model import LogisticRegression

    logit = special.logit(np.clip(risk, 1e-6, 1 - 1e-6))[:, None]
    if np.ptp(logit) < 1e-9:
        return math.nan, math.nan
    found = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(logit, failed)
    return float(found.coef_[0, 0]), float(found.intercept_[0])


def reliability(failed: Flags, risk: Floats, groups: int = 5) -> pd.DataFrame:
    """Return predicted and observed failures in groups of like risk: ``group, n, predicted, observed, low, high``.

    The interval of the share observed is Wilson's, 95 %.
    """
    order = np.argsort(risk, kind="stable")
    rows = []
    for number, at in enumerate(np.array_split(order, groups), 1):
        n, found = len(at), int(failed[at].sum())
        interval = stats.binomtest(found, n).proportion_ci(method="wilson")
        rows.append((number, n, risk[at].mean(), found / n, interval.low, interval.high))
    return pd.DataFrame(rows, columns=["group", "n", "predicted", "observed", "low", "high"])


def top(risk: Floats, n: float) -> Floats:
    """Return the chance of each unit to be among the n of highest risk; equal risks share what is left."""
    values, at, counts = np.unique(-risk, return_inverse=True, return_counts=True)
    before = np.concatenate([[0], np.cumsum(counts)[:-1]])
    chance: Floats = np.clip((n - before) / counts, 0, 1)
    return np.asarray(chance[at] if len(values) else risk)


def gain(
    failed: Flags,
    risk: Floats,
    fold: npt.NDArray[np.int64],
    share: float,
    size: Callable[[Floats], Floats],
    *,
    seed: int,
    confidence: float = 0.95,
) -> dict[str, float]:
    """Return what choosing by risk would have found at the budgeted sample, and what it would do to the estimate.

    Parameters
    ----------
    failed, risk, fold
        Outcome, risk predicted without having seen it, and the fold in which it was predicted: units compete within
        their fold.
    share
        Of the units that can be checked.
    size
        From risk to size measure.
    seed
        Of the bootstrap.
    confidence
        Of its intervals.

    Returns
    -------
    dict
        ``capture`` (of the failures, among the units of highest risk), ``capture_pps`` (expected in a sample with
        chances by size), ``capture_random`` (``share``), ``gain`` and ``gain_pps`` over random, and ``se_ratio``: the
        standard error of the estimated number of failures over that of a simple random sample as large; each of the
        last three with ``_low`` and ``_high`` (units drawn anew within folds, percentiles).

    Notes
    -----
    The variance under chances by size is Hájek's approximation for fixed sizes,
    sum of b (y / pi - A)² with b = pi (1 - pi) N / (N - 1) and A the b-weighted mean of y / pi; under equal chances
    it is that of the simple random sample. The bootstrap keeps each unit's chances as they are.
    """
    y = failed.astype(float)
    members = [np.flatnonzero(fold == each) for each in np.unique(fold)]
    first, chance = np.zeros(len(y)), np.zeros(len(y))
    for part in members:
        first[part] = top(risk[part], share * len(part))
        chance[part] = proportional(size(risk[part]), share * len(part))

    def measure(times: Floats) -> Floats:
        """Return capture, capture by size and ratio of errors; one row of ``times`` a unit was drawn, one result."""
        failures = times @ y
        by_size, plain = (
            sum(_variance(y[part], pi[part], times[:, part]) for part in members)
            for pi in (chance, np.full(len(y), share))
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.column_stack(
                [times @ (first * y) / failures, times @ (chance * y) / failures, np.sqrt(by_size / plain)]
            )

    rng = np.random.default_rng(seed)
    times = np.zeros((REPLICATES, len(y)))
    for part in members:
        times[:, part] = rng.multinomial(len(part), np.full(len(part), 1 / len(part)), REPLICATES)
    seen = measure(np.ones((1, len(y))))[0]
    tails = [100 * (1 - confidence) / 2, 100 * (1 + confidence) / 2]
    low, high = np.nanpercentile(measure(times), tails, axis=0)
    return {
        "capture": seen[0],
        "capture_pps": seen[1],
        "capture_random": share,
        "gain": seen[0] - share,
        "gain_low": low[0] - share,
        "gain_high": high[0] - share,
        "gain_pps": seen[1] - share,
        "gain_pps_low": low[1] - share,
        "gain_pps_high": high[1] - share,
        "se_ratio": seen[2],
        "se_ratio_low": low[2],
        "se_ratio_high": high[2],
    }


def _variance(y: Floats, pi: Floats, times: Floats) -> Floats:
    """Return the variance of the expanded total, for each row of ``times`` that a unit is in the population."""
    b, expanded = pi * (1 - pi) * len(y) / max(len(y) - 1, 1), y / pi
    whole = times @ b
    centred = times @ (b * expanded**2) - (times @ (b * expanded)) ** 2 / np.where(whole > 0, whole, 1.0)
    return np.maximum(centred, 0.0)
