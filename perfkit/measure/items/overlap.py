"""Which indicators say the same, and how few of them would rank the units as all do."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.items.checks import (
    ROUNDING,
    Floats,
    Missing,
    Note,
    complete,
    fail_if_any,
    fail_if_not_one_of,
    fail_if_outside,
    named,
    numbers,
    refuse,
    varies,
)

_CONSTANT: Note = ("各单位相同或全部缺失，不归入任何一组", "does not vary or is empty: in no cluster")
_NO_PARTNER: Note = ("与任何指标都不能计算相关", "has a correlation with no other indicator")
_ALL_LEFT: Note = ("全部指标", "all indicators")
_FLAT: Note = ("剩余指标的合计没有差异", "the total of what is left does not vary")
_NOBODY: Note = (
    "到此为止：再去掉任何一项，都有单位没有得分",
    "ends here: without any other one, some unit has no share left",
)


def redundancy(
    values: pd.DataFrame,
    at: float,
    *,
    method: Literal["spearman", "pearson", "kendall"] = "spearman",
    missing: Missing = "listwise",
) -> pd.DataFrame:
    """Return groups of indicators that say the same: within a group, every pair correlates at least ``at``.

    Parameters
    ----------
    values
        Units x indicators, at least three units; the sign of a correlation does not matter.
    at
        Least absolute correlation within a cluster, above 0 and at most 1. There is no official value, so none is
        taken unasked.
    method
        Which correlation.
    missing
        ``listwise``: units with all indicators only. ``pairwise``: each correlation from the units that have both,
        if they are three or more; a pair that has no correlation is not linked.

    Returns
    -------
    DataFrame
        One row an indicator: ``indicator_id, cluster`` (numbered by first column; no number for a constant one),
        ``size`` (of the cluster), ``partner`` (the other indicator with the largest absolute correlation, the first
        of several), ``correlation`` (with it, signed), ``note_zh, note_en``.

    Raises
    ------
    ScoreError
        If there are fewer than three units or two indicators, a name stands twice, or a cell is text or infinite; if
        a parameter is unknown or out of range.

    Notes
    -----
    Complete linkage on 1 - |r|, cut at 1 - ``at``, so that no chain joins indicators that do not correlate. Where
    distances tie, the order of columns decides; the order of rows never matters.

    *Checked against*: scikit-learn ``AgglomerativeClustering``.

    Examples
    --------
    >>> values = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 4, 6, 9], "c": [3, 1, 4, 2], "d": [5, 5, 5, 5]})
    >>> redundancy(values, at=0.95)[["indicator_id", "cluster", "partner", "correlation"]].head(3).to_numpy().tolist()
    [['a', 1, 'b', 1.0], ['b', 1, 'a', 1.0], ['c', 2, 'a', 0.0]]
    """
    fail_if_not_one_of("method", method, ("spearman", "pearson", "kendall"))
    fail_if_not_one_of("missing", missing, ("listwise", "pairwise"))
    fail_if_outside("at", at, 0, 1)
    x = numbers(values, units=3)
    x = complete(x, 3) if missing == "listwise" else x
    use = varies(x)
    k = x.shape[1]
    r = np.full((k, k), np.nan)
    r[np.ix_(use, use)] = pd.DataFrame(x[:, use]).corr(method=method, min_periods=3).to_numpy().clip(-1, 1)
    np.fill_diagonal(r, np.nan)
    # Rounded, so that the order of rows cannot decide between two that tie.
    close = np.nan_to_num(np.round(np.abs(r), 12), nan=-1.0)
    cluster = np.zeros(k, dtype=int)
    cluster[use] = _clusters(close[np.ix_(use, use)], at)
    partner, has = close.argmax(axis=1), close.max(axis=1) >= 0
    sizes = np.bincount(cluster, minlength=k + 1)[cluster]
    notes = [("", "") if has[j] else _NO_PARTNER if use[j] else _CONSTANT for j in range(k)]
    made = {
        "indicator_id": values.columns,
        "cluster": pd.array(np.where(use, cluster, 0), dtype="Int64"),
        "size": pd.array(np.where(use, sizes, 0), dtype="Int64"),
        "partner": [values.columns[partner[j]] if has[j] else None for j in range(k)],
        "correlation": np.where(has, r[np.arange(k), partner], np.nan),
    }
    table = pd.DataFrame({**made, "note_zh": [zh for zh, _ in notes], "note_en": [en for _, en in notes]})
    table.loc[~use, ["cluster", "size"]] = pd.NA
    return table


def core_set(
    shares: pd.DataFrame,
    points: pd.Series,
    *,
    tolerance: float = 0.05,
    at_least: int = 1,
    method: Literal["kendall", "spearman"] = "kendall",
    missing: Literal["refuse", "rescale"] = "refuse",
) -> pd.DataFrame:
    """Return the order in which indicators could be left out, and how well the rest still ranks the units.

    Parameters
    ----------
    shares
        Units x indicators: shares of full points, 0 to 1.
    points
        Full points of each indicator, above zero; the same indicators in any order.
    tolerance
        How far the agreement with the full ranking may fall below one.
    at_least
        How many indicators to keep in any case.
    method
        Agreement of two rankings: ``kendall`` (tau-b) or ``spearman``; both allow ties.
    missing
        ``refuse`` a missing share, or ``rescale``: a unit's total is over the points of the shares that it has.

    Returns
    -------
    DataFrame
        In the order of removal, beginning with nothing dropped: ``step, dropped, kept`` (number), ``agreement``,
        ``largest_move`` (in ranks, of any unit), ``still_within`` (agreement >= 1 - tolerance), ``remaining`` (the
        indicators kept), ``note_zh, note_en``. The set proposed is ``remaining`` of the last row still within.

    Raises
    ------
    ScoreError
        If there are fewer than two units or indicators, a name stands twice, a cell is text, infinite or outside
        0 ... 1, a share is missing (and not to be rescaled) or a unit has none, the points do not fit, the full total
        does not tell units apart, or a parameter is unknown or out of range.

    Notes
    -----
    Total = sum of points x share / sum of points, over the indicators kept. Each step drops the indicator without
    which agreement is largest; of several the one with the fewest points, then the first column. Greedy: a smaller
    set may exist that this path does not meet. Totals within 1e-9 are tied; ``largest_move`` compares printed ranks
    (1, 1, 3). The search goes on to ``at_least``: agreement may fall out of the tolerance and come back.

    *Checked against*: totals, tau-b and moves by hand; scipy.

    Examples
    --------
    >>> shares = pd.DataFrame({"产出": [1.0, 0.6, 0.2], "效益": [0.9, 0.7, 0.1], "合规": [0.9, 1.0, 1.0]})
    >>> steps = core_set(shares, pd.Series({"产出": 50, "效益": 30, "合规": 20}))
    >>> steps[["dropped", "kept", "agreement", "still_within"]].iloc[1:].to_numpy().tolist()
    [['合规', 2, 1.0, True], ['效益', 1, 1.0, True]]
    """
    fail_if_not_one_of("method", method, ("kendall", "spearman"))
    fail_if_not_one_of("missing", missing, ("refuse", "rescale"))
    fail_if_outside("tolerance", tolerance, 0, 1, open_low=False)
    x, names = numbers(shares, full=1.0), list(shares.columns)
    fail_if_outside("at_least", at_least, 1, len(names), open_low=False)
    p = _points(points, shares.columns)
    _fail_if_missing(x, shares, missing)
    full, _ = _total(x, p, list(range(len(names))))
    if np.ptp(full) == 0:
        refuse(("the full total is the same for all units: there is no ranking", "各单位总分相同，没有排名可言"))
    kept, rows = list(range(len(names))), [_step(full, full, names, [*range(len(names))], None, 1.0)]
    while len(kept) > at_least:
        tried = []
        for j in kept:
            left = [each for each in kept if each != j]
            total, counted = _total(x, p, left)
            if counted.all():
                agreement = _agreement(full, total, method)
                tried.append((-np.round(np.nan_to_num(agreement, nan=-2.0), 12), p[j], j, total, agreement))
        if not tried:
            rows[-1].update(note_zh=_NOBODY[0], note_en=_NOBODY[1])
            break
        _, _, worst, total, agreement = min(tried, key=lambda each: each[:3])
        kept = [each for each in kept if each != worst]
        rows.append(_step(full, total, names, kept, worst, agreement))
    table = pd.DataFrame(rows)
    table.insert(0, "step", range(len(table)))
    table.insert(5, "still_within", table["agreement"] >= 1 - tolerance - ROUNDING)
    return table


def _clusters(close: Floats, at: float) -> Any:
    """Return cluster numbers from 1, in the order of columns; ``close`` holds absolute correlations."""
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    if len(close) < 2:
        return np.ones(len(close), dtype=int)
    apart = 1 - close
    np.fill_diagonal(apart, 0.0)
    tree = hierarchy.linkage(squareform(apart, checks=False), method="complete")
    return pd.factorize(hierarchy.fcluster(tree, 1 - at + ROUNDING, criterion="distance"))[0] + 1


def _points(points: pd.Series, names: pd.Index) -> Floats:
    """Return the points in the order of ``names``."""
    if points.index.has_duplicates or set(points.index) != set(names):
        other = [each for each in points.index if each not in names] + [n for n in names if n not in points.index]
        what = ("points must name the same indicators, each once", "分值表的指标须与得分率相同且不重复")
        refuse(what, got=named(other or list(points.index[points.index.duplicated()])))
    found = pd.to_numeric(points.reindex(names), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    what = ("points must be a number above zero", "分值须为正数")
    wrong = ~(np.isfinite(found) & (found > 0))
    got = points.reindex(names)[wrong]
    fail_if_any([Problem(what, str(name), got=str(each), column=str(name)) for name, each in got.items()])
    return np.asarray(found)


def _fail_if_missing(x: Floats, shares: pd.DataFrame, missing: str) -> None:
    absent = np.isnan(x)
    if missing == "rescale":
        what = ("this unit has no share at all", "该单位没有任何得分率")
        fail_if_any([Problem(what, str(unit)) for unit in shares.index[absent.all(axis=1)]])
        return
    what = ("a share is missing", "缺少得分率")
    do = ("fill it in, or pass missing='rescale'", "请补齐，或用 missing='rescale' 按已有分值折算")
    fail_if_any(
        [
            Problem(what, f"{shares.columns[j]} › {shares.index[i]}", do=do, column=str(shares.columns[j]))
            for i, j in zip(*np.nonzero(absent), strict=True)
        ]
    )


def _total(x: Floats, p: Floats, kept: list[int]) -> tuple[Floats, Floats]:
    """Return each unit's share of the points that it has among ``kept`` (ties exact), and those points."""
    shares, have = x[:, kept], ~np.isnan(x[:, kept])
    counted = have @ p[kept]
    total = np.where(have, shares, 0.0) @ p[kept] / np.where(counted > 0, counted, 1.0)
    return np.round(total, 9), counted


def _agreement(full: Floats, total: Floats, method: str) -> float:
    from scipy import stats

    if np.ptp(total) == 0:
        return np.nan
    measure = stats.kendalltau if method == "kendall" else stats.spearmanr
    return float(np.clip(measure(full, total).statistic, -1.0, 1.0))


def _step(
    full: Floats, total: Floats, names: list[Any], kept: list[int], dropped: int | None, agreement: float
) -> dict[str, Any]:
    from scipy import stats

    move = np.abs(stats.rankdata(-total, "min") - stats.rankdata(-full, "min")).max()
    zh, en = _FLAT if np.isnan(agreement) else _ALL_LEFT if dropped is None else ("", "")
    return {
        "dropped": None if dropped is None else names[dropped],
        "kept": len(kept),
        "agreement": agreement,
        "largest_move": int(move),
        "remaining": ", ".join(str(names[each]) for each in kept),
        "note_zh": zh,
        "note_en": en,
    }
