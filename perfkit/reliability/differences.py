"""Who scores higher: limits of agreement of two measurements, severity of each of many raters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse, stats

from perfkit.reliability.ratings import NO_NOTE, Floats, Missing, Note, fail_if_fewer, numbers, paired, refuse, row

_NO_FREEDOM: Note = ("评分数不足以估计误差", "too few ratings to estimate the error")
_NO_SPREAD: Note = ("差值全部相同，无法检验", "all differences are the same: no test")
_FLAT: Note = ("评分无变化或互不相关，部分系数没有定义", "scores do not vary, or not together: not all is defined")


def bland_altman(
    first: pd.Series,
    second: pd.Series,
    *,
    multiplier: float = 1.96,
    missing: Missing = "refuse",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the limits of agreement of two measurements of the same targets; differences are first minus second.

    Parameters
    ----------
    first, second
        Numbers, indexed alike (self score and checked score).
    multiplier
        Standard deviations between bias and limit (the paper of 1986 prints 2).
    missing
        ``refuse`` a target that lacks a score, or ``drop`` it.
    confidence
        Of the intervals.

    Returns
    -------
    DataFrame
        One row: ``n, bias, sd, lower, upper`` (limits), ``se_limit``, ``bias_low, bias_high, lower_low, lower_high,
        upper_low, upper_high`` (their intervals), ``slope, slope_low, slope_high, slope_p`` (difference on mean: does
        the bias grow with the score), ``t, p`` (paired test), ``wilcoxon_p``, ``concordance`` (Lin), ``deming_slope``
        (second on first, equal errors), ``note_zh, note_en``. Tests of differences that are all the same, and slopes
        or concordance of scores that are all the same, are NaN.

    Raises
    ------
    ScoreError
        If there are fewer than three pairs, or scores that are missing, no finite numbers or of other targets.

    Notes
    -----
    Limits bias ± multiplier * sd, each with standard error sqrt(3 sd² / n) and Student's t on n - 1 degrees. Lin's
    2 s_xy / (s_x² + s_y² + bias²) takes moments over n; Wilcoxon drops zeros, normal with continuity correction.

    *Checked against*: Bland & Altman (1986), peak flow; R 4.2.2.

    Examples
    --------
    >>> found = bland_altman(pd.Series([90.0, 84, 78]), pd.Series([88.0, 80, 78]))
    >>> found[["bias", "sd", "lower", "upper"]].round(2).iloc[0].tolist()
    [2.0, 2.0, -1.92, 5.92]
    """
    both = paired(first, second, missing)
    x, y = numbers(both[["first", "second"]]).T
    n = len(x)
    fail_if_fewer(n, 3)
    apart, middle = _unless_rounding(x - y, x), _unless_rounding((x + y) / 2, x)
    bias, sd = float(apart.mean()), _spread(apart, 1)
    reach = stats.t.ppf((1 + confidence) / 2, n - 1)
    ends = [bias, bias - multiplier * sd, bias + multiplier * sd]
    errors = [sd / np.sqrt(n), sd * np.sqrt(3 / n), sd * np.sqrt(3 / n)]
    limits = [end + sign * reach * error for end, error in zip(ends, errors, strict=True) for sign in (-1, 1)]
    slope = _slope(middle, apart, confidence)
    t = bias / errors[0] if sd else np.nan
    tests = (t, 2 * stats.t.sf(abs(t), n - 1), _wilcoxon(apart) if sd else np.nan)
    concordance, deming = _concordance(x, y)
    names = "n bias sd lower upper se_limit bias_low bias_high lower_low lower_high upper_low upper_high"
    names += " slope slope_low slope_high slope_p t p wilcoxon_p concordance deming_slope"
    flat = bool(np.isnan([slope[0], concordance, deming]).any())
    note = _FLAT if flat else NO_NOTE if sd else _NO_SPREAD
    return row(names, (n, bias, sd, *ends[1:], errors[1], *limits, *slope, *tests, concordance, deming), note)


