"""Weights from an outcome: how much of its variance each indicator accounts for."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.weighting.checks import Array, fail_if_any, numbers, shares_of

# Each indicator doubles the regressions.
_MOST = 15
# The least eigenvalue of the correlations below which one indicator is a sum of the others, and an R² that is none.
_SINGULAR, _NO_FIT = 1e-9, 1e-9


def relative_importance(values: pd.DataFrame, outcome: pd.Series) -> pd.DataFrame:
    """Return weights by what each indicator contributes to explaining an outcome (LMG, averaged over all orders).

    Parameters
    ----------
    values
        One row a unit, one column an indicator; any sign and scale.
    outcome
        What the indicators should account for, on the same units: a final outcome, a judgement of the whole.

    Returns
    -------
    DataFrame
        By indicator: ``weight`` (sums to one), ``importance`` (its part of R²; they sum to R²), ``correlation`` (with
        the outcome: its sign shows the direction, which the weight does not).

    Raises
    ------
    ScoreError
        If a value is missing or infinite, the outcome is of other units or does not vary, there are more than 15
        indicators or no more units than indicators + 1, an indicator is constant or a linear combination of the
        others (nothing can then be told apart), or nothing of the outcome is accounted for.

    Notes
    -----
    importance_j = sum over sets S of the others of |S|! (k - |S| - 1)! / k! · (R²(S + j) - R²(S)): the Shapley value
    of R² (Lindeman, Merenda & Gold 1980). A change of units or of zero changes nothing. A high R² says that the
    indicators go with the outcome, not that they bring it about; a low one, that the weights mean little.

    *Checked against*: R relaimpo (``lmg`` of R's data set ``swiss``); two indicators by hand; statsmodels' R².

    Examples
    --------
    >>> values = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 4, 3, 6]})
    >>> relative_importance(values, pd.Series([1, 2, 3, 5, 6])).round(3).to_dict("index")["a"]
    {'weight': 0.682, 'importance': 0.672, 'correlation': 0.991}
    """
    x = numbers(values)
    y = _outcome(values, outcome)
    k = x.shape[1]
    if k > _MOST or len(x) < k + 2:
        what = ("too many indicators, or too few units for them", "指标过多，或单位相对指标过少")
        fail_if_any([Problem(what, expected=f"≤ {_MOST}, > {k + 1}", got=f"{k}, {len(x)}")])
    flat = values.columns[np.ptp(x, axis=0) == 0]
    what = ("constant: what it contributes cannot be told", "各单位相同，无法判断其作用")
    fail_if_any([Problem(what, str(name), column=str(name)) for name in flat])
    r = np.atleast_2d(np.corrcoef(x, rowvar=False))
    size, vectors = np.linalg.eigh(r)
    if size[0] < _SINGULAR:
        involved = values.columns[np.abs(vectors[:, 0]) > 1e-6]
        what = ("one of these is a linear combination of the others", "其中一项是其余各项的线性组合")
        do = ("leave one out", "请剔除其中一项")
        fail_if_any([Problem(what, got=", ".join(map(str, involved)), do=do)])
    with_y = np.array([np.corrcoef(column, y)[0, 1] for column in x.T])
    part = _lmg(r, with_y)
    why = ("the indicators account for nothing of the outcome", "各指标不能解释结果变量的任何差异")
    weights = shares_of(part if part.sum() > _NO_FIT else np.zeros(k), values.columns, why)
    return pd.DataFrame({"weight": weights, "importance": part, "correlation": with_y}, index=values.columns)


def _outcome(values: pd.DataFrame, outcome: pd.Series) -> Array:
    """Return the outcome in the order of the units, or refuse it."""
    given = pd.Series(outcome)
    if given.index.has_duplicates or len(given) != len(values) or set(given.index) != set(values.index):
        what = ("the outcome must be of the same units, each once", "结果变量须为同样的单位且不重复")
        fail_if_any([Problem(what, "outcome", expected=f"{len(values)}", got=f"{len(given)}")])
    y: Array = numbers(given.reindex(values.index).to_frame("outcome"))[:, 0]
    if np.ptp(y) == 0:
        fail_if_any([Problem(("the outcome does not vary", "结果变量没有差异"), "outcome", got=f"{y[0]:g}")])
    return y


def _lmg(r: Array, with_y: Array) -> Array:
    """Return each indicator's part of R² from the correlations between indicators, and of them with the outcome."""
    k = len(with_y)
    members = [[j for j in range(k) if each >> j & 1] for each in range(2**k)]
    fit = np.array([with_y[s] @ np.linalg.solve(r[np.ix_(s, s)], with_y[s]) if s else 0.0 for s in members])
    share = [math.factorial(n) * math.factorial(k - n - 1) / math.factorial(k) for n in range(k)]
    found = np.zeros(k)
    for each, s in enumerate(members):
        for j in range(k):
            if not each >> j & 1:
                found[j] += share[len(s)] * (fit[each | 1 << j] - fit[each])
    return np.clip(found, 0.0, None)
