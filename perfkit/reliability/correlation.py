"""Do scores go together: intraclass correlation, Kendall's concordance of orders."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from perfkit.reliability.ratings import ALL_ALIKE, NO_NOTE, Floats, Missing, Note, complete, numbers, row

_SAME_TARGETS: Note = ("各对象得分均值相同，无从区分", "the targets have the same mean: nothing to tell apart")
_BELOW_ALL: Note = ("评委分歧超过对象差异，该式没有定义", "raters differ more than targets: the form is not defined")
_NO_LIMITS: Note = ("近似置信区间在此不成立", "the approximate interval does not hold here")
# The raters of the model and what the figure is of, in words (zh, en).
_FORMS: dict[str, Note] = {
    "ICC(1,1)": ("各对象评委不同，绝对一致，单个评委", "one-way random, agreement, one rater"),
    "ICC(2,1)": ("评委相同且代表同类评委，绝对一致，单个评委", "two-way random, agreement, one rater"),
    "ICC(3,1)": ("评委相同且只论这些评委，相对一致，单个评委", "two-way mixed, consistency, one rater"),
    "ICC(1,k)": ("各对象评委不同，绝对一致，评委均值", "one-way random, agreement, mean of the raters"),
    "ICC(2,k)": ("评委相同且代表同类评委，绝对一致，评委均值", "two-way random, agreement, mean of the raters"),
    "ICC(3,k)": ("评委相同且只论这些评委，相对一致，评委均值", "two-way mixed, consistency, mean of the raters"),
}
_Limits = tuple[float, float, float]
_NOTHING: _Limits = (np.nan, np.nan, np.nan)


def icc(ratings: pd.DataFrame, *, missing: Missing = "refuse", confidence: float = 0.95) -> pd.DataFrame:
    """Return the six intraclass correlations of Shrout & Fleiss, named in words.

    Parameters
    ----------
    ratings
        Targets x raters, numbers.
    missing
        ``refuse`` a target that not all have rated, or ``drop`` it (complete targets only).
    confidence
        Of the interval.

    Returns
    -------
    DataFrame
        Six rows: ``form, model_zh, model_en, estimate, F, df1, df2, p, ci_low, ci_high, targets, raters, note_zh,
        note_en``. ``p`` is of the hypothesis that the correlation is zero. Targets with the same mean: all NaN.

    Raises
    ------
    ScoreError
        If there are fewer than two targets or raters, or ratings that are missing or no finite numbers.

    Notes
    -----
    With the mean squares of targets B, raters C, error E and within targets W, n targets and k raters:
    ICC(1,1) = (B - W) / (B + (k-1) W), ICC(2,1) = (B - E) / (B + (k-1) E + k (C - E) / n),
    ICC(3,1) = (B - E) / (B + (k-1) E), and k r / (1 + (k-1) r) for the mean of k raters. A lower limit of r at or
    below -1/(k-1) has no counterpart for the mean: it is -inf.

    *Checked against*: Shrout & Fleiss (1979) table 4; R psych 2.2.9 (intervals); R irr 0.84.1.

    Examples
    --------
    >>> first = pd.DataFrame({"甲": [9, 6, 8, 7, 10, 6], "乙": [2, 1, 4, 1, 5, 2], "丙": [5, 3, 6, 2, 6, 4]})
    >>> icc(first.assign(丁=[8, 2, 8, 6, 9, 7])).set_index("form")["estimate"].round(2).to_dict()
    {'ICC(1,1)': 0.17, 'ICC(2,1)': 0.29, 'ICC(3,1)': 0.71, 'ICC(1,k)': 0.44, 'ICC(2,k)': 0.62, 'ICC(3,k)': 0.91}
    """
    values = complete(numbers(ratings), ratings.index, missing)
    n, k = values.shape
    b, c, e, w = _mean_squares(values)
    made = []
    for form, words in _FORMS.items():
        mean = form.endswith("k)")
        spread, df2 = (w, n * (k - 1)) if form.startswith("ICC(1") else (e, (n - 1) * (k - 1))
        f = np.nan if b == 0 else b / spread if spread else np.inf
        figures, note = _NOTHING, _SAME_TARGETS
        if b and form.startswith("ICC(2"):
            figures, note = _of_random(b, c, e, (n, k), 1 - confidence, mean)
        elif b:
            figures, note = _of_fixed(f, n - 1, df2, k, 1 - confidence, mean), NO_NOTE
        test = (f, n - 1, df2, stats.f.sf(f, n - 1, df2))
        made.append((form, *words, figures[0], *test, *figures[1:], n, k, *note))
    names = "form model_zh model_en estimate F df1 df2 p ci_low ci_high targets raters note_zh note_en"
    return pd.DataFrame(made, columns=names.split())


def kendall_w(ratings: pd.DataFrame, *, missing: Missing = "refuse") -> pd.DataFrame:
    """Return Kendall's coefficient of concordance: do the raters put the targets in the same order.

    Parameters
    ----------
    ratings
        Targets x raters; only the order within each column counts.
    missing
        As in ``icc``.

    Returns
    -------
    DataFrame
        One row: ``targets, raters, w`` (corrected for ties), ``w_uncorrected, chi2, df, p, mean_spearman`` (over
        pairs of raters), ``note_zh, note_en``. All ratings alike: NaN. A rater who puts all targets alike ranks
        nothing: ``mean_spearman`` is NaN, W stands.

    Raises
    ------
    ScoreError
        As in ``icc``.

    Notes
    -----
    W = 12 S / (m² (n³ - n) - m T), S the squared deviations of the rank sums, T the sum of t³ - t over all ties;
    chi² = m (n - 1) W on n - 1 degrees, a rough approximation below about 8 targets.

    *Checked against*: R irr 0.84.1 ``kendall(anxiety, TRUE)``; scipy ``friedmanchisquare``.

    Examples
    --------
    >>> kendall_w(pd.DataFrame({"甲": [1, 2, 3], "乙": [10, 20, 30]}))["w"].item()
    1.0
    """
    values = complete(numbers(ratings), ratings.index, missing)
    n, m = values.shape
    ranks = stats.rankdata(values, axis=0)
    sizes = [np.unique(column, return_counts=True)[1].astype(float) for column in values.T]
    ties = sum(float((size**3 - size).sum()) for size in sizes)
    spread = 12 * float(((ranks.sum(axis=1) - m * (n + 1) / 2) ** 2).sum())
    full = m**2 * float(n**3 - n)
    silent = sum(len(size) == 1 for size in sizes)
    w = np.nan if silent == m else spread / (full - m * ties)
    spearman = np.nan if silent else (np.corrcoef(ranks.T).sum() - m) / (m * (m - 1))
    chi2 = m * (n - 1) * w
    note = (
        (f"{silent} 位评委对全部对象评分相同", f"{silent} of the raters put all targets alike") if silent else NO_NOTE
    )
    names = "targets raters w w_uncorrected chi2 df p mean_spearman"
    cells = (n, m, w, spread / full, chi2, n - 1, stats.chi2.sf(chi2, n - 1), spearman)
    return row(names, cells, ALL_ALIKE if silent == m else note)


def _mean_squares(values: Floats) -> tuple[float, float, float, float]:
    """Mean squares between targets, between raters, of the error and within targets; rounding counts as zero."""
    n, k = values.shape
    x = values - values.mean()
    rows, columns = x.mean(axis=1), x.mean(axis=0)
    left = x - rows[:, None] - columns
    squares = (
        k * float(rows @ rows) / (n - 1),
        n * float(columns @ columns) / (k - 1),
        float((left**2).sum()) / ((n - 1) * (k - 1)),
        float(((x - rows[:, None]) ** 2).sum()) / (n * (k - 1)),
    )
    least = (1e-12 * float(np.abs(values).max())) ** 2
    b, c, e, w = (each if each > least else 0.0 for each in squares)
    return b, c, e, w


def _of_fixed(f: float, df1: int, df2: int, k: int, alpha: float, mean: bool) -> _Limits:
    """Estimate and limits of the forms 1 and 3, which are functions of F alone."""
    low, high = f / stats.f.ppf(1 - alpha / 2, df1, df2), f * stats.f.ppf(1 - alpha / 2, df2, df1)

    def form(ratio: float) -> float:
        if np.isinf(ratio):
            return 1.0
        return float(1 - 1 / ratio if mean else (ratio - 1) / (ratio + k - 1))

    return form(f), form(low), form(high)


def _of_random(
    b: float, c: float, e: float, shape: tuple[int, int], alpha: float, mean: bool
) -> tuple[_Limits, Note]:
    """Estimate and limits of form 2: McGraw & Wong (1996), degrees of freedom after Satterthwaite."""
    n, k = shape
    r = (b - e) / (b + (k - 1) * e + k * (c - e) / n)
    if mean and b + (c - e) / n <= 0:
        return _NOTHING, _BELOW_ALL
    estimate = _stepped_up(r, k) if mean else r
    if c == e == 0:
        return (1.0, 1.0, 1.0), NO_NOTE
    one, two = k * r * c, (n * (1 + (k - 1) * r) - k * r) * e
    with np.errstate(all="ignore"):
        df = (k - 1) * (n - 1) * (one + two) ** 2 / ((n - 1) * one**2 + two**2)
        upper, lower = stats.f.ppf(1 - alpha / 2, n - 1, df), stats.f.ppf(1 - alpha / 2, df, n - 1)
        rest = k * c + (k * n - k - n) * e
        low = float(n * (b / upper - e) / (rest + n * b / upper))
        high = float(n * (lower * b - e) / (rest + n * lower * b))
    if not low <= r <= high:
        return (estimate, np.nan, np.nan), _NO_LIMITS
    return (estimate, *((_stepped_up(low, k), _stepped_up(high, k)) if mean else (low, high))), NO_NOTE


def _stepped_up(r: float, k: int) -> float:
    below = 1 + (k - 1) * r
    return k * r / below if below > 0 else -np.inf
