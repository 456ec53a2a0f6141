"""What one indicator does among the others: spread, ceiling, floor, and whether it tells units apart."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from perfkit.measure.items.checks import (
    SAME,
    Floats,
    Note,
    fail_if_not_one_of,
    fail_if_outside,
    joined,
    numbers,
    refuse,
)

_EMPTY: Note = ("没有任何单位有值", "no unit has a value")
_ONE: Note = ("只有一个单位有值，没有标准差", "one unit has a value: no standard deviation")
_CONSTANT: Note = ("各单位得分率相同，不能区分单位", "all units have the same share: tells no units apart")
_FEW: Note = ("可比较的单位不足三个", "fewer than three units can be compared")
_FLAT: Note = ("在可比较的单位中没有差异", "does not vary among the units compared")
_REST: Note = ("其余指标合计没有差异", "the rest does not vary")


def diagnose(
    shares: pd.DataFrame,
    full: float = 1.0,
    *,
    tail: float = 0.27,
    missing: Literal["listwise", "rescale"] = "listwise",
) -> pd.DataFrame:
    """Return, indicator by indicator, whether it tells units apart and agrees with the rest.

    Parameters
    ----------
    shares
        Units x indicators: shares of full points, NaN where missing.
    full
        The share at full points (100 if the shares are percentages).
    tail
        Share of units in the best and in the worst group, above 0 and at most one half.
    missing
        Which units ``discrimination`` and ``upper_lower`` compare. ``listwise``: those with all indicators.
        ``rescale``: those with this indicator and at least one other; the rest is the mean of the others that they
        have. A column without any value is left out of both.

    Returns
    -------
    DataFrame
        One row an indicator: ``indicator_id, n`` (units with a value), ``missing_rate, mean, sd`` (n - 1),
        ``ceiling`` (share of the n at full points), ``floor`` (at zero), ``constant, compared`` (units compared),
        ``discrimination`` (correlation with the rest), ``upper_lower`` (mean of the best minus mean of the worst
        units), ``note_zh, note_en``. Fewer than three units compared: the last two figures are NaN. Shares within
        1e-9 of ``full`` are the same share.

    Raises
    ------
    ScoreError
        If there are fewer than two units or indicators, a name stands twice, or a cell is text, infinite or outside
        0 ... ``full``; if a parameter is out of range.

    Notes
    -----
    The rest of a unit is the mean of its other shares, each indicator counting alike, so that no indicator is
    correlated with itself. With m units compared, best and worst are g = max(1, min(m // 2, floor(tail m + 1/2)))
    units by the rest; where the g-th place is tied, the tied units share the places left, so that the order of rows
    does not matter. 27 % is Kelley's choice (1939).

    *Checked against*: R psych 2.2.9 (item-rest correlations); scipy; the upper-lower difference by hand.

    Examples
    --------
    >>> shares = pd.DataFrame({"产出": [1.0, 0.5, 0.0], "效益": [1.0, 0.8, 0.2], "合规": [1.0, 1.0, 1.0]})
    >>> diagnose(shares)[["indicator_id", "ceiling", "discrimination", "upper_lower"]].round(3).to_numpy().tolist()
    [['产出', 0.333, 0.961, 1.0], ['效益', 0.333, 0.961, 0.8], ['合规', 1.0, nan, 0.0]]
    >>> diagnose(shares)["note_en"].tolist()
    ['', '', 'all units have the same share: tells no units apart']
    """
    fail_if_not_one_of("missing", missing, ("listwise", "rescale"))
    fail_if_outside("tail", tail, 0, 0.5)
    if not (np.isfinite(full) and full > 0):
        refuse(("full must be a number above zero", "full 应为正数"), got=repr(full))
    x = numbers(shares, full=full) / full
    known = ~np.isnan(x)
    n, filled = known.sum(axis=0), np.where(known, x, 0.0)
    rest = _rest(x, missing)
    rows = []
    for at, name in enumerate(shares.columns):
        own = x[known[:, at], at]
        constant = bool(n[at] and np.ptp(own) <= SAME)
        use = ~np.isnan(rest[:, at])
        discrimination, apart, why = _tells_apart(x[use, at], rest[use, at], tail)
        notes = [_EMPTY] if not n[at] else [_ONE] if n[at] == 1 else [_CONSTANT] if constant else []
        notes += [each for each in why if n[at] and not (constant and each == _FLAT)]
        counted = (int(n[at]), 1 - n[at] / len(x), filled[:, at].sum() / n[at] * full if n[at] else np.nan)
        sd = (0.0 if constant else float(own.std(ddof=1)) * full) if n[at] > 1 else np.nan
        ends = [float((np.abs(own - end) <= SAME).mean()) if n[at] else np.nan for end in (1.0, 0.0)]
        cells = (*counted, sd, *ends, constant, int(use.sum()), discrimination, apart * full)
        rows.append((name, *cells, *joined(notes)))
    columns = "n missing_rate mean sd ceiling floor constant compared discrimination upper_lower note_zh note_en"
    return pd.DataFrame(rows, columns=["indicator_id", *columns.split()])


def _rest(x: Floats, missing: str) -> Floats:
    """Return the mean of the other shares of each unit; NaN where the unit is not compared on this indicator."""
    known = ~np.isnan(x)
    others = known.sum(axis=1)[:, None] - 1
    total = np.where(known, x, 0.0).sum(axis=1)[:, None]
    use = known & (others > 0)
    if missing == "listwise":
        use = use & np.all(known | ~known.any(axis=0), axis=1, keepdims=True)
    rest: Floats = np.where(use, (total - np.where(known, x, 0.0)) / np.maximum(others, 1), np.nan)
    return rest


def _tells_apart(item: Floats, rest: Floats, tail: float) -> tuple[float, float, list[Note]]:
    """Return the item-rest correlation, the upper-lower difference, and why either is missing."""
    # Two units always correlate one or minus one.
    if len(item) < 3:
        return np.nan, np.nan, [_FEW]
    # Rests that rounding only sets apart are ties.
    level = np.round(rest, 9)
    why = [note for note, flat in ((_FLAT, np.ptp(item) <= SAME), (_REST, np.ptp(level) == 0)) if flat]
    if _REST in why:
        return np.nan, np.nan, why
    group = max(1, min(len(item) // 2, int(np.floor(tail * len(item) + 0.5))))
    apart = _mean_of_best(item, level, group) - _mean_of_best(item, -level, group)
    if why:
        return np.nan, apart, why
    return float(np.clip(np.corrcoef(item, rest)[0, 1], -1.0, 1.0)), apart, why


def _mean_of_best(item: Floats, level: Floats, group: int) -> float:
    """Return the mean of ``item`` over the ``group`` units of highest level; ties at the last place share it."""
    last = np.sort(level)[-group]
    above, tied = level > last, level == last
    places = above + tied * ((group - above.sum()) / tied.sum())
    return float(places @ item / group)