def leniency(
    ratings: pd.DataFrame,
    *,
    target: str = "unit_id",
    rater: str = "expert_id",
    points: str = "points",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return how severe each rater is, given which targets fell to whom.

    Parameters
    ----------
    ratings
        Long: one row a target and rater, not every pair need be there; a row without points counts as not rated. Of
        the table ``panel``, one indicator, or its sum over indicators.
    target, rater, points
        Names of the columns.
    confidence
        Of the interval.

    Returns
    -------
    DataFrame
        A row a rater: the column ``rater``, ``ratings`` (number), ``severity`` (points below what the average rater
        gives the same target; below zero: lenient), ``se, ci_low, ci_high, note_zh, note_en``. With no degree of
        freedom left (one target), the error is NaN.

    Raises
    ------
    ScoreError
        If a key is missing or stands twice, points are no numbers, there is one rater, or the raters fall into groups
        that share no target.

    Notes
    -----
    Least squares of points = target - severity + error, severities adding up to zero. With N the targets x raters
    incidence and n_t, n_r its sums: severity = A⁺ b, A = diag(n_r) - N' diag(1/n_t) N, variance s² A⁺.

    *Checked against*: statsmodels OLS with sum coding.

    Examples
    --------
    >>> pairs = [("p1", "甲", 80), ("p1", "乙", 84), ("p2", "甲", 70), ("p2", "乙", 74), ("p3", "甲", 90)]
    >>> long = pd.DataFrame(pairs, columns=["unit_id", "expert_id", "points"])
    >>> leniency(long)[["expert_id", "ratings", "severity"]].round(6).to_numpy().tolist()
    [['乙', 2, -2.0], ['甲', 3, 2.0]]
    """
    fit = _two_way(ratings, target, rater, points)
    se = np.sqrt(fit.variance * np.diag(fit.inverse).clip(0))
    counted = fit.incidence.sum(axis=0).astype(int)
    return _with_limits({rater: fit.raters, "ratings": counted, "severity": fit.severity}, se, fit.df, confidence)


def adjusted_means(
    ratings: pd.DataFrame,
    *,
    target: str = "unit_id",
    rater: str = "expert_id",
    points: str = "points",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return what each target would have got from the average rater.

    Parameters
    ----------
    ratings, target, rater, points, confidence
        As in ``leniency``.

    Returns
    -------
    DataFrame
        A row a target: the column ``target``, ``ratings`` (number), ``mean`` (as rated), ``adjusted``, ``se, ci_low,
        ci_high, note_zh, note_en``. Where all rate all, ``adjusted`` is ``mean``.

    Raises
    ------
    ScoreError
        As in ``leniency``.

    Notes
    -----
    adjusted = mean + mean severity of its raters; variance s² (1 / n_t + a A⁺ a'), a the target's row of N over n_t.

    *Checked against*: statsmodels OLS with sum coding.

    Examples
    --------
    >>> pairs = [("p1", "甲", 80), ("p1", "乙", 84), ("p2", "甲", 70), ("p2", "乙", 74), ("p3", "甲", 90)]
    >>> long = pd.DataFrame(pairs, columns=["unit_id", "expert_id", "points"])
    >>> adjusted_means(long)["adjusted"].round(6).tolist()
    [82.0, 72.0, 92.0]
    """
    fit = _two_way(ratings, target, rater, points)
    counted = fit.incidence.sum(axis=1)
    own = sparse.diags_array(1 / counted) @ fit.incidence
    se = np.sqrt(fit.variance * (1 / counted + (own * (own @ fit.inverse)).sum(axis=1)))
    shown = {target: fit.targets, "ratings": counted.astype(int), "mean": fit.means}
    return _with_limits({**shown, "adjusted": fit.means + own @ fit.severity}, se, fit.df, confidence)


@dataclass(frozen=True)
class _TwoWay:
    """Additive effects: T targets, R raters; ``incidence`` T x R, ``inverse`` R x R, ``variance`` of the error."""

    targets: pd.Index
    raters: pd.Index
    incidence: sparse.csr_array
    means: Floats
    severity: Floats
    inverse: Floats
    variance: float
    df: int


def _two_way(ratings: pd.DataFrame, target: str, rater: str, points: str) -> _TwoWay:
    rated = ratings[ratings[points].notna()]
    _fail_if_keys_are_wrong(rated, target, rater)
    # Beside itself, because fewer than two columns are too few raters.
    y = numbers(rated[[points, points]])[:, 0]
    at, targets = pd.factorize(rated[target], sort=True)
    by, raters = pd.factorize(rated[rater], sort=True)
    if len(raters) < 2:
        refuse(("fewer than 2 raters", "评委少于 2 位"), got=str(len(raters)))
    incidence = sparse.csr_array((np.ones(len(y)), (at, by)), shape=(len(targets), len(raters)))
    shared = (incidence.T @ incidence).tocsr()
    _fail_if_apart(shared, raters)
    counted = incidence.sum(axis=1)
    means: Floats = np.bincount(at, y) / counted
    laplacian = np.diag(incidence.sum(axis=0)) - (incidence.T @ sparse.diags_array(1 / counted) @ incidence).toarray()
    # Its only null vector is ones (the groups are joined): fill it, invert, take it out again. pinv has to guess
    # which small eigenvalue is the zero.
    ones = np.full(laplacian.shape, 1 / len(raters))
    level = float(np.diag(laplacian).mean())
    inverse: Floats = np.linalg.inv(laplacian + level * ones) - ones / level
    severity: Floats = inverse @ np.bincount(by, means[at] - y)
    own = sparse.diags_array(1 / counted) @ incidence @ severity
    left = y - (means + own)[at] + severity[by]
    df = len(y) - len(targets) - len(raters) + 1
    variance = float(left @ left) / df if df else np.nan
    return _TwoWay(targets, raters, incidence, means, severity, inverse, variance, df)


def _fail_if_keys_are_wrong(rated: pd.DataFrame, target: str, rater: str) -> None:
    if rated[[target, rater]].isna().any(axis=None):
        refuse(
            (f"{target} or {rater} is missing", f"缺少 {target} 或 {rater}"), do=("fill in the code", "请补填编码")
        )
    twice = rated[rated.duplicated([target, rater])]
    if len(twice):
        got = ", ".join(f"{one} × {other}" for one, other in twice[[target, rater]].head().itertuples(index=False))
        do = ("pass one indicator, or sums over indicators", "请只取一个指标，或先对指标求和")
        refuse(("a rater rates a target more than once", "同一评委对同一对象有多个评分"), got=got, do=do)


def _fail_if_apart(shared: sparse.csr_array, raters: pd.Index) -> None:
    groups, label = sparse.csgraph.connected_components(shared, directed=False)
    if groups > 1:
        got = " | ".join(", ".join(map(str, raters[label == each][:5])) for each in range(min(groups, 5)))
        do = ("let one target be rated across groups, or look at each alone", "请安排跨组评分，或分组计算")
        refuse(("the raters fall into groups that share no target", "评委分成互无共同对象的组"), got=got, do=do)


def _with_limits(shown: dict[str, object], se: Floats, df: int, confidence: float) -> pd.DataFrame:
    made = pd.DataFrame(shown)
    centre = made.iloc[:, -1]
    reach = stats.t.ppf((1 + confidence) / 2, df) * se if df else se
    zh, en = NO_NOTE if df else _NO_FREEDOM
    return made.assign(se=se, ci_low=centre - reach, ci_high=centre + reach, note_zh=zh, note_en=en)


def _unless_rounding(apart: Floats, scale: Floats) -> Floats:
    """Make what differs by rounding only the same."""
    same = np.ptp(apart) <= 1e-12 * np.abs(scale).max()
    return np.full_like(apart, apart[0]) if same else apart


def _spread(x: Floats, ddof: int) -> float:
    """Return the standard deviation; zero, not rounding, where all are the same."""
    return float(x.std(ddof=ddof)) if np.ptp(x) else 0.0


def _slope(x: Floats, y: Floats, confidence: float) -> tuple[float, float, float, float]:
    if np.ptp(x) == 0:
        return (np.nan,) * 4
    if np.ptp(y) == 0:
        return 0.0, 0.0, 0.0, np.nan
    fit = stats.linregress(x, y)
    reach = stats.t.ppf((1 + confidence) / 2, len(x) - 2) * fit.stderr
    return float(fit.slope), float(fit.slope - reach), float(fit.slope + reach), float(fit.pvalue)


def _wilcoxon(apart: Floats) -> float:
    return float(stats.wilcoxon(apart, correction=True, method="asymptotic").pvalue)


def _concordance(x: Floats, y: Floats) -> tuple[float, float]:
    """Lin's concordance and Deming's slope of y on x."""
    sxx, syy = _spread(x, 0) ** 2, _spread(y, 0) ** 2
    sxy = float(np.cov(x, y, ddof=0)[0, 1]) if sxx and syy else 0.0
    total = sxx + syy + (x.mean() - y.mean()) ** 2
    deming = (syy - sxx + np.hypot(syy - sxx, 2 * sxy)) / (2 * sxy) if sxy else np.nan
    return (2 * sxy / total if total else np.nan), deming
