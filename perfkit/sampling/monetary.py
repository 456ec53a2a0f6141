"""Monetary-unit selection (货币单位抽样): every so many yuan of the list one is picked, and with it its unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from perfkit.sampling.drawing import marks, sorted_by_code
from perfkit.sampling.frame import check_frame, columns_of, in_memory, refused, sizes_of
from perfkit.sampling.inclusion import Codes, Floats
from perfkit.sampling.numbers import stream


def interval_hits(values: Sequence[float] | Floats, n: int, start: float) -> Codes:
    r"""Return how often each item of a list is hit by ``n`` points one interval apart.

    Parameters
    ----------
    values
        Amount of each item, above zero, in the order of the list.
    n
        Number of points; the interval is the total over n.
    start
        First point, above 0 and at most one interval.

    Notes
    -----
    Item k is hit by the points start + j · interval in :math:`(C_{k-1}, C_k]`, C the cumulated amounts; an item
    larger than the interval is hit at least once.

    *Checked against*: jfa 0.7.3 and MUS 0.1.6 (R).

    Examples
    --------
    >>> interval_hits([100, 300, 50, 150], 3, start=150).tolist()
    [0, 2, 0, 1]
    """
    reached = np.cumsum(np.asarray(values, dtype=np.float64))
    points = np.minimum(start + np.arange(n) * (reached[-1] / n), reached[-1])
    return np.bincount(np.searchsorted(reached, points), minlength=len(reached)).astype(np.int64)


def monetary_unit(
    frame: Any,
    n: int,
    *,
    size: str,
    seed: str | int | None = None,
    start: float | None = None,
    recommended: bool = True,
    sort: str | Sequence[str] = (),
) -> pd.DataFrame:
    """Draw units by ``n`` yuan a fixed interval apart.

    Parameters
    ----------
    frame
        As in :func:`~perfkit.sampling.draw`; the list stands in the order of ``sort``, then of the codes.
    n
        Number of points, recommended units not among them; the interval is the rest's total over n.
    size
        Column of the amounts.
    seed, start
        Either the seed that the start is made of, or the start itself (above 0, at most one interval).
    recommended
        As in :func:`~perfkit.sampling.draw`.

    Returns
    -------
    DataFrame
        Table ``sample`` with ``hits``, sorted by ``unit_id``. The inclusion probability is the amount over the
        interval; items of at least one interval are certain by size and may be hit more than once. ``order`` counts
        the units hit along the list; ``random_number`` is blank: the start decides.

    Raises
    ------
    SampleError
        If the frame is unfit, n is below 1, neither or both of seed and start are given, or the start lies outside
        the first interval.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit_id": list("abcd"), "budget": [100, 300, 50, 150]})
    >>> monetary_unit(frame, 3, size="budget", start=150)[["unit_id", "part", "hits", "inclusion"]].values.tolist()
    [['b', 'size', 2.0, 1.0], ['d', 'random', 1.0, 0.75]]
    """
    sorting = columns_of(sort)
    held = check_frame(in_memory(frame, dict.fromkeys(["unit_id", size, "recommended", *sorting])), [])
    held = held.sort_values(sorting, kind="stable") if sorting else held
    marked = marks(held) if recommended else np.zeros(len(held), dtype=bool)
    certain, open_ = held[marked], held[~marked]
    values = sizes_of(open_, size)
    if not len(values) or n < 1 or n != int(n):
        raise refused(("no points to place, or nothing to place them on", "没有抽样点，或没有可抽的单位"), got=str(n))
    interval = float(np.cumsum(values)[-1]) / n
    hits = interval_hits(values, n, _start(seed, start, interval))
    hit = np.flatnonzero(hits)
    inclusion = np.minimum(values[hit] / interval, 1)
    sample = pd.DataFrame(
        {
            "unit_id": pd.concat([certain["unit_id"], open_["unit_id"].iloc[hit]]).to_numpy(),
            "stratum": pd.concat([certain["stratum"], open_["stratum"].iloc[hit]]).to_numpy(),
            "part": ["recommended"] * len(certain) + np.where(inclusion == 1, "size", "random").tolist(),
            "order": np.concatenate([np.full(len(certain), np.nan), np.arange(1.0, len(hit) + 1)]),
            "random_number": np.nan,
            "inclusion": np.concatenate([np.ones(len(certain)), inclusion]),
            "hits": np.concatenate([np.full(len(certain), np.nan), hits[hit]]),
        }
    )
    sample.insert(6, "weight", 1 / sample["inclusion"])
    return sorted_by_code(sample)


def _start(seed: str | int | None, start: float | None, interval: float) -> float:
    if (seed is None) == (start is None):
        raise refused(
            ("give either a seed or a start", "种子与起点须且仅须给出一个"),
            got=f"seed={seed}, start={start}",
            do=("a seed of a public value can be verified", "由公开值生成的种子可供核验"),
        )
    if start is None:
        return float(stream(str(seed), "start|monetary")[0]) * interval
    if not 0 < start <= interval:
        what = ("the start lies outside the first interval", "起点不在第一个间隔之内")
        raise refused(what, expected=f"0 < … ≤ {interval:,.15g}", got=str(start))
    return start
