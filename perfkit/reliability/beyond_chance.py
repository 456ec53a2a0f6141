"""Agreement beyond chance: Krippendorff's alpha, weighted kappa of two raters, Fleiss' kappa of several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from perfkit.reliability.ratings import (
    ALL_ALIKE,
    NO_NOTE,
    Floats,
    Missing,
    codes,
    complete,
    fail_if_fewer,
    fail_if_not_one_of,
    numbers,
    paired,
    refuse,
    row,
)

Level = Literal["nominal", "ordinal", "interval", "ratio"]
Weights = Literal["quadratic", "linear", "none"]


def krippendorff_alpha(
    ratings: pd.DataFrame, level: Level = "nominal", *, bootstrap: int = 0, seed: int = 0, confidence: float = 0.95
) -> pd.DataFrame:
    """Return Krippendorff's alpha: agreement beyond chance of any number of raters; missing ratings are allowed.

    Parameters
    ----------
    ratings
        Targets x raters. ``nominal`` takes any labels, ``ordinal`` and ``interval`` numbers, ``ratio`` none below 0.
    level
        Level of measurement.
    bootstrap
        Number of draws of targets for a percentile interval; 0 for none. The interval is too short for few targets.
    seed
        Of the draws; neither the order of targets nor that of raters matters.
    confidence
        Of the interval.

    Returns
    -------
    DataFrame
        One row: ``level, targets`` (rated at least twice), ``ratings`` (of those), ``alpha, ci_low, ci_high, draws``
        (a draw of one single value has no alpha and is left out), ``note_zh, note_en``. All ratings alike: NaN.

    Raises
    ------
    ScoreError
        If no target is rated twice, or the ratings do not suit the level.

    Notes
    -----
    alpha = 1 - (N - 1) D_o / D_e over the N ratings of targets rated m > 1 times: D_o sums d(x, y) / (m - 1) over
    ordered pairs within targets, D_e over all ordered pairs; d is [x ≠ y], (x - y)², ((x - y) / (x + y))², and
    for ordinal ratings (x - y)² between mid-ranks.

    *Checked against*: Krippendorff (2011); Python krippendorff 0.9.0.

    Examples
    --------
    >>> krippendorff_alpha(pd.DataFrame({"甲": ["优", "良", "中"], "乙": ["优", "良", None]}))["alpha"].item()
    1.0
    """
    fail_if_not_one_of("level", level, ("nominal", "ordinal", "interval", "ratio"))
    values = codes(ratings) if level == "nominal" else numbers(ratings)
    values = values[(~np.isnan(values)).sum(axis=1) > 1]
    if not len(values):
        refuse(
            ("no target has two ratings", "没有对象得到两个评分"), do=("rate some targets twice", "请安排重复评分")
        )
    if level == "ratio" and (values < 0).any():
        refuse(
            ("a ratio scale has no values below zero", "比率尺度没有负值"), do=("use 'interval'", "请改用 interval")
        )
    values = np.sort(values, axis=1)
    values = values[np.lexsort(values.T)]
    alpha, draw = _alpha(values, level), np.random.default_rng(seed).integers
    drawn = np.array([_alpha(values[draw(0, len(values), len(values))], level) for _ in range(bootstrap)])
    drawn = drawn[~np.isnan(drawn)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else (np.nan, np.nan)
    cells = (level, len(values), int((~np.isnan(values)).sum()), alpha, low, high, len(drawn))
    note = ("未要求置信区间", "no interval was asked for") if not bootstrap else NO_NOTE
    names = "level targets ratings alpha ci_low ci_high draws"
    return row(names, cells, ALL_ALIKE if np.isnan(alpha) else note)


def weighted_kappa(
    first: pd.Series,
    second: pd.Series,
    *,
    categories: Sequence[Any],
    weights: Weights = "quadratic",
    sample_weights: pd.Series | None = None,
    missing: Missing = "refuse",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return Cohen's kappa of two raters on ordered categories (thin over statsmodels).

    Parameters
    ----------
    first, second
        One grade a target, indexed alike.
    categories
        All categories, worst to best or best to worst.
    weights
        How disagreement counts by steps apart: ``quadratic``, ``linear``, or ``none`` (every one alike).
    sample_weights
        Design weights, indexed as ``first``. The asymptotic error does not hold then and is NaN.
    missing
        As in ``icc``.
    confidence
        Of the interval.

    Returns
    -------
    DataFrame
        One row: ``targets, weights, agreement`` (share of equal grades), ``kappa, se, ci_low, ci_high, z, p`` (of
        kappa being zero), ``note_zh, note_en``. Both raters always in one and the same category: NaN; one rater
        always in one: no error.

    Raises
    ------
    ScoreError
        If the two do not rate the same targets, a grade is missing or no category, or a weight is not above zero.

    Notes
    -----
    kappa = 1 - sum(d o) / sum(d e), d = (|i - j| / (q - 1))² or without the square, o and e the observed and expected
    shares; errors of Fleiss, Cohen & Everitt (1969).

    *Checked against*: SAS PROC FREQ (by way of the tests of statsmodels); scikit-learn ``cohen_kappa_score``.

    Examples
    --------
    >>> given, found = pd.Series(["优", "优", "良", "中"]), pd.Series(["优", "良", "良", "中"])
    >>> weighted_kappa(given, found, categories=["中", "良", "优"])["kappa"].round(3).item()
    0.8
    """
    from statsmodels.stats.inter_rater import cohens_kappa

    fail_if_not_one_of("weights", weights, ("quadratic", "linear", "none"))
    _fail_if_no_categories(categories)
    both = paired(first, second, missing, sample_weights)
    fail_if_fewer(len(both), 2)
    _fail_if_outside(both, categories)
    n, q = len(both), len(categories)
    at = [pd.Categorical(both[side], categories=list(categories)).codes.astype(int) for side in ("first", "second")]
    table = np.bincount(at[0] * q + at[1], both["weight"].astype(float), q * q).reshape(q, q)
    step = np.abs(np.subtract.outer(np.arange(q), np.arange(q))) / (q - 1)
    apart = {"quadratic": step**2, "linear": step, "none": (step > 0).astype(float)}[weights]
    names = "targets weights agreement kappa se ci_low ci_high z p"
    agreement = float(np.trace(table) / table.sum())
    if np.count_nonzero(table.sum(axis=0) + table.sum(axis=1)) == 1:
        return row(names, (n, weights, agreement, *[np.nan] * 6), ALL_ALIKE)
    if sample_weights is not None:
        note = ("抽样加权，渐近标准误不适用", "design weights: the asymptotic error does not hold")
        kappa = float(cohens_kappa(table, weights=apart, return_results=False))
        return row(names, (n, weights, agreement, kappa, *[np.nan] * 5), note)
    # A rater who always gives the same grade, and rounding below a variance of zero, make statsmodels warn.
    with np.errstate(all="ignore"):
        found = cohens_kappa(table, weights=apart)
    if 1 in ((table.sum(axis=0) > 0).sum(), (table.sum(axis=1) > 0).sum()):
        note = ("一位评委只用了一个类别，无标准误", "one rater used one category only: no error")
        return row(names, (n, weights, agreement, found.kappa, *[np.nan] * 5), note)
    se, se_zero = (float(np.sqrt(max(each, 0.0))) for each in (found.var_kappa, found.var_kappa0))
    reach = stats.norm.ppf((1 + confidence) / 2) * se
    z = found.kappa / se_zero
    cells = (n, weights, agreement, found.kappa, se, found.kappa - reach, found.kappa + reach, z)
    return row(names, (*cells, 2 * stats.norm.sf(abs(z))), NO_NOTE)


