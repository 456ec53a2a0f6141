"""What one indicator decides, and how far a total is from another grade: exact, nothing is drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.measure.uncertainty.checks import Array, Bands, numbers, points_of, rounded, scale_of, shares_of
from perfkit.measure.uncertainty.simulation import ranked

_NOTHING_LEFT = ("其余指标没有分值", "the other indicators have no points")
_NO_ORDER = ("各单位得分全部相同或不足两个单位，相关系数没有定义", "all totals alike or fewer than two units: no tau")


def leave_one_out(shares: pd.DataFrame, points: pd.Series, bands: Bands) -> pd.DataFrame:
    """Drop each indicator in turn, rescale the points of the rest, and say what changes.

    Parameters
    ----------
    shares, points, bands
        As in ``simulate``.

    Returns
    -------
    DataFrame
        By indicator: ``points``, ``grades_changed`` (units), ``rank_move`` (the largest, in places),
        ``kendall_tau`` (tau-b with the ranking by all indicators), ``mean_change`` (of the totals, in points),
        ``note_zh, note_en``. NaN where nothing is left to score by; tau is NaN where all totals are alike.

    Raises
    ------
    ScoreError
        As ``simulate`` for shares, points and bands.

    Notes
    -----
    Without indicator i a total is (T - p_i s_i) · P / (P - p_i), P the sum of the points, rounded to 1e-11.

    *Checked against*: scoring again without the column; scipy ``kendalltau``.

    Examples
    --------
    >>> shares = pd.DataFrame({"产出": [0.9, 0.6], "效益": [0.7, 0.8]}, index=["甲", "乙"])
    >>> found = leave_one_out(shares, pd.Series({"产出": 60, "效益": 40}), {"优": 80, "良": 0})
    >>> found[["grades_changed", "rank_move", "kendall_tau", "mean_change"]].to_dict("index")["产出"]
    {'grades_changed': 2.0, 'rank_move': 1.0, 'kendall_tau': -1.0, 'mean_change': 0.0}
    """
    from scipy import stats

    full = points_of(points)
    total = float(full.sum())
    values, scale = shares_of(shares, full), scale_of(bands, total)
    each = full.to_numpy()
    earned = values * each
    scored = rounded(earned.sum(axis=1))
    grades, ranks = scale.places(scored), ranked(scored[None, :])[0]
    rows = []
    for at in range(len(each)):
        rest = float(np.delete(each, at).sum())
        if rest == 0:
            rows.append((each[at], np.nan, np.nan, np.nan, np.nan, *_NOTHING_LEFT))
            continue
        left: Array = rounded(np.delete(earned, at, axis=1).sum(axis=1) * (total / rest))
        ordered = min(len(np.unique(scored)), len(np.unique(left))) > 1
        tau = float(stats.kendalltau(scored, left).statistic) if ordered else np.nan
        changed = float((scale.places(left) != grades).sum())
        move = float(np.abs(ranked(left[None, :])[0] - ranks).max())
        note = ("", "") if ordered else _NO_ORDER
        rows.append((each[at], changed, move, tau, float((left - scored).mean()), *note))
    names = ["points", "grades_changed", "rank_move", "kendall_tau", "mean_change", "note_zh", "note_en"]
    return pd.DataFrame(rows, columns=names, index=full.index)


def to_boundary(totals: pd.Series, bands: Bands) -> pd.DataFrame:
    """Return how far each total is from the grade above and from the loss of its own.

    Parameters
    ----------
    totals
        Points by unit, no gaps.
    bands
        As in ``simulate``.

    Returns
    -------
    DataFrame
        By unit: ``total, grade``; ``above`` (next grade up) and ``to_above`` (points missing to it, positive);
        ``below`` (next grade down) and ``to_below`` (points to the lower bound of its own grade, zero or negative:
        any more lost is the grade below); ``nearest``, the smaller of the two with its sign; ``note_zh, note_en``.
        NaN where there is no such grade.

    Raises
    ------
    ScoreError
        If a total is missing or negative, or bands do not descend or do not reach down to zero.

    Notes
    -----
    The lower bound belongs to the grade: on it ``to_below`` is 0. Totals are rounded to 1e-11 first, as
    ``grading.grade`` does: float dust costs no grade.

    *Checked against*: case ``budget_target_scoring``: 90 is the highest grade, 89.995 and 89.9999999999 the next.

    Examples
    --------
    >>> found = to_boundary(pd.Series({"甲": 90.0, "乙": 89.5}), {"优": 90, "良": 80, "差": 0})
    >>> found[["grade", "to_above", "to_below", "nearest"]].to_dict("index")["乙"]
    {'grade': '良', 'to_above': 0.5, 'to_below': -9.5, 'nearest': 0.5}
    """
    scale = scale_of(bands, np.inf)
    values = rounded(numbers(pd.Series(totals).to_frame("total"), "totals")[:, 0])
    at, lowest = scale.places(values), len(scale.grades) - 1
    names = np.array(scale.grades, dtype=object)
    up = np.where(at > 0, rounded(scale.mins[np.maximum(at - 1, 0)] - values), np.nan)
    down = np.where(at < lowest, rounded(scale.mins[at] - values), np.nan)
    nearer_up = np.isnan(down) | (up < -down)
    none = np.array(None, dtype=object)
    table = pd.DataFrame({"total": values, "grade": names[at]}, index=pd.Series(totals).index)
    table["above"] = np.where(at > 0, names[np.maximum(at - 1, 0)], none)
    table["to_above"] = up
    table["below"] = np.where(at < lowest, names[np.minimum(at + 1, lowest)], none)
    table["to_below"] = down
    table["nearest"] = np.where(nearer_up, up, down)
    only = lowest == 0
    zh, en = ("仅有一个等级", "there is one grade only") if only else ("已是最高等级", "the highest grade")
    table["note_zh"] = np.where(at == 0, zh, np.where(at == lowest, "已是最低等级", ""))
    table["note_en"] = np.where(at == 0, en, np.where(at == lowest, "the lowest grade", ""))
    return table
