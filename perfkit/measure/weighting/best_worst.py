"""Weights from two rows of comparisons: the best indicator with all, and all with the worst."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.weighting.checks import Array, fail_if_any
from perfkit.tables import as_numbers


@dataclass(frozen=True, eq=False)
class BestWorst:
    """Weights by the best-worst method, and how far the comparisons contradict each other.

    ``weights`` is indexed by indicator, ``best`` and ``worst`` name two of them, compared ``scale`` to one. ``xi`` is
    the least largest deviation of the linear model, in weights. ``deviation`` is that of the original model, in the
    units of the comparisons; ``cr`` is its ratio to ``ci``, the most that one indicator alone can bring about.
    """

    weights: pd.Series
    best: str
    worst: str
    scale: float
    xi: float
    deviation: float
    ci: float
    cr: float

    @property
    def sentence(self) -> tuple[str, str]:
        """The consistency of the comparisons as one sentence, English and Chinese."""
        shown = f"CR = {self.deviation:.4f} / {self.ci:.4f} = {self.cr:.4f}"
        return (
            f"{shown} (best '{self.best}', worst '{self.worst}', {self.scale:g} to one; zero is fully consistent, no "
            "limit has been agreed on)",
            f"{shown}（最重要“{self.best}”，最不重要“{self.worst}”，比值 {self.scale:g}；零为完全一致，无公认限值）",
        )


def best_worst(best: pd.Series, worst: pd.Series) -> BestWorst:
    """Return weights by the best-worst method (linear model), with the consistency ratio.

    Parameters
    ----------
    best
        By indicator: how many times the best one matters as much as it; one for the best itself.
    worst
        By indicator: how many times it matters as much as the worst one; one for the worst itself. The same
        indicators in any order.

    Returns
    -------
    BestWorst
        Where several are as good as the best (or as bad as the worst), the first of the most extreme is taken.

    Raises
    ------
    ScoreError
        If there are fewer than two indicators, a name stands twice or the two differ, a comparison is missing or
        below one, nobody is the best or the worst, the two rows give different ratios of best to worst, or an
        indicator is said to be further apart than best and worst.

    Notes
    -----
    Linear model (Rezaei 2016): minimise xi subject to |w_B - a_Bj w_j| <= xi, |w_j - a_jW w_W| <= xi, sum w = 1,
    w >= 0, solved by scipy's HiGHS. Consistency (Rezaei 2015): the least deviation for which ratios exist with
    |w_B / w_j - a_Bj| <= d, |w_j / w_W - a_jW| <= d and |w_B / w_W - a_BW| <= d, that is for which the intervals of
    (a_Bj ± d)(a_jW ± d) and a_BW ± d share a point; its ratio to CI = (1 + 2a - sqrt(1 + 8a)) / 2 with a = a_BW. Two
    indicators that contradict each other may bring the ratio slightly above one where a is 2.

    *Checked against*: the tests of the R package BWM (linear model, its weights and xi); Rezaei 2015, the example of
    three criteria (deviation 0.26, ratio 0.058) and its table of CI.

    Examples
    --------
    >>> names = ["成本", "产出", "效益"]
    >>> found = best_worst(pd.Series([8, 2, 1], index=names), pd.Series([1, 5, 8], index=names))
    >>> found.weights.round(4).tolist(), round(found.cr, 3)
    ([0.0714, 0.3214, 0.6071], 0.058)
    """
    names = pd.Series(best).index
    to_others, to_worst = _comparisons(pd.Series(best), pd.Series(worst))
    at_best, at_worst = _ends(to_others, to_worst, names)
    scale = float(to_others[at_worst])
    weights, xi = _linear(to_others, to_worst, at_best, at_worst)
    ci = (1 + 2 * scale - math.sqrt(1 + 8 * scale)) / 2
    deviation = _deviation(to_others, to_worst, at_best, at_worst)
    return BestWorst(
        weights=pd.Series(weights, index=names, name="weight"),
        best=str(names[at_best]),
        worst=str(names[at_worst]),
        scale=scale,
        xi=xi,
        deviation=deviation,
        ci=ci,
        cr=deviation / ci if ci > 0 else 0.0,
    )


def _comparisons(best: pd.Series, worst: pd.Series) -> tuple[Array, Array]:
    """Return both rows as numbers in the order of ``best``; refuse what is no comparison."""
    if len(best) < 2 or best.index.has_duplicates or sorted(map(str, best.index)) != sorted(map(str, worst.index)):
        what = (
            "both rows must compare the same indicators, two or more, each once",
            "两行须比较同样的指标，至少两项且不重复",
        )
        fail_if_any([Problem(what, got=f"{list(best.index)} | {list(worst.index)}")])
    problems, rows = [], []
    for name, row in (("best", best), ("worst", worst.reindex(best.index))):
        numbers = as_numbers(row.to_frame())[0][:, 0]
        for code in best.index[~(np.isfinite(numbers) & (numbers >= 1))]:
            what = ("a comparison must be a number of at least one", "比较值须为不小于 1 的数")
            problems.append(Problem(what, f"{name} › {code}", got=str(row[code])))
        rows.append(numbers)
    fail_if_any(problems)
    return rows[0], rows[1]


def _ends(to_others: Array, to_worst: Array, names: pd.Index) -> tuple[int, int]:
    """Return the places of the best and of the worst, or refuse comparisons that contradict there being any."""
    problems = [
        Problem(what, name, expected="1", got=f"{row.min():g}")
        for name, row, what in (
            ("best", to_others, ("nothing is the best: no comparison is one", "没有最重要的指标：无一比较值为 1")),
            ("worst", to_worst, ("nothing is the worst: no comparison is one", "没有最不重要的指标：无一比较值为 1")),
        )
        if row.min() != 1
    ]
    fail_if_any(problems)
    at_best = int(np.where(to_others == 1, to_worst, -1.0).argmax())
    last = np.where(to_worst == 1, to_others, -1.0)
    last[at_best] = -1.0
    at_worst = int(last.argmax())
    if last[at_worst] < 0 or to_others[at_worst] != to_worst[at_best]:
        what = ("the two rows give different ratios of best to worst", "两行给出的最重要与最不重要之比不同")
        where = f"{names[at_best]} › {names[at_worst]}"
        fail_if_any([Problem(what, where, f"{to_others[at_worst]:g}", f"{to_worst[at_best]:g}")])
    scale = to_others[at_worst]
    what = ("further apart than the best and the worst", "差距大于最重要与最不重要的指标")
    got = np.maximum(to_others, to_worst)
    fail_if_any([Problem(what, str(names[at]), f"≤ {scale:g}", f"{got[at]:g}") for at in np.flatnonzero(got > scale)])
    return at_best, at_worst


def _linear(to_others: Array, to_worst: Array, at_best: int, at_worst: int) -> tuple[Array, float]:
    """Return the weights of the linear model and their largest deviation."""
    from scipy import optimize

    n = len(to_others)
    best_row, other_row = np.zeros((n, n)), np.eye(n)
    best_row[:, at_best] += 1
    best_row[np.arange(n), np.arange(n)] -= to_others
    other_row[:, at_worst] -= to_worst
    signed = np.vstack([best_row, -best_row, other_row, -other_row])
    bounded = np.hstack([signed, -np.ones((len(signed), 1))])
    goal, total = np.append(np.zeros(n), 1.0), np.append(np.ones(n), 0.0)
    found = optimize.linprog(goal, A_ub=bounded, b_ub=np.zeros(len(bounded)), A_eq=total[None, :], b_eq=[1.0])
    weights: Array = found.x[:n] / found.x[:n].sum()
    return weights, float(found.x[n])


def _deviation(to_others: Array, to_worst: Array, at_best: int, at_worst: int) -> float:
    """Return the least deviation of the ratios for which some ratio of best to worst suits every indicator."""
    from scipy import optimize

    scale = to_others[at_worst]
    between = np.setdiff1d(np.arange(len(to_others)), [at_best, at_worst])
    others, worsts = to_others[between], to_worst[between]

    def gap(d: float) -> float:
        low = np.maximum(others - d, 0.0) * np.maximum(worsts - d, 0.0)
        high = (others + d) * (worsts + d)
        return float(max(low.max(initial=0.0), scale - d) - min(high.min(initial=np.inf), scale + d))

    return float(optimize.brentq(gap, 0.0, scale, xtol=1e-14)) if gap(0.0) > 0 else 0.0