def fleiss_kappa(ratings: pd.DataFrame, *, missing: Missing = "refuse") -> pd.DataFrame:
    """Return Fleiss' kappa of several raters on unordered categories (statsmodels; no error is known to it).

    Parameters
    ----------
    ratings
        Targets x raters, any labels.
    missing
        As in ``icc``.

    Returns
    -------
    DataFrame
        One row: ``targets, raters, categories, kappa, note_zh, note_en``. All ratings alike: NaN.

    Raises
    ------
    ScoreError
        If there are fewer than two targets or raters, or a rating is missing; ``krippendorff_alpha`` allows that.

    Notes
    -----
    kappa = (P - P_e) / (1 - P_e): P the mean share of agreeing pairs, P_e the sum of the categories' squared shares.

    *Checked against*: Fleiss (1971), psychiatric diagnoses.

    Examples
    --------
    >>> fleiss_kappa(pd.DataFrame({"甲": ["优", "良"], "乙": ["优", "良"]}))["kappa"].item()
    1.0
    """
    from statsmodels.stats import inter_rater

    values = complete(codes(ratings), ratings.index, missing)
    n, k = values.shape
    table = inter_rater.aggregate_raters(values.astype(int))[0]
    alike = table.shape[1] == 1
    kappa = np.nan if alike else float(inter_rater.fleiss_kappa(table))
    return row("targets raters categories kappa", (n, k, table.shape[1], kappa), ALL_ALIKE if alike else NO_NOTE)


