"""Do the indicators measure one thing: alpha, lambda 6, omega, and what each indicator does to alpha."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from perfkit.measure.items.checks import (
    ROUNDING,
    Floats,
    Missing,
    Note,
    complete,
    fail_if_not_one_of,
    fail_if_outside,
    joined,
    named,
    numbers,
    refuse,
    varies,
)

# The gradient of a fit that has converged; what is left of an indicator's own variance in a Heywood case; a loading
# that is none.
_GRADIENT, _NOTHING_OWN, _NO_LOADING = 1e-6, 1e-4, 1e-3

_NO_SUM: Note = ("各单位合计相同，系数没有定义", "the sum of the indicators does not vary: alpha is not defined")
_NO_PAIR: Note = ("有的两项指标没有两个单位同时有值", "two indicators share fewer than two units")
_NO_R: Note = (
    "有的两项指标在共有单位中没有差异，无相关系数",
    "two indicators have no correlation in the units they share",
)
_NO_G6: Note = ("相关矩阵不正定，没有 lambda6", "the correlations are not positive definite: no lambda 6")
_NO_LIMITS: Note = ("成对删除时没有置信区间", "no interval for pairwise deletion")
_TWO: Note = ("去掉后只剩一项", "one indicator is left without it")
_SAME_SUM: Note = ("其余指标合计没有差异", "the rest does not vary")
_OWN: Note = ("该指标没有差异", "the indicator does not vary")
_THREE: Note = ("不足三项指标，单因子模型不可识别", "fewer than three indicators: one factor is not identified")
_SINGULAR: Note = (
    "指标线性相关，或单位不多于指标，不能拟合因子",
    "the indicators are linearly dependent, or no more units than indicators: no factor can be fitted",
)
_NOT_CONVERGED: Note = ("单因子模型未收敛", "the one-factor model did not converge")
_FEW_LOAD: Note = (
    "不足三项指标有载荷，模型不可识别",
    "fewer than three indicators load: the model is not identified",
)


def alpha(values: pd.DataFrame, *, missing: Missing = "listwise", confidence: float = 0.95) -> pd.DataFrame:
    """Return Cronbach's alpha: how far the sum of the indicators would agree with the sum of others like them.

    Parameters
    ----------
    values
        Units x indicators; any scale, all in one direction.
    missing
        ``listwise``: units with all indicators only. ``pairwise``: each covariance from the units that have both.
    confidence
        Of the interval.

    Returns
    -------
    DataFrame
        One row: ``n`` (units used; pairwise: with at least one value), ``items, missing, alpha,
        alpha_standardised, lambda6, average_r`` (mean correlation between indicators), ``ci_low, ci_high`` (of
        alpha), ``note_zh, note_en``. A constant indicator has no correlation: only ``alpha`` and its interval remain.

    Raises
    ------
    ScoreError
        If there are fewer than two units (with all indicators, if listwise) or indicators, a name stands twice, or a
        cell is text or infinite; if a parameter is unknown or out of range.

    Notes
    -----
    alpha = k/(k-1) (1 - tr C / 1'C1) of the covariances C, standardised of the correlations R;
    lambda 6 = 1 - sum of 1/(R⁻¹)_ii / 1'R1 (Guttman 1945). Interval (Feldt, Woodruff & Salih 1987):
    1 - (1 - alpha) F, F the quantiles of F(n-1, (n-1)(k-1)); it assumes parallel indicators and normal values.

    *Checked against*: R psych 2.2.9 on R's ``attitude``, complete, pairwise, listwise.

    Examples
    --------
    >>> values = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, 4], "c": [2, 2, 3, 5]})
    >>> alpha(values).round(3)[["n", "items", "alpha", "alpha_standardised"]].iloc[0].tolist()
    [4.0, 3.0, 0.929, 0.929]
    """
    fail_if_outside("confidence", confidence, 0, 1 - ROUNDING)
    x, c, notes = _covariances(values, missing)
    n, k = len(x), x.shape[1]
    raw = float(_alpha(np.trace(c), c.sum(), k, np.abs(c).sum()))
    standard, lambda6, average = np.nan, np.nan, np.nan
    flat = ~varies(x)
    if np.isnan(c).any():
        notes.append(_NO_PAIR)
    elif flat.any():
        notes.append(_constant(values.columns[flat]))
    else:
        r = _correlations(x)
        average = float((r.sum() - k) / (k * (k - 1)))
        standard = float(_alpha(k, r.sum(), k, np.abs(r).sum()))
        lambda6 = _lambda6(r)
        notes += [_NO_R] if np.isnan(r).any() else [_NO_G6] if np.isnan(lambda6) else []
    notes += [_NO_SUM] if np.isnan(raw) and _NO_PAIR not in notes else []
    low, high = np.nan, np.nan
    if missing == "pairwise" and np.isnan(x).any():
        notes.append(_NO_LIMITS)
    else:
        low, high = _feldt(raw, n, k, confidence)
    names = "n items missing alpha alpha_standardised lambda6 average_r ci_low ci_high note_zh note_en"
    cells = (n, k, missing, raw, standard, lambda6, average, low, high)
    return pd.DataFrame([[*cells, *joined(notes)]], columns=names.split())


def alpha_if_dropped(values: pd.DataFrame, *, missing: Missing = "listwise") -> pd.DataFrame:
    """Return alpha without each indicator in turn, and its correlation with the sum of the others.

    Parameters
    ----------
    values, missing
        As in ``alpha``.

    Returns
    -------
    DataFrame
        One row an indicator: ``indicator_id, n, alpha`` (of the others), ``item_rest`` (correlation), ``note_zh,
        note_en``.

    Raises
    ------
    ScoreError
        As ``alpha``.

    Notes
    -----
    Both from the covariances C: item-rest = (C1 - diag C)_i / sqrt(C_ii v_i) with v_i = 1'C1 - 2 (C1)_i + C_ii.

    *Checked against*: R psych 2.2.9 on R's ``attitude``.

    Examples
    --------
    >>> values = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, 4], "c": [4, 1, 3, 2]})
    >>> alpha_if_dropped(values).round(3)[["indicator_id", "alpha", "item_rest"]].to_numpy().tolist()
    [['a', -8.0, 0.632], ['b', -1.333, 0.0], ['c', 0.889, -0.632]]
    """
    x, c, left_out = _covariances(values, missing)
    k, own, row = x.shape[1], np.diag(c), c.sum(axis=1)
    rest = c.sum() - 2 * row + own
    size = np.abs(c).sum()
    without = _alpha(own.sum() - own, rest, k - 1, size)
    does_vary, rest_varies = varies(x), rest > ROUNDING * size
    both = does_vary & rest_varies
    spread = np.sqrt(np.where(both, own * rest, 1.0))
    r = np.where(both & ~np.isnan(row), np.clip((row - own) / spread, -1, 1), np.nan)
    notes = []
    for at in range(k):
        why = list(left_out)
        if np.isnan(row).any():
            why += [_NO_PAIR] if np.isnan([r[at], without[at]]).any() else []
        else:
            why += [] if does_vary[at] else [_OWN]
            why += [] if rest_varies[at] else [_SAME_SUM]
        notes.append(joined(why + ([_TWO] if k == 2 else [])))
    made = {"indicator_id": values.columns, "n": len(x), "alpha": without, "item_rest": r}
    return pd.DataFrame({**made, "note_zh": [zh for zh, _ in notes], "note_en": [en for _, en in notes]})


def omega(values: pd.DataFrame) -> pd.DataFrame:
    """Return McDonald's omega total: the share of the variance of the sum that one common factor accounts for.

    Parameters
    ----------
    values
        Units x indicators; units with all indicators are used.

    Returns
    -------
    DataFrame
        One row: ``n, items, omega`` (of the sum as it stands), ``omega_standardised`` (of standardised indicators),
        ``note_zh, note_en``. NaN where an indicator is constant, the model is not identified, the fit does not
        converge, or the factor leaves an indicator nothing of its own (a Heywood case).

    Raises
    ------
    ScoreError
        As ``alpha``, listwise.

    Notes
    -----
    omega = (1'l)² / ((1'l)² + sum of u), l the loadings and u the own variances of a one-factor model fitted by
    maximum likelihood to the correlations (statsmodels ``Factor``, from fixed starting values); for the sum as it
    stands, l is multiplied by the standard deviations and u by the variances. The denominator is the model's
    variance of the sum, not the observed one. Indicators that run against the others are not turned; a note names
    them.

    *Checked against*: data with the covariances of known loadings; scikit-learn ``FactorAnalysis``.

    Examples
    --------
    >>> values = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 4, 3, 5], "c": [2, 1, 3, 5, 4]})
    >>> omega(values).round(3)[["n", "omega"]].iloc[0].tolist()
    [5.0, 0.91]
    """
    x, _, notes = _covariances(values, "listwise")
    n, k = x.shape
    found = (np.nan, np.nan)
    flat = ~varies(x)
    if flat.any():
        notes.append(_constant(values.columns[flat]))
    elif k < 3:
        notes.append(_THREE)
    elif not _positive_definite(r := _correlations(x)):
        notes.append(_SINGULAR)
    else:
        loadings, own, converged = _one_factor(r, n)
        if (wholly := own < _NOTHING_OWN).any():
            names = named(values.columns[wholly])
            en = f"Heywood case: the factor leaves these nothing of their own: {names}"
            notes.append((f"海伍德个案，因子完全解释了：{names}", en))
        elif not converged:
            notes.append(_NOT_CONVERGED)
        elif (np.abs(loadings) > _NO_LOADING).sum() < 3:
            notes.append(_FEW_LOAD)
        else:
            sd = x.std(axis=0, ddof=1)
            found = (_omega(loadings * sd, own * sd**2), _omega(loadings, own))
            against = values.columns[loadings < -_NO_LOADING]
            if len(against):
                names = named(against)
                notes.append((f"与其余指标方向相反：{names}", f"these run against the others: {names}"))
    columns = ["n", "items", "omega", "omega_standardised", "note_zh", "note_en"]
    return pd.DataFrame([[n, k, *found, *joined(notes)]], columns=columns)


def _covariances(values: pd.DataFrame, missing: str) -> tuple[Floats, Floats, list[Note]]:
    """Return the values used, their covariances, and a note if units were left out."""
    fail_if_not_one_of("missing", missing, ("listwise", "pairwise"))
    x = numbers(values)
    kept = complete(x) if missing == "listwise" else x[~np.isnan(x).all(axis=1)]
    if len(kept) < 2:
        refuse(("too few units have any value", "有值的单位过少"), expected="≥ 2", got=str(len(kept)))
    left = len(x) - len(kept)
    note = (f"略去 {left} 个缺值的单位", f"units left out for missing values: {left}")
    # Rounding is no covariance: what does not vary covaries with nothing.
    flat = ~varies(kept)
    c: Floats = pd.DataFrame(np.where(flat & ~np.isnan(kept), 0.0, kept)).cov().to_numpy(copy=True)
    return kept, c, [note] if left else []


def _correlations(x: Floats) -> Floats:
    """Return the correlations, from the units that have both indicators."""
    return np.asarray(pd.DataFrame(x).corr().to_numpy(), dtype=float)


def _constant(names: pd.Index) -> Note:
    return (f"没有差异，无相关系数：{named(names)}", f"do not vary, so have no correlation: {named(names)}")


def _alpha(own: float | Floats, total: float | Floats, k: int, size: float) -> Floats:
    """Return alpha from the sum of variances and the variance of the sum; NaN if there is none, or one indicator."""
    defined = np.asarray(total) > ROUNDING * size
    if k < 2:
        return np.full(defined.shape, np.nan)
    found: Floats = np.where(defined, k / max(k - 1, 1) * (1 - own / np.where(defined, total, 1.0)), np.nan)
    return found


def _positive_definite(r: Floats) -> bool:
    return bool(np.isfinite(r).all() and np.linalg.eigvalsh(r)[0] > ROUNDING * len(r))


def _lambda6(r: Floats) -> float:
    if not _positive_definite(r):
        return np.nan
    return float(1 - (1 / np.diag(np.linalg.inv(r))).sum() / r.sum())


def _feldt(raw: float, n: int, k: int, confidence: float) -> tuple[float, float]:
    from scipy import stats

    tails = np.array([1 + confidence, 1 - confidence]) / 2
    low, high = 1 - (1 - raw) * stats.f.ppf(tails, n - 1, (n - 1) * (k - 1))
    return float(low), float(high)


def _omega(loadings: Floats, own: Floats) -> float:
    common = loadings.sum() ** 2
    return float(common / (common + own.sum()))


def _one_factor(r: Floats, n: int) -> tuple[Floats, Floats, bool]:
    """Return loadings (most of them positive), own variances, and whether the fit converged."""
    from statsmodels.multivariate.factor import Factor

    k = len(r)
    # The starting values of R's factanal, then plain ones: the search may step too far from one of them.
    own = (1 - 0.5 / k) / np.diag(np.linalg.inv(r))
    size, vectors = np.linalg.eigh(r - np.diag(own))
    first = vectors[:, -1] * np.sqrt(max(size[-1], ROUNDING))
    loadings, converged = first, False
    for start in ((first, own), (np.where(first < 0, -0.5, 0.5), np.full(k, 0.75))):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # statsmodels says by a warning what is returned here as a flag.
            warnings.simplefilter("ignore")
            model = Factor(corr=r, n_factor=1, method="ml", nobs=n)
            fit = model.fit(start=(start[0][:, None], start[1]), opt={"gtol": 1e-9, "maxiter": 1000})
        loadings, own = fit.loadings[:, 0], fit.uniqueness
        converged = bool(np.abs(model.mle_retvals.jac).max() < _GRADIENT)
        if converged:
            break
    turned = -1.0 if loadings.sum() < 0 else 1.0
    return loadings * turned, own, converged
