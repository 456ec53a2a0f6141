"""Least squares with errors that hold within clusters, also where the clusters are few."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from perfkit.methods.result import Diagnostic, Verdict

Array = npt.NDArray[np.float64]
FEW = 42  # clusters: below this the usual error is too small (Angrist and Pischke 2009, chapter 8)
_FEWEST = 6  # clusters: with fewer a wild bootstrap with two points can hardly reach p < 0.05 (2 ** -5 = 0.031)


@dataclass(frozen=True)
class Fit:
    """One coefficient: ``estimate``, ``se``, interval, p value of no effect, and the name of the error."""

    estimate: float
    se: float
    low: float
    high: float
    p_value: float
    se_type: str


def heteroscedastic(y: Array, x: Array, at: int, *, confidence: float) -> Fit:
    """Return the coefficient ``at`` of y on x with HC2 errors and the normal's quantile (statsmodels OLS).

    Notes
    -----
    With one dummy, HC2 is the unequal-variance error of a difference of means: sqrt(s1² / n1 + s0² / n0).
    """
    import statsmodels.api as sm

    fit = sm.OLS(y, x).fit(cov_type="HC2")
    low, high = fit.conf_int(1 - confidence)[at]
    return Fit(fit.params[at], fit.bse[at], low, high, fit.pvalues[at], "HC2")


def clustered(
    y: Array, x: Array, at: int, groups: npt.NDArray[np.int64], *, confidence: float, draws: int, seed: int, name: str
) -> Fit:
    """Return the coefficient ``at`` of y on x with errors clustered by ``groups`` (codes from 0).

    With fewer than 42 clusters the interval and p value are those of a wild cluster bootstrap that imposes the null
    (Cameron, Gelbach and Miller 2008), two-point weights, all of them where 2^G <= ``draws``; with more, t with G - 1
    degrees of freedom.

    Notes
    -----
    V = c (X'X)^-1 (sum over g of X_g'u_g u_g'X_g) (X'X)^-1 with c = G / (G - 1) (n - 1) / (n - k).
    """
    from scipy import stats

    size, (n, k) = int(groups.max()) + 1, x.shape
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ y
    factor = size / (size - 1) * (n - 1) / (n - k)
    target = x @ inverse[at] / inverse[at, at]  # the regressor with the others taken out of it
    denominator = target @ target

    def by_cluster(rows: Array) -> Array:
        return np.stack([np.bincount(groups, row, size) for row in rows.T], axis=1)

    score = by_cluster((target * (y - x @ beta))[:, None])[:, 0]
    se = float(np.sqrt(factor * score @ score) / denominator)
    if size >= FEW:
        spread = stats.t.ppf((1 + confidence) / 2, size - 1) * se
        p = 2 * stats.t.sf(abs(beta[at] / se), size - 1) if se else float("nan")
        return Fit(beta[at], se, beta[at] - spread, beta[at] + spread, p, f"cluster ({name}), {size} clusters")
    signs = _signs(size, draws, seed)
    null = y - x @ beta + target * beta[at]  # residual under a coefficient of zero
    a0, a1 = (by_cluster((target * each)[:, None])[:, 0] for each in (null, target))
    b0, b1 = (by_cluster(x * each[:, None]) for each in (null, target))
    cross = by_cluster(x * target[:, None]) @ inverse

    def p_value(at_null: float) -> float:
        a, b = a0 - at_null * a1, b0 - at_null * b1
        scores = signs * a - signs @ b @ cross.T
        spread = np.sqrt(factor * (scores**2).sum(axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = np.abs(signs @ a) / spread
        seen = abs(beta[at] - at_null) / se if se else np.inf
        return float(np.mean(drawn >= seen * (1 - 1e-9)))

    low, high = (_bound(p_value, beta[at], se, side, 1 - confidence) for side in (-1, 1))
    kind = f"wild cluster bootstrap ({name}), {size} clusters, {len(signs):,} draws"
    return Fit(beta[at], se, low, high, p_value(0.0), kind)


def enough_clusters(size: int, treated: int) -> Diagnostic:
    """Judge whether ``size`` clusters, ``treated`` of them treated, carry an interval."""
    fewest = min(treated, size - treated)
    verdict: Verdict = "fail" if fewest < 2 or size < _FEWEST else "warn" if size < FEW else "pass"
    return Diagnostic(
        name=("聚类数量", "number of clusters"),
        verdict=verdict,
        why=(
            f"共 {size} 个聚类，其中处理组 {treated} 个；不足 {FEW} 个时常规标准误偏小；"
            f"一方不足 2 个或总数不足 {_FEWEST} 个时推断不可靠",
            f"{size} clusters, {treated} treated; below {FEW} the usual error is too small; with one on a side, or "
            f"fewer than {_FEWEST} in all, inference cannot be relied on",
        ),
        statistic=float(size),
    )


def _signs(size: int, draws: int, seed: int) -> Array:
    if 2**size <= draws:
        return np.asarray(1.0 - 2.0 * ((np.arange(2**size)[:, None] >> np.arange(size)) & 1), dtype=np.float64)
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=(draws, size))


def _bound(p_value: Callable[[float], float], estimate: float, se: float, side: int, alpha: float) -> float:
    """Return where the p value falls to ``alpha`` on one side; nan if it does not within 100 standard errors."""
    if not se > 0:
        return float("nan")
    inside, outside = estimate, estimate + side * se
    while p_value(outside) > alpha:
        inside, outside = outside, estimate + 2 * (outside - estimate)
        if abs(outside - estimate) > 100 * se:
            return float("nan")
    while abs(outside - inside) > 1e-4 * se:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p_value(middle) > alpha else (inside, middle)
    return float(outside)