def _alpha(values: Floats, level: Level) -> float:
    """Return alpha of targets that each have two ratings or more; NaN if all ratings are the same."""
    rated = ~np.isnan(values)
    found, at, counts = np.unique(values[rated], return_inverse=True, return_counts=True)
    if len(found) < 2:
        return np.nan
    counted = counts.astype(float)
    if level == "ordinal":
        found = np.cumsum(counted) - counted / 2
    placed = np.full(values.shape, np.nan)
    placed[rated] = found[at]
    others = rated.sum(axis=1) - 1
    observed = 0.0
    for one, two in combinations(placed.T, 2):
        both = ~np.isnan(one) & ~np.isnan(two)
        observed += 2 * float((_apart(one[both], two[both], level) / others[both]).sum())
    return float(1 - (counted.sum() - 1) * observed / _expected(found, counted, level))


def _apart(one: Floats, two: Floats, level: Level) -> Floats:
    """Return how far apart two ratings are (``ordinal``: given as mid-ranks)."""
    apart: Floats = (one != two).astype(float) if level == "nominal" else (one - two) ** 2
    if level == "ratio":
        total = (one + two) ** 2
        apart = apart / np.where(total == 0, 1, total)
    return apart


def _expected(found: Floats, counted: Floats, level: Level) -> float:
    """Sum the distances of all ordered pairs: of distinct values found, each so many times."""
    total = counted.sum()
    if level == "nominal":
        return float(total**2 - counted @ counted)
    if level == "ratio":
        return sum(float(n * (counted @ _apart(x, found, level))) for x, n in zip(found, counted, strict=True))
    centred = found - counted @ found / total
    return float(2 * total * (counted @ centred**2))


def _fail_if_no_categories(categories: Sequence[Any]) -> None:
    if len(categories) < 2 or len(set(categories)) < len(categories):
        what = ("categories must be two or more, each once", "类别应有两个以上且不重复")
        refuse(what, got=", ".join(map(str, categories)), do=("name all, in order", "请按顺序列出全部类别"))


def _fail_if_outside(both: pd.DataFrame, categories: Sequence[Any]) -> None:
    outside = [value for side in ("first", "second") for value in both[side].unique() if value not in categories]
    if outside:
        got = ", ".join(map(str, dict.fromkeys(outside)))
        refuse(("grades outside the categories", "存在类别以外的等级"), got=got, do=("name all", "请列出全部类别"))
